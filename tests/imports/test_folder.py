from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest

from policy_documents import ALLOW, TRUST, policy
from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import EditError, InvalidFiles
from ramgate.imports import yaml_file
from ramgate.imports.commit import UNFINISHED
from ramgate.imports.folder import Written, write
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
    from pathlib import Path

    from ramgate.accounts.store import Store

CATALOG = catalog.load()
HERE = "1234567890123456"
OWN = f"acs:ram::{HERE}:"
BY = "ramgate import alicloud"
IDENTITY = Document(json.dumps(policy(ALLOW)))
TRUSTING = Document(json.dumps(policy(TRUST)))
ECS, KAFKA = "AliyunECSFullAccess", "AliyunKafkaFullAccess"
SLR = CATALOG.roles["aliyunserviceroleforalikafka"]


def imported(world: World, folder: Path) -> tuple[Written, Store]:
    written = write(world, folder, source=BY)
    return written, reader.load(folder, CATALOG)


def account(folder: Path, **parts: object) -> tuple[dict[str, Any], Store, list[str]]:
    """Import an account; return its value in the file, the store, and the notices."""
    written, store = imported(World({HERE: Account(**cast("dict[str, Any]", parts))}), folder)
    value: Any = source.read(folder / f"{HERE}.yaml").value
    return value["accounts"][HERE], store, list(written.notices)


def unreadable(store: Store, policy_id: str) -> str:
    assert store["policies"][policy_id].keys() == {"unreadable"}
    return str(store["policies"][policy_id]["unreadable"])


def held(store: Store, user: str) -> dict[str, Any]:
    """Return what is attached to a user and to its groups."""
    return cast("dict[str, Any]", store["accounts"][HERE]["users"][user])


def test_the_files_read_well(tmp_path: Path) -> None:
    world = World(
        {
            HERE: Account(
                policies={"readers": IDENTITY, "broken": Document('{"Version": "2"}')},
                system_policies={"AliyunNewAccess": Document(IDENTITY.text, "v2", "2026-03-11")},
                service_linked_roles=[SLR.role],
                roles={"App": Role(TRUSTING, [Attachment(ECS, "System")])},
                groups={"team": [Attachment("readers")], "empty": []},
                users={
                    "on": User(["team", "empty"], [Attachment("broken")]),
                    "alice": User([], [Attachment("AliyunNewAccess", "System", "rg-a")]),
                    "nobody": User(),
                },
                oidc_providers=["cluster"],
                saml_providers=[],
                resource_groups={"rg-a": 'Production "生产" #1'},
            )
        },
        Directory(
            "1000000000000001",
            {"limits": IDENTITY},
            Folder(
                [Attachment("FullAliyunAccess", "System")],
                {HERE: [Attachment("limits"), Attachment("FullAliyunAccess", "System")]},
                {"empty": Folder()},
            ),
        ),
        ["ListPolicies was refused: NoPermission"],
    )
    written, store = imported(world, tmp_path)
    assert (
        (tmp_path / f"{HERE}.yaml").read_text()
        == f"""\
# made by ramgate import alicloud: the next import overwrites this file
accounts:
  "{HERE}":
    service_linked_roles: [AliyunServiceRoleForAlikafka]
    policies:
      broken:
        unreadable: 'must be the string `"1"`, not `2` @ $.Version'
        document: '{{"Version": "2"}}'
      readers: {{file: policies/{HERE}/readers.json}}
    roles:
      App:
        trust:
          Version: "1"
          Statement:
            - {{Effect: Allow, Action: "sts:AssumeRole", Principal: {{Service: ecs.aliyuncs.com}}}}
        policies: [AliyunECSFullAccess]
    groups:
      empty: {{}}
      team: {{policies: [readers]}}
    users:
      alice: {{policies: [{{policy: AliyunNewAccess, resource_group: rg-a}}]}}
      nobody: {{}}
      "on": {{groups: [empty, team], policies: [broken]}}
    providers: {{oidc: [cluster], saml: []}}
    resource_groups:
      rg-a: 'Production "生产" #1'
system_policies:
  AliyunNewAccess:
    version: v2
    date: "2026-03-11"
    document: {{file: policies/{HERE}/system/AliyunNewAccess.json}}
"""
    )
    assert (
        (tmp_path / "directory.yaml").read_text()
        == f"""\
# made by ramgate import alicloud: the next import overwrites this file
directory:
  management: "1000000000000001"
  policies:
    limits: {{file: policies/directory/limits.json}}
  root:
    control_policies: [FullAliyunAccess]
    accounts:
      "{HERE}": {{control_policies: [FullAliyunAccess, limits]}}
    folders:
      empty:
        control_policies: []
"""
    )
    document = tmp_path / f"policies/{HERE}/readers.json"
    assert document.read_text() == json.dumps(policy(ALLOW), indent=2) + "\n"
    documents = [
        f"policies/{HERE}/readers.json",
        f"policies/{HERE}/system/AliyunNewAccess.json",
        "policies/directory/limits.json",
    ]
    assert written == Written(
        users=3,
        groups=2,
        roles=2,
        policies=4,
        unreadable=1,
        written=[f"{HERE}.yaml", "directory.yaml", *documents],
        removed=[],
        unchanged=[],
        notices=["ListPolicies was refused: NoPermission"],
    )
    assert sorted(store["accounts"][HERE]["users"]) == ["alice", "nobody", "on"]
    assert store["directory"]["names"] == {HERE: ["root", HERE]}
    assert unreadable(store, f"{HERE}/broken").startswith("must be the string")
    again = write(dataclasses.replace(world, notices=[]), tmp_path, source=BY)
    assert (again.written, again.removed, len(again.unchanged)) == ([], [], 5)


