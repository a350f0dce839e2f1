"""The conditions under which a request is allowed, as a tree over the keys that are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ramgate.analysis import elements
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.reading import is_satisfied
from ramgate.analysis.who_can.result import Condition, When

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.analysis.prover.access import Access
    from ramgate.analysis.prover.space import Space
    from ramgate.analysis.prover.statement import Statement

__all__ = ["when"]

_Node: TypeAlias = "Condition | When | bool"


def when(access: Access, space: Space, action: str, resource: str) -> Condition | When | None:
    """Return the conditions on unknown keys under which one of the ways allows the request.

    A resource group that must be named is a condition, too. None if no key matters.
    """
    request = _Request(space, action, resource)
    found = _any(_way(way.layers, way.denies, way.group, request) for way in access)
    return None if isinstance(found, bool) else found


class _Request:
    def __init__(self, space: Space, action: str, resource: str) -> None:
        self.space = space
        self._action = action.lower()
        self._frames = [
            (frame, text)
            for frame in space.frames
            for text in (resource.lower() if frame.form == "role" else resource,)
            if all(glob.matches([one], text) for one in frame.wanted)
            and not glob.matches(frame.avoided, text)
        ]

    def matches(self, statement: Statement) -> bool:
        """True if the statement's action and resource match."""
        return statement.covers(self._action) and any(
            glob.matches(self.space.resources(statement, frame), text)
            for frame, text in self._frames
        )

    def conditions(self, statement: Statement) -> _Node:
        """Return the conditions on unknown keys; False if one on a known key is not satisfied."""
        left: list[_Node] = []
        for condition in statement.conditions:
            fixed = self.space.fixed(condition["key"])
            if fixed is None:
                left.append(_leaf(statement, condition))
            else:
                fold = self.space.folds(condition["key"])
                left.append(is_satisfied(condition, statement.effect, fixed[0], fold=fold))
        return _all(left)


def _way(
    layers: Iterable[Iterable[Statement]],
    denies: Iterable[Statement],
    group: str | None,
    request: _Request,
) -> _Node:
    parts: list[_Node] = []
    if group is not None:
        parts.append(_in_group(group, request.space))
    parts += [
        _any(request.conditions(one) for one in layer if request.matches(one)) for layer in layers
    ]
    denied = _any(request.conditions(one) for one in denies if request.matches(one))
    allowed = _all(parts)
    if isinstance(allowed, bool) and not allowed:
        return False
    if isinstance(denied, bool):
        return False if denied else allowed
    return When(all=None if isinstance(allowed, bool) else (allowed,), unless=denied)


def _in_group(group: str, space: Space) -> _Node:
    fixed = space.fixed("acs:ResourceGroupId")
    if fixed is not None:
        return fixed[0] == group
    return Condition("StringEquals", "acs:ResourceGroupId", (group,), None, None)


def _leaf(statement: Statement, condition: Any) -> Condition:  # noqa: ANN401 - parsed JSON
    policy = statement.policy.partition("/")[2] or statement.policy
    return Condition(
        elements.operator(condition),
        condition["key"],
        elements.listed(condition),
        policy,
        statement.index,
    )


def _any(nodes: Iterable[_Node]) -> _Node:
    found = _distinct(nodes)
    if True in found:
        return True
    left = tuple(one for one in found if one is not False)
    if not left:
        return False
    return left[0] if len(left) == 1 else When(any=left)


def _all(nodes: Iterable[_Node]) -> _Node:
    found = _distinct(nodes)
    if False in found:
        return False
    left = tuple(one for one in found if one is not True)
    if not left:
        return True
    return left[0] if len(left) == 1 else When(all=left)


def _distinct(nodes: Iterable[_Node]) -> list[Any]:
    return list(dict.fromkeys(nodes))
