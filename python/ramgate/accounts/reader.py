"""What exists in whose account: accounts files, read, checked and resolved against the catalog.

The files are those of docs/reference/accounts.md; what comes out is `data.store`, in which every
name is resolved and every list is what Rego looks up.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Final, NotRequired, TypedDict, TypeVar

from ramgate.documents import shape, source
from ramgate.documents.messages import describe, reason
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings
from ramgate.language import grammar
from ramgate.language.translation import FORMAT, translate, translate_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ramgate.catalog.catalog import Catalog
    from ramgate.faults import Place

__all__ = ["Account", "Directory", "Reader", "Role", "Scopes", "Store", "examine", "files", "load"]


class Scopes(TypedDict):
    """The ids of attached policies: to the whole account, and to each resource group."""

    policies: list[str]
    resource_groups: NotRequired[dict[str, list[str]]]


class Role(Scopes):
    """A role as it is stored: its name as written, the id of its trust policy."""

    name: str
    trust: str


class Account(TypedDict):
    """Roles by their names in lower case, users by theirs."""

    roles: dict[str, Role]
    users: dict[str, Scopes]


class Directory(TypedDict):
    """The management account, and of each member the control policies of each level above it."""

    management: str
    levels: dict[str, list[list[str]]]


class Store(TypedDict):
    """All that is known, by what it is looked up by: see docs/reference/store.md."""

    format: int
    policies: dict[str, dict[str, object]]
    service_linked_roles: dict[str, dict[str, object]]
    services: dict[str, str]
    features: dict[str, str]
    accounts: dict[str, Account]
    directory: NotRequired[Directory]


_T = TypeVar("_T")

_SUFFIXES: Final = (".yaml", ".yml", ".json")
_ACCOUNT: Final = ("service_linked_roles", "policies", "roles", "groups", "users")
_FOLDER: Final = ("control_policies", "accounts", "folders")


def load(path: Path, catalog: Catalog) -> Store:
    """The store of an accounts file, or of a folder of them.

    Raises `InvalidFiles` with the faults of all files, by file, then by line; `UnreadableFiles`
    where one of them could not be read.
    """
    return Reader(catalog).load(path)


def examine(path: Path, catalog: Catalog) -> tuple[Store, Findings]:
    """The same with its findings, faults and advice, of which none is raised.

    With a fault among them, the store is incomplete. Raises `UnreadableFiles`, with the faults of
    all files, where one of them could not be read.
    """
    return Reader(catalog).examine(path)


def files(path: Path) -> list[Path]:
    """The accounts files that a path names: itself, or those in the folder, by their names.

    Raises `InvalidFiles` where there is none in it, `UnreadableFiles` where it cannot be listed.
    """
    if not path.is_dir():
        return [path]
    try:
        found = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    except OSError as error:
        raise UnreadableFiles([Fault(str(path), message=reason(error))]) from error
    if not found:
        raise InvalidFiles([Fault(str(path), message="holds no accounts file (*.yaml, *.json)")])
    return found


class Reader:
    """Reads accounts any number of times, and translates of their files only what has changed.

    What it answers is what `load` and `examine` would. Of what a file holds, each policy and each
    account that is the same as the last time is the same object, so `is` tells what has changed.
    Nobody else may change them.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        roles = catalog.roles
        policies = dict(catalog.policies)
        for role in roles.values():
            policies[role.trust_id] = translate(role.trust_policy)
            policies[role.creation_id] = translate(role.creation_policy)
        self._kept: dict[Path, _Part] = {}
        self._base: Store = {
            "format": FORMAT,
            "policies": policies,
            "service_linked_roles": {
                name: {
                    "role": role.role,
                    "service_name": role.service_name,
                    "is_published": role.is_published,
                    "created_when": role.created_when or None,
                }
                for name, role in roles.items()
            },
            "services": {role.service_name: name for name, role in roles.items()},
            "features": {role.feature: name for name, role in roles.items() if role.feature},
            "accounts": {},
        }

    def load(self, path: Path) -> Store:
        """What `load` answers and raises."""
        store, findings = self.examine(path)
        if findings.faults:
            raise InvalidFiles(findings.faults)
        return store

    def examine(self, path: Path) -> tuple[Store, Findings]:
        """What `examine` answers and raises."""
        store, found, unreadable = self._base.copy(), Findings(), False
        store["policies"], store["accounts"] = dict(store["policies"]), {}
        held_by: dict[str, str] = {}
        kept: dict[Path, _Part] = {}
        for file in files(path):
            try:
                part = self._part(file, held_by)
            except InvalidFiles as error:
                unreadable |= isinstance(error, UnreadableFiles)
                found.faults.extend(error.faults)
                continue
            if not part.found.faults:
                kept[file] = part
            found.add(part.found)
            store["policies"].update(part.policies)
            store["accounts"].update(part.accounts)
            if part.directory is not None:
                store["directory"] = part.directory
            held_by.update(dict.fromkeys(part.holds, str(file)))
        self._kept = kept
        found.faults.sort()
        if unreadable:
            raise UnreadableFiles(found.faults)
        return store, found

    def _part(self, file: Path, held_by: Mapping[str, str]) -> _Part:
        content = source.content(file)
        digest = hashlib.sha256(content).digest()
        part = self._kept.get(file)
        if part is None or part.digest != digest or not held_by.keys().isdisjoint(part.holds):
            document = source.decode(content, str(file), root="")
            reader = _Reader(self._catalog, held_by)
            reader.read(document.value, document.place)
            found = document.place.findings
            part = _Part(
                digest,
                Findings(faults=found.faults, advice=found.advice),  # without all of its lines
                _settled(reader.policies, part.policies if part else {}),
                _settled(reader.accounts, part.accounts if part else {}),
                reader.directory,
            )
        return part


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """What one file adds to the store, and what its reading found."""

    digest: bytes
    found: Findings
    policies: dict[str, dict[str, object]]
    accounts: dict[str, Account]
    directory: Directory | None

    @property
    def holds(self) -> Iterable[str]:
        """What no other file may hold."""
        return self.accounts if self.directory is None else (*self.accounts, "directory")


