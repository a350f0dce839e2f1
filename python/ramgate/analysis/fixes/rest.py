"""Compare the accounts before and after a fix: everything else that the fix allows."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Final

from ramgate.analysis import engine
from ramgate.analysis.asking import asked
from ramgate.analysis.fixes.fix import AlsoAllows
from ramgate.analysis.prover.access import Way
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.changes import Open, changes
from ramgate.analysis.prover.space import Asker
from ramgate.analysis.prover.statement import Statement
from ramgate.analysis.prover.world import World
from ramgate.analysis.sides.elsewhere import newly_elsewhere
from ramgate.analysis.sides.outsiders import with_outsiders
from ramgate.analysis.spaces import outsider

if TYPE_CHECKING:
    from ramgate.accounts.store import Store
    from ramgate.model.decision import Request

__all__ = ["also_allows"]

_KINDS: Final = {"user": "user", "role": "role", "assumed-role": "role"}
_UNCONFIRMED: Final = "OPA does not confirm the request that was found"


def also_allows(old: Store, new: Store, request: Request, deadline: float) -> AlsoAllows:
    """Return the proof that only the request is allowed newly, or another that is.

    The request counts as allowed in any context: a fix that adds a statement allows it in all. The
    principals of accounts that a role trusts are compared, too, as in `ramgate diff`. The
    search ends at `deadline`, an instant of `time.monotonic()`.

    >>> import time
    >>> from ramgate import Request, resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> carol = Request("acs:ram::1234567890123456:user/carol", "alikafka:ListTopic", "*")
    >>> print(also_allows(store, store, carol, time.monotonic() + 1))
    allows nothing else: proved
    """
    if old is new:
        return AlsoAllows(proved=True, only="nothing")
    asker = _asker(request.principal)
    known = {asker: Way(((_only(request),),), ())}
    (old, new), doubts = with_outsiders(old, new)
    budget = Budget(deadline)
    for found in changes(World(old), World(new), budget, known=known):
        if isinstance(found, Open):
            return AlsoAllows(proved=False, not_decided=found.reason)
        further = asked(found.askers[0].arn, found.difference.point.request)
        before, after = (engine.decide_all(store, [further])[0].allow for store in (old, new))
        if before or not after:
            return AlsoAllows(proved=False, not_decided=_UNCONFIRMED)
        return AlsoAllows(proved=False, request=further)
    elsewhere = (reason for _, reason in newly_elsewhere(old, new, budget))
    if reason := next(itertools.chain(doubts, elsewhere), None):
        return AlsoAllows(proved=False, not_decided=reason)
    only = f"`{request.action}` on `{request.resource}` to `{asker.arn}`"
    return AlsoAllows(proved=True, only=only)


def _asker(principal: str) -> Asker:
    *_, account, rest = (*principal.split(":", 4), "", "", "", "")[:5]
    kind, _, name = rest.partition("/")
    if kind in _KINDS:
        name = name.partition("/")[0]
        known = _KINDS[kind]
        return Asker(known, account, name.lower() if known == "role" else name)
    return outsider(principal)


def _only(request: Request) -> Statement:
    """Return a statement that allows the action on the resource, and nothing else."""
    if request.resource == "*":
        parts = {"effect": "Allow", "resource_patterns": ["[*]"]}
    else:
        start, service, region, account, rest = request.resource.split(":", 4)
        # 3.5: a region or an account `*` is an empty one
        fields = [start, service, *("" if one == "*" else one for one in (region, account)), rest]
        parts = {"effect": "Allow", "resources": [":".join(fields)]}
    action = request.action.lower()
    meaning = json.dumps([action, parts], sort_keys=True)
    return Statement("", 0, "Allow", (action,), is_except=False, parts=parts, meaning=meaning)
