"""A rule and all that was found about it, before OPA has decided the requests."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

from ramgate.analysis.unread import UNREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.analysis.prove.rules import Rule
    from ramgate.model.decision import Request

__all__ = ["Asked", "Checked"]

Asked: TypeAlias = "tuple[tuple[str, ...], tuple[Request, ...]]"
"""Principals with the same policies, and requests of the first of them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A rule, and requests that may break it, each list of them with its principals.

    `samples` are requests that a rule of the kind `always` was proved to allow.
    """

    rule: Rule
    found: Sequence[Asked]
    samples: Sequence[Asked]
    reasons: tuple[str, ...]

    def or_if_read(self, other: Checked) -> Checked:
        """Add a reason for each that breaks the rule if unreadable documents allow everything."""
        broken = {name for members, _ in self.found for name in members}
        more = [f"{members[0]}: {UNREAD}" for members, _ in other.found if members[0] not in broken]
        reasons = tuple(dict.fromkeys([*self.reasons, *other.reasons, *more]))
        return dataclasses.replace(self, reasons=reasons)
