"""Find a request that only one statement decides, or prove that there is none."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.changes import principals
from ramgate.analysis.prover.point import find_point
from ramgate.analysis.prover.space import Space
from ramgate.analysis.prover.world import World
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.access import Way
    from ramgate.analysis.prover.point import Point
    from ramgate.analysis.prover.space import Asker
    from ramgate.analysis.prover.statement import Statement
    from ramgate.model.decision import Context

__all__ = ["DEAD", "Tries"]

DEAD: Final = "dead"
"""The answer that no request is decided by the statement alone: this is proved."""

_STEPS: Final = 20_000
_MOST_CASES: Final = 5_000
_MOST_CHOICES: Final = 200
_GROUP: Final = "acs:ResourceGroupId"


class _Case(NamedTuple):
    """The requests of a principal, for one role if it assumes it, and the ways to be allowed."""

    space: Space
    ways: Sequence[Way]


class _Question(NamedTuple):
    """The question for a request that the statement and an Allow of each layer match.

    None of `outside` may match it.
    """

    statement: Statement
    layers: Sequence[Sequence[Statement]]
    outside: Sequence[Statement]
    space: Space


class Tries:
    """Answers for the statements of a store, until the `deadline`, an instant of `monotonic()`.

    >>> import time
    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> tries = Tries(store, time.monotonic() + 10)
    >>> tries.of("1234567890123456/orders-topic-only", 0).principal
    'acs:ram::1234567890123456:role/connectorapp'
    """

    def __init__(self, store: Store, deadline: float) -> None:
        self._store = store
        self._world = World(store)
        self._deadline = deadline

    def of(self, policy: str, index: int) -> Request | str | None:
        """Return a request that only the statement decides, `DEAD`, or None if it is not known.

        A request that a Deny decides is one that would be allowed without it.
        """
        cases, is_whole = self._cases
        for case in cases.get(policy, ()):
            for question in _questions(case, (policy, index)):
                try:
                    point = self._ask(question)
                except Undecided:
                    is_whole = False
                    continue
                if point is not None:
                    found = point.request
                    context = cast("Context", found.context)
                    return Request(found.principal, found.action, found.resource, context)
        return DEAD if is_whole else None

    def _ask(self, question: _Question) -> Point | None:
        if math.prod(map(len, question.layers)) > _MOST_CHOICES:
            raise Undecided("there are too many ways to be allowed")
        budget = Budget(self._deadline, _STEPS)
        for chosen in itertools.product(*question.layers):
            inside = (question.statement, *chosen)
            point = find_point(inside, question.outside, question.space, budget)
            if point is not None:
                return point
        return None

    @functools.cached_property
    def _cases(self) -> tuple[Mapping[str, Sequence[_Case]], bool]:
        """The cases in which each policy is involved, and whether these are all."""
        found: dict[str, list[_Case]] = {}
        listed = list(itertools.islice(self._all_cases(), _MOST_CASES + 1))
        for case in listed[:_MOST_CASES]:
            statements = (
                one for way in case.ways for one in itertools.chain(*way.layers, way.denies)
            )
            for policy in sorted({one.policy for one in statements}):
                found.setdefault(policy, []).append(case)
        # 5.9: a Deny beside an unreadable document decides, although nothing is allowed
        is_readable = all("unreadable" not in one for one in self._store["policies"].values())
        is_whole = len(listed) <= _MOST_CASES and is_readable
        return found, is_whole

    def _all_cases(self) -> Iterator[_Case]:
        """Yield the cases of all principals, once for those for whom the same policies decide."""
        world = self._world
        seen: set[object] = set()
        for asker in principals(world):
            roles = world.admitting(asker)
            key: object = asker
            if asker.has_identity:
                name = asker.name if world.tests_principal(asker, roles) else None
                key = (asker.kind, asker.account, name, world.digest(asker), tuple(roles))
            if key not in seen:
                seen.add(key)
                if asker.has_identity:
                    yield _Case(Space(asker), world.access(asker))
                yield from (self._assuming(asker, *role) for role in roles)

    def _assuming(self, asker: Asker, account: str, role: str) -> _Case:
        space = Space(asker, role=f"acs:ram::{account}:role/{role}")
        return _Case(space, self._world.assuming(asker, account, role))


def _questions(case: _Case, name: tuple[str, int]) -> Iterator[_Question]:
    """Yield the questions whose requests only the statement of that policy and index decides."""
    for way in case.ways:
        space = case.space
        if way.group is not None:
            space = dataclasses.replace(space, given={_GROUP: way.group})
        # 5.6: account scope decides before a resource group
        first = [one for layer in case.ways[0].layers if layer not in way.layers for one in layer]
        for place, layer in enumerate(way.layers):
            for statement in layer:
                if (statement.policy, statement.index) == name:
                    others = [one for one in layer if one is not statement]
                    layers = (*way.layers[:place], *way.layers[place + 1 :])
                    yield _Question(statement, layers, (*others, *way.denies, *first), space)
        for statement in way.denies:
            if (statement.policy, statement.index) == name:
                others = [one for one in way.denies if one is not statement]
                yield _Question(statement, way.layers, (*others, *first), space)
