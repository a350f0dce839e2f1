"""The requests of the benchmarks: the mix, special cases and probes, with their accounts."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Final

from ramgate import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "ACCOUNTS",
    "Question",
    "batch",
    "documents",
    "mix",
    "mixes",
    "probes",
    "special_cases",
    "write",
]

ACCOUNTS: Final = 200
"""The number of accounts, all alike, that the mix can be about."""

_FIRST: Final = 1_234_567_890_123_456
_MEMBER: Final = "2000000000000001"
_MANAGEMENT: Final = "1000000000000001"
_LINKED: Final = "AliyunServiceRoleForAlikafka"
_SERVICES: Final = ("oss", "ecs", "log", "rds", "vpc", "slb", "mns", "fc")


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """A request, with the effect and the reason of the right decision."""

    name: str
    principal: str
    action: str
    resource: str
    context: Mapping[str, str | bool | list[str]] = dataclasses.field(default_factory=dict)
    effect: str = "Allow"
    reason: str = "statement_allows"

    @property
    def request(self) -> dict[str, object]:
        """The fields of the request, without an empty context."""
        asked: dict[str, object] = {
            "principal": self.principal,
            "action": self.action,
            "resource": self.resource,
        }
        return asked | ({"context": dict(self.context)} if self.context else {})

    @property
    def body(self) -> bytes:
        """The body of the HTTP request."""
        return json.dumps({"input": self.request}, separators=(",", ":")).encode()


def mix(account: int = 0, *, as_stored: bool = False) -> list[Question]:
    """Return the five questions of the mix about one account, counted from 0.

    The names of roles are in lower case, as in RAM's ARNs, or as the accounts file has them.
    """
    number = str(_FIRST + account)
    role = f"acs:ram::{number}:role/{_LINKED if as_stored else _LINKED.lower()}"
    encryption = "InstanceEncryption" if as_stored else "instanceencryption"
    user = f"acs:ram::{number}:user/alice"
    instance = f"acs:alikafka:cn-hangzhou:{number}:alikafka_post-cn"
    return [
        Question("service-linked role, Allow", role, "ecs:CreateNetworkInterface", "*"),
        Question(
            "service-linked role, with a condition",
            f"{role}{encryption}",
            "kms:Decrypt",
            f"acs:kms:cn-hangzhou:{number}:key/k-1",
            {"kms:tag/acs:alikafka:instance-encryption": "true"},
        ),
        Question(
            "service-linked role, ImplicitDeny",
            role,
            "ecs:DeleteInstance",
            f"acs:ecs:cn-hangzhou:{number}:instance/i-1",
            effect="ImplicitDeny",
            reason="no_statement_matches",
        ),
        Question(
            "user, 10 policies, 2 groups, Allow",
            user,
            "alikafka:SendMessage",
            f"{instance}-dev-1/orders",
        ),
        Question(
            "user, 10 policies, 2 groups, ExplicitDeny",
            user,
            "alikafka:SendMessage",
            f"{instance}-prod-1/orders",
            effect="ExplicitDeny",
            reason="statement_denies",
        ),
    ]


def probes() -> list[Question]:
    """Return questions about the rules that other engines miss.

    They are about upper and lower case, role sessions, other accounts, trust policies and malformed
    requests.
    """
    arn, other = f"acs:ram::{_FIRST}", f"acs:alikafka:cn-hangzhou:{_FIRST + 1}:any/orders"
    linked = f"{arn}:role/{_LINKED}"
    role, alice = f"{arn}:role/aliyunserviceroleforalikafka", f"{arn}:user/alice"
    [_, condition, *_] = mix(as_stored=True)
    return [
        *special_cases(),
        Question("action in another case", linked, "ECS:createnetworkinterface", "*"),
        Question("role in another case", role, "ecs:CreateNetworkInterface", "*"),
        dataclasses.replace(
            condition, name="condition without its key", context={}, effect="ImplicitDeny"
        ),
        Question(
            "user in another case",
            f"{arn}:user/Alice",
            "alikafka:SendMessage",
            "*",
            effect="ImplicitDeny",
        ),
        Question(
            "resource of another account",
            alice,
            "alikafka:SendMessage",
            other,
            effect="ImplicitDeny",
        ),
        Question("action with a wildcard", linked, "ecs:*", "*", effect="ImplicitDeny"),
        Question(
            "AssumeRole by a service that is not trusted",
            "ecs.aliyuncs.com",
            "sts:AssumeRole",
            role,
            effect="ImplicitDeny",
        ),
        Question("account owner", f"{arn}:root", "oss:DeleteBucket", "*"),
    ]


def documents() -> dict[str, list[Mapping[str, object]]]:
    """Return the policy documents of the first account, by the ARN they are attached to."""
    number = str(_FIRST)
    own = _policies(number)
    linked = _LINKED

    def read_policy(name: str) -> Mapping[str, object]:
        document: Mapping[str, object] = json.loads(
            resources.path(f"catalog/policies/{name}.json").read_text()
        )
        return document

    arn = f"acs:ram::{number}"
    reading = read_policy("AliyunKafkaReadOnlyAccess")
    return {
        f"{arn}:role/{linked}": [read_policy(linked.replace("Role", "RolePolicy"))],
        f"{arn}:role/{linked}InstanceEncryption": [
            read_policy(f"{linked.replace('Role', 'RolePolicy')}InstanceEncryption")
        ],
        f"{arn}:user/alice": [*own.values(), reading],
        f"{arn}:user/carol": [read_policy("AliyunSTSAssumeRoleAccess")],
        f"{arn}:role/App": [own["messages"]],
        f"{arn}:role/Reader": [reading],
    }


def batch(asked: Iterable[Question]) -> bytes:
    """Return the body of the HTTP request that asks these questions as one batch."""
    requests = [question.request for question in asked]
    return json.dumps({"input": {"requests": requests}}, separators=(",", ":")).encode()


def mixes(count: int) -> list[Question]:
    """Return `count` distinct questions, a multiple of five: the mix about each account in turn."""
    return [question for account in range(count // 5) for question in mix(account)]


def special_cases() -> list[Question]:
    """Return the questions that are measured in addition to the mix."""
    arn = f"acs:ram::{_FIRST}"
    instance = f"acs:alikafka:cn-hangzhou:{_FIRST}:alikafka_post-cn-dev-1"
    return [
        Question(
            "role session",
            f"{arn}:assumed-role/App/session-1",
            "alikafka:SendMessage",
            f"{instance}/orders",
        ),
        Question(
            "action that only a wildcard grants",
            f"{arn}:role/Reader",
            "alikafka:GetTopicList",
            f"{instance}/orders",
        ),
        Question(
            "member account under control policies",
            f"acs:ram::{_MEMBER}:role/App",
            "alikafka:SendMessage",
            f"acs:alikafka:cn-hangzhou:{_MEMBER}:alikafka_post-cn-dev-1/orders",
        ),
        Question(
            "resource-group grant",
            f"{arn}:user/bob",
            "alikafka:SendMessage",
            f"{instance}/orders",
            {"acs:ResourceGroupId": "rg-production"},
        ),
        Question("AssumeRole by a user", f"{arn}:user/carol", "sts:AssumeRole", f"{arn}:role/app"),
        Question(
            "AssumeRole by the linked service",
            "alikafka.aliyuncs.com",
            "sts:AssumeRole",
            f"{arn}:role/aliyunserviceroleforalikafka",
        ),
    ]


def write(folder: Path, accounts: int = ACCOUNTS) -> None:
    """Write the accounts file for all these questions, with so many accounts for the mix."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [str(_FIRST + account) for account in range(accounts)]
    written = {number: _account(number) for number in [*numbers, _MEMBER]}
    (folder / "mix.json").write_text(
        json.dumps({"accounts": written, "directory": _directory()}, indent=1)
    )


