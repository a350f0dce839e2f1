from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.accounts import reader as accounts
from ramgate.catalog import catalog
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

NOT_A_ACCOUNT_NUMBER = "is not a valid account number: it must match `[0-9]{16}`"
NOT_A_FOLDER_NAME = "is not a valid folder name: it must match `[A-Za-z0-9._@-]{1,64}`"
NOT_A_GROUP_NAME = "is not a valid group name: it must match `[A-Za-z0-9._@-]{1,64}`"
NOT_A_POLICY_NAME = "is not a valid policy name: it must match `[A-Za-z0-9-]{1,128}`"
NOT_A_RESOURCE_GROUP = "is not a valid resource group: it must match `[A-Za-z0-9-]{1,64}`"
NOT_A_ROLE_NAME = "is not a valid role name: it must match `[A-Za-z0-9._@-]{1,64}`"
NOT_A_USER_NAME = "is not a valid user name: it must match `[A-Za-z0-9._@-]{1,64}`"

CATALOG = catalog.load()
HERE = "1234567890123456"
THERE = "6543210987654321"
NOBODY = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
TRUST = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs.aliyuncs.com"}}]}'
)

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
  policies: {{only-kafka: {NOBODY}}}
  root:
    control_policies: [FullAliyunAccess]
    accounts: {{"{HERE}": {{control_policies: [only-kafka, FullAliyunAccess]}}}}
    folders:
      production:
        control_policies: [only-kafka, only-kafka]
        accounts: {{"{THERE}": {{control_policies: []}}}}
        folders: {{}}
"""


def write(folder: Path, text: str, name: str = "accounts.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def faults(path: Path) -> list[str]:
    """Every fault, with the files' names alone."""
    with pytest.raises(InvalidFiles) as refused:
        accounts.load(path, CATALOG)
    folder = path if path.is_dir() else path.parent
    return [str(fault).replace(f"{folder}{os.sep}", "") for fault in refused.value.faults]


