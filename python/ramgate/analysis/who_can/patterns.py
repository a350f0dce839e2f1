"""Answer a question about many requests, with the prover; OPA decides every request shown."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ramgate.analysis.engine import NOT_CONFIRMED, decide_all
from ramgate.analysis.population import Population
from ramgate.analysis.prover import access as ways
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.world import World
from ramgate.analysis.spaces import Spaces
from ramgate.analysis.unread import UNREAD, as_if_read
from ramgate.analysis.who_can.conditions import when
from ramgate.analysis.who_can.holdings import Trusted, holdings
from ramgate.analysis.who_can.result import Asked, NotDecided, Permission, WhoCan
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.analysis.prover.point import Point
    from ramgate.analysis.question import Question
    from ramgate.analysis.who_can.result import Answer, Condition, Holding, When
    from ramgate.model.decision import Decision

__all__ = ["answer_all"]


@dataclasses.dataclass(slots=True)
class _Open:
    """An answer that OPA has not confirmed yet, for principals with the same answer."""

    members: Sequence[Principal]
    names: Sequence[str]
    allowed: Request | None = None
    denied: Request | None = None
    when: Condition | When | None = None
    reason: str = ""


def answer_all(
    store: Store, question: Question, deadline: float, show: Callable[[str], None]
) -> WhoCan:
    """Return the answers to a question about many requests, as far as the time suffices."""
    search = _Search(store, question, Budget(deadline))
    found = []
    for answer in search.answers():
        found.append(answer)
        show(f"{len(found)} sets of policies searched")
    requests = [one for answer in found for one in (answer.allowed, answer.denied) if one]
    decided = iter(decide_all(store, requests))
    permissions: dict[str, Permission] = {}
    not_decided = list(search.trusted.unknown())
    for answer in found:
        allowing = next(decided) if answer.allowed else None
        denying = next(decided) if answer.denied else None
        if (allowing is not None and not allowing) or denying:
            answer.reason = answer.reason or NOT_CONFIRMED
        if answer.reason:
            not_decided += [NotDecided(name, answer.reason) for name in answer.names]
            continue
        for index, name in enumerate(answer.names):
            principal = answer.members[index] if answer.members else None
            shown = denying if allowing is None else allowing
            permissions[name] = search.permission(name, principal, answer, shown)
    return WhoCan(
        Asked(
            question.action,
            question.resource,
            question.context,
            tuple(sorted(question.unknown or ())),
            question.unknown is None,
        ),
        tuple(permissions[one.arn] for one in search.principals if one.arn in permissions),
        tuple(permissions[one] for one in search.services if one in permissions),
        tuple(not_decided),
        len(requests),
    )


def _answer(answer: _Open) -> Answer:
    if answer.allowed is None:
        return "none"
    return "every" if answer.denied is None else "some"


def _by(principal: str, request: Request | None) -> Request | None:
    if request is None:
        return None
    return Request(principal, request.action, request.resource, request.context)


class _Search:
    def __init__(self, store: Store, question: Question, budget: Budget) -> None:
        self._store = store
        self._question = question
        self._budget = budget
        self._spaces = Spaces(store, World(store), question)
        read = as_if_read(store)
        self._if_read = None if read is None else Spaces(read, World(read), question)
        self.trusted = Trusted(store if read is None else read, self._spaces.roles)
        self.services = self.trusted.outside
        population = Population(store)
        self.principals = population.principals
        self._classes = population.classes(
            group=question.group,
            trusted=self.trusted.named,
            in_any_group=question.may_name_any_group,
        )

    def answers(self) -> Iterator[_Open]:
        """Yield an answer for each class of principals, then one for each service."""
        for members in self._classes:
            yield self._answered(_Open(members, [one.arn for one in members]), members[0])
        for service in self.services:
            yield self._answered(_Open((), [service]), service)

    def permission(
        self, name: str, principal: Principal | None, answer: _Open, shown: Decision | None
    ) -> Permission:
        """Return the answer for a principal; `shown` is the decision on the request shown first."""
        request = answer.allowed or answer.denied
        through: Iterable[Holding] = ()
        if shown is not None and request is not None:
            through = holdings(self._store, principal, shown, request.context)
        return Permission(
            name,
            _answer(answer),
            _answer(answer) != "some" or self._question.unknown == frozenset(),
            answer.when,
            _by(name, answer.allowed),
            _by(name, answer.denied),
            () if shown is None else shown.statements,
            tuple(through),
        )

    def _answered(self, answer: _Open, asked_by: Principal | str) -> _Open:
        spaces = []
        try:
            for space, access in self._spaces.of(asked_by):
                if answer.allowed is None:
                    answer.allowed = self._asked(answer, ways.allowed(access, space, self._budget))
                if answer.denied is None:
                    answer.denied = self._asked(answer, ways.denied(access, space, self._budget))
                spaces.append((space, access))
            if answer.allowed is None and self._is_allowed_if_read(asked_by):
                answer.reason = UNREAD
        except Undecided as doubt:
            answer.reason = str(doubt)
        if answer.allowed and answer.denied and not self._question.has_wildcard:
            space, access = spaces[-1]  # of a role, if the action assumes one
            resource = space.role or self._question.resource
            answer.when = when(access, space, self._question.action, resource)
        return answer

    def _is_allowed_if_read(self, asked_by: Principal | str) -> bool:
        """True if unreadable documents may allow the principal one of the requests."""
        return self._if_read is not None and any(
            ways.allowed(access, space, self._budget)
            for space, access in self._if_read.of(asked_by)
        )

    def _asked(self, answer: _Open, point: Point | None) -> Request | None:
        return None if point is None else self._spaces.request(answer.names[0], point)