def test_a_reference_has_a_type_only_where_the_name_has_two_meanings(tmp_path: Path) -> None:
    both = [Attachment(ECS, "System"), Attachment(ECS), Attachment(KAFKA, "System")]
    value, store, notices = account(
        tmp_path, policies={ECS: IDENTITY, "own": IDENTITY}, users={"u": User([], [*both, *both])}
    )
    assert value["users"]["u"]["policies"] == [
        {"policy": ECS, "type": "Custom"},
        {"policy": ECS, "type": "System"},
        KAFKA,
    ]
    assert held(store, "u")["policies"] == [f"{HERE}/{ECS}", ECS, KAFKA]
    assert notices == []


def test_an_attached_policy_that_was_not_read_is_unreadable(tmp_path: Path) -> None:
    """It might be a Deny, and the name alone would mean the system policy."""
    attached = [Attachment("lost"), Attachment(ECS), Attachment("AliyunNewAccess", "System")]
    value, store, notices = account(
        tmp_path,
        groups={"team": attached},
        users={"u": User(["team"], [Attachment(ECS, "System")])},
    )
    reason = "it is attached, but was not read"
    assert value["policies"] == {
        name: {"unreadable": reason, "document": ""} for name in (ECS, "lost")
    }
    assert unreadable(store, f"{HERE}/lost") == unreadable(store, f"{HERE}/{ECS}") == reason
    assert held(store, "u")["own"]["policies"] == [ECS]
    assert value["groups"]["team"]["policies"] == [
        {"policy": ECS, "type": "Custom"},
        "AliyunNewAccess",
        "lost",
    ]
    assert notices == [
        f"the custom policy `{ECS}` of the group `team` is unreadable: {reason}",
        f"the system policy `AliyunNewAccess` of the group `team` is unreadable: {reason}",
        f"the custom policy `lost` of the group `team` is unreadable: {reason}",
    ]


