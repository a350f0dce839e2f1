"""All that a principal may do, as the ways to be allowed; and the requests in and out of it.

A request is allowed in one of a few ways: by the policies of account scope, or by those of a
resource group (5.6). In each way every layer must allow, and no Deny may match.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.point import find_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.point import Point
    from ramgate.analysis.prover.space import Space
    from ramgate.analysis.prover.statement import Statement

__all__ = [
    "Difference",
    "Way",
    "allowed",
    "denied",
    "newly_allowed",
]

_GROUP: Final = "acs:ResourceGroupId"


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """A way to be allowed: a statement of each layer matches, and none of `denies`.

    `layers` are the Allows of each layer. `group` is the resource group that the request must name,
    or None if it need not name one.
    """

    layers: tuple[tuple[Statement, ...], ...]
    denies: tuple[Statement, ...]
    group: str | None = None


Access: TypeAlias = "tuple[Way, ...]"
"""The ways to be allowed; without any, nothing is allowed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """A request that one access allows and another does not.

    `gained` are Allows that match it on the side that allows, `lost` Denies that match it on the
    other; statements that both sides have are in neither.
    """

    point: Point
    gained: tuple[Statement, ...]
    lost: tuple[Statement, ...]


def allowed(access: Access, space: Space, budget: Budget) -> Point | None:
    """Return a request that the access allows; None is a proof that it allows none."""
    doubts = _Doubts()
    for way in access:
        for named in _naming(way, space):
            for chosen in itertools.product(*way.layers):
                point = doubts.find(chosen, way.denies, named, budget)
                if point is not None:
                    return point
    doubts.raise_any()
    return None


def denied(access: Access, space: Space, budget: Budget) -> Point | None:
    """Return a request that the access does not allow; None is a proof that it allows all."""
    doubts = _Doubts()
    named, ways = _opened(access, space)
    for inside, outside in _failures(ways):
        point = doubts.find(inside, outside, named, budget)
        if point is not None:
            return point
    doubts.raise_any()
    return None


def newly_allowed(old: Access, new: Access, space: Space, budget: Budget) -> Iterator[Difference]:
    """Yield requests that `new` allows and `old` does not, one for each cause.

    If there are none, it is proved that `new` allows no more than `old`. Raises `Undecided` if the
    time is over, and at the end if a question remained open.
    """
    doubts = _Doubts()
    found: list[frozenset[str]] = []
    held = _meanings(itertools.chain.from_iterable(itertools.chain(*(way.layers for way in old))))
    for way in new:
        if not all(way.layers):
            continue
        kept = _meanings(way.denies)
        for space_of_way in _naming(way, space):
            named, ways = _opened(old, space_of_way)
            for inside, outside in _failures(ways, kept):
                for chosen in itertools.product(*way.layers):
                    gained = tuple(one for one in chosen if one.meaning not in held)
                    cause = _meanings((*gained, *inside)) or _meanings(chosen)
                    if any(one <= cause for one in found):
                        budget.renew()
                        continue
                    point = doubts.find((*chosen, *inside), (*way.denies, *outside), named, budget)
                    if point is not None:
                        found.append(cause)
                        yield Difference(point, gained, inside)
    doubts.raise_any()


class _Doubts:
    """Asks for requests, and remembers a question that remained open."""

    def __init__(self) -> None:
        self._doubt: Undecided | None = None

    def find(
        self,
        inside: Sequence[Statement],
        outside: Sequence[Statement],
        space: Space,
        budget: Budget,
    ) -> Point | None:
        try:
            return find_point(inside, outside, space, budget)
        except Undecided as doubt:
            if doubt.is_final:
                raise
            self._doubt = doubt
            return None

    def raise_any(self) -> None:
        if self._doubt is not None:
            raise self._doubt


def _naming(way: Way, space: Space) -> Iterator[Space]:
    """Yield the space of the requests that name the resource group of the way, if it has one."""
    fixed = space.fixed(_GROUP)
    if way.group is None or (fixed is not None and fixed[0] == way.group):
        yield space
    elif fixed is None and way.group not in space.groups:
        yield _in_group(space, way.group)


def _opened(access: Access, space: Space) -> tuple[Space, list[Way]]:
    """Return the requests that name no resource group of a way, with the ways that are open then.

    They stand for those that name one, `rg-a`: conditions read the list of `rg-a` in the same way,
    and it names no group. If the space fixes the group, the requests are those of the space.
    """
    fixed = space.fixed(_GROUP)
    if fixed is not None:
        return space, _open(access, fixed[0])
    groups = {way.group for way in access if way.group is not None}
    return dataclasses.replace(space, groups=space.groups | groups), _open(access, None)


def _open(access: Access, group: object) -> list[Way]:
    return [way for way in access if way.group is None or way.group == group]


def _in_group(space: Space, group: str) -> Space:
    return dataclasses.replace(space, given={**space.given, _GROUP: group})


def _failures(
    ways: Sequence[Way], kept: frozenset[str] = frozenset()
) -> Iterator[tuple[tuple[Statement, ...], tuple[Statement, ...]]]:
    """Yield all combinations in which each way fails: Denies that match, and Allows that do not.

    A Deny whose meaning is in `kept` cannot match.
    """
    if not ways:
        yield (), ()
        return
    first, *rest = ways
    for layer in first.layers:
        others = [way for way in rest if layer not in way.layers]
        for inside, outside in _failures(others, kept):
            yield inside, (*layer, *outside)
    for deny in first.denies:
        if deny.meaning not in kept:
            others = [way for way in rest if deny not in way.denies]
            for inside, outside in _failures(others, kept):
                yield (deny, *inside), outside


def _meanings(statements: Iterable[Statement]) -> frozenset[str]:
    return frozenset(one.meaning for one in statements)
