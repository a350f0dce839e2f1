from __future__ import annotations

import hashlib
import json
import os
import random
from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, EVERYTHING, HERE, THERE, TRUST, faults, write
from ramgate import resources
from ramgate.accounts import reader
from ramgate.accounts.reader import Reader
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOT_A_ACCOUNT_NUMBER = "is not a valid account number: it must match `[0-9]{16}`"
ACCOUNTS = [f"{number}" * 16 for number in range(1, 4)]
DIRECTORY = {"management": "9" * 16, "root": {"control_policies": ["FullAliyunAccess"]}}
ADVISED = {"Effect": "Allow", "Action": "a:b", "Resource": "nothing*"}


# Every kind of thing an accounts file may hold.
WHOLE = f"""\
accounts:
  "{HERE}":
    service_linked_roles:
      - AliyunServiceRoleForAlikafka
    policies:
      connector-admin:
        Version: "1"
        Statement:
          - {{Effect: Allow, Action: "alikafka:*", Resource: "*"}}
    roles:
      AppRole:
        trust: {TRUST}
        policies: [AliyunKafkaReadOnlyAccess, connector-admin]
    groups:
      kafka-team: {{policies: [AliyunKafkaReadOnlyAccess]}}
      production: {{policies: [{{policy: connector-admin, resource_group: rg-production}}]}}
    users:
      alice:
        groups: [kafka-team, production]
        policies:
          - connector-admin
          - connector-admin
          - {{policy: AliyunKafkaFullAccess, resource_group: rg-production}}
      bob: {{}}
  "{THERE}": {{}}

directory:
  management: "1000000000000001"
  policies: {{only-kafka: {EVERYTHING}}}
  root:
    control_policies: [FullAliyunAccess]
    accounts: {{"{HERE}": {{control_policies: [only-kafka, FullAliyunAccess]}}}}
    folders:
      production:
        control_policies: [only-kafka, only-kafka]
        accounts: {{"{THERE}": {{control_policies: []}}}}
        folders: {{}}
"""


def test_a_whole_file_becomes_what_is_looked_up(tmp_path: Path) -> None:
    store = reader.load(write(tmp_path, WHOLE), CATALOG)
    assert store["format"] == 2
    assert store["accounts"] == {
        HERE: {
            "roles": {
                "aliyunserviceroleforalikafka": {
                    "name": "AliyunServiceRoleForAlikafka",
                    "policies": ["AliyunServiceRolePolicyForAlikafka"],
                    "trust": "trust:AliyunServiceRoleForAlikafka",
                },
                "approle": {
                    "name": "AppRole",
                    "policies": [f"{HERE}/connector-admin", "AliyunKafkaReadOnlyAccess"],
                    "trust": f"{HERE}/trust:AppRole",
                },
            },
            "users": {
                "alice": {
                    "policies": [f"{HERE}/connector-admin", "AliyunKafkaReadOnlyAccess"],
                    "resource_groups": {
                        "rg-production": [f"{HERE}/connector-admin", "AliyunKafkaFullAccess"]
                    },
                    "groups": ["kafka-team", "production"],
                    "own": {
                        "policies": [f"{HERE}/connector-admin"],
                        "resource_groups": {"rg-production": ["AliyunKafkaFullAccess"]},
                    },
                },
                "bob": {"policies": []},
            },
            "groups": {
                "kafka-team": {"policies": ["AliyunKafkaReadOnlyAccess"]},
                "production": {
                    "policies": [],
                    "resource_groups": {"rg-production": [f"{HERE}/connector-admin"]},
                },
            },
        },
        THERE: {"roles": {}, "users": {}},
    }
    assert store["directory"] == {
        "management": "1000000000000001",
        "levels": {
            HERE: [["FullAliyunAccess"], ["FullAliyunAccess", "directory/only-kafka"]],
            THERE: [["FullAliyunAccess"], ["directory/only-kafka"], []],
        },
        "names": {HERE: ["root", HERE], THERE: ["root", "production", THERE]},
    }
    assert store["service_linked_roles"]["aliyunserviceroleforalikafkaetl"] == {
        "role": "AliyunServiceRoleForAlikafkaETL",
        "service_name": "etl.alikafka.aliyuncs.com",
        "is_published": True,
        "created_when": "ETL is enabled in the console for the first time",
        "creation_policy": CATALOG.roles["aliyunserviceroleforalikafkaetl"].creation_policy,
    }
    assert store["services"]["etl.alikafka.aliyuncs.com"] == "aliyunserviceroleforalikafkaetl"
    assert store["features"]["alikafka.etl"] == "aliyunserviceroleforalikafkaetl"
    own = {f"{HERE}/connector-admin", f"{HERE}/trust:AppRole", "directory/only-kafka"}
    trusts = {role.trust_id for role in CATALOG.roles.values()}
    creations = {role.creation_id for role in CATALOG.roles.values()}
    assert set(store["policies"]) == own | trusts | creations | set(CATALOG.policies)
    assert store["policies"]["creation:etl.alikafka.aliyuncs.com"]["actions"] == {
        "ram:createservicelinkedrole": [0]
    }
    assert store["policies"][f"{HERE}/trust:AppRole"] == translate(TRUST)
    assert store["policies"]["directory/only-kafka"] == translate(EVERYTHING)
    assert store["policies"]["trust:AliyunServiceRoleForAlikafka"]["statements"] == [
        {"effect": "Allow", "principals": ["alikafka.aliyuncs.com"]}
    ]


