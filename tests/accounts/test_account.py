from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import EVERYTHING, HERE, TRUST, account_faults, faults, write

if TYPE_CHECKING:
    from pathlib import Path

NOT_A_ACCOUNT_NUMBER = "is not a valid account number: it must match `[0-9]{16}`"
NOT_A_GROUP_NAME = "is not a valid group name: it must match `[A-Za-z0-9._@-]{1,64}`"
NOT_A_POLICY_NAME = "is not a valid policy name: it must match `[A-Za-z0-9-]{1,128}`"
NOT_A_RESOURCE_GROUP = "is not a valid resource group: it must match `[A-Za-z0-9-]{1,64}`"
NOT_A_ROLE_NAME = "is not a valid role name: it must match `[A-Za-z0-9._@-]{1,64}`"
NOT_A_USER_NAME = "is not a valid user name: it must match `[A-Za-z0-9._@-]{1,64}`"
FILE_KNOWN = "known are `accounts`, `directory`, `system_policies`"


def test_another_kind_of_file_is_told_from_an_accounts_file(tmp_path: Path) -> None:
    [fault] = faults(write(tmp_path, EVERYTHING))
    assert fault == (
        "accounts.yaml:1: is a policy document, not an accounts file: it has a `Statement`; in a "
        "folder of accounts files, keep it in a subfolder"
    )
    assert faults(write(tmp_path, f'\n"{HERE}": {{users: {{}}}}\n')) == [
        "accounts.yaml:2: no `accounts` or `directory` at the top level: is this an accounts file?",
        f"accounts.yaml:2: {HERE}: unknown field: {FILE_KNOWN}",
    ]
    text = f'accounts: {{"{HERE}": {{}}}}\nStatement: []\n'
    assert faults(write(tmp_path, text)) == [
        f"accounts.yaml:2: Statement: unknown field: {FILE_KNOWN}"
    ]


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


ACCOUNT_KNOWN = (
    "`service_linked_roles`, `policies`, `roles`, `groups`, `users`, `providers`, `resource_groups`"
)


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
            f"policies:\n  a_b: {EVERYTHING}\n  {'a' * 129}: {EVERYTHING}",
            [
                f"4: ….policies.a_b: `a_b` {NOT_A_POLICY_NAME}",
                f"5: ….policies.{'a' * 129}: `{'a' * 80}` {NOT_A_POLICY_NAME}",
            ],
        ),
        # policies
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
            f"roles:\n  App:\n    trust: {EVERYTHING}",
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
                (
                    "8: ….users.alice.policies[2]: must be the name of a policy, "
                    "or an object with `policy`, not `5` without quotes"
                ),
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
                "    - {policy: AdministratorAccess, resource_group: 5, group: rg}\n    - [a]\n"
                "    - {policy: AdministratorAccess, typ: System}"
            ),
            [
                "6: ….groups.team.policies[0]: there is no policy `gone`",
                f"6: ….groups.team.policies[0].resource_group: `a_b` {NOT_A_RESOURCE_GROUP}",
                (
                    "7: ….groups.team.policies[1]: has no `type` or `resource_group`: "
                    "write the name alone"
                ),
                "8: ….groups.team.policies[2]: `policy` is missing",
                "9: ….groups.team.policies[3]: `policy` is missing",
                (
                    "10: ….groups.team.policies[4].group: unknown field: "
                    "known are `policy`, `type`, `resource_group`"
                ),
                (
                    "10: ….groups.team.policies[4].resource_group: `5` without quotes "
                    f"{NOT_A_RESOURCE_GROUP}"
                ),
                (
                    "11: ….groups.team.policies[5]: must be the name of a policy, "
                    "or an object with `policy`, not a list"
                ),
                (
                    "12: ….groups.team.policies[6].typ: unknown field: "
                    "known are `policy`, `type`, `resource_group`"
                ),
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
    statement = '{Effect: Allow, Action: alikafka, Resource: "*"}'
    policy = f"Version: '1'\n        Statement:\n          - {statement}"
    text = f'accounts:\n  "{HERE}":\n    policies:\n      connector-admin:\n        {policy}\n'
    path = write(tmp_path, text)
    assert faults(path) == [
        (
            f"accounts.yaml:7: accounts.{HERE}.policies.connector-admin.Statement[0].Action: "
            "`alikafka` is not a valid action: write `*` or `<service>:<operation>`"
        )
    ]
