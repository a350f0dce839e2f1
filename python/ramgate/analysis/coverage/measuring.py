"""Explain the requests that were asked, and count the statements that decided them."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from ramgate.accounts import reader
from ramgate.analysis.coverage import stated
from ramgate.analysis.coverage.report import Condition, Report, Statement
from ramgate.analysis.coverage.tally import Tally, deciding
from ramgate.analysis.coverage.tries import DEAD, Tries
from ramgate.catalog import catalog
from ramgate.errors import InvalidRequest
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ramgate.analysis.coverage.stated import Stated
    from ramgate.client.client import Client
    from ramgate.model.explanation import Explanation

__all__ = ["measure"]

_SECONDS: Final = 30
"""The time for all searches: after it, the rest of the untried statements have no request."""


def measure(accounts: Path, requests: Iterable[Request], client: Client) -> Report:
    """Return which statements of the accounts the requests have tried.

    `client` is one of an OPA that decides by the accounts and answers explanations, as it does on a
    unix socket. Raises what `Client.explain` raises, and `InvalidFiles`.

    >>> from ramgate import Request, resources
    >>> bob = "acs:ram::1234567890123456:user/bob"
    >>> request = Request(bob, "alikafka:ListTopic", "*", {"acs:SourceIp": "10.0.0.1"})
    >>> report = measure(resources.path("examples/accounts.yaml"), [request], client)
    >>> report.requests, [one.name for one in report.statements if one.decided]
    (1, [])
    """
    tally = Tally()
    asked = list(requests)
    for request in asked:
        # a malformed request of a batch has a decision, and nothing to explain
        with contextlib.suppress(InvalidRequest):
            tally.add(request, _explained(client, request))
    tries = Tries(reader.load(accounts, catalog.load()), time.monotonic() + _SECONDS)
    statements = tuple(_counted(one, tally, tries, client) for one in stated.read(accounts))
    return Report(requests=len(asked), statements=statements)


def _explained(client: Client, request: Request) -> Explanation:
    return client.explain(
        request.principal,
        request.action,
        request.resource,
        request.context,
        request.session_policies,
    )


def _counted(one: Stated, tally: Tally, tries: Tries, client: Client) -> Statement:
    count = tally.of(one.key)
    found = None if count.decided else tries.of(one.id, one.key.index)
    attempt = found if isinstance(found, Request) else None
    # a request that the prover found is a claim, which OPA confirms
    if attempt and one.key not in deciding(attempt, _explained(client, attempt)):
        attempt = None
    return Statement(
        account=one.key.account,
        policy=one.key.policy,
        index=one.key.index,
        effect=one.effect,
        file=one.file,
        line=one.line,
        decided=count.decided,
        matched=count.matched,
        conditions=tuple(
            Condition(
                operator=condition.operator,
                key=condition.key,
                line=condition.line,
                satisfied=place in count.satisfied,
                failed=place in count.failed,
            )
            for place, condition in enumerate(one.conditions)
        ),
        attempt=attempt,
        dead=found == DEAD and not one.is_elsewhere,
    )
