from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, HERE, THERE, TRUST, faults, write
from ramgate.accounts import reader

if TYPE_CHECKING:
    from pathlib import Path

NOT_A_ACCOUNT_NUMBER = "is not a valid account number: it must match `[0-9]{16}`"
NOT_A_FOLDER_NAME = "is not a valid folder name: it must match `[A-Za-z0-9._@-]{1,64}`"


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
                "6: directory.root.control_policies[1]: has no `type`: write the name alone",
                (
                    "7: directory.root.control_policies[2]: `AliyunServiceRolePolicyForAlikafka` "
                    "is a service-linked role's policy: it cannot be attached"
                ),
                (
                    "8: directory.root.control_policies[3]: must be the name of a policy, "
                    "or an object with `policy`, not `null` without quotes"
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
            (f"{MANAGEMENT}\n{ROOT}\npolicies:\n  trusting: {TRUST}\n  p: {{Version: '1'}}"),
            [
                "5: directory.policies.trusting: is a trust policy: a role has one under `trust`",
                "6: directory.policies.p: `Statement` is missing",
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
    levels = reader.load(path, CATALOG)["directory"]["levels"][HERE]
    assert levels == [["FullAliyunAccess"]] * 10 + [[], [], ["FullAliyunAccess"]]