def _settled(found: dict[str, _T], before: Mapping[str, _T]) -> dict[str, _T]:
    """What was found, with the objects from before in the place of those that equal them."""
    for name in found.keys() & before.keys():
        if found[name] == before[name]:
            found[name] = before[name]
    return found


class _Reader:
    """One file's part of the store as it grows."""

    def __init__(self, catalog: Catalog, held_by: Mapping[str, str]) -> None:
        self._catalog = catalog
        self._held_by = held_by
        self.policies: dict[str, dict[str, object]] = {}
        self.accounts: dict[str, Account] = {}
        self.directory: Directory | None = None

    def read(self, value: object, place: Place) -> None:
        found = shape.fields(value, place, ("accounts", "directory"))
        if not found and value == {}:
            place.fault("holds neither `accounts` nor `directory`")
        for number, account, here in shape.members(found.get("accounts", {}), place / "accounts"):
            if shape.name(number, here, grammar.ACCOUNT, "account number"):
                self._once(number, here)
                self.accounts[number] = self._account(number, account, here)
        if "directory" in found:
            here = place / "directory"
            self._once("directory", here)
            self.directory = self._directory(found["directory"], here)

    def _once(self, name: str, place: Place) -> None:
        if name in self._held_by:
            place.fault(f"is in `{self._held_by[name]}` already")

    def _account(self, number: str, value: object, place: Place) -> Account:
        found = shape.fields(value, place, _ACCOUNT)
        names = self._own_policies(found, place, number)
        roles = self._service_linked_roles(found, place)
        for name, role, here in shape.members(found.get("roles", {}), place / "roles"):
            shape.name(name, here, grammar.NAME, "role name")
            if name.lower() in self._catalog.roles:
                here.fault("is a service-linked role: list it under `service_linked_roles`")
            elif name.lower() in roles:
                here.fault("is there already: role names are compared without case")
            roles[name.lower()] = self._role(number, name, role, here, names)
        groups = {}
        for name, group, here in shape.members(found.get("groups", {}), place / "groups"):
            shape.name(name, here, grammar.NAME, "group name")
            parts = shape.fields(group, here, ("policies",))
            groups[name] = list(self._attachments(parts, here, names))
        users = {}
        for name, user, here in shape.members(found.get("users", {}), place / "users"):
            shape.name(name, here, grammar.NAME, "user name")
            parts = shape.fields(user, here, ("groups", "policies"))
            attached = list(self._attachments(parts, here, names))
            for group, where in shape.items(parts.get("groups", []), here / "groups"):
                if isinstance(group, str) and group in groups:
                    attached += groups[group]
                else:
                    where.fault(f"there is no group {describe(group)}")
            users[name] = _scopes(attached)
        return {"roles": roles, "users": users}

    def _own_policies(
        self, found: Mapping[str, object], place: Place, owner: str
    ) -> dict[str, str]:
        """The ids of the owner's policies and of the system policies, by name."""
        names = {name: name for name in self._catalog.system_policies}
        for name, document, here in shape.members(found.get("policies", {}), place / "policies"):
            shape.name(name, here, grammar.POLICY_NAME, "policy name")
            if name in self._catalog.policies:
                here.fault("is the name of a system policy")
            policy = translate_at(document, here)
            if policy.get("kind") == "trust":
                here.fault("is a trust policy: a role has one under `trust`")
            names[name] = f"{owner}/{name}"
            self.policies[names[name]] = policy
        return names

    def _service_linked_roles(self, found: Mapping[str, object], place: Place) -> dict[str, Role]:
        roles: dict[str, Role] = {}
        here = place / "service_linked_roles"
        for name, where in shape.items(found.get("service_linked_roles", []), here):
            role = self._catalog.roles.get(name.lower()) if isinstance(name, str) else None
            if role is None or role.role != name:
                hint = f": its name is `{role.role}`" if role else ""
                where.fault(f"{describe(name)} is no service-linked role of the catalog{hint}")
                continue
            if name.lower() in roles:
                where.fault(f"`{name}` is there already")
            policies = [role.policy] if role.is_published else []
            roles[name.lower()] = {"name": name, "policies": policies, "trust": role.trust_id}
        return roles

    def _role(
        self, number: str, name: str, value: object, place: Place, names: Mapping[str, str]
    ) -> Role:
        parts = shape.fields(value, place, ("trust", "policies"), ("trust",))
        trust_id = f"{number}/trust:{name}"
        if "trust" in parts:
            self.policies[trust_id] = translate_at(parts["trust"], place / "trust")
            if self.policies[trust_id].get("kind") == "identity":
                (place / "trust").fault("is no trust policy: its statements have no `Principal`")
        attached = self._attachments(parts, place, names)
        return {"name": name, "trust": trust_id, **_scopes(attached)}

    def _attachments(
        self, found: Mapping[str, object], place: Place, names: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """The id of each attached policy, and the resource group it is attached to, or nothing."""
        for item, here in shape.items(found.get("policies", []), place / "policies"):
            fields = ("policy", "resource_group")
            parts = {"policy": item}
            if not isinstance(item, str):
                parts = shape.fields(item, here, fields, fields)
            group = ""
            if "resource_group" in parts:
                form, where = grammar.RESOURCE_GROUP, here / "resource_group"
                group = shape.name(parts["resource_group"], where, form, "resource group") or ""
            if "policy" in parts and (policy := self._resolved(parts["policy"], here, names)):
                yield policy, group

    def _resolved(self, name: object, place: Place, names: Mapping[str, str]) -> str | None:
        if isinstance(name, str) and name in names:
            return names[name]
        if isinstance(name, str) and name in self._catalog.policies:
            place.fault(f"`{name}` is a service-linked role's policy: it cannot be attached")
        else:
            place.fault(f"there is no policy {describe(name)}")
        return None

    def _directory(self, value: object, place: Place) -> Directory:
        known = ("management", "policies", "root")
        found = shape.fields(value, place, known, ("management", "root"))
        management = ""
        if "management" in found:
            where, form = place / "management", grammar.ACCOUNT
            management = shape.name(found["management"], where, form, "account number") or ""
        names = self._own_policies(found, place, "directory")
        levels: dict[str, list[list[str]]] = {}
        if "root" in found:
            self._folder(found["root"], place / "root", names, [], levels)
        return {"management": management, "levels": levels}

    def _folder(
        self,
        value: object,
        place: Place,
        names: Mapping[str, str],
        above: list[list[str]],
        levels: dict[str, list[list[str]]],
    ) -> None:
        found = shape.fields(value, place, _FOLDER, ("control_policies",))
        here = [*above, self._control_policies(found, place, names)]
        for number, account, where in shape.members(found.get("accounts", {}), place / "accounts"):
            shape.name(number, where, grammar.ACCOUNT, "account number")
            if number in levels:
                where.fault("is in another folder already")
            known = ("control_policies",)
            parts = shape.fields(account, where, known, known)
            levels[number] = [*here, self._control_policies(parts, where, names)]
        for name, folder, where in shape.members(found.get("folders", {}), place / "folders"):
            shape.name(name, where, grammar.NAME, "folder name")
            self._folder(folder, where, names, here, levels)

    def _control_policies(
        self, found: Mapping[str, object], place: Place, names: Mapping[str, str]
    ) -> list[str]:
        policies = shape.items(found.get("control_policies", []), place / "control_policies")
        resolved = (self._resolved(name, here, names) for name, here in policies)
        return sorted({policy for policy in resolved if policy})


def _scopes(attached: Iterable[tuple[str, str]]) -> Scopes:
    """Attachments by their scope: the whole account's, and, where there are any, each group's."""
    scopes: dict[str, set[str]] = {"": set()}
    for policy, group in attached:
        scopes.setdefault(group, set()).add(policy)
    policies = sorted(scopes.pop(""))
    groups = {group: sorted(found) for group, found in sorted(scopes.items())}
    return {"policies": policies, "resource_groups": groups} if groups else {"policies": policies}
