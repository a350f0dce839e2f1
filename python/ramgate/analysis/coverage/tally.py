"""Count what explanations say about each statement."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.analysis.coverage.stated import Key

if TYPE_CHECKING:
    from ramgate.model.decision import Request
    from ramgate.model.explanation import Considered, Explained

__all__ = ["Count", "Tally", "deciding"]

_ACCOUNT_FIELD: Final = 3
_FIELDS: Final = 5


@dataclasses.dataclass(slots=True)
class Count:
    """How often a statement decided and matched; and the conditions that were satisfied, or not."""

    decided: int = 0
    matched: int = 0
    satisfied: set[int] = dataclasses.field(default_factory=set)
    failed: set[int] = dataclasses.field(default_factory=set)


class Tally:
    """The counts of all statements that explanations name."""

    def __init__(self) -> None:
        self._counts: dict[Key, Count] = {}

    def add(self, request: Request, explained: Explained) -> None:
        """Count the statements of the explanation of a request."""
        for key in deciding(request, explained):
            self.of(key).decided += 1
        for entry in explained.considered:
            named = _key(request, entry.policy_type, entry.policy, entry.index)
            if named is not None:
                _count(self.of(named), entry)

    def of(self, key: Key) -> Count:
        """Return the counts of a statement, which may be zero."""
        return self._counts.setdefault(key, Count())


def deciding(request: Request, explained: Explained) -> set[Key]:
    """Return the statements that decide: those of the decision, and of each layer that must allow.

    A decision that allows has the statements of one layer. Without those of the others, such as
    the control policies, it would be a denial.
    """
    decision = explained.decision
    found = {
        (layer.policy_type, one.policy, one.index)
        for layer in explained.layers
        if decision.allow
        for one in layer.statements
    }
    if decision.policy_type is not None:
        found |= {(decision.policy_type, one.policy, one.index) for one in decision.statements}
    keys = (_key(request, *one) for one in found)
    return {key for key in keys if key is not None}


def _count(count: Count, entry: Considered) -> None:
    count.matched += entry.matches
    is_about = all(
        part is None or part.matches for part in (entry.action, entry.resource, entry.principal)
    )
    for place, condition in enumerate(entry.conditions if is_about else ()):
        (count.satisfied if condition.satisfied else count.failed).add(place)


def _key(request: Request, policy_type: str, policy: str, index: int) -> Key | None:
    """Return the place of a statement; None for a session policy, which is in no file."""
    caller = _account(request.principal)
    match policy_type:
        case "SessionPolicy":
            return None
        case "ControlPolicy":
            return Key("", policy, index)
        case "AssumeRolePolicy":
            named = _account(request.resource)
            return Key(caller if named in ("", "*") else named, policy, index)
        case _:
            return Key(caller, policy, index)


def _account(arn: str) -> str:
    fields = arn.split(":", _FIELDS - 1)
    return fields[_ACCOUNT_FIELD] if len(fields) == _FIELDS else ""