def _document(*statements: Mapping[str, object]) -> dict[str, object]:
    return {"Version": "1", "Statement": list(statements)}


def _statement(
    effect: str,
    action: str | Sequence[str],
    resource: str = "*",
    condition: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, object]:
    statement: dict[str, object] = {"Effect": effect, "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def _policies(number: str) -> dict[str, dict[str, object]]:
    services = {
        f"use-{service}": _document(
            _statement("Allow", [f"{service}:DescribeOne", f"{service}:DescribeAll"]),
            _statement("Allow", f"{service}:Change", f"acs:{service}:*:{number}:team/*"),
            _statement(
                "Allow", f"{service}:Delete", condition={"Bool": {"acs:MFAPresent": "true"}}
            ),
        )
        for service in _SERVICES
    }
    return services | {
        "messages": _document(
            _statement("Allow", ["alikafka:SendMessage", "alikafka:PullMessage"])
        ),
        "not-production": _document(
            _statement(
                "Deny",
                ["alikafka:SendMessage", "alikafka:DeleteTopic"],
                "acs:alikafka:*:*:alikafka_*-prod-*/*",
            )
        ),
        "deploy": _document(_statement("Allow", ["fc:UpdateFunction", "fc:CreateFunction"])),
    }


def _account(number: str) -> dict[str, object]:
    owner = {"RAM": [f"acs:ram::{number}:root"]}
    trust = _document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": owner})
    policies = _policies(number)
    linked = _LINKED
    grouped = {"policy": "messages", "resource_group": "rg-production"}
    return {
        "service_linked_roles": [
            linked,
            f"{linked}Connector",
            f"{linked}ETL",
            f"{linked}InstanceEncryption",
        ],
        "policies": policies,
        "roles": {
            "App": {"trust": trust, "policies": ["messages"]},
            "Reader": {"trust": trust, "policies": ["AliyunKafkaReadOnlyAccess"]},
        },
        "groups": {
            "kafka-team": {"policies": ["AliyunKafkaReadOnlyAccess"]},
            "deployers": {"policies": ["deploy"]},
        },
        "users": {
            "alice": {
                "groups": ["kafka-team", "deployers"],
                "policies": [name for name in policies if name != "deploy"],
            },
            "bob": {"policies": ["use-ecs", grouped]},
            "carol": {"policies": ["AliyunSTSAssumeRoleAccess"]},
        },
    }


def _directory() -> dict[str, object]:
    guard = _statement("Deny", "alikafka:DeleteInstance")
    return {
        "management": _MANAGEMENT,
        "policies": {
            "only-kafka": _document(_statement("Allow", "alikafka:*")),
            "guard": _document(guard),
        },
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {},
            "folders": {
                "production": {
                    "control_policies": ["only-kafka"],
                    "accounts": {_MEMBER: {"control_policies": ["FullAliyunAccess", "guard"]}},
                    "folders": {},
                }
            },
        },
    }