def test_a_missing_system_policy_is_the_catalogs_if_it_has_one(tmp_path: Path) -> None:
    missing = Document(missing="GetPolicy was refused: NoPermission")
    rest = sorted(CATALOG.system_policies - {ECS, KAFKA})[:2]
    first, second, third, *_ = sorted([*rest, ECS, SLR.policy])
    _, store, notices = account(
        tmp_path,
        system_policies={
            **dict.fromkeys((ECS, SLR.policy, "AliyunNewAccess", *rest), missing),
            KAFKA: Document(missing="GetPolicy failed: Throttling.User"),
        },
        service_linked_roles=[SLR.role],
        users={"u": User([], [Attachment(ECS, "System"), Attachment("AliyunNewAccess", "System")])},
    )
    value: Any = source.read(tmp_path / f"{HERE}.yaml").value
    assert value["system_policies"] == {
        "AliyunNewAccess": {"unreadable": missing.missing, "document": ""}
    }
    assert ECS in held(store, "u")["policies"]
    start = f"system policies are those of ramgate's catalog of {CATALOG.date}: "
    assert notices == [
        f"{start}`{first}`, `{second}`, `{third}` and 1 more: GetPolicy was refused: NoPermission",
        f"{start}`{KAFKA}`: GetPolicy failed: Throttling.User",
    ]


def test_a_system_policy_that_was_read_stands_before_the_catalogs(tmp_path: Path) -> None:
    _, store, _ = account(
        tmp_path,
        system_policies={ECS: IDENTITY, KAFKA: Document("{}", "v9")},
        users={"u": User([], [Attachment(ECS, "System"), Attachment(KAFKA, "System")])},
    )
    value: Any = source.read(tmp_path / f"{HERE}.yaml").value
    assert value["system_policies"][KAFKA]["version"] == "v9"
    ids = held(store, "u")["policies"]
    assert sorted(one.partition("/")[2] for one in ids) == [ECS, KAFKA]
    assert all(one.startswith("system-") for one in ids)


def test_a_service_linked_roles_policy_that_is_attached_elsewhere_is_unreadable(
    tmp_path: Path,
) -> None:
    groups = ("", "rg-a")
    role = Role(TRUSTING, [Attachment(SLR.policy, "System", group) for group in groups])
    value, store, notices = account(tmp_path, roles={"App": role})
    reference = {"policy": SLR.policy, "type": "Custom"}
    assert value["roles"]["App"]["policies"] == [reference, {**reference, "resource_group": "rg-a"}]
    reason = "it is a service-linked role's policy, which nothing else can hold"
    assert unreadable(store, f"{HERE}/{SLR.policy}") == reason
    assert notices == [f"the policy `{SLR.policy}` of the role `App` is unreadable: {reason}"]


def test_resource_groups_of_attachments_are_declared(tmp_path: Path) -> None:
    attached = [Attachment(ECS, "System", "rg-new"), Attachment(KAFKA, "System", "rg-a")]
    parts = {"users": {"u": User([], attached)}}
    value, _, _ = account(
        tmp_path / "1", resource_groups={"rg-a": "A\ud800", "no id": "B", "rg-c": ""}, **parts
    )
    assert value["resource_groups"] == {"rg-a": "A?", "rg-c": "", "rg-new": ""}
    assert list(value["resource_groups"]) == sorted(value["resource_groups"])
    value, store, _ = account(tmp_path / "2", **parts)
    assert "resource_groups" not in value
    assert held(store, "u")["resource_groups"] == {
        "rg-a": [KAFKA],
        "rg-new": [ECS],
    }


def test_an_attachment_to_a_strange_resource_group_is_unreadable_everywhere(
    tmp_path: Path,
) -> None:
    attached = [Attachment("own", resource_group="rg a"), Attachment(ECS, "System", "rg\n")]
    value, store, notices = account(
        tmp_path, policies={"own": IDENTITY}, users={"u": User([], attached)}
    )
    ids = held(store, "u")["policies"]
    assert len(ids) == 2
    assert {unreadable(store, one) for one in ids} == {
        "it is attached to `rg a`, which is not the id of a resource group",
        "it is attached to `rg\\n`, which is not the id of a resource group",
    }
    assert value["policies"]["own"] == {"file": f"policies/{HERE}/own.json"}
    assert len(notices) == 2