def test_yaml_and_json_mean_the_same(tmp_path: Path) -> None:
    document = {"accounts": {HERE: {"users": {"alice": {"policies": ["AdministratorAccess"]}}}}}
    text = json.dumps(document)
    first = reader.load(write(tmp_path, text, "a.json"), CATALOG)
    assert reader.load(write(tmp_path, text, "a.yaml"), CATALOG) == first


def test_a_catalog_is_left_as_it_was(tmp_path: Path) -> None:
    before = set(CATALOG.policies)
    reader.load(write(tmp_path, WHOLE), CATALOG)
    assert set(CATALOG.policies) == before


def test_a_file_without_a_directory_has_none(tmp_path: Path) -> None:
    assert "directory" not in reader.load(write(tmp_path, "accounts: {}"), CATALOG)
    text = 'directory: {management: "1000000000000001", root: {control_policies: []}}'
    store = reader.load(write(tmp_path, text), CATALOG)
    assert (store["accounts"], store["directory"]["levels"]) == ({}, {})


def test_the_shipped_example_is_right() -> None:
    store, findings = reader.examine(resources.path("examples/accounts.yaml"), CATALOG)
    assert (findings.faults, findings.advice) == ([], [])
    assert set(store["accounts"]) == {HERE}


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    write(tmp_path, f'{{"accounts": {{"{HERE}": {{}}}}}}', "b.json")
    write(tmp_path, f'accounts: {{"{THERE}": {{}}}}', "a.yml")
    write(
        tmp_path,
        'directory: {management: "1000000000000001", root: {control_policies: []}}',
        "c.yaml",
    )
    write(tmp_path, "not read", "README.md")
    store = reader.load(tmp_path, CATALOG)
    assert list(store["accounts"]) == [THERE, HERE]
    assert store["directory"]["management"] == "1000000000000001"


def test_the_faults_of_all_files_come_at_once_by_file_then_by_line(tmp_path: Path) -> None:
    write(tmp_path, f'accounts:\n  "{HERE}": {{}}\n  x: {{}}\nextra: 1\n', "a.yaml")
    write(tmp_path, "[", "b.json")
    write(tmp_path, f'accounts:\n  "{HERE}": {{usrs: {{}}}}\n', "c.yaml")
    root = '{management: "1000000000000001", root: {control_policies: []}}'
    write(tmp_path, f"directory: {root}\n", "d.yaml")
    write(tmp_path, f"\ndirectory: {root}\n", "e.yaml")
    write(tmp_path, "{}\n", "f.yaml")
    known = (
        "`service_linked_roles`, `policies`, `roles`, `groups`, `users`, `providers`, "
        "`resource_groups`"
    )
    assert faults(tmp_path) == [
        f"a.yaml:3: accounts.x: `x` {NOT_A_ACCOUNT_NUMBER}",
        "a.yaml:4: extra: unknown field: known are `accounts`, `directory`, `system_policies`",
        "b.json:1: is not strict JSON: expecting value",
        f"c.yaml:2: accounts.{HERE}: is already defined in `{tmp_path}/a.yaml`".replace(
            f"{tmp_path}/", ""
        ),
        f"c.yaml:2: accounts.{HERE}.usrs: unknown field: known are {known}",
        "e.yaml:2: directory: is already defined in `d.yaml`",
        "f.yaml:1: no `accounts` or `directory` at the top level: is this an accounts file?",
    ]


def test_a_folder_without_accounts_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts.txt").touch()
    with pytest.raises(InvalidFiles) as refused:
        reader.load(tmp_path, CATALOG)
    assert str(refused.value) == f"{tmp_path}: contains no accounts file: *.yaml, *.yml or *.json"


