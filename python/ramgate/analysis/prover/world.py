"""The access of principals, read from a store: all layers that decide about them."""

from __future__ import annotations

import functools
import hashlib
import itertools
from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover.access import Way
from ramgate.analysis.prover.space import Asker
from ramgate.analysis.prover.statement import statements_of
from ramgate.language.translation import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.access import Access
    from ramgate.analysis.prover.statement import Statement

__all__ = [
    "World",
]

_FOLDERS: Final = {"user": "users", "role": "roles"}


class World:
    """The accounts of a store, with the access of each principal.

    The numbers in comments are those of the rules in docs/reference/policy-language.md.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> world = World(load(resources.path("examples/accounts.yaml"), catalog.load()))
    >>> alice = Asker("user", "1234567890123456", "alice")
    >>> [len(way.layers) for way in world.access(alice)]
    [1]
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._statements: dict[str, tuple[Statement, ...] | None] = {}
        self._digests: dict[str, str] = {}
        self._named: dict[str, bool] = {}

    def askers(self) -> Iterator[Asker]:
        """Yield the users and roles of all accounts."""
        for account, members in sorted(self._store["accounts"].items()):
            for kind, folder in _FOLDERS.items():
                for name in sorted(members[folder]):  # type: ignore[literal-required]
                    yield Asker(kind, account, name)

    def roles(self) -> Iterator[tuple[str, str]]:
        """Yield the account and the name in lower case of each role."""
        for account, members in sorted(self._store["accounts"].items()):
            for name in sorted(members["roles"]):
                yield account, name

    def access(self, asker: Asker) -> Access:
        """Return the ways in which the policies of a user or role allow requests.

        Requests to assume a role are not among them: see `assuming`.
        """
        return self._identity(asker, asker.account)

    def assuming(self, asker: Asker, account: str, role: str) -> Access:
        """Return the ways in which a principal may assume the role of that account (5.8).

        Nothing is allowed if the account has no such role.
        """
        stored = self._role(account, role)
        trust = None if stored is None else self.statements(stored["trust"])
        if trust is None:
            return ()
        admitting = [one for one in trust if not asker.names.isdisjoint(one.principals)]
        allows, denies = _split(admitting)
        ways = self._identity(asker, account) if asker.has_identity else (Way((), ()),)
        return tuple(Way((*way.layers, allows), (*way.denies, *denies), way.group) for way in ways)

    def elsewhere(self, asker: Asker) -> Access:
        """Return the ways for roles of accounts that the store does not contain (5.8).

        Whether such a role trusts the principal is not known.
        """
        return self._identity(asker, "")

    def trusted(self, account: str, role: str) -> frozenset[str]:
        """Return the principals that the trust policy of a role names."""
        stored = self._store["accounts"][account]["roles"][role]
        return frozenset(
            name for one in self.statements(stored["trust"]) or () for name in one.principals
        )

    def admitting(self, asker: Asker) -> list[tuple[str, str]]:
        """Return the roles, as account and name, whose trust policies name the principal."""
        return sorted({role for name in asker.names for role in self._admitting.get(name, ())})

    @functools.cached_property
    def _admitting(self) -> Mapping[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for account, role in self.roles():
            for name in self.trusted(account, role):
                found.setdefault(name, []).append((account, role))
        return found

    def tests_principal(self, asker: Asker, roles: Iterable[tuple[str, str]] = ()) -> bool:
        """True if it may matter which of some principals with equal policies this is.

        A condition on `acs:PrincipalARN` or a trust policy may name it. `roles` are the roles, as
        account and name, that it may ask to assume.
        """
        if not set(self._admitting.get(asker.arn, ())).isdisjoint(roles):
            return True
        scopes = self._scopes(asker) or {}
        ids = [*scopes.get("policies", ()), *_joined(scopes.get("resource_groups", {}).values())]
        accounts = {asker.account}
        for account, role in roles:
            accounts.add(account)
            if stored := self._role(account, role):
                ids.append(stored["trust"])
        for account in accounts:
            ids += _joined(self._levels(asker, account))
        return any(map(self._has_principal_condition, ids))

    def _has_principal_condition(self, policy: str) -> bool:
        if policy not in self._named:
            self._named[policy] = any(
                condition["key"] == "acs:PrincipalARN"
                for statement in self.statements(policy) or ()
                for condition in statement.conditions
            )
        return self._named[policy]

    def statements(self, policy: str) -> tuple[Statement, ...] | None:
        """Return the statements of a policy by its id; None if ramgate cannot read it (5.9)."""
        if policy not in self._statements:
            document = self._store["policies"].get(policy, {})
            self._statements[policy] = (
                tuple(statements_of(policy, document)) if document.get("format") == FORMAT else None
            )
        return self._statements[policy]

    def digest(self, asker: Asker) -> str:
        """Return a text that two principals share if the same policies decide about them.

        The order of statements and policies, and a statement that is there twice, change nothing.
        """
        scopes = self._scopes(asker)
        if scopes is None:
            return ""
        groups = scopes.get("resource_groups", {})
        return repr(
            (
                self._linked(asker) is not None,
                self._is_unpublished(asker),
                self._digest(scopes["policies"]),
                sorted((name, self._digest(ids)) for name, ids in groups.items()),
                [self._digest(ids) for ids in self._levels(asker, asker.account)],
            )
        )

    def trust_digest(self, account: str, role: str) -> str:
        """Return a text that two roles share if their trust policies say the same."""
        stored = self._role(account, role)
        return "" if stored is None else self._digest([stored["trust"]])

    def levels_digest(self, account: str) -> str:
        """Return a text that two accounts share if the same control policies apply to them."""
        directory = self._store.get("directory")
        levels = directory["levels"].get(account, []) if directory else []
        return repr((directory and directory["management"], [self._digest(ids) for ids in levels]))

    def _identity(self, asker: Asker, account: str) -> Access:
        """Return the ways of the control policies and the identity policies (5.4, 5.6)."""
        scopes = self._scopes(asker)
        if scopes is None or self._is_unpublished(asker):
            return ()
        own = self._statements_of(scopes["policies"])
        levels = [self._statements_of(ids) for ids in self._levels(asker, account)]
        if own is None or any(level is None for level in levels):
            return ()
        allows, denies = _split(own)
        layers = []
        for level in levels:
            allowing, denying = _split(level or ())
            layers.append(allowing)
            denies += denying
        ways = [Way((*layers, allows), denies)]
        for group, ids in sorted(scopes.get("resource_groups", {}).items()):
            statements = self._statements_of(ids)
            if statements is not None:
                in_group, denying = _split(statements)
                ways.append(Way((*layers, in_group), (*denies, *denying), group))
        return tuple(ways)

    def _role(self, account: str, name: str) -> Mapping[str, Any] | None:
        accounts: Any = self._store["accounts"]
        found: Mapping[str, Any] | None = accounts.get(account, {}).get("roles", {}).get(name)
        return found

    def _scopes(self, asker: Asker) -> Mapping[str, Any] | None:
        members: Any = self._store["accounts"].get(asker.account, {})
        folder, name = _FOLDERS[asker.kind], asker.name
        if name is None:
            folder, name = "users", asker.like
        scopes: Mapping[str, Any] | None = members.get(folder, {}).get(name)
        return scopes

    def _is_unpublished(self, asker: Asker) -> bool:
        """True for a service-linked role whose policy is not known."""
        linked = self._linked(asker)
        return (
            linked is not None
            and linked.get("is_published") is False
            and not (self._scopes(asker) or {}).get("policies")
        )

    def _linked(self, asker: Asker) -> Mapping[str, Any] | None:
        if asker.kind != "role":
            return None
        return self._store["service_linked_roles"].get(asker.name or "")

    def _levels(self, asker: Asker, account: str) -> Sequence[Sequence[str]]:
        directory = self._store.get("directory")
        if (
            directory is None
            or asker.account == directory["management"]
            or self._linked(asker) is not None
        ):
            return ()
        return directory["levels"].get(account, ())

    def _statements_of(self, ids: Iterable[str]) -> list[Statement] | None:
        """Return the statements of a layer; None if the layer cannot allow anything (5.9)."""
        found: list[Statement] = []
        for policy in ids:
            statements = self.statements(policy)
            if statements is None:
                return None
            found += statements
        return found

    def _digest(self, ids: Iterable[str]) -> str:
        digests = []
        for policy in ids:
            if policy not in self._digests:
                statements = self.statements(policy)
                text = (
                    "unreadable"
                    if statements is None
                    else repr(sorted({one.meaning for one in statements}))
                )
                self._digests[policy] = hashlib.sha256(text.encode()).hexdigest()
            digests.append(self._digests[policy])
        return " ".join(sorted(set(digests)))


_joined: Final = itertools.chain.from_iterable


def _split(
    statements: Iterable[Statement],
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Return the Allows and the Denies, each meaning once."""
    found: dict[str, Statement] = {}
    for one in statements:
        found.setdefault(one.meaning, one)
    return (
        tuple(one for one in found.values() if one.effect == "Allow"),
        tuple(one for one in found.values() if one.effect == "Deny"),
    )
