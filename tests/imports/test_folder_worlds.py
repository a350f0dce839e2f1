from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies

from policy_documents import ALLOW, TRUST, policy
from ramgate import InvalidPolicy, translate
from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.imports.folder import write
from ramgate.imports.world import (
    Account,
    Attachment,
    Directory,
    Document,
    Folder,
    Role,
    User,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ramgate.accounts.store import Store

CATALOG = catalog.load()
HERE, THERE, BOSS = "1234567890123456", "6543210987654321", "1000000000000001"
BY = "ramgate import alicloud"
UNREADABLE = "unreadable"
SLR = CATALOG.roles["aliyunserviceroleforalikafka"]

DOCUMENTS = strategies.sampled_from(
    [
        Document(json.dumps(policy(ALLOW))),
        Document(json.dumps(policy({**ALLOW, "Effect": "Deny"}), indent=1), "v3", "2026-03-11"),
        Document(json.dumps(policy({**ALLOW, "Sid": 'on "#"\n1e3', "Action": ["ecs:Null*"]}))),
        Document(json.dumps(policy({**ALLOW, "Resource": "acs:oss:*:*:生产/*"}))),
        Document(json.dumps(policy(TRUST))),
        Document(json.dumps(policy({**TRUST, "Principal": {"RAM": [f"acs:ram::{THERE}:root"]}}))),
        Document('{"Version": 1, "Statement": []}'),
        Document("{\n\t# not JSON"),
        Document(missing="GetPolicy was refused: NoPermission"),
    ]
)
NAMES = strategies.sampled_from(
    ["on", "1e3", "null", "=", "a", "A", "alice@example.com", "_", "1234567890123456", ".", "y"]
)
ROLE_NAMES = strategies.sampled_from(["on", "1e3", "null", "App", "two words", "..", "_"])
POLICY_NAMES = strategies.sampled_from(
    ["on", "1e3", "null", "read", "Read", "-", "lost", "two words", "AliyunECSFullAccess"]
)
SYSTEM_NAMES = strategies.sampled_from(
    ["AliyunECSFullAccess", "AliyunKafkaFullAccess", "AliyunNewAccess", SLR.policy, "read"]
)
GROUP_IDS = strategies.sampled_from(["", "rg-a", "rg-b", "null"])
ATTACHMENTS = strategies.lists(
    strategies.builds(Attachment, POLICY_NAMES, strategies.just("Custom"), GROUP_IDS)
    | strategies.builds(
        Attachment, SYSTEM_NAMES.filter(SLR.policy.__ne__), strategies.just("System"), GROUP_IDS
    ),
    max_size=4,
)
CONTROLS = ATTACHMENTS.map(lambda found: [Attachment(one.policy, one.type) for one in found])
TITLES = strategies.text(max_size=5)
ACCOUNTS = strategies.builds(
    Account,
    policies=strategies.dictionaries(POLICY_NAMES, DOCUMENTS, max_size=5),
    system_policies=strategies.dictionaries(SYSTEM_NAMES, DOCUMENTS, max_size=3),
    service_linked_roles=strategies.sampled_from([(), (SLR.role,)]),
    roles=strategies.dictionaries(
        ROLE_NAMES, strategies.builds(Role, DOCUMENTS, ATTACHMENTS), max_size=3
    ),
    groups=strategies.dictionaries(NAMES, ATTACHMENTS, max_size=3),
    users=strategies.dictionaries(
        NAMES, strategies.builds(User, strategies.lists(NAMES, max_size=2), ATTACHMENTS), max_size=4
    ),
    oidc_providers=strategies.sampled_from([None, [], ["null"]]),
    saml_providers=strategies.sampled_from([None, []]),
    resource_groups=strategies.none()
    | strategies.dictionaries(
        strategies.sampled_from(["rg-a", "null", "rg-z"]), TITLES, max_size=3
    ),
)
FOLDERS = strategies.builds(
    Folder,
    CONTROLS,
    strategies.dictionaries(strategies.just(HERE), CONTROLS, max_size=1),
    strategies.dictionaries(
        NAMES,
        strategies.builds(
            Folder, CONTROLS, strategies.dictionaries(strategies.just(THERE), CONTROLS, max_size=1)
        ),
        max_size=1,
    ),
)
DIRECTORIES = strategies.builds(
    Directory,
    strategies.just(BOSS),
    strategies.dictionaries(POLICY_NAMES, DOCUMENTS, max_size=3),
    FOLDERS,
    strategies.dictionaries(SYSTEM_NAMES, DOCUMENTS, max_size=2),
)
WORLDS = strategies.builds(
    World,
    strategies.dictionaries(strategies.sampled_from([HERE, THERE]), ACCOUNTS, min_size=1),
    strategies.none() | DIRECTORIES,
)


class Expected:
    """The documents of an owner's attachments, found in the world itself."""

    def __init__(self, custom: Mapping[str, Document], system: Mapping[str, Document]) -> None:
        self._custom = custom
        self._system = system

    def _document(self, name: str, kind: str) -> object:
        if kind == "Custom":
            return translated(self._custom.get(name), "identity")
        found = self._system.get(name)
        if (found is None or found.missing) and name in CATALOG.policies:
            return CATALOG.policies[name]
        return translated(found, "identity")

    def level(self, attachments: Iterable[Attachment]) -> list[str]:
        policies = {(one.policy, one.type) for one in attachments}
        return sorted(json.dumps(self._document(*one)) for one in policies)

    def scopes(
        self, attachments: Sequence[Attachment], unknown_groups: int = 0
    ) -> dict[str, list[str]]:
        groups = {one.resource_group for one in attachments} | {""}
        found = {
            group: self.level(one for one in attachments if one.resource_group == group)
            for group in groups
        }
        found[""] = sorted([*found[""], *[json.dumps(UNREADABLE)] * unknown_groups])
        return found


def translated(document: Document | None, kind: str) -> object:
    try:
        found = translate(document.text if document is not None else "")
    except InvalidPolicy:
        return UNREADABLE
    return found if found["kind"] == kind else UNREADABLE


def stored(store: Store, policies: Iterable[str]) -> list[str]:
    documents = (store["policies"][one] for one in policies)
    return sorted(json.dumps(UNREADABLE if "unreadable" in one else one) for one in documents)


def stored_scopes(store: Store, found: Mapping[str, Any]) -> dict[str, list[str]]:
    scopes = {"": found["policies"], **found.get("resource_groups", {})}
    return {group: stored(store, policies) for group, policies in scopes.items()}


def check_account(account: Account, number: str, store: Store) -> None:
    found = store["accounts"][number]
    expected = Expected(account.policies, account.system_policies)
    roles = {name.lower(): role for name, role in account.roles.items() if " " not in name}
    assert found["roles"].keys() == {
        *roles,
        *(name.lower() for name in account.service_linked_roles),
    }
    for name, role in roles.items():
        assert stored_scopes(store, found["roles"][name]) == expected.scopes(role.attachments)
        trust = stored(store, [found["roles"][name]["trust"]])
        assert trust == [json.dumps(translated(role.trust, "trust"))]
    for name, attachments in account.groups.items():
        if name != "=":
            assert stored_scopes(store, found["groups"][name]) == expected.scopes(attachments)
    users = {name: user for name, user in account.users.items() if name != "="}
    assert found["users"].keys() == users.keys()
    for name, user in users.items():
        known = {*user.groups} & account.groups.keys()
        attachments = [
            *user.attachments,
            *(one for group in known for one in account.groups[group]),
        ]
        unknown = len({*user.groups} - known)
        assert stored_scopes(store, found["users"][name]) == expected.scopes(attachments, unknown)


def check_directory(directory: Directory, store: Store) -> None:
    found = store["directory"]
    assert found["management"] == BOSS
    expected = Expected(directory.policies, directory.system_policies)
    levels = {
        number: [directory.root.control_policies, attachments]
        for number, attachments in directory.root.accounts.items()
    }
    for folder in directory.root.folders.values():
        for number, attachments in folder.accounts.items():
            levels[number] = [directory.root.control_policies, folder.control_policies, attachments]
    assert {
        number: [stored(store, level) for level in own] for number, own in found["levels"].items()
    } == {number: [expected.level(level) for level in own] for number, own in levels.items()}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@settings(derandomize=True, deadline=None, max_examples=60)
@given(WORLDS, WORLDS)
def test_the_files_have_exactly_the_attachments_of_the_world(first: World, second: World) -> None:
    """Both for a new folder, and for one that has the files of another world of the accounts."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        patch.setattr(catalog, "load", lambda: CATALOG)  # once for all examples
        folder, fresh = Path(name, "folder"), Path(name, "fresh")
        for world in (first, second):
            write(world, folder, source=BY)
            store = reader.load(folder, CATALOG)
            for number, account in world.accounts.items():
                check_account(account, number, store)
            if world.directory is not None:
                check_directory(world.directory, store)
            before = contents(folder)
            again = write(world, folder, source=BY)
            assert (again.written, again.removed) == ([], [])
            assert contents(folder) == before
        write(second, fresh, source=BY)
        for path, (content, _) in contents(fresh).items():
            if path != ".ramgate-import.json":
                assert before[path][0] == content
