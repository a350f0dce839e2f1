"""Accounts of the size and the shape that companies have, from one seed."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Final

from ramgate.catalog import actions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator import Object, Pick

ACCOUNT: Final = "1234567890123456"
OTHER: Final = "6543210987654321"
MANAGEMENT: Final = "1111111111111111"

_USERS: Final = 40
_GROUPS: Final = 8
_POLICIES: Final = 60
_ROLES: Final = 8
_SERVICES: Final = ("ecs", "oss", "rds", "log", "vpc", "ram", "kms", "alikafka", "slb", "cs")
_NAMES: Final = ("orders", "billing", "logs", "prod-data", "staging", "web-1", "backup", "team-a")
_REGIONS: Final = ("*", "cn-hangzhou", "cn-*", "eu-central-1")

CONDITIONS: Final[Sequence[tuple[str, str, str, str, object]]] = (
    ("IpAddress", "acs:SourceIp", "10.1.2.0/24", "10.1.0.0/16", "10.1.2.3"),
    ("StringEquals", "acs:ResourceTag/env", "test", "*", "test"),
    ("StringLike", "acs:ResourceTag/team", "data-*", "d*", "data-1"),
    ("Bool", "acs:MFAPresent", "true", "false", "true"),
    (
        "DateLessThan",
        "acs:CurrentTime",
        "2027-01-01T00:00:00Z",
        "2040-01-01T00:00:00Z",
        "2026-06-01T00:00:00Z",
    ),
    ("NumericLessThan", "oss:MaxKeys", "100", "1000", 5),
    ("StringEqualsIgnoreCase", "acs:RequestTag/owner", "Ops", "Dev", "ops"),
)
"""Operator, key, a value, another value, and a value of a request that satisfies the first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Company:
    """An accounts document, and the holders of the policies of its main account."""

    document: Object

    @property
    def account(self) -> Object:
        found: Object = self.document["accounts"][ACCOUNT]
        return found

    @property
    def policies(self) -> Object:
        found: Object = self.account["policies"]
        return found

    def holders(self, policy: str) -> list[str]:
        """Return the ARNs of the users and roles that hold a policy in account scope."""
        users = [
            f"acs:ram::{ACCOUNT}:user/{name}"
            for name, user in self.account["users"].items()
            if policy in user["policies"]
            or any(policy in self.account["groups"][one]["policies"] for one in user["groups"])
        ]
        return users + [
            f"acs:ram::{ACCOUNT}:role/{name}"
            for name, role in self.account["roles"].items()
            if policy in role["policies"]
        ]


def company(pick: Pick) -> Company:
    """Return a company with 40 users and 60 policies of 3 to 10 statements."""
    policies = {f"policy-{place}": _document(pick) for place in range(_POLICIES)}
    names = list(policies)
    groups: Object = {f"g{place}": {"policies": pick.some(names, 4)} for place in range(_GROUPS)}
    users: Object = {
        f"user-{place}": {
            "policies": list(dict.fromkeys([*pick.some(names, 3), names[place]])),
            "groups": sorted(set(pick.some(list(groups), 2, 0))),
        }
        for place in range(_USERS)
    }
    users["user-0"]["policies"].append({"policy": names[-1], "resource_group": "rg-finance"})
    roles = {
        f"App-{place}": {
            "trust": {"Version": "1", "Statement": [_trust(pick)]},
            "policies": list(dict.fromkeys([*pick.some(names, 3), names[_USERS + place]])),
        }
        for place in range(_ROLES)
    }
    account = {"policies": policies, "groups": groups, "users": users, "roles": roles}
    guard = [
        {"Effect": "Deny", "Action": "ecs:Delete*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"},
        {"Effect": "Deny", "Action": ["oss:PutBucketAcl", "oss:DeleteBucket"], "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
    ]
    directory = {
        "management": MANAGEMENT,
        "policies": {"guard": {"Version": "1", "Statement": guard}},
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "folders": {
                "work": {
                    "control_policies": ["guard"],
                    "accounts": {ACCOUNT: {"control_policies": ["FullAliyunAccess"]}},
                }
            },
        },
    }
    return Company({"accounts": {ACCOUNT: account}, "directory": directory})


@functools.cache
def actions_of(code: str) -> Sequence[str]:
    """Return the actions of a service in the catalog."""
    service = actions.service(code)
    assert service is not None
    return [str(one) for one in service.actions.values()]


def resource(pick: Pick, code: str) -> str:
    """Return a pattern of a service's resources."""
    region = "*" if code == "ram" else pick.of(_REGIONS)
    account = pick.of(("*", ACCOUNT))
    kind = pick.of(("", "instance/", "bucket/", "project/"))
    return f"acs:{code}:{region}:{account}:{kind}{pick.of(_NAMES)}{pick.of(('', '/*', '*'))}"


def condition(pick: Pick) -> Object:
    operator, key, value, _, _ = pick.of(CONDITIONS)
    return {operator: {key: value}}


def _document(pick: Pick) -> Object:
    return {"Version": "1", "Statement": [_statement(pick) for _ in range(3 + pick.below(8))]}


def _statement(pick: Pick) -> Object:
    code = pick.of(_SERVICES)
    known = actions_of(code)
    found = [_pattern(pick, one) for one in pick.some(known, 4)]
    statement: Object = {
        "Effect": "Deny" if pick.chance(1, 7) else "Allow",
        "Action": found,
        "Resource": [resource(pick, code) for _ in range(1 + pick.below(2))],
    }
    if pick.chance(1, 4):
        statement["Condition"] = condition(pick)
    return statement


def _pattern(pick: Pick, action: str) -> str:
    at = action.index(":") + 1 + 3 + pick.below(4)
    return action[:at] + "*" if pick.chance(1, 3) else action


def _trust(pick: Pick) -> Object:
    principals: Iterator[Object] = iter(
        (
            {"Service": pick.of(("ecs.aliyuncs.com", "log.aliyuncs.com"))},
            {"RAM": f"acs:ram::{ACCOUNT}:user/user-{pick.below(_USERS)}"},
        )
    )
    principal = {**next(principals), **(next(principals) if pick.chance(1, 2) else {})}
    statement: Object = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    if pick.chance(1, 3):
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": "ticket-7"}}
    return statement
