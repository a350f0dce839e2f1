"""Folders of accounts files of any size, the same each time they are made."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GRANTS", "OPERATOR", "Grant", "file", "grant", "grants"]

GRANTS: Final = 10
"""Allow statements in the one policy of each role."""

OPERATOR: Final = "operator"
"""The one user of each account, who holds the policy of the account's first role."""

_FIRST_ACCOUNT: Final = 1_000_000_000_000_001
_TRUST: Final = (
    '{Version: "1", Statement: [{Effect: Allow, Action: "sts:AssumeRole", '
    "Principal: {Service: [ecs.aliyuncs.com]}}]}"
)
_OPERATIONS: Final = (
    ("alikafka", "GetTopicList", "instance/i-{role}/topic/t-{grant}"),
    ("alikafka", "CreateTopic", "instance/i-{role}/topic/t-{grant}"),
    ("alikafka", "DeleteTopic", "instance/i-{role}/topic/t-{grant}"),
    ("oss", "GetObject", "bucket-{role}/object-{grant}"),
    ("oss", "PutObject", "bucket-{role}/object-{grant}"),
    ("ecs", "StartInstance", "instance/i-{role}-{grant}"),
    ("ecs", "StopInstance", "instance/i-{role}-{grant}"),
    ("log", "GetLogStoreLogs", "project/p-{role}/logstore/l-{grant}"),
    ("kms", "Decrypt", "key/k-{role}-{grant}"),
    ("vpc", "DescribeVpcs", "vpc/v-{role}-{grant}"),
)
# What one grant of ten has more than a literal: of its action, of its resource, for a condition.
_TURNS: Final = (
    ("*", "", "{StringEquals: {acs:Service: ecs.aliyuncs.com}}"),
    ("", "/*", '{IpAddress: {acs:SourceIp: "10.0.0.0/8"}}'),
    ("", "?", "{StringLike: {acs:SourceVpc: vpc-*}}"),
    ("*", "*", '{Bool: {acs:MFAPresent: "true"}}'),
)


class Grant(NamedTuple):
    """An Allow statement: whose it is, and what it grants, wildcards among it."""

    principal: str
    action: str
    resource: str
    condition: str = ""


def grant(role: int, position: int, *, roles_per_account: int = 100, plain: bool = False) -> Grant:
    """The grant at that position, from 0, of that role, from 0."""
    account = _account(role // roles_per_account)
    service, operation, form = _OPERATIONS[position]
    where = form.format(role=role, grant=position)
    resource = f"acs:{service}:cn-hangzhou:{account}:{where}"
    principal = f"acs:ram::{account}:role/role-{role}"
    action = f"{service}:{operation}"
    if plain or position != role % GRANTS:
        return Grant(principal, action, resource)
    wildcard, tail, condition = _TURNS[role // GRANTS % len(_TURNS)]
    return Grant(principal, action + wildcard, resource + tail, condition)


def file(folder: Path, account: int) -> Path:
    """The file of that account, from 0."""
    return folder / f"{_account(account)}.yaml"


def grants(folder: Path, roles: int, *, roles_per_account: int = 100, plain: bool = False) -> None:
    """Write accounts files of so many roles, each with a policy of its own of ten grants.

    Every account has a file of its own. No two grants are of one resource; one of ten has a
    wildcard and a condition, none where they are `plain`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for account, first in enumerate(range(0, roles, roles_per_account)):
        held = range(first, min(first + roles_per_account, roles))
        lines = [
            "accounts:",
            f'  "{_account(account)}":',
            "    policies:",
            *(
                line
                for role in held
                for line in _policy(role, roles_per_account=roles_per_account, plain=plain)
            ),
            "    roles:",
            *(
                f"      role-{role}:\n        trust: {_TRUST}\n        policies: [policy-{role}]"
                for role in held
            ),
            "    users:",
            f"      {OPERATOR}: {{policies: [policy-{first}]}}",
            "",
        ]
        file(folder, account).write_text("\n".join(lines))


def _account(account: int) -> str:
    return str(_FIRST_ACCOUNT + account)


def _policy(role: int, *, roles_per_account: int, plain: bool) -> Iterator[str]:
    yield f"      policy-{role}:"
    yield '        Version: "1"'
    yield "        Statement:"
    for position in range(GRANTS):
        made = grant(role, position, roles_per_account=roles_per_account, plain=plain)
        condition = f", Condition: {made.condition}" if made.condition else ""
        yield (
            f'          - {{Effect: Allow, Action: "{made.action}", '
            f'Resource: "{made.resource}"{condition}}}'
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a folder of accounts files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("roles", type=int)
    parser.add_argument("--plain", action="store_true", help="no wildcards, no conditions")
    options = parser.parse_args()
    grants(options.folder, options.roles, plain=options.plain)
