"""Add the principals of other accounts that roles trust, as if their accounts let them assume it.

The accounts of a store are not all accounts. If a role trusts an account that the store does not
contain, the decision depends on policies over there (5.8 in docs/reference/policy-language.md), and
the store has no such principal. A comparison that left it out would miss who may come in.

One user stands for all users and roles of such an account, as long as nothing tells them apart. If
a condition tests `acs:PrincipalARN`, one principal is added for each set of such conditions that
some user or role of the account satisfies together.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ramgate.analysis.population import levels
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.key_values import Requirement, find_value
from ramgate.analysis.prover.reading import family
from ramgate.analysis.prover.space import TRUST_ACTIONS, Asker, Space
from ramgate.language import grammar
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.key_values import Domain
    from ramgate.analysis.prover.reading import Condition

__all__ = ["ANY", "MAY_ASSUME", "NO_ACCOUNT", "Extended", "with_outsiders"]

ANY: Final = "any"
"""The name of a user or a role that stands for others of a trusted account."""

NO_ACCOUNT: Final = "0" * 16
"""The number of an account that does not exist: a role that trusts it trusts no principal."""

_SECONDS: Final = 30.0
_MOST: Final = 32
_KINDS: Final = ("user", "role")
_PRINCIPAL: Final = "acs:PrincipalARN"
MAY_ASSUME: Final = "may-assume"
"""The id of the policy of these principals."""

_DOCUMENT: Final = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": list(TRUST_ACTIONS), "Resource": "*"}],
}
_CLOSED: Final = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"RAM": f"acs:ram::{NO_ACCOUNT}:root"},
        }
    ],
}


class Extended(NamedTuple):
    """Stores with the principals of other accounts, and the reasons why one may be missing."""

    stores: tuple[Store, ...]
    doubts: tuple[str, ...] = ()


def with_outsiders(*stores: Store, documents: Iterable[Mapping[str, Any]] = ()) -> Extended:
    """Return the stores, all with the trusted principals of accounts that none of them contains.

    `documents` are further translated documents whose conditions tell principals apart.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> with_outsiders(store) == Extended((store,))
    True
    """
    known = {NO_ACCOUNT}.union(*(store["accounts"] for store in stores))
    trusted = {arn for store in stores for arn in _trusted(store) if arn.split(":")[3] not in known}
    if not trusted:
        return Extended(stores)
    roots = {arn for arn in trusted if arn.endswith(":root")}
    named = trusted - roots
    tests = _tests([*_deciding(stores, roots), *documents])
    budget = Budget(time.monotonic() + _SECONDS)
    outsiders, doubts = sorted(named), []
    for root in sorted(roots):
        number = root.split(":")[3]
        try:
            outsiders += _stand_ins(number, named, tests, budget)
        except Undecided as doubt:
            doubts.append(f"the principals of the account `{number}`: {doubt}")
    return Extended(tuple(_extended(store, outsiders) for store in stores), tuple(doubts))


def _trusted(store: Store) -> Iterator[str]:
    for document in _trust_policies(store):
        yield from filter(grammar.RAM_PRINCIPAL.fullmatch, _principals(document))


def _trust_policies(store: Store) -> Iterator[Mapping[str, Any]]:
    for account in store["accounts"].values():
        for role in account["roles"].values():
            yield store["policies"][role["trust"]]


def _principals(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in document.get("statements", ()):
        yield from statement["principals"]


def _deciding(stores: Iterable[Store], roots: set[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the documents that decide whether a principal of a trusted account may assume a role.

    These are the trust policies and the control policies (5.4).
    """
    for store in stores:
        for document in _trust_policies(store):
            if not roots.isdisjoint(_principals(document)):
                yield document
        for above in levels(store).values():
            for level in above:
                yield from (store["policies"][policy] for policy in level)


def _tests(documents: Iterable[Mapping[str, Any]]) -> list[Condition]:
    """Return the conditions that tell ARNs apart, each list of texts once.

    The operators of numbers, dates, addresses and booleans cannot read an ARN: they treat all
    principals alike.
    """
    found: dict[object, Condition] = {}
    for document in documents:
        for statement in document.get("statements", ()):
            for condition in statement.get("conditions", ()):
                if condition["key"] == _PRINCIPAL and family(condition) == "String":
                    name = (condition["operator"], tuple(condition["values"]))
                    found.setdefault(name, condition)
    return list(found.values())


def _stand_ins(
    number: str, named: Iterable[str], tests: Sequence[Condition], budget: Budget
) -> list[str]:
    """Return ARNs of the account, one for each set of tests that a principal satisfies.

    None of them is one of `named`. A role that satisfies the same tests as a user is left out.
    """
    found: dict[tuple[bool, ...], str] = {}
    for kind in _KINDS:
        path = Asker(kind, number, None).path
        unnamed = frozenset(arn.removeprefix(path) for arn in named if arn.startswith(path))
        domain = Space(Asker(kind, number, None, unnamed=unnamed)).domain(_PRINCIPAL)
        for cell in _cells(tests, domain, budget):
            satisfied = tuple(one.wanted for one in cell)
            if satisfied not in found:
                found[satisfied] = _example(cell, f"{path}{ANY}", domain, budget)
    return list(found.values())


def _cells(
    tests: Sequence[Condition], domain: Domain, budget: Budget
) -> list[tuple[Requirement, ...]]:
    """Return each choice of tests to satisfy, with the others to fail, that a principal meets."""
    cells: list[tuple[Requirement, ...]] = [()]
    for test in tests:
        both = [Requirement(test, "Allow", wanted=wanted) for wanted in (False, True)]
        cells = [
            (*cell, one) for cell in cells for one in both if _found((*cell, one), domain, budget)
        ]
        if len(cells) > _MOST:
            raise Undecided(f"conditions tell more than {_MOST} kinds apart")
    return cells


def _example(cell: Sequence[Requirement], usual: str, domain: Domain, budget: Budget) -> str:
    """Return the usual ARN if it meets the requirements, else another one."""
    if usual not in domain.excepted and all(one.is_met(usual, fold=domain.fold) for one in cell):
        return usual
    return _found(cell, domain, budget)


def _found(cell: Sequence[Requirement], domain: Domain, budget: Budget) -> str:
    """Return an ARN that meets the requirements, an empty text if there is none."""
    budget.renew()
    return str(find_value(cell, domain, budget) or "")


def _extended(store: Store, outsiders: Iterable[str]) -> Store:
    found = store.copy()
    found["accounts"] = dict(store["accounts"])
    closed = f"{MAY_ASSUME}/closed"
    found["policies"] = {
        **store["policies"],
        MAY_ASSUME: translate(_DOCUMENT),
        closed: translate(_CLOSED),
    }
    for arn in outsiders:
        *_, number, member = arn.split(":")
        account = found["accounts"].setdefault(number, {"roles": {}, "users": {}})
        kind, _, name = member.partition("/")
        if kind == "user":
            account["users"][name] = {"policies": [MAY_ASSUME]}
        else:
            account["roles"][name] = {"name": name, "trust": closed, "policies": [MAY_ASSUME]}
    return found
