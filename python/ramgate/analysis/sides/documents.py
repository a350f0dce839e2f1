"""Accounts in which policy documents can be compared: every document has principals that hold it.

A policy document says nothing about its holder, but a decision depends on the holder's account (5.7
in docs/reference/policy-language.md) and on its ARN (`acs:PrincipalARN`). So each document is
attached to a user in every account that a document names and in one that none names. If a condition
tests the ARN, the prover compares the documents for any user and any role of these accounts, and
each principal that makes a difference holds the document, too. Each of these accounts has the roles
that the documents name and one more, so that an assumed role is found.

A Deny limits the other policies of its holder. So a document that only denies is held beside a
policy that allows everything. If the Denies of two other documents differ, one more user of each
account holds them beside that policy.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.sides.holders import Search
from ramgate.language import grammar
from ramgate.language.resource_pattern import ANY_CHARACTER
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.accounts.store import Account, Store

__all__ = ["ACCOUNT", "Documents", "stores"]

ACCOUNT: Final = "1234567890123456"
"""The account of the holders, unless the documents name it; then it is another one."""

_OTHERS: Final = ("6543210987654321", "1111111111111111")
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")
_MEMBER: Final = re.compile(rf"acs:ram::([0-9]{{16}}):(user|role)/({grammar.NAME.pattern})")
_WILDCARD: Final = re.compile(r"\*+|\?")
_RESOURCES: Final = ("resources", "resource_prefixes", "resource_patterns")
_MAY_ASSUME: Final = "may-assume"
_ANY: Final = "any"
_ROLE: Final = "role"
_LONGEST: Final = 64
_MAY_DO_ALL: Final = "may-do-all"
_ANYTHING: Final = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}


@dataclasses.dataclass(frozen=True, slots=True)
class Documents:
    """The translated policies and trust policies of one side, by the names of their holders."""

    policies: Mapping[str, dict[str, object]]
    trust: Mapping[str, dict[str, object]]

    def statements(self, name: str, effect: str) -> frozenset[str]:
        """Return the meanings of a policy's statements with that effect."""
        found = statements_of("", self.policies[name]) if name in self.policies else ()
        return frozenset(one.meaning for one in found if one.effect == effect)


