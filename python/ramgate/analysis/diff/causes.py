"""Name the differences between two sides that change the decision on a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ramgate.analysis.diff.result import Cause
from ramgate.analysis.elements import elements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.statement import Statement
    from ramgate.model.decision import Decision

__all__ = ["Side", "causes"]

_HOLDING: Final = {"old": "detached", "new": "attached"}


class Side(NamedTuple):
    """A side as a cause sees it.

    `statements` are those that the other side lacks: Allows of the side that allows, Denies of the
    side that denies. `held` are the ids of the policies that decide about the principal there.
    """

    name: Literal["old", "new"]
    store: Store
    held: Collection[str]
    statements: Iterable[Statement]


def causes(allowing: Side, denying: Side, denial: Decision) -> tuple[Cause, ...]:
    """Return the causes of a change. If no statement is one, the cause is the denial itself."""
    found = (*_of_side(allowing, denying), *_of_side(denying, allowing))
    return found or (Cause(denying.name, None, None, denial.reason, denial.policy_type or ""),)


def _of_side(side: Side, other: Side) -> Iterator[Cause]:
    for one in side.statements:
        if change := _change(side, one, other):
            name = one.policy.partition("/")[2] or one.policy
            yield Cause(side.name, name, one.index, *change)


def _change(side: Side, one: Statement, other: Side) -> tuple[str, str] | None:
    """Compare a statement with that at its index on the other side; None if they are the same."""
    document = other.store["policies"].get(one.policy)
    if document is None or one.policy not in other.held:
        return _HOLDING[side.name], ""
    if "unreadable" in document:
        return "unreadable", str(document["unreadable"])
    statements = document["statements"]
    if isinstance(statements, list) and one.index >= len(statements):
        return "statement", ""
    own, there = (
        elements(side.store["policies"][one.policy], one.index),
        elements(document, one.index),
    )
    names = [name for name in {**own, **there} if own.get(name) != there.get(name)]
    if not names:
        return None
    if len(names) > 1:
        return "statement", ""
    before, after = (own, there) if side.name == "old" else (there, own)
    return names[0], _differences(before.get(names[0], ()), after.get(names[0], ()))


def _differences(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Return the texts that only one side has: `old → new`, or `new`, or `without old`."""
    gone = ", ".join(text for text in before if text not in after)
    more = ", ".join(text for text in after if text not in before)
    return f"{gone} → {more}" if gone and more else more or f"without {gone}"
