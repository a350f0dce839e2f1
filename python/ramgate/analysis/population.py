"""The principals of a store, in classes whose members get the same decision on a request.

A decision depends on the principal's account, on the policies that it holds there and for the
request's resource group, on its ARN where a condition or a trust policy tests it, and on whether it
is an owner or a service-linked role (section 5 in docs/reference/policy-language.md). One member of
a class is decided for all of them.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from ramgate.analysis.lint.patterns import has_wildcard, matches
from ramgate.analysis.prover.reading import in_lower_case

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.store import Store

__all__ = ["Kind", "Population", "Principal", "levels", "principals"]

Kind: TypeAlias = Literal["user", "role", "owner"]

_ESCAPED: Final = re.compile(r"\\(.)")


class Principal(NamedTuple):
    """A user, a role or the owner of an account, with its policies by their ids.

    `groups` has the policies that are attached to it for one resource group each.

    >>> Principal("acs:ram::1234567890123456:root", "1234567890123456", "owner", "root").policies
    ()
    """

    arn: str
    account: str
    kind: Kind
    name: str
    policies: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = {}

    @property
    def held(self) -> tuple[str, ...]:
        """The ids of all policies that it holds, also those for one resource group."""
        return tuple(itertools.chain(self.policies, *self.groups.values()))

    @property
    def compared(self) -> str:
        """The ARN as conditions and trust policies compare it: a role's in lower case (3.4)."""
        return self.arn.lower() if self.kind == "role" else self.arn


def levels(store: Store) -> Mapping[str, Sequence[Sequence[str]]]:
    """Return the control policies of each level above a member account, by the account.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> levels(load(resources.path("examples/accounts.yaml"), catalog.load()))
    {}
    """
    return store["directory"]["levels"] if "directory" in store else {}


def principals(store: Store) -> Iterator[Principal]:
    """Yield the principals of all accounts, those of each sorted by name: users, roles, the owner.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> [one.name for one in principals(store) if one.kind != "role"]
    ['alice', 'bob', 'carol', 'root']
    """
    for number, account in sorted(store["accounts"].items()):
        start = f"acs:ram::{number}:"
        for name, user in sorted(account["users"].items()):
            yield Principal(f"{start}user/{name}", number, "user", name, *_scopes(user))
        for name, role in sorted(account["roles"].items()):
            arn = f"{start}role/{role['name']}"
            yield Principal(arn, number, "role", name, *_scopes(role))
        yield Principal(f"{start}root", number, "owner", "root")


def _scopes(held: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    groups = held.get("resource_groups", {})
    return tuple(held["policies"]), {group: tuple(ids) for group, ids in groups.items()}


class Population:
    """The principals of a store, and their classes.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> population = Population(load(resources.path("examples/accounts.yaml"), catalog.load()))
    >>> classes = population.classes(group=None, trusted=[])
    >>> sum(map(len, classes)) == len(population.principals)
    True
    """

    def __init__(self, store: Store) -> None:
        self.principals = list(principals(store))
        self._linked = store["service_linked_roles"]
        tests = _Tests(store["policies"].values())
        self._signatures = [
            (one.kind == "owner", self._link(one), tests.signature(one)) for one in self.principals
        ]

    def classes(
        self,
        *,
        group: str | None,
        trusted: Iterable[str],
        in_any_group: bool = False,
        documents: Iterable[Mapping[str, Any]] = (),
    ) -> list[list[Principal]]:
        """Return the principals by class.

        `group` is the resource group of the requests, with `in_any_group` it may be any, `trusted`
        are the principals that the trust policies of their roles name. `documents` are further
        translated documents whose conditions tell principals apart.
        """
        found: dict[Hashable, list[Principal]] = {}
        named, tests = frozenset(trusted), _Tests(documents)
        for one, signature in zip(self.principals, self._signatures, strict=True):
            in_group: object = one.groups.get(group) if group is not None else None
            if in_any_group:
                in_group = tuple(sorted(one.groups.items()))
            is_named = one.compared if one.compared in named else None
            tested = (signature, tests.signature(one))
            key = (one.account, one.policies, in_group, is_named, tested)
            found.setdefault(key, []).append(one)
        return list(found.values())

    def _link(self, principal: Principal) -> bool | None:
        """Return whether the policy of a service-linked role is published; None for all others."""
        role = self._linked.get(principal.name) if principal.kind == "role" else None
        return None if role is None else bool(role["is_published"])


class _Tests:
    """The texts that conditions compare with `acs:PrincipalARN`.

    The operators of numbers, dates, addresses and booleans cannot read an ARN: they treat all
    principals alike.
    """

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._equal: set[str] = set()
        self._folded: set[str] = set()
        self._patterns: set[str] = set()
        for condition in _conditions(documents):
            for value in condition["values"]:
                match condition["operator"]:
                    case "StringEquals":
                        self._equal.add(value)
                    case "StringEqualsIgnoreCase":
                        self._folded.add(in_lower_case(value))
                    case "StringLike":
                        pattern = _ESCAPED.sub(r"\1", value)
                        (self._patterns if has_wildcard(pattern) else self._equal).add(pattern)
        self._of_roles = {in_lower_case(text) for text in self._equal}
        self._in_order = sorted(self._patterns)

    def signature(self, principal: Principal) -> Hashable:
        """Return a value that is the same for two ARNs that satisfy the same conditions."""
        is_role, arn = principal.kind == "role", principal.compared
        equal = self._of_roles if is_role else self._equal
        if arn in equal or arn.lower() in self._folded:
            return arn
        return tuple(
            matches(in_lower_case(pattern) if is_role else pattern, arn)
            for pattern in self._in_order
        )


def _conditions(documents: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        for statement in document.get("statements", ()):
            for condition in statement.get("conditions", ()):
                if condition["key"] == "acs:PrincipalARN":
                    yield condition