def test_what_cannot_be_read_is_said_with_all_other_faults(tmp_path: Path) -> None:
    write(tmp_path, "accounts: []", "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(UnreadableFiles) as refused:
        reader.load(tmp_path, CATALOG)
    assert [str(fault) for fault in refused.value.faults] == [
        f"{tmp_path}/a.yaml:1: accounts: must be an object, not a list",
        f"{tmp_path}/b.yaml: is a directory, not a file",
    ]
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        reader.load(tmp_path / "gone.yaml", CATALOG)


def test_a_folder_that_nobody_may_list_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    with pytest.raises(UnreadableFiles) as refused:
        reader.load(tmp_path, CATALOG)
    assert str(refused.value) == f"{tmp_path}: cannot be read: permission denied"


def test_advice_and_errors_are_gathered_and_refuse_nothing(tmp_path: Path) -> None:
    condition = '{StringEquals: {"acs:Service": "e*"}}'
    text = EVERYTHING.replace(
        '"Resource": "*"', f'"Resource": "bucket/*", "Condition": {condition}'
    )
    path = write(tmp_path, f'accounts: {{"{HERE}": {{policies: {{p: {text}}}}}}}')
    _, findings = reader.examine(path, CATALOG)
    start = f"{path}:1: accounts.{HERE}.policies.p.Statement[0]"
    assert [str(advice) for advice in findings.advice] == [
        (
            f"{start}.Condition.StringEquals.acs:Service: `*` is an ordinary character under "
            "`StringEquals`: did you mean `StringLike`?"
        )
    ]
    assert [str(error) for error in findings.errors] == [
        f"{start}.Resource: `bucket/*` matches nothing: a resource begins with `acs:` or is `*`"
    ]
    reader.load(path, CATALOG)


def account(*users: str, policy: object = ADVISED) -> dict[str, object]:
    """An account whose users hold one policy, about which there is advice."""
    policies = {"own": {"Version": "1", "Statement": [policy]}}
    return {"policies": policies, "users": {user: {"policies": ["own"]} for user in users}}


# What a file may be: sound, in the way of another one, faulty, unreadable, not there.
FORMS: list[object] = [
    {"accounts": {ACCOUNTS[0]: account("a"), ACCOUNTS[1]: account("b")}},
    {"accounts": {ACCOUNTS[2]: account("a", policy={"Effect": "Maybe"})}, "extra": {}},
    {"directory": DIRECTORY},
    {"directory": DIRECTORY, "accounts": {ACCOUNTS[0]: {"roles": {"R": {}}}}},
    {},
    "{",
    b"\xff",
    "a folder",
    None,
]


def put(path: Path, form: object) -> None:
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    match form:
        case None:
            return
        case "a folder":
            path.mkdir()
        case bytes():
            path.write_bytes(form)
        case str():
            path.write_text(form)
        case _:
            path.write_text(json.dumps(form, indent=1))


def outcome(reader: Reader, path: Path) -> tuple[object, ...]:
    try:
        store, found = reader.examine(path)
    except InvalidFiles as error:
        return type(error), error.faults
    return store, list(store["policies"]), list(store["accounts"]), found.faults, found.advice


@pytest.mark.parametrize("seed", range(3))
def test_what_was_read_before_makes_no_difference(tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - the same each time
    reader = Reader(CATALOG)
    sound = 0
    for _ in range(30):
        index = drawn.randrange(len(ACCOUNTS))
        form: object = {"accounts": {ACCOUNTS[index]: account(*"ab"[: drawn.randrange(3)])}}
        if drawn.random() < 0.3:
            form = drawn.choice(FORMS)
        put(tmp_path / f"{index}.json", form)
        expected = outcome(Reader(CATALOG), tmp_path)
        assert outcome(reader, tmp_path) == expected
        sound += len(expected) > 2 and not expected[3]
    assert sound > 3


def test_what_is_the_same_as_before_is_the_same_object(tmp_path: Path) -> None:
    number, other = ACCOUNTS[:2]
    held = {number: account("a"), other: account("a")}
    put(tmp_path / "a.json", {"accounts": held})
    put(tmp_path / "b.json", {"accounts": {ACCOUNTS[2]: account("a")}})
    reader = Reader(CATALOG)
    first = reader.load(tmp_path)
    held[other] = account("a", "b")
    held[number]["policies"] = {
        "own": {"Version": "1", "Statement": [{**ADVISED, "Effect": "Deny"}]}
    }
    put(tmp_path / "a.json", {"accounts": held})
    second = reader.load(tmp_path)
    assert second == Reader(CATALOG).load(tmp_path) != first

    def changed(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
        return {name for name in after if after[name] is not before[name]}

    assert changed(first["accounts"], second["accounts"]) == {other}
    assert changed(first["policies"], second["policies"]) == {f"{number}/own"}


def test_the_identical_contents_are_digested_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    first = b'{"accounts": {"1111111111111111": {}}}'
    second = b'{"accounts": {"2222222222222222": {}}}'
    read = Reader(CATALOG)
    digested: list[bytes] = []
    sha256 = hashlib.sha256

    def noted(content: bytes) -> object:
        digested.append(content)
        return sha256(content)

    monkeypatch.setattr(hashlib, "sha256", noted)
    for _ in range(2):
        read.load(tmp_path, {one: first, other: second})
    assert digested == [first, second]
    changed = b'{"accounts": {"1111111111111111": {"users": {"alice": {}}}}}'
    store = read.load(tmp_path, {one: changed, other: second})
    assert digested == [first, second, changed]
    assert store["accounts"]["1111111111111111"]["users"].keys() == {"alice"}
    one.write_bytes(first)
    for _ in range(2):
        read.load(one)  # nobody keeps these contents
    assert len(digested) == 5
