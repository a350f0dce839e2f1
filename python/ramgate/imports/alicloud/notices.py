"""Collect the refusals of calls, and the gaps that they leave in an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import join_names
from ramgate.errors import CloudError

if TYPE_CHECKING:
    from ramgate.imports.alicloud.outcomes import Refused

__all__ = ["Notices"]

_MOST: Final = 3


class Notices:
    """Collects notices; if it is strict, the first refusal raises `CloudError`.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> from ramgate.imports.alicloud.outcomes import Refused
    >>> notices = Notices()
    >>> for name in ("app", "batch"):
    ...     refusal = Refused(CALLS["GetRole"], "NoPermission")
    ...     notices.refused(refusal, "nobody may assume these roles", name)
    >>> notices.texts()
    ['Ram GetRole was refused: NoPermission: nobody may assume these roles: `app`, `batch`']
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._names: dict[str, list[str]] = {}

    def refused(self, refusal: Refused, effect: str, name: str = "") -> None:
        """Add the effect of a refused call; the names of one effect become one notice."""
        if self._strict:
            raise CloudError(
                f"{refusal}: `ramgate import alicloud --policy` prints the policy that an import "
                "needs"
            )
        names = self._names.setdefault(f"{refusal}: {effect}", [])
        if name:
            names.append(name)

    def add(self, text: str) -> None:
        """Add a notice that no refused call is the cause of."""
        self._names[text] = []

    def texts(self) -> list[str]:
        """Return the notices, each a sentence on one line."""
        return [_listed(text, sorted(names)) for text, names in self._names.items()]


def _listed(text: str, names: list[str]) -> str:
    if not names:
        return text
    rest = len(names) - _MOST
    more = f" and {rest} more" if rest > 0 else ""
    return f"{text}: {join_names(names[:_MOST])}{more}"
