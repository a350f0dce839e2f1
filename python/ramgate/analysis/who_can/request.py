"""Decide one request for all principals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.analysis.engine import decide_all
from ramgate.analysis.population import Population
from ramgate.analysis.unread import UNREAD, as_if_read
from ramgate.analysis.who_can.holdings import Trusted, holdings
from ramgate.analysis.who_can.result import Asked, NotDecided, Permission, WhoCan
from ramgate.errors import InvalidRequest
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.analysis.question import Question
    from ramgate.model.decision import Decision

__all__ = ["answer_one"]


def answer_one(store: Store, question: Question) -> WhoCan:
    """Return the answers to a question about one request."""
    read = as_if_read(store)
    trusted = Trusted(store if read is None else read, question.roles(store))
    services = trusted.outside if question.states_role else []
    population = Population(store)
    classes = population.classes(group=question.group, trusted=trusted.named)
    askers = [members[0].arn for members in classes] + services
    requests = [_request(asker, question) for asker in askers]
    decisions = decide_all(store, requests)
    for decision in decisions:
        if decision.errors:
            raise InvalidRequest(decision.errors)
    if_read = decisions if read is None else decide_all(read, requests)
    names = [*([one.arn for one in members] for members in classes), *([one] for one in services)]
    unread = [
        name
        for members, decided, other in zip(names, decisions, if_read, strict=True)
        if other and not decided
        for name in members
    ]
    found = {
        one.arn: _permission(store, one.arn, one, decision, question)
        for members, decision in zip(classes, decisions, strict=False)
        for one in members
    }
    return WhoCan(
        Asked(question.action, question.resource, question.context),
        tuple(found[one.arn] for one in population.principals if one.arn not in unread),
        tuple(
            _permission(store, service, None, decision, question)
            for service, decision in zip(services, decisions[len(classes) :], strict=True)
            if service not in unread
        ),
        (*trusted.unknown(), *(NotDecided(name, UNREAD) for name in unread)),
        len(askers),
    )


def _request(asker: str, question: Question) -> Request:
    return Request(asker, question.action, question.resource, question.context)


def _permission(
    store: Store, asker: str, principal: Principal | None, decision: Decision, question: Question
) -> Permission:
    request = _request(asker, question)
    return Permission(
        asker,
        "every" if decision else "none",
        witness=request if decision else None,
        gap=None if decision else request,
        statements=decision.statements,
        through=tuple(holdings(store, principal, decision, question.context)),
    )