class _Names:
    """The accounts, principals and roles that documents name."""

    def __init__(self, documents: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self.accounts: set[str] = set()
        self.roles: set[str] = set()
        self.trusted: set[str] = set()
        self.holders: dict[str, str] = {}
        for name, document in documents:
            for statement in document["statements"]:
                for text in _texts(statement):
                    self.accounts.update(_NUMBER.findall(text))
                    _, is_role, role = text.partition(":role/")
                    if is_role and grammar.NAME.fullmatch(_instance(role)):
                        self.roles.add(_instance(role))
                self.trusted.update(statement.get("principals", ()))
                for arn in filter(_MEMBER.fullmatch, map(_instance, _principals(statement))):
                    self.holders.setdefault(arn, name)


def stores(base: Store, old: Documents, new: Documents) -> tuple[Store, Store, list[str]]:
    """Return the stores of two sides, both with the same principals and roles.

    A document that only one side has is compared with no document. With the stores come the reasons
    for which principals or roles that tell the sides apart may be missing in them.
    """
    every = (old.policies, old.trust, new.policies, new.trust)
    names = _Names(item for documents in every for item in documents.items())
    free = next(one for one in (ACCOUNT, *_OTHERS) if one not in names.accounts)
    accounts = sorted({free, *names.accounts})
    policies = sorted({*old.policies, *new.policies})
    trust = sorted({*old.trust, *new.trust})
    beside = _Beside(old, new, policies)
    sides = (
        (_store(base, old, names, accounts, (policies, trust, beside)), old),
        (_store(base, new, names, accounts, (policies, trust, beside)), new),
    )
    search = Search(*(store for store, _ in sides))
    for name in policies:
        for found in list(search.of_policy(name, accounts)):
            number = found.principal.split(":")[3]
            for store, side in sides:
                if not found.principal.endswith(f":user/{name}"):
                    _hold(store, found.principal, beside.held(side, number, name))
                if found.role is not None:
                    _add_found_role(store, found.role, number, accounts)
    for name in trust:
        for found in list(search.of_trust((accounts[0], name.lower()), names.trusted, _ANY)):
            for store, _ in sides:
                _hold(store, found.principal, [_MAY_ASSUME])
    (before, _), (after, _) = sides
    return before, after, search.doubts


class _Beside:
    """The policies that documents are held beside.

    `limits` are the documents that only deny, `users` the further users of each account, each with
    the document that it holds.
    """

    def __init__(self, old: Documents, new: Documents, policies: Iterable[str]) -> None:
        self.limits = frozenset(
            name
            for name in policies
            if not any(side.statements(name, "Allow") for side in (old, new))
        )
        taken = set(policies)
        self.users: dict[str, str] = {}
        for name in policies:
            if (
                name in self.limits
                or len({one.statements(name, "Deny") for one in (old, new)}) == 1
            ):
                continue
            user = f"{name}-{_MAY_DO_ALL}"
            if user in taken or len(user) > _LONGEST:
                user = next(
                    one
                    for one in map(f"{_MAY_DO_ALL}-{{}}".format, itertools.count(1))
                    if one not in taken
                )
            taken.add(user)
            self.users[user] = name

    def held(self, side: Documents, number: str, name: str) -> list[str]:
        """Return the ids of the policies of a holder of the document."""
        return [f"{number}/{name}"] * (name in side.policies) + [_MAY_DO_ALL] * (
            name in self.limits
        )


def _add_found_role(store: Store, arn: str, own: str, numbers: Iterable[str]) -> None:
    """Add the role of an ARN, whose account is the principal's if the ARN does not state one."""
    *_, number, path = arn.split(":", 4)
    name = path.removeprefix("role/")
    account = store["accounts"].setdefault(number or own, {"roles": {}, "users": {}})
    if name.lower() not in account["roles"]:
        _add_role(store, number or own, name, _trusting(numbers))


def _store(
    base: Store,
    side: Documents,
    names: _Names,
    numbers: Iterable[str],
    held: tuple[list[str], list[str], _Beside],
) -> Store:
    policies, trust, beside = held
    store = base.copy()
    store["policies"], store["accounts"] = dict(base["policies"]), {}
    everything = {**_ANYTHING, "Action": "*"}
    store["policies"][_MAY_DO_ALL] = translate({"Version": "1", "Statement": [everything]})
    home, *_ = numbers
    for number in numbers:
        account: Account = {"roles": {}, "users": {}}
        store["accounts"][number] = account
        for name in policies:
            account["users"][name] = {"policies": beside.held(side, number, name)}
            if name in side.policies:
                store["policies"][f"{number}/{name}"] = side.policies[name]
        for user, name in beside.users.items():
            held_there = [*beside.held(side, number, name), _MAY_DO_ALL]
            account["users"][user] = {"policies": held_there}
        for role in sorted({_ROLE, *names.roles}) if policies else ():
            _add_role(store, number, role, _trusting(numbers))
    for arn, name in names.holders.items():
        _hold(store, arn, beside.held(side, arn.split(":")[3], name))
    for name in trust:
        document = side.trust.get(name) or _trusting([])
        _add_role(store, home, name, document)
    if trust:
        store["policies"][_MAY_ASSUME] = translate({"Version": "1", "Statement": [_ANYTHING]})
        for arn in _callers(names.trusted):
            _hold(store, arn, [_MAY_ASSUME])
    return store


def _callers(trusted: Iterable[str]) -> Iterator[str]:
    """Yield the users and roles that trust policies admit: for an account, one of its users."""
    for arn in sorted(trusted):
        yield arn.replace(":root", f":user/{_ANY}")


def _hold(store: Store, arn: str, held: list[str]) -> None:
    """Let a user or a role hold the policies of these ids; add it if it is not there."""
    if member := _MEMBER.fullmatch(arn):
        number, kind, name = member.groups()
        account = store["accounts"].setdefault(number, {"roles": {}, "users": {}})
        if kind == "user":
            account["users"][name] = {"policies": held}
        else:
            _add_role(store, number, name, _trusting([]))
            account["roles"][name.lower()]["policies"] = held


def _add_role(store: Store, number: str, name: str, trust: dict[str, object]) -> None:
    trust_id = f"{number}/trust:{name}"
    store["policies"][trust_id] = trust
    store["accounts"][number]["roles"][name.lower()] = {
        "name": name,
        "trust": trust_id,
        "policies": [],
    }


def _trusting(numbers: Iterable[str]) -> dict[str, object]:
    """Return a trust policy that admits the users and roles of accounts; no account is 16 zeros."""
    admitted = [f"acs:ram::{number}:root" for number in numbers] or [f"acs:ram::{'0' * 16}:root"]
    statement = {"Effect": "Allow", "Action": "sts:*", "Principal": {"RAM": admitted}}
    return translate({"Version": "1", "Statement": [statement]})


def _texts(statement: Mapping[str, Any]) -> Iterator[str]:
    for name in _RESOURCES:
        yield from statement.get(name, ())
    yield from _principals(statement)


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for condition in statement.get("conditions", ()):
        if condition["key"] == "acs:PrincipalARN":
            yield from filter(lambda value: isinstance(value, str), condition["values"])


def _instance(pattern: str) -> str:
    """Return a name or a principal's ARN that a glob matches."""
    text = pattern.replace("::*:", f"::{ACCOUNT}:").replace(ANY_CHARACTER, "x")
    return _WILDCARD.sub("x", text)
