"""Write the access of a principal as one policy document."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ramgate.analysis.elements import listed, operator, resources, unescaped
from ramgate.catalog.actions import service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.analysis.prover.access import Access
    from ramgate.analysis.prover.statement import Statement

__all__ = ["Draft", "draft"]

_Element = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """The statements of a document, and the reasons for which it may not say the same.

    A request is allowed by the `allows` unless one of the `denies` matches.
    """

    allows: tuple[_Element, ...]
    denies: tuple[_Element, ...]
    doubts: tuple[str, ...]


def draft(access: Access) -> Draft:
    """Return the statements of all ways to be allowed, of which there is at least one.

    The Allows of a level of control policies become a Deny of everything else.
    """
    first, *others = access
    *levels, own = first.layers
    allows = [_written(one) for one in own]
    denies = [_written(one) for one in first.denies]
    doubts = []
    for level in levels:
        limit = _limit(level)
        if limit is None:
            doubts.append("a level of control policies allows by resources or conditions")
        else:
            denies += limit
    shared = {one.meaning for one in first.denies}
    for way in others:
        group = str(way.group)
        *_, in_group = way.layers
        allows += [_in_group(_written(one), group) for one in in_group]
        denies += [
            _in_group(_written(one), group) for one in way.denies if one.meaning not in shared
        ]
    return Draft(tuple(allows), tuple(denies), tuple(doubts))


def _limit(level: Sequence[Statement]) -> list[_Element] | None:
    """Return a Deny of all that a level does not allow; None if no single statement says it."""
    if any(one.conditions or not one.parts.get("any_resource") for one in level):
        return None
    if any("*" in one.actions for one in level if not one.is_except):
        return []
    excepted = [one for one in level if one.is_except]
    if not excepted:
        actions = sorted({unescaped(text) for one in level for text in one.actions})
        return [{"Effect": "Deny", "NotAction": _one_or_more(actions), "Resource": "*"}]
    if len(level) == 1:
        actions = [unescaped(text) for text in excepted[0].actions]
        return [{"Effect": "Deny", "Action": _one_or_more(actions), "Resource": "*"}]
    return None


def _written(statement: Statement) -> _Element:
    """Return a statement as RAM writes it."""
    actions = [_spelt(unescaped(text)) for text in statement.actions]
    found: _Element = {
        "Effect": statement.effect,
        "NotAction" if statement.is_except else "Action": _one_or_more(actions),
        "Resource": _one_or_more(sorted(set(resources(statement.parts)))),
    }
    for condition in statement.conditions:
        keys = found.setdefault("Condition", {}).setdefault(operator(condition), {})
        keys[condition["key"]] = _one_or_more(listed(condition))
    return found


def _spelt(action: str) -> str:
    """Return an action as the catalog spells it, if it has it."""
    code, _, name = action.partition(":")
    known = service(code)
    found = known.find(name) if known and name else None
    return str(found) if found else action


def _in_group(element: _Element, group: str) -> _Element:
    """Return a statement that is about the resources of one resource group only."""
    conditions = dict(element.get("Condition", {}))
    conditions["StringEquals"] = {
        **conditions.get("StringEquals", {}),
        "acs:ResourceGroupId": group,
    }
    return {**element, "Condition": conditions}


def _one_or_more(texts: Sequence[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)
