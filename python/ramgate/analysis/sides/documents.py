"""Accounts in which policy documents can be compared: every document has principals that hold it.

A policy document says nothing about its holder, but a decision depends on the holder's account (5.7
in docs/reference/policy-language.md) and on its ARN (`acs:PrincipalARN`). So each document is
attached to a user in every account that a document names and in one of each other kind that the
documents tell apart. If a condition tests the ARN, the prover compares the documents for any user
and any role of these accounts, and each principal that makes a difference holds the document, too.
Each of these accounts has the roles that the documents name and one more, so that an assumed role
is found.

A Deny limits the other policies of its holder. So a document that only denies is held beside a
policy that allows everything. If the Denies of two other documents differ, one more user of each
account holds them beside that policy.

A principal holds one document only. Where several have a principal in common, and where one is held
alone and beside the policy that allows everything, there are several stores.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.sides.holders import Search
from ramgate.analysis.sides.names import ACCOUNT, MEMBER, Names
from ramgate.analysis.sides.numbers import told_apart
from ramgate.analysis.sides.outsiders import ANY, NO_ACCOUNT
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.store import Store

__all__ = ["Documents", "stores"]


_OTHERS: Final = ("6543210987654321", "1111111111111111")
_MAY_ASSUME: Final = "may-assume"
_LONGEST: Final = 64
_MAY_DO_ALL: Final = "may-do-all"
_ANYTHING: Final = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
_T = TypeVar("_T")
_Pair: TypeAlias = "tuple[Store, Store]"


@dataclasses.dataclass(frozen=True, slots=True)
class Documents:
    """The translated policies and trust policies of one side, by the names of their holders."""

    policies: Mapping[str, dict[str, object]]
    trust: Mapping[str, dict[str, object]]

    def statements(self, name: str, effect: str) -> frozenset[str]:
        """Return the meanings of a policy's statements with that effect."""
        found = statements_of("", self.policies[name]) if name in self.policies else ()
        return frozenset(one.meaning for one in found if one.effect == effect)


@dataclasses.dataclass(frozen=True, slots=True)
class _Holding:
    """A policy in the hands of a user of each account, and of `others`, which are ARNs.

    With `may_do_all` it is held beside a policy that allows everything.
    """

    document: str
    user: str
    may_do_all: bool
    others: set[str]

    def ids(self, side: Documents, number: str) -> list[str]:
        """Return the ids of the policies of a holder in that account."""
        own = [f"{number}/{self.document}"] if self.document in side.policies else []
        return [*own, _MAY_DO_ALL] if self.may_do_all else own

    def holders(self, numbers: Iterable[str]) -> set[str]:
        """Return the ARNs of all holders, those of roles in lower case."""
        users = {f"acs:ram::{number}:user/{self.user}" for number in numbers}
        return users | {arn.lower() if ":role/" in arn else arn for arn in self.others}


def stores(base: Store, old: Documents, new: Documents) -> tuple[list[_Pair], list[str]]:
    """Return pairs of stores of two sides, both of a pair with the same principals and roles.

    The sides are equivalent if those of each pair are. A document that only one side has is
    compared with no document. With the stores come the reasons for which principals or roles that
    tell the sides apart may be missing in them.
    """
    pairs, doubts = _of_trust(base, old, new)
    if not pairs or old.policies or new.policies:
        of_policies, more = _of_policies(base, old, new)
        pairs, doubts = of_policies + pairs, more + doubts
    return pairs, doubts


def _of_policies(base: Store, old: Documents, new: Documents) -> tuple[list[_Pair], list[str]]:
    names = Names([*old.policies.items(), *new.policies.items()])
    numbers, doubts = _numbers([*old.policies.values(), *new.policies.values()], names.accounts)
    holdings = list(_holdings(old, new, names.principals))
    roles = set(itertools.product(numbers, names.roles if holdings else ()))

    def pair(held: Sequence[_Holding]) -> _Pair:
        before, after = (_store(base, side, numbers, roles, held) for side in (old, new))
        return before, after

    def apart() -> list[list[_Holding]]:
        return _apart(holdings, lambda one: one.holders(numbers))

    found_roles = set[tuple[str, str]]()
    for group in apart():
        search = Search(*pair(group))
        for holding in group:
            for found in search.of_policy(holding.user, numbers):
                number = found.principal.split(":")[3]
                if found.principal != f"acs:ram::{number}:user/{holding.user}":
                    holding.others.add(found.principal)
                if found.role is not None:
                    # a role's account is the principal's if the ARN does not state one
                    *_, account, path = found.role.split(":", 4)
                    found_roles.add((account or number, path.removeprefix("role/")))
        doubts += search.doubts
    roles |= found_roles
    return list(map(pair, apart() or [[]])), doubts


def _of_trust(base: Store, old: Documents, new: Documents) -> tuple[list[_Pair], list[str]]:
    trusted: set[str] = set()
    for document in (*old.trust.values(), *new.trust.values()):
        statements: Any = document["statements"]
        trusted.update(name for statement in statements for name in statement["principals"])
    # for an account, one of its users
    usual = [arn.replace(":root", f":user/{ANY}") for arn in sorted(trusted)]
    pairs, doubts = [], list[str]()
    for roles in _apart(sorted({*old.trust, *new.trust}), lambda name: {name.lower()}):
        before, after = (_trust_store(base, side, roles, usual) for side in (old, new))
        search = Search(before, after)
        for role in roles:
            for found in list(search.of_trust((ACCOUNT, role.lower()), trusted, ANY)):
                for store in (before, after):
                    _hold(store, found.principal, [_MAY_ASSUME])
        pairs.append((before, after))
        doubts += search.doubts
    return pairs, doubts