def test_a_group_that_was_not_read_allows_its_members_nothing(tmp_path: Path) -> None:
    name = "policies-of-unknown-groups"
    value, store, notices = account(
        tmp_path,
        policies={name: IDENTITY},
        users={"u": User(["lost", "other"]), "v": User(["lost"])},
    )
    groups = [value["groups"][group]["policies"] for group in ("lost", "other")]
    assert groups[0] != groups[1]
    for (stand_in,), group in zip(groups, ("lost", "other"), strict=True):
        assert stand_in != name
        assert unreadable(store, f"{HERE}/{stand_in}") == (
            f"it stands for those of the group `{group}`, which was not read"
        )
    assert len(notices) == 2
    assert "unreadable" not in store["policies"][f"{HERE}/{name}"]


def test_names_that_ramgate_refuses(tmp_path: Path) -> None:
    attached = [Attachment("read all")]
    value, store, notices = account(
        tmp_path,
        policies={"read all": IDENTITY, "\ud800": IDENTITY},
        roles={"a role": Role(TRUSTING, attached), "r": Role(TRUSTING)},
        groups={"my team": attached},
        users={"a\nuser": User(["my team"], attached), "u": User(["my team"])},
        oidc_providers=["an idp", "idp"],
        saml_providers=["x" * 65],
    )
    assert [*value["roles"]] == ["r"]
    assert [*value["users"]] == ["u"]
    (team,), (name, read) = value["groups"], value["policies"]
    assert re.fullmatch("my-team-[0-9a-f]{8}", team)
    assert re.fullmatch("name-[0-9a-f]{8}", name)
    assert re.fullmatch("read-all-[0-9a-f]{8}", read)
    assert value["groups"][team] == {"policies": [read]}
    assert value["users"]["u"] == {"groups": [team]}
    assert held(store, "u")["policies"] == [f"{HERE}/{read}"]
    assert value["providers"] == {"oidc": ["idp"], "saml": []}
    assert sorted(set(notices)) == [
        f"the group `my team` is written as `{team}`: ramgate refuses the name",
        f"the policy `\\ud800` is written as `{name}`: ramgate refuses the name",
        f"the policy `read all` is written as `{read}`: ramgate refuses the name",
        "the role `a role` is left out: ramgate refuses the name",
        "the user `a\\nuser` is left out: ramgate refuses the name",
    ]
    assert len(notices) == len(set(notices))


def trusting(provider: str) -> Role:
    return Role(Document(json.dumps(policy({**TRUST, "Principal": {"Federated": [provider]}}))))


def test_providers_that_roles_trust_are_declared(tmp_path: Path) -> None:
    roles = {
        "a": trusting(f"{OWN}oidc-provider/new"),
        "b": trusting(f"{OWN}oidc-provider/known"),
        "c": trusting(f"{OWN}saml-provider/new"),
        "d": trusting("acs:ram::6543210987654321:saml-provider/foreign"),
    }
    value, _, notices = account(
        tmp_path / "1", roles=roles, oidc_providers=["known"], saml_providers=[]
    )
    assert value["providers"] == {"oidc": ["known", "new"], "saml": ["new"]}
    assert notices == [
        f"a role trusts the {kind} provider `new`, which was not listed"
        for kind in ("oidc", "saml")
    ]
    for oidc, saml in ((None, []), ([], None)):
        folder = tmp_path / f"{oidc}"
        value, _, _ = account(folder, roles=roles, oidc_providers=oidc, saml_providers=saml)
        assert "providers" not in value


