"""Find principals that may newly assume roles of accounts that no side contains.

Such a role may trust them (5.8 in docs/reference/policy-language.md). OPA knows no such role and
denies the request, so this is no difference of decisions, but there is no proof either.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from ramgate.analysis.population import principals
from ramgate.analysis.prover.access import newly_allowed
from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.space import Space
from ramgate.analysis.prover.world import World
from ramgate.analysis.sides.numbers import told_apart
from ramgate.analysis.sides.outsiders import NO_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.budget import Budget

__all__ = ["PREFERRED", "may_let_in", "newly_elsewhere"]

PREFERRED: Final = ("6543210987654321", "1111111111111111", "2222222222222222")
"""The numbers of accounts that are not stated, as far as they fit."""


def may_let_in(role: str) -> str:
    """Return the reason why it is not decided who may assume the role.

    >>> print(may_let_in("acs:ram::6543210987654321:role/app"))
    `acs:ram::6543210987654321:role/app`, of an account that is not stated, may let it in
    """
    return f"`{role}`, of an account that is not stated, may let it in"


def newly_elsewhere(old: Store, new: Store, budget: Budget) -> Iterator[tuple[str, str]]:
    """Yield the ARNs of such principals, each with the reason why it is not decided.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> from ramgate.analysis.prover.budget import Budget
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> list(newly_elsewhere(store, store, Budget(0)))
    []
    """
    worlds = World(old), World(new)
    changed = [
        one for one in worlds[1].askers() if len({world.digest(one) for world in worlds}) > 1
    ]
    arns = {one.arn for one in changed}
    held = {
        policy: store["policies"][policy]
        for store in (old, new)
        for one in principals(store)
        if one.compared in arns
        for policy in one.held
    }
    if not held:
        return
    known = {NO_ACCOUNT, *old["accounts"], *new["accounts"]}
    readable = [one for one in held.values() if "statements" in one]
    try:
        numbers = [one for one in told_apart(readable, known, PREFERRED) if one not in known]
    except Undecided as doubt:
        yield from ((arn, str(doubt)) for arn in sorted(arns))
        return
    for asker, number in itertools.product(changed, numbers):
        space = Space(asker, role=f"acs:ram::{number}:role/*")
        before, after = (world.elsewhere(asker) for world in worlds)
        try:
            for found in newly_allowed(before, after, space, budget):
                role = found.point.request.resource
                yield asker.arn, may_let_in(role)
                break
        except Undecided as doubt:
            yield asker.arn, str(doubt)