def _numbers(
    documents: Sequence[Mapping[str, Any]], named: set[str]
) -> tuple[list[str], list[str]]:
    """Return the numbers of the accounts, and the reasons for which one may be missing."""
    preferred = (ACCOUNT, *_OTHERS)
    try:
        found = told_apart(documents, {NO_ACCOUNT, *named}, preferred)
    except Undecided as doubt:
        return sorted({*preferred, *named}), [str(doubt)]
    return [one for one in found if one != NO_ACCOUNT], []


def _holdings(
    old: Documents, new: Documents, principals: Mapping[str, set[str]]
) -> Iterator[_Holding]:
    """Yield each policy in the hands of a user of its name, and further users for the Denies."""
    taken = {*old.policies, *new.policies}
    for name in sorted(taken):
        only_denies = not (old.statements(name, "Allow") or new.statements(name, "Allow"))
        yield _Holding(name, name, only_denies, set(principals[name]))
        if only_denies or old.statements(name, "Deny") == new.statements(name, "Deny"):
            continue
        user = f"{name}-{_MAY_DO_ALL}"
        if user in taken or len(user) > _LONGEST:
            others = map(f"{_MAY_DO_ALL}-{{}}".format, itertools.count(1))
            user = next(one for one in others if one not in taken)
        taken.add(user)
        # the search finds the principals for whom the Denies differ
        yield _Holding(name, user, may_do_all=True, others=set())


def _apart(items: Iterable[_T], names: Callable[[_T], Collection[str]]) -> list[list[_T]]:
    """Divide items into groups: no two of a group have a name in common."""
    groups: list[tuple[set[str], list[_T]]] = []
    for item in items:
        own = names(item)
        for taken, members in groups:  # noqa: B007 - used behind the loop
            if taken.isdisjoint(own):
                break
        else:
            taken, members = set(), []
            groups.append((taken, members))
        taken.update(own)
        members.append(item)
    return [members for _, members in groups]


def _store(
    base: Store,
    side: Documents,
    numbers: Sequence[str],
    roles: Iterable[tuple[str, str]],
    holdings: Iterable[_Holding],
) -> Store:
    store = _without_accounts(base)
    everything = {**_ANYTHING, "Action": "*"}
    store["policies"][_MAY_DO_ALL] = translate({"Version": "1", "Statement": [everything]})
    for number in numbers:
        store["accounts"][number] = {"roles": {}, "users": {}}
        for name, document in side.policies.items():
            store["policies"][f"{number}/{name}"] = document
    trust = _trusting(numbers)
    for number, name in sorted(roles):
        _add_role(store, number, name, trust)
    for holding in holdings:
        for number in numbers:
            users = store["accounts"][number]["users"]
            users[holding.user] = {"policies": holding.ids(side, number)}
        for arn in sorted(holding.others):
            _hold(store, arn, holding.ids(side, arn.split(":")[3]))
    return store


def _trust_store(
    base: Store, side: Documents, roles: Iterable[str], callers: Iterable[str]
) -> Store:
    store = _without_accounts(base)
    store["policies"][_MAY_ASSUME] = translate({"Version": "1", "Statement": [_ANYTHING]})
    store["accounts"][ACCOUNT] = {"roles": {}, "users": {}}
    for role in roles:
        _add_role(store, ACCOUNT, role, side.trust.get(role) or _trusting([NO_ACCOUNT]))
    for arn in callers:
        _hold(store, arn, [_MAY_ASSUME])
    return store


def _without_accounts(base: Store) -> Store:
    store = base.copy()
    store["policies"], store["accounts"] = dict(base["policies"]), {}
    return store


def _hold(store: Store, arn: str, held: list[str]) -> None:
    """Let a user or a role hold the policies of these ids; add it if it is not there."""
    if member := MEMBER.fullmatch(arn):
        number, kind, name = member.groups()
        account = store["accounts"].setdefault(number, {"roles": {}, "users": {}})
        if kind == "user":
            account["users"][name] = {"policies": held}
        else:
            _add_role(store, number, name, _trusting([NO_ACCOUNT]))
            account["roles"][name.lower()]["policies"] = held


def _add_role(store: Store, number: str, name: str, trust: dict[str, object]) -> None:
    """Add a role without policies, unless it is there."""
    roles = store["accounts"][number]["roles"]
    if name.lower() not in roles:
        trust_id = f"{number}/trust:{name}"
        store["policies"][trust_id] = trust
        roles[name.lower()] = {"name": name, "trust": trust_id, "policies": []}


def _trusting(numbers: Iterable[str]) -> dict[str, object]:
    """Return a trust policy that admits the users and roles of accounts."""
    admitted = [f"acs:ram::{number}:root" for number in numbers]
    statement = {"Effect": "Allow", "Action": "sts:*", "Principal": {"RAM": admitted}}
    return translate({"Version": "1", "Statement": [statement]})
