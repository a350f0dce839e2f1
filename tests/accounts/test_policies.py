from __future__ import annotations

from typing import TYPE_CHECKING

from accounts_files import EVERYTHING, HERE, THERE, account_faults, faults, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    text = (
        f"policies: {{connector-admin: {EVERYTHING}}}\ngroups: {{kafka-team: {{}}}}\n"
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
