"""Write folders of accounts files of any size; equal arguments give equal files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GRANTS", "OPERATOR", "Grant", "file", "grant", "write"]

GRANTS: Final = 10
"""The number of Allow statements in the one policy of each role."""

OPERATOR: Final = "operator"
"""The one user of each account; the policy of the account's first role is attached to it."""

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
# One grant of ten gets a suffix to its action, a suffix to its resource, and a condition.
_VARIANTS: Final = (
    ("*", "", "{StringEquals: {acs:Service: ecs.aliyuncs.com}}"),
    ("", "/*", '{IpAddress: {acs:SourceIp: "10.0.0.0/8"}}'),
    ("", "?", "{StringLike: {acs:SourceVpc: vpc-*}}"),
    ("*", "*", '{Bool: {acs:MFAPresent: "true"}}'),
)


class Grant(NamedTuple):
    """An Allow statement of one action and one resource, and the ARN of its role."""

    principal: str
    action: str
    resource: str
    condition: str = ""


def grant(role: int, position: int, *, roles_per_account: int = 100, plain: bool = False) -> Grant:
    """Return a grant of a role; both are counted from 0."""
    account = _account(role // roles_per_account)
    service, operation, form = _OPERATIONS[position]
    where = form.format(role=role, grant=position)
    resource = f"acs:{service}:cn-hangzhou:{account}:{where}"
    principal = f"acs:ram::{account}:role/role-{role}"
    action = f"{service}:{operation}"
    if plain or position != role % GRANTS:
        return Grant(principal, action, resource)
    wildcard, tail, condition = _VARIANTS[role // GRANTS % len(_VARIANTS)]
    return Grant(principal, action + wildcard, resource + tail, condition)


def file(folder: Path, account: int) -> Path:
    """Return the file of an account, counted from 0."""
    return folder / f"{_account(account)}.yaml"


def write(folder: Path, roles: int, *, roles_per_account: int = 100, plain: bool = False) -> None:
    """Write accounts files with so many roles; each role has its own policy of ten grants.

    Each account has its own file. No two grants have the same resource. One grant of ten has
    wildcards and a condition, unless `plain` is set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for account, first in enumerate(range(0, roles, roles_per_account)):
        numbers = range(first, min(first + roles_per_account, roles))
        lines = [
            "accounts:",
            f'  "{_account(account)}":',
            "    policies:",
            *(
                line
                for role in numbers
                for line in _policy(role, roles_per_account=roles_per_account, plain=plain)
            ),
            "    roles:",
            *(
                f"      role-{role}:\n        trust: {_TRUST}\n        policies: [policy-{role}]"
                for role in numbers
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
        statement = grant(role, position, roles_per_account=roles_per_account, plain=plain)
        condition = f", Condition: {statement.condition}" if statement.condition else ""
        yield (
            f'          - {{Effect: Allow, Action: "{statement.action}", '
            f'Resource: "{statement.resource}"{condition}}}'
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a folder of accounts files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("roles", type=int)
    parser.add_argument("--plain", action="store_true", help="no wildcards, no conditions")
    options = parser.parse_args()
    write(options.folder, options.roles, plain=options.plain)
