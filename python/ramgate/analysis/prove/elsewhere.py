"""Roles of accounts that are not stated, and that a rule is about.

OPA knows no such role, and such a role may trust a principal: there is no proof that a principal
whose own policies allow it may not assume the role.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from ramgate.analysis.prover import access as ways
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.sides.elsewhere import PREFERRED
from ramgate.analysis.sides.numbers import told_apart
from ramgate.analysis.sides.outsiders import MAY_ASSUME, NO_ACCOUNT
from ramgate.language.condition import glob
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.analysis.prove.rules import Rule
    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.world import World

__all__ = ["role_elsewhere"]


def role_elsewhere(
    rule: Rule, store: Store, world: World, principal: Principal, budget: Budget
) -> str | None:
    """Return the ARN of a role that its own policies let a principal assume against the rule.

    None is a proof that there is none. Raises `Undecided`.
    """
    if MAY_ASSUME in principal.policies:
        return None  # a stand-in, whose own policies are not known
    exempt = tuple(statements_of("", rule.condition)) if rule.condition else ()
    documents = [store["policies"][one] for one in principal.held]
    readable = [one for one in documents if "statements" in one]
    known = {NO_ACCOUNT, *store["accounts"]}
    asker = Asker(principal.kind, principal.account, principal.name)
    for question in itertools.chain(*rule.parts):
        if not question.assumes:
            continue
        asked = {"Effect": "Allow", "Action": "*", "Resource": question.resource}
        limit = translate({"Version": "1", "Statement": [asked]})
        about = tuple(statements_of("", limit))
        for number in told_apart([*readable, limit], known, PREFERRED):
            space = Space(
                asker,
                [glob(question.action)],
                role=f"acs:ram::{number}:role/*",
                given=dict(question.context),
                free=question.unknown,
            )
            limited = tuple(
                dataclasses.replace(way, layers=(*way.layers, about), denies=(*way.denies, *exempt))
                for way in world.elsewhere(asker)
            )
            point = None if number in known else ways.allowed(limited, space, budget)
            if point is not None:
                return point.request.resource
    return None
