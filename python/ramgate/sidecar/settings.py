"""The settings of one OPA, checked before anything is started."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from ramgate.sidecar.token import FORM, is_token

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from ramgate.sidecar.address import Address

__all__ = ["Settings"]


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of a `Sidecar` from which a `Process` or a `Container` starts OPA.

    Raises `ValueError` for values that do not fit together.
    """

    addresses: tuple[Address, ...]
    token: str | None = None
    opa: Path | None = None
    runtime: Literal["process", "container"] = "process"
    decision_log: bool = False
    log: TextIO | None = None

    def __post_init__(self) -> None:
        if self.token is not None and not is_token(self.token):
            raise ValueError(f"`token` must be {FORM}")
        for address in self.addresses:
            if self.token is None and not address.private:
                raise ValueError(
                    f"`{address}` needs a token: other machines can reach it, and without a token "
                    "OPA shows everyone all policies and accounts; "
                    "add `--token-file FILE` to the command, or `token` in Python"
                )
        if self.runtime == "container" and not self._is_one_loopback_port():
            raise ValueError("a container listens on one loopback address, `127.0.0.1:PORT`")

    def _is_one_loopback_port(self) -> bool:
        [first, *others] = self.addresses
        return not others and not first.path and first.private