def account_faults(folder: Path, text: str) -> list[str]:
    """The faults of one account's entries, without what is the same in front of all of them."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    path = write(folder, f'accounts:\n  "{HERE}":\n{lines}\n')
    return [
        fault.replace("accounts.yaml:", "").replace(f"accounts.{HERE}", "…")
        for fault in faults(path)
    ]


def test_a_whole_file_becomes_what_is_looked_up(tmp_path: Path) -> None:
    store = accounts.load(write(tmp_path, WHOLE), CATALOG)
    assert store["format"] == 1
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
                },
                "bob": {"policies": []},
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
    assert store["policies"]["directory/only-kafka"] == translate(NOBODY)
    assert store["policies"]["trust:AliyunServiceRoleForAlikafka"]["statements"] == [
        {"effect": "Allow", "principals": ["alikafka.aliyuncs.com"]}
    ]


def test_yaml_and_json_mean_the_same(tmp_path: Path) -> None:
    document = {"accounts": {HERE: {"users": {"alice": {"policies": ["AdministratorAccess"]}}}}}
    text = json.dumps(document)
    first = accounts.load(write(tmp_path, text, "a.json"), CATALOG)
    assert accounts.load(write(tmp_path, text, "a.yaml"), CATALOG) == first


def test_a_catalog_is_left_as_it_was(tmp_path: Path) -> None:
    before = set(CATALOG.policies)
    accounts.load(write(tmp_path, WHOLE), CATALOG)
    assert set(CATALOG.policies) == before


def test_a_file_without_a_directory_has_none(tmp_path: Path) -> None:
    assert "directory" not in accounts.load(write(tmp_path, "accounts: {}"), CATALOG)
    text = 'directory: {management: "1000000000000001", root: {control_policies: []}}'
    store = accounts.load(write(tmp_path, text), CATALOG)
    assert (store["accounts"], store["directory"]["levels"]) == ({}, {})


def test_the_shipped_example_is_right() -> None:
    store, findings = accounts.examine(resources.path("examples/accounts.yaml"), CATALOG)
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
    store = accounts.load(tmp_path, CATALOG)
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
    known = "`service_linked_roles`, `policies`, `roles`, `groups`, `users`"
    assert faults(tmp_path) == [
        f"a.yaml:3: accounts.x: `x` {NOT_A_ACCOUNT_NUMBER}",
        "a.yaml:4: extra: unknown field: known are `accounts`, `directory`",
        "b.json:1: is not strict JSON: expecting value",
        f"c.yaml:2: accounts.{HERE}: is already defined in `{tmp_path}/a.yaml`".replace(
            f"{tmp_path}/", ""
        ),
        f"c.yaml:2: accounts.{HERE}.usrs: unknown field: known are {known}",
        "e.yaml:2: directory: is already defined in `d.yaml`",
        "f.yaml:1: no `accounts` or `directory` at the top level: is this an accounts file?",
    ]


def test_another_kind_of_file_is_told_from_an_accounts_file(tmp_path: Path) -> None:
    assert faults(write(tmp_path, NOBODY)) == [
        "accounts.yaml:1: is a policy document, not an accounts file: it has a `Statement`"
    ]
    assert faults(write(tmp_path, f'\n"{HERE}": {{users: {{}}}}\n')) == [
        "accounts.yaml:2: no `accounts` or `directory` at the top level: is this an accounts file?",
        f"accounts.yaml:2: {HERE}: unknown field: known are `accounts`, `directory`",
    ]
    text = f'accounts: {{"{HERE}": {{}}}}\nStatement: []\n'
    assert faults(write(tmp_path, text)) == [
        "accounts.yaml:2: Statement: unknown field: known are `accounts`, `directory`"
    ]


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    text = (
        f"policies: {{connector-admin: {NOBODY}}}\ngroups: {{kafka-team: {{}}}}\n"
        "users:\n  alice: {groups: [kafka_team]}\n  bob: {policies: [Connector-Admin]}\n"
        "  carol: {policies: [conector-admin, aliyunKafkaFullAcces]}\n"
        "  dana: {policies: [conector-admin]}"
    )
    hint = "there is no policy `conector-admin`: did you mean `connector-admin`?"
    assert account_faults(tmp_path, text) == [
        ("6: ….users.alice.groups[0]: there is no group `kafka_team`: did you mean `kafka-team`?"),
        (
            "7: ….users.bob.policies[0]: there is no policy `Connector-Admin`: "
            "did you mean `connector-admin`?"
        ),
        f"8: ….users.carol.policies[0]: {hint}",
        (
            "8: ….users.carol.policies[1]: there is no policy `aliyunKafkaFullAcces`: "
            "did you mean `AliyunKafkaFullAccess`?"
        ),
        f"9: ….users.dana.policies[0]: {hint}",
    ]


def test_a_folder_without_accounts_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts.txt").touch()
    with pytest.raises(InvalidFiles) as refused:
        accounts.load(tmp_path, CATALOG)
    assert str(refused.value) == f"{tmp_path}: contains no accounts file: *.yaml, *.yml or *.json"


def test_what_cannot_be_read_is_said_with_all_other_faults(tmp_path: Path) -> None:
    write(tmp_path, "accounts: []", "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(UnreadableFiles) as refused:
        accounts.load(tmp_path, CATALOG)
    assert [str(fault) for fault in refused.value.faults] == [
        f"{tmp_path}/a.yaml:1: accounts: must be an object, not a list",
        f"{tmp_path}/b.yaml: is a directory, not a file",
    ]
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        accounts.load(tmp_path / "gone.yaml", CATALOG)


def test_a_folder_that_nobody_may_list_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    with pytest.raises(UnreadableFiles) as refused:
        accounts.load(tmp_path, CATALOG)
    assert str(refused.value) == f"{tmp_path}: cannot be read: permission denied"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "accounts.yaml: is empty"),
        (b"\xff", "accounts.yaml: is not UTF-8 text"),
        (b"accounts: ]", "accounts.yaml:1: is not YAML: did not find expected node content"),
        (b"[" * 100_000, "accounts.yaml:1: is nested deeper than 64 levels"),
        (b"- a\n", "accounts.yaml:1: must be an object, not a list"),
        (b"accounts", "accounts.yaml:1: must be an object, not `accounts`"),
        (b"--- ''\n", "accounts.yaml:1: must be an object, not an empty string"),
        (
            b"accounts:\n",
            "accounts.yaml:1: accounts: must be an object, not nothing: write `{}` if it is empty",
        ),
        (b"accounts: []\n", "accounts.yaml:1: accounts: must be an object, not a list"),
    ],
)
def test_a_file_that_is_no_accounts_file_is_refused(
    tmp_path: Path, content: bytes, found: str
) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_bytes(content)
    assert faults(path) == [found]


@pytest.mark.parametrize(
    "number",
    [
        "123456789012345",
        "12345678901234567",
        "123456789012345x",
        "１234567890123456",
        "*",
        "",
        " 1234567890123456",
        "1234567890123456\\n",
    ],
)
def test_an_account_number_has_16_digits(tmp_path: Path, number: str) -> None:
    found = faults(write(tmp_path, f'accounts: {{"{number}": {{}}}}'))
    shown = f"`{number}`" if number else "an empty string"
    assert found == [f"accounts.yaml:1: accounts.{number}: {shown} {NOT_A_ACCOUNT_NUMBER}"]


def test_an_unquoted_account_number_is_a_fault(tmp_path: Path) -> None:
    assert faults(write(tmp_path, f"accounts:\n  {HERE}: {{}}\n")) == [
        (
            f"accounts.yaml:2: accounts.{HERE}: a key must be a string: "
            f'write it in quotes, `"{HERE}"`'
        )
    ]


def test_a_key_given_twice_is_a_fault_in_yaml_and_in_json(tmp_path: Path) -> None:
    path = write(tmp_path, f'accounts:\n  "{HERE}": {{}}\n  "{HERE}": {{}}\n')
    found = f"accounts.{HERE}: key `{HERE}` is given twice, first in line 2"
    assert faults(path) == [f"accounts.yaml:3: {found}"]
    path = write(tmp_path, f'{{"accounts": {{\n"{HERE}": {{}},\n"{HERE}": {{}}}}}}', "a.json")
    assert faults(path) == [f"a.json:3: {found}"]


ACCOUNT_KNOWN = "`service_linked_roles`, `policies`, `roles`, `groups`, `users`"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # shapes
        ("users: []", ["3: ….users: must be an object, not a list"]),
        ("policies: x", ["3: ….policies: must be an object, not `x`"]),
        ("roles: 5", ["3: ….roles: must be an object, not `5` without quotes"]),
        ("groups:", ["3: ….groups: must be an object, not nothing: write `{}` if it is empty"]),
        ("service_linked_roles: {}", ["3: ….service_linked_roles: must be a list, not an object"]),
        (
            "users:\n  alice:",
            ["4: ….users.alice: must be an object, not nothing: write `{}` if it is empty"],
        ),
        ("user: {}", [f"3: ….user: unknown field: known are {ACCOUNT_KNOWN}"]),
        (
            "users:\n  alice:\n    policy: []",
            ["5: ….users.alice.policy: unknown field: known are `groups`, `policies`"],
        ),
        (
            "groups:\n  team:\n    users: []",
            ["5: ….groups.team.users: unknown field: known are `policies`"],
        ),
        (
            f"roles:\n  App:\n    trust: {TRUST}\n    groups: []",
            ["6: ….roles.App.groups: unknown field: known are `trust`, `policies`"],
        ),
        # names
        ("users:\n  a b: {}", [f"4: ….users.a b: `a b` {NOT_A_USER_NAME}"]),
        ('users:\n  "é": {}', [f"4: ….users.é: `é` {NOT_A_USER_NAME}"]),
        ('users:\n  "": {}', [f"4: ….users.: an empty string {NOT_A_USER_NAME}"]),
        (f"users:\n  {'a' * 64}: {{}}\n  {'a' * 65}: {{}}", None),
        ("groups:\n  a/b: {}", [f"4: ….groups.a/b: `a/b` {NOT_A_GROUP_NAME}"]),
        (
            f'roles:\n  "a\\n": {{trust: {TRUST}}}',
            [f"4: ….roles.a\\n: `a\\n` {NOT_A_ROLE_NAME}"],
        ),
        (
            f"policies:\n  a_b: {NOBODY}\n  {'a' * 129}: {NOBODY}",
            [
                f"4: ….policies.a_b: `a_b` {NOT_A_POLICY_NAME}",
                f"5: ….policies.{'a' * 129}: `{'a' * 80}` {NOT_A_POLICY_NAME}",
            ],
        ),
        # policies
        (
            f"policies:\n  AliyunKafkaFullAccess: {NOBODY}",
            ["4: ….policies.AliyunKafkaFullAccess: is the name of a system policy"],
        ),
        (
            f"policies:\n  AliyunServiceRolePolicyForAlikafka: {NOBODY}",
            ["4: ….policies.AliyunServiceRolePolicyForAlikafka: is the name of a system policy"],
        ),
        (
            f"policies:\n  trusting: {TRUST}",
            ["4: ….policies.trusting: is a trust policy: a role has one under `trust`"],
        ),
        (
            "policies:\n  p: x",
            ["4: ….policies.p: a policy document must be an object, not `x`"],
        ),
        (
            (
                "policies:\n  p:\n    Version: 1\n    Statement:\n      - Effect: Allow\n"
                "        Action:\n          - ecs\n          - true\n        Resource: '*'"
            ),
            [
                '5: ….policies.p.Version: must be the string `"1"`, not `1` without quotes',
                (
                    "9: ….policies.p.Statement[0].Action[0]: `ecs` is not a valid action: "
                    "write `*` or `<service>:<operation>`"
                ),
                (
                    "10: ….policies.p.Statement[0].Action[1]: must be a string, "
                    'not `true` without quotes: write `"true"`'
                ),
            ],
        ),
        # roles
        ("roles:\n  App: {}", ["4: ….roles.App: `trust` is missing"]),
        (
            "roles:\n  App:",
            ["4: ….roles.App: must be an object, not nothing: write `{}` if it is empty"],
        ),
        (
            f"roles:\n  App:\n    trust: {NOBODY}",
            ["5: ….roles.App.trust: is not a trust policy: its statements have no `Principal`"],
        ),
        (
            "roles:\n  App:\n    trust:",
            ["5: ….roles.App.trust: a policy document must be an object, not nothing"],
        ),
        (
            f"roles:\n  App: {{trust: {TRUST}}}\n  APP: {{trust: {TRUST}}}",
            ["5: ….roles.APP: is already defined: role names are compared without case"],
        ),
        (
            f"roles:\n  aliyunServiceRoleForAlikafka: {{trust: {TRUST}}}",
            [
                (
                    "4: ….roles.aliyunServiceRoleForAlikafka: is a service-linked role: "
                    "list it under `service_linked_roles`"
                )
            ],
        ),
        # service-linked roles
        (
            (
                "service_linked_roles:\n  - AliyunServiceRoleForEcs\n"
                "  - aliyunserviceroleforalikafka\n"
                "  - 5\n  - AliyunServiceRoleForAlikafka\n  - AliyunServiceRoleForAlikafka"
            ),
            [
                (
                    "4: ….service_linked_roles[0]: `AliyunServiceRoleForEcs` "
                    "is not a service-linked role of the catalog: "
                    "did you mean `AliyunServiceRoleForENS`?"
                ),
                (
                    "5: ….service_linked_roles[1]: `aliyunserviceroleforalikafka` "
                    "is not a service-linked role of the catalog: "
                    "did you mean `AliyunServiceRoleForAlikafka`?"
                ),
                (
                    "6: ….service_linked_roles[2]: must be the name of a service-linked role, "
                    "not `5` without quotes"
                ),
                "8: ….service_linked_roles[4]: `AliyunServiceRoleForAlikafka` is already listed",
            ],
        ),
        # attachments
        (
            (
                "users:\n  alice:\n    policies:\n    - gone\n"
                "    - AliyunKafkaFullAccess\n    - 5\n"
                "    - AliyunServiceRolePolicyForAlikafka\n    - trust:AliyunServiceRoleForAlikafka"
            ),
            [
                "6: ….users.alice.policies[0]: there is no policy `gone`",
                "8: ….users.alice.policies[2]: must be an object, not `5` without quotes",
                (
                    "9: ….users.alice.policies[3]: `AliyunServiceRolePolicyForAlikafka` "
                    "is a service-linked role's policy: it cannot be attached"
                ),
                (
                    "10: ….users.alice.policies[4]: there is no policy "
                    "`trust:AliyunServiceRoleForAlikafka`"
                ),
            ],
        ),
        (
            "users: {alice: {policies: AliyunKafkaFullAccess}}",
            ["3: ….users.alice.policies: must be a list, not `AliyunKafkaFullAccess`"],
        ),
        (
            (
                "groups:\n  team:\n    policies:\n    - {policy: gone, resource_group: a_b}\n"
                "    - {policy: AdministratorAccess}\n    - {resource_group: rg}\n    - {}\n"
                "    - {policy: AdministratorAccess, resource_group: 5, group: rg}\n    - [a]"
            ),
            [
                "6: ….groups.team.policies[0]: there is no policy `gone`",
                f"6: ….groups.team.policies[0].resource_group: `a_b` {NOT_A_RESOURCE_GROUP}",
                "7: ….groups.team.policies[1]: `resource_group` is missing",
                "8: ….groups.team.policies[2]: `policy` is missing",
                "9: ….groups.team.policies[3]: `policy` is missing",
                "9: ….groups.team.policies[3]: `resource_group` is missing",
                (
                    "10: ….groups.team.policies[4].group: unknown field: "
                    "known are `policy`, `resource_group`"
                ),
                (
                    "10: ….groups.team.policies[4].resource_group: `5` without quotes "
                    f"{NOT_A_RESOURCE_GROUP}"
                ),
                "11: ….groups.team.policies[5]: must be an object, not a list",
            ],
        ),
        (
            f"roles:\n  App:\n    trust: {TRUST}\n    policies: [gone]",
            ["6: ….roles.App.policies[0]: there is no policy `gone`"],
        ),
        (
            "groups: {team: {}}\nusers: {alice: {groups: [team, Team, 5]}}",
            [
                "4: ….users.alice.groups[1]: there is no group `Team`: did you mean `team`?",
                "4: ….users.alice.groups[2]: must be the name of a group, not `5` without quotes",
            ],
        ),
        (
            "users: {alice: {groups: team}}",
            ["3: ….users.alice.groups: must be a list, not `team`"],
        ),
    ],
)
def test_a_fault_in_an_account_has_its_line_and_path(
    tmp_path: Path, text: str, found: list[str] | None
) -> None:
    expected = found or [f"5: ….users.{'a' * 65}: `{'a' * 65}` {NOT_A_USER_NAME}"]
    assert account_faults(tmp_path, text) == expected


def test_the_contract_s_own_example_of_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE.replace('Action: "alikafka:*"', "Action: alikafka"))
    assert faults(path) == [
        (
            f"accounts.yaml:9: accounts.{HERE}.policies.connector-admin.Statement[0].Action: "
            "`alikafka` is not a valid action: write `*` or `<service>:<operation>`"
        )
    ]


def test_a_name_is_looked_up_in_its_own_account(tmp_path: Path) -> None:
    text = (
        f'accounts:\n  "{HERE}": {{policies: {{p: {NOBODY}}}}}\n'
        f'  "{THERE}": {{groups: {{team: {{}}}}, users: {{alice: {{policies: [p]}}}}}}\n'
        f'  "1111111111111111": {{users: {{alice: {{groups: [team], policies: ["{HERE}/p"]}}}}}}\n'
    )
    alice = "accounts.1111111111111111.users.alice"
    assert faults(write(tmp_path, text)) == [
        f"accounts.yaml:3: accounts.{THERE}.users.alice.policies[0]: there is no policy `p`",
        f"accounts.yaml:4: {alice}.groups[0]: there is no group `team`",
        f"accounts.yaml:4: {alice}.policies[0]: there is no policy `{HERE}/p`",
    ]


def directory_faults(folder: Path, text: str) -> list[str]:
    lines = "\n".join(f"  {line}" for line in text.splitlines())
    path = write(folder, f"directory:\n{lines}\n")
    return [fault.replace("accounts.yaml:", "") for fault in faults(path)]


ROOT = "root: {control_policies: []}"
MANAGEMENT = 'management: "1000000000000001"'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ROOT, ["1: directory: `management` is missing"]),
        (MANAGEMENT, ["1: directory: `root` is missing"]),
        (
            f"management: 1000000000000001\n{ROOT}",
            [f"2: directory.management: `1000000000000001` without quotes {NOT_A_ACCOUNT_NUMBER}"],
        ),
        (f'management: "1"\n{ROOT}', [f"2: directory.management: `1` {NOT_A_ACCOUNT_NUMBER}"]),
        (
            f"{MANAGEMENT}\n{ROOT}\nmembers: {{}}",
            ["4: directory.members: unknown field: known are `management`, `policies`, `root`"],
        ),
        (f"{MANAGEMENT}\nroot: []", ["3: directory.root: must be an object, not a list"]),
        (f"{MANAGEMENT}\nroot: {{}}", ["3: directory.root: `control_policies` is missing"]),
        (
            f"{MANAGEMENT}\nroot: {{control_policies: FullAliyunAccess}}",
            ["3: directory.root.control_policies: must be a list, not `FullAliyunAccess`"],
        ),
        (
            f"{MANAGEMENT}\nroot: {{control_policies: [], folder: {{}}}}",
            [
                (
                    "3: directory.root.folder: unknown field: "
                    "known are `control_policies`, `accounts`, `folders`"
                )
            ],
        ),
        (
            (
                f"{MANAGEMENT}\nroot:\n  control_policies:\n  - gone\n"
                "  - {policy: FullAliyunAccess}\n"
                "  - AliyunServiceRolePolicyForAlikafka\n  - null"
            ),
            [
                "5: directory.root.control_policies[0]: there is no policy `gone`",
                (
                    "6: directory.root.control_policies[1]: must be the name of a policy, "
                    "not an object"
                ),
                (
                    "7: directory.root.control_policies[2]: `AliyunServiceRolePolicyForAlikafka` "
                    "is a service-linked role's policy: it cannot be attached"
                ),
                (
                    "8: directory.root.control_policies[3]: must be the name of a policy, "
                    "not `null` without quotes"
                ),
            ],
        ),
        (
            (
                f"{MANAGEMENT}\nroot:\n  control_policies: []\n  accounts:\n"
                f'    "{HERE}": {{}}\n    x: {{control_policies: []}}\n    "{THERE}": []\n'
                "    '1111111111111111': {control_policies: [], users: {}}"
            ),
            [
                f"6: directory.root.accounts.{HERE}: `control_policies` is missing",
                f"7: directory.root.accounts.x: `x` {NOT_A_ACCOUNT_NUMBER}",
                f"8: directory.root.accounts.{THERE}: must be an object, not a list",
                (
                    "9: directory.root.accounts.1111111111111111.users: unknown field: "
                    "known are `control_policies`"
                ),
            ],
        ),
        (
            (
                f"{MANAGEMENT}\nroot:\n  control_policies: []\n"
                f'  accounts: {{"{HERE}": {{control_policies: []}}}}\n'
                "  folders:\n    a b: {control_policies: []}\n    dev:\n      accounts:\n"
                f'        "{HERE}": {{control_policies: []}}\n      folders: {{x: {{}}}}'
            ),
            [
                f"7: directory.root.folders.a b: `a b` {NOT_A_FOLDER_NAME}",
                "8: directory.root.folders.dev: `control_policies` is missing",
                f"10: directory.root.folders.dev.accounts.{HERE}: is in another folder already",
                "11: directory.root.folders.dev.folders.x: `control_policies` is missing",
            ],
        ),
        (
            (
                f"{MANAGEMENT}\n{ROOT}\npolicies:\n"
                f"  FullAliyunAccess: {NOBODY}\n  trusting: {TRUST}\n"
                "  p: {Version: '1'}"
            ),
            [
                "5: directory.policies.FullAliyunAccess: is the name of a system policy",
                "6: directory.policies.trusting: is a trust policy: a role has one under `trust`",
                "7: directory.policies.p: `Statement` is missing",
            ],
        ),
    ],
)
def test_a_fault_in_a_directory_has_its_line_and_path(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    assert directory_faults(tmp_path, text) == found


def test_folders_nest(tmp_path: Path) -> None:
    folder = '{control_policies: [], accounts: {"%s": {control_policies: [FullAliyunAccess]}}}'
    text = f"control_policies: [], folders: {{x: {folder % HERE}}}"
    for _ in range(10):
        text = f"control_policies: [FullAliyunAccess], folders: {{x: {{{text}}}}}"
    path = write(tmp_path, f"directory: {{{MANAGEMENT}, root: {{{text}}}}}")
    levels = accounts.load(path, CATALOG)["directory"]["levels"][HERE]
    assert levels == [["FullAliyunAccess"]] * 10 + [[], [], ["FullAliyunAccess"]]


def test_advice_is_gathered_and_refuses_nothing(tmp_path: Path) -> None:
    text = NOBODY.replace('"Resource": "*"', '"Resource": "bucket/*"')
    path = write(tmp_path, f'accounts: {{"{HERE}": {{policies: {{p: {text}}}}}}}')
    _, findings = accounts.examine(path, CATALOG)
    assert [str(advice) for advice in findings.advice] == [
        (
            f"{path}:1: accounts.{HERE}.policies.p.Statement[0].Resource: "
            "`bucket/*` matches nothing: a resource begins with `acs:` or a wildcard"
        )
    ]
    accounts.load(path, CATALOG)