def test_policies_whose_names_differ_only_in_case_have_files_of_their_own(
    tmp_path: Path,
) -> None:
    other = Document(json.dumps(policy({**ALLOW, "Effect": "Deny"})))
    value, store, _ = account(
        tmp_path,
        policies={"Read": IDENTITY, "read": other, "write": IDENTITY},
        system_policies={"AliyunA": IDENTITY, "aliyuna": other},
    )
    files = [entry["file"] for entry in value["policies"].values()]
    assert files[2] == f"policies/{HERE}/write.json"
    assert len({file.lower() for file in files}) == 3
    assert store["policies"][f"{HERE}/Read"] != store["policies"][f"{HERE}/read"]
    assert len(list((tmp_path / f"policies/{HERE}/system").iterdir())) == 2


def test_trust_policies_that_ramgate_does_not_read(tmp_path: Path) -> None:
    long = {**TRUST, "Condition": {"StringEquals": {"k" * 1100: "v"}}}
    roles = {
        "broken": Role(Document("{")),
        "identity": Role(IDENTITY),
        "long": Role(Document(json.dumps(policy(long)))),
        "missing": Role(Document(missing="GetRole was refused: NoPermission")),
    }
    written, store = imported(World({HERE: Account(roles=roles)}), tmp_path)
    reasons = [unreadable(store, f"{HERE}/trust:{name}") for name in roles]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "is not strict JSON",
        "is not a trust policy",
        "ramgate cannot write it as YAML",
        "GetRole was refused",
    ]
    assert written.unreadable == 4


def test_a_directory_with_policies_that_were_not_read(tmp_path: Path) -> None:
    folder = Folder(
        [Attachment("lost"), Attachment("LostAccess", "System")],
        {"12": [Attachment("limits")], HERE: []},
        {"生产": Folder([Attachment("lost")])},
    )
    directory = Directory("1000000000000001", {"limits": Document("{}")}, folder)
    written, store = imported(World({}, directory), tmp_path)
    found: Any = source.read(tmp_path / "directory.yaml").value
    root = found["directory"]["root"]
    assert root["control_policies"] == ["LostAccess", "lost"]
    assert [*root["accounts"]] == [HERE]
    (name,) = root["folders"]
    assert re.fullmatch("name-[0-9a-f]{8}", name)
    assert unreadable(store, "directory/lost") == "it is attached, but was not read"
    assert (written.policies, written.unreadable) == (3, 3)
    assert f"the folder `生产` is written as `{name}`: ramgate refuses the name" in written.notices
    assert "the account `12` is left out: its number does not have 16 digits" in written.notices


def refused(world: World, folder: Path) -> str:
    with pytest.raises((EditError, InvalidFiles)) as error:
        write(world, folder, source=BY)
    assert not folder.exists()
    return str(error.value).replace(str(folder), "DIR")


def test_worlds_that_are_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert refused(World({}), folder) == (
        "no account and no directory was read: there is nothing to write"
    )
    assert refused(World({"../12": Account()}), folder) == (
        "`../12` is not the number of an account: 16 digits"
    )
    same = {"App": Role(TRUSTING), "app": Role(TRUSTING)}
    assert refused(World({HERE: Account(roles=same)}), folder) == (
        f"DIR/{HERE}.yaml:10: accounts.{HERE}.roles.app: is already defined: "
        "role names are compared without case"
    )
    nowhere = Directory("12", {}, Folder())
    assert refused(World({}, nowhere), folder) == (
        "DIR/directory.yaml:3: directory.management: `12` is not a valid account number: "
        "it must match `[0-9]{16}`"
    )


def test_a_mistake_in_the_yaml_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file, "_PLAIN", re.compile(".*"))
    world = World({HERE: Account(resource_groups={"rg-a": "a # b"})})
    assert refused(world, tmp_path / "new") == f"`DIR/{HERE}.yaml` cannot be written as YAML"


def test_an_account_that_is_not_finished_says_so(tmp_path: Path) -> None:
    file = tmp_path / f"{HERE}.yaml"
    file.write_bytes(UNFINISHED)
    with pytest.raises(InvalidFiles) as error:
        reader.load(tmp_path, CATALOG)
    assert str(error.value) == (
        f"{file}:1: accounts: must be an object, not `an import has not finished: wait for it, "
        "or run it again`"
    )
