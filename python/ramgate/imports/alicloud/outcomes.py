"""How a call can end without a result: refused, about an entity that is gone, or worth a retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ramgate.imports.alicloud.calls import Call

__all__ = ["Absent", "Refused", "Temporary"]


class _OutcomeError(Exception):
    _verb: ClassVar[str]

    def __init__(self, call: Call, code: str) -> None:
        self.call = call
        self.code = code
        super().__init__(f"{call} {self._verb}: {code}")


class Refused(_OutcomeError):
    """The caller may not make the `call`; `code` is Alibaba Cloud's.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> print(Refused(CALLS["ListUsers"], "NoPermission"))
    Ram ListUsers was refused: NoPermission
    """

    _verb = "was refused"


class Absent(_OutcomeError):
    """The entity of the `call` does not exist, or does not exist any longer.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> print(Absent(CALLS["GetRole"], "EntityNotExist.Role"))
    Ram GetRole found nothing: EntityNotExist.Role
    """

    _verb = "found nothing"


class Temporary(_OutcomeError):
    """The `call` may succeed later: it was throttled, or the service or the network failed.

    `seconds` is the pause that the service asks for. `is_unreachable` says that no connection was
    made.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> print(Temporary(CALLS["GetRole"], "Throttling.User", seconds=1.0))
    Ram GetRole failed: Throttling.User
    """

    _verb = "failed"

    def __init__(
        self, call: Call, code: str, *, seconds: float = 0.0, is_unreachable: bool = False
    ) -> None:
        super().__init__(call, code)
        self.seconds = seconds
        self.is_unreachable = is_unreachable
