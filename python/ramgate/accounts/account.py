"""The accounts of one accounts file: their roles, users, groups and policies, checked."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from ramgate.accounts.declared import Declared
from ramgate.accounts.directory import DirectoryReader
from ramgate.accounts.policies import Policies
from ramgate.accounts.stored import StoredDocuments
from ramgate.accounts.system_policies import SystemPolicies
from ramgate.documents import shape
from ramgate.documents.messages import describe, did_you_mean
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.named_files import NamedFiles
    from ramgate.accounts.store import Account, Directory, Member, Role, Scopes
    from ramgate.accounts.translations import Translations
    from ramgate.catalog.catalog import Catalog
    from ramgate.faults import Place

__all__ = ["FileReader"]

_DEFINING: Final = ("accounts", "directory")
_FILE: Final = (*_DEFINING, "system_policies")
_ACCOUNT: Final = (
    "service_linked_roles",
    "policies",
    "roles",
    "groups",
    "users",
    "providers",
    "resource_groups",
)


class FileReader:
    """Reads one accounts file; afterwards its attributes are the file's part of the store.

    `defined_in` maps each account, and `directory`, to the file that defines it already. `files`
    are those that the accounts files name, `translations` those of documents that were read before.
    """

    def __init__(
        self,
        catalog: Catalog,
        defined_in: Mapping[str, str],
        files: NamedFiles,
        translations: Translations,
    ) -> None:
        self._catalog = catalog
        self._defined_in = defined_in
        self.documents = StoredDocuments(files, translations)
        self._system = SystemPolicies(catalog, self.documents)
        self.policies: dict[str, dict[str, object]] = {}
        self.accounts: dict[str, Account] = {}
        self.directory: Directory | None = None

    def read(self, value: object, place: Place) -> None:
        """Read the whole document; every fault goes to the findings of the place."""
        if isinstance(value, dict) and value.keys().isdisjoint(_DEFINING):
            if "Statement" in value:
                place.fault(
                    "is a policy document, not an accounts file: it has a `Statement`; in a folder "
                    "of accounts files, keep it in a subfolder"
                )
                return
            place.fault("no `accounts` or `directory` at the top level: is this an accounts file?")
        found = shape.fields(value, place, _FILE)
        self._system.read(found.get("system_policies", {}), place / "system_policies")
        self.policies.update(self._system.documents)
        for number, account, here in shape.members(found.get("accounts", {}), place / "accounts"):
            if shape.name(number, here, grammar.ACCOUNT, "account number"):
                self._check_unique(number, here)
                self.accounts[number] = self._account(number, account, here)
        if "directory" in found:
            here = place / "directory"
            self._check_unique("directory", here)
            reader = DirectoryReader(self._system, self.documents)
            self.directory = reader.read(found["directory"], here)
            self.policies.update(reader.documents)

    def _check_unique(self, name: str, place: Place) -> None:
        if name in self._defined_in:
            place.fault(f"is already defined in `{self._defined_in[name]}`")

    def _account(self, number: str, value: object, place: Place) -> Account:
        found = shape.fields(value, place, _ACCOUNT)
        declared = Declared(found, number, place)
        policies = Policies(self._system, self.documents, number)
        policies.read(found.get("policies", {}), place / "policies")
        self.policies.update(policies.documents)
        roles = self._service_linked_roles(found, place)
        for name, role, here in shape.members(found.get("roles", {}), place / "roles"):
            shape.name(name, here, grammar.NAME, "role name")
            if name.lower() in self._catalog.roles:
                here.fault("is a service-linked role: list it under `service_linked_roles`")
            elif name.lower() in roles:
                here.fault("is already defined: role names are compared without case")
            parts = shape.fields(role, here, ("trust", "policies"), ("trust",))
            roles[name.lower()] = {
                "name": name,
                "trust": self._trust(parts, name, declared, here),
                **_scopes(_attachments(parts, here, policies, declared)),
            }
        groups = {}
        for name, group, here in shape.members(found.get("groups", {}), place / "groups"):
            shape.name(name, here, grammar.NAME, "group name")
            parts = shape.fields(group, here, ("policies",))
            groups[name] = list(_attachments(parts, here, policies, declared))
        users = {}
        for name, user, here in shape.members(found.get("users", {}), place / "users"):
            shape.name(name, here, grammar.NAME, "user name")
            parts = shape.fields(user, here, ("groups", "policies"))
            own = list(_attachments(parts, here, policies, declared))
            member_of = []
            for group, where in shape.items(parts.get("groups", []), here / "groups"):
                if not isinstance(group, str):
                    where.fault(f"must be the name of a group, not {describe(group)}")
                elif group not in groups:
                    hint = did_you_mean(group, groups)
                    where.fault(f"there is no group {describe(group)}{hint}")
                else:
                    member_of.append(group)
            users[name] = _user(own, {group: groups[group] for group in sorted(member_of)})
        account: Account = {"roles": roles, "users": users}
        if groups:
            account["groups"] = {name: _scopes(attached) for name, attached in groups.items()}
        return account

    def _service_linked_roles(self, found: Mapping[str, object], place: Place) -> dict[str, Role]:
        roles: dict[str, Role] = {}
        here = place / "service_linked_roles"
        for name, where in shape.items(found.get("service_linked_roles", []), here):
            if not isinstance(name, str):
                where.fault(f"must be the name of a service-linked role, not {describe(name)}")
                continue
            role = self._catalog.roles.get(name.lower())
            if role is None or role.role != name:
                where.fault(self._catalog.describe_unknown_role(name))
                continue
            if name.lower() in roles:
                where.fault(f"`{name}` is already listed")
            policy = self._system.id_of_role_policy(role)
            policies = [policy] if policy else []
            roles[name.lower()] = {"name": name, "policies": policies, "trust": role.trust_id}
        return roles

    def _trust(
        self, found: Mapping[str, object], name: str, declared: Declared, place: Place
    ) -> str:
        """Translate the trust policy of a role, and return its id."""
        trust_id = f"{declared.account}/trust:{name}"
        if "trust" in found:
            here = place / "trust"
            stored = self.documents.translate(found["trust"], here)
            self.policies[trust_id] = stored.document
            if stored.document.get("kind") == "identity":
                here.fault("is not a trust policy: its statements have no `Principal`")
            declared.check_trust(*stored)
        return trust_id


def _attachments(
    found: Mapping[str, object], place: Place, policies: Policies, declared: Declared
) -> Iterator[tuple[str, str]]:
    """Yield each attached policy's id and resource group, the latter empty for the account."""
    for item, here in shape.items(found.get("policies", []), place / "policies"):
        policy, parts = policies.resolve(item, here, ("resource_group",))
        group = ""
        if "resource_group" in parts:
            form, where = grammar.RESOURCE_GROUP, here / "resource_group"
            group = shape.name(parts["resource_group"], where, form, "resource group") or ""
            if group:
                declared.check_group(group, where)
        if policy:
            yield policy, group


def _user(
    own: Sequence[tuple[str, str]], groups: Mapping[str, Sequence[tuple[str, str]]]
) -> Scopes | Member:
    """Return the attachments of a user and its groups, and how they are divided between them."""
    held = _scopes([*own, *itertools.chain(*groups.values())])
    return {**held, "groups": list(groups), "own": _scopes(own)} if groups else held


def _scopes(attached: Iterable[tuple[str, str]]) -> Scopes:
    """Sort attachments into the whole account's and, if there are any, each resource group's."""
    scopes: dict[str, set[str]] = {"": set()}
    for policy, group in attached:
        scopes.setdefault(group, set()).add(policy)
    policies = sorted(scopes.pop(""))
    groups = {group: sorted(found) for group, found in sorted(scopes.items())}
    return {"policies": policies, "resource_groups": groups} if groups else {"policies": policies}
