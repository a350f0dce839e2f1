from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, EVERYTHING, HERE, THERE, TRUST, account_faults, faults, write
from ramgate.accounts import reader

if TYPE_CHECKING:
    from pathlib import Path


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    text = (
        f"policies: {{connector-admin: {EVERYTHING}}}\ngroups: {{kafka-team: {{}}}}\n"
        "users:\n  alice: {groups: [kafka_team]}\n  bob: {policies: [Connector-Admin]}\n"
        "  carol: {policies: [conector-admin, AliyunKafkaFullAcces]}\n"
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
            "8: ….users.carol.policies[1]: there is no policy `AliyunKafkaFullAcces`: "
            "did you mean `AliyunKafkaFullAccess`?"
        ),
        f"9: ….users.dana.policies[0]: {hint}",
    ]


def test_a_name_is_looked_up_in_its_own_account(tmp_path: Path) -> None:
    text = (
        f'accounts:\n  "{HERE}": {{policies: {{p: {EVERYTHING}}}}}\n'
        f'  "{THERE}": {{groups: {{team: {{}}}}, users: {{alice: {{policies: [p]}}}}}}\n'
        f'  "1111111111111111": {{users: {{alice: {{groups: [team], policies: ["{HERE}/p"]}}}}}}\n'
    )
    alice = "accounts.1111111111111111.users.alice"
    assert faults(write(tmp_path, text)) == [
        f"accounts.yaml:3: accounts.{THERE}.users.alice.policies[0]: there is no policy `p`",
        f"accounts.yaml:4: {alice}.groups[0]: there is no group `team`",
        f"accounts.yaml:4: {alice}.policies[0]: there is no policy `{HERE}/p`",
    ]


FULL = "AliyunKafkaFullAccess"
BOTH = f"policies: {{{FULL}: {EVERYTHING}, own: {EVERYTHING}}}"


def attached(folder: Path, *attachments: str) -> list[str]:
    """Return the ids that these attachments stand for, in an account with own policies `BOTH`."""
    listed = "".join(f"\n          - {one}" for one in attachments)
    text = (
        f'accounts:\n  "{HERE}":\n    {BOTH}\n    users:\n      alice:\n        policies:{listed}\n'
    )
    store = reader.load(write(folder, text), CATALOG)
    return store["accounts"][HERE]["users"]["alice"]["policies"]


def test_the_type_of_an_attachment_chooses_between_two_policies_of_a_name(tmp_path: Path) -> None:
    custom, system = f"{HERE}/{FULL}", FULL
    assert attached(tmp_path, FULL) == [custom]
    assert attached(tmp_path, f"{{policy: {FULL}, type: Custom}}") == [custom]
    assert attached(tmp_path, f"{{policy: {FULL}, type: System}}") == [system]
    assert attached(tmp_path, FULL, f"{{policy: {FULL}, type: System}}") == [custom, system]
    assert attached(tmp_path, "{policy: AdministratorAccess, type: System}", "own") == [
        f"{HERE}/own",
        "AdministratorAccess",
    ]


def test_groups_roles_resource_groups_and_levels_take_a_type_too(tmp_path: Path) -> None:
    system = f"{{policy: {FULL}, type: System}}"
    in_group = f"{{policy: {FULL}, type: System, resource_group: rg-1}}"
    text = f"""\
accounts:
  "{HERE}":
    {BOTH}
    groups: {{team: {{policies: [{system}, {in_group}]}}}}
    roles: {{App: {{trust: {TRUST}, policies: [{system}, {in_group}]}}}}
    users: {{alice: {{groups: [team]}}}}
directory:
  management: "1000000000000001"
  policies: {{FullAliyunAccess: {EVERYTHING}}}
  root:
    control_policies: [FullAliyunAccess]
    accounts:
      "{HERE}": {{control_policies: [{{policy: FullAliyunAccess, type: System}}]}}
"""
    store = reader.load(write(tmp_path, text), CATALOG)
    scopes = {"policies": [FULL], "resource_groups": {"rg-1": [FULL]}}
    account = store["accounts"][HERE]
    assert account["groups"] == {"team": scopes}
    assert account["users"]["alice"] == {**scopes, "groups": ["team"], "own": {"policies": []}}
    role = store["accounts"][HERE]["roles"]["app"]
    assert role == {"name": "App", "trust": f"{HERE}/trust:App", **scopes}
    levels = store["directory"]["levels"][HERE]
    assert levels == [["directory/FullAliyunAccess"], ["FullAliyunAccess"]]


def test_an_own_policy_with_the_name_of_a_system_policy_is_advice(tmp_path: Path) -> None:
    path = write(tmp_path, f'accounts:\n  "{HERE}":\n    {BOTH}\n')
    _, findings = reader.examine(path, CATALOG)
    assert findings.faults == []
    assert [str(advice) for advice in findings.advice] == [
        (
            f"{path}:3: accounts.{HERE}.policies.{FULL}: is the name of a system policy, too: "
            "an attachment means this one, unless it has `type: System`"
        )
    ]


@pytest.mark.parametrize(
    ("attachment", "found"),
    [
        (
            "{policy: 5, type: System}",
            ".policy: must be the name of a policy, not `5` without quotes",
        ),
        ("{policy: own, type: system}", ".type: must be `Custom` or `System`, not `system`"),
        ("{policy: own, type: [Custom]}", ".type: must be `Custom` or `System`, not a list"),
        ("{policy: own, type: System}", ": `own` is a custom policy: write `type: Custom`"),
        (
            "{policy: AdministratorAccess, type: Custom}",
            ": `AdministratorAccess` is a system policy: write `type: System`",
        ),
        ("{policy: own1, type: Custom}", ": there is no custom policy `own1`: did you mean `own`?"),
        (
            "{policy: AdministratorAcces, type: Custom}",
            ": there is no custom policy `AdministratorAcces`",
        ),
        ("{policy: own1, type: System}", ": there is no policy `own1`"),
        (
            "{policy: AdministratorAcces, type: System}",
            ": there is no policy `AdministratorAcces`: did you mean `AdministratorAccess`?",
        ),
        (
            "{policy: AliyunServiceRolePolicyForAlikafka, type: System}",
            (
                ": `AliyunServiceRolePolicyForAlikafka` is a service-linked role's policy: "
                "it cannot be attached"
            ),
        ),
        (
            "{policy: AliyunServiceRolePolicyForAlikafka, type: Custom}",
            ": there is no custom policy `AliyunServiceRolePolicyForAlikafka`",
        ),
    ],
)
def test_an_attachment_without_its_policy_is_a_fault(
    tmp_path: Path, attachment: str, found: str
) -> None:
    text = f"policies: {{own: {EVERYTHING}}}\nusers:\n  alice:\n    policies:\n    - {attachment}"
    assert account_faults(tmp_path, text) == [f"7: ….users.alice.policies[0]{found}"]
