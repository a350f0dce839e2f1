from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import Sidecar
from ramgate.bundle import builder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE, THERE, MANAGEMENT = "1234567890123456", "6543210987654321", "1000000000000001"
SECONDS = 60
KAFKA = ("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:{}:alikafka_post-cn-x")
ECS = ("ecs:DescribeInstances", "acs:ecs:cn-hangzhou:{}:instance/i-x")
GROUP = ("ecs:AuthorizeSecurityGroup", "acs:ecs:cn-hangzhou:{}:securitygroup/sg-x")
OSS = ("oss:GetObject", "acs:oss:*:{}:bucket/object")
OWNER = ("ram:ListRoles", "acs:ram:*:{}:role/*")


def policy(action: str, resource: object = "*", **more: object) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "1", "Statement": [statement]}


def user(*policies: dict[str, Any], **more: object) -> dict[str, Any]:
    names = [f"p{index}" for index in range(len(policies))]
    held = {"policies": names} if names else {}
    return {"policies": dict(zip(names, policies, strict=True)), "users": {"u": {**held, **more}}}


def role(name: str, *policies: str) -> dict[str, Any]:
    principal = {"Service": "ecs.aliyuncs.com"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {name: {"trust": {"Version": "1", "Statement": [trust]}, "policies": policies}}


def directory(*levels: list[str]) -> dict[str, Any]:
    """A directory whose root and whose folder have these control policies."""
    top, folder = levels
    member = {HERE: {"control_policies": ["FullAliyunAccess"]}}
    return {
        "management": MANAGEMENT,
        "policies": {
            "only-kafka": policy("alikafka:*"),
            "no-kafka": policy("alikafka:*", Effect="Deny"),
        },
        "root": {
            "control_policies": top,
            "folders": {"f": {"control_policies": folder, "accounts": member}},
        },
    }


CONDITION = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
KAFKA_INSTANCE = KAFKA[1].format(HERE)
OWN_INSTANCES = "acs:alikafka:*:*:alikafka_p*"
FULL = {"users": {"u": {"policies": ["AliyunKafkaFullAccess"]}}}
DENIED = user(policy("alikafka:*"), policy("alikafka:Delete*", Effect="Deny"))

# The account, the rest of the file, and the request: principal, then action and resource.
WORLDS: dict[str, tuple[dict[str, Any], dict[str, Any], str, tuple[str, str]]] = {
    "nothing": ({}, {}, "root", OWNER),
    "a system policy": (FULL, {}, "user/u", KAFKA),
    "everything": (user(policy("*")), {}, "user/u", KAFKA),
    "an action": (user(policy("alikafka:ListTopic")), {}, "user/u", KAFKA),
    "a wildcard": (user(policy("ecs:Describe?nstances")), {}, "user/u", ECS),
    "any service": (user(policy("o*:Get*")), {}, "user/u", OSS),
    "the second policy": (user(policy("rds:*"), policy("alikafka:*")), {}, "user/u", KAFKA),
    "the resource": (user(policy("alikafka:*", [KAFKA_INSTANCE])), {}, "user/u", KAFKA),
    "a prefix": (user(policy("alikafka:*", "acs:alikafka:*")), {}, "user/u", KAFKA),
    "a pattern": (user(policy("alikafka:*", OWN_INSTANCES)), {}, "user/u", KAFKA),
    "others' resources": (user(policy("alikafka:*", "acs:alikafka:*:*:x")), {}, "root", OWNER),
    "a condition": (user(policy("*", Condition=CONDITION)), {}, "root", OWNER),
    "a Deny": (DENIED, {}, "root", OWNER),
    "a role": ({"roles": role("App", "AliyunKafkaFullAccess")}, {}, "role/app", KAFKA),
    "a service-linked role": (
        {"service_linked_roles": ["AliyunServiceRoleForAlikafka"]},
        {},
        "role/aliyunserviceroleforalikafka",
        GROUP,
    ),
    "a role without a public policy": (
        {"service_linked_roles": ["AliyunServiceRoleForCloudMonitor"]},
        {},
        "root",
        OWNER,
    ),
    "control policies": (
        FULL,
        {"directory": directory(["FullAliyunAccess"], ["only-kafka"])},
        "user/u",
        KAFKA,
    ),
    "a control policy of others": (
        {"policies": {"p": policy("ecs:*")}, "users": {"a": {"policies": ["p"]}, **FULL["users"]}},
        {"directory": directory(["FullAliyunAccess"], ["only-kafka"])},
        "user/u",
        KAFKA,
    ),
    "the next account": (
        FULL,
        {
            "directory": directory(["FullAliyunAccess", "no-kafka"], ["FullAliyunAccess"]),
            "accounts": {THERE: {"users": {"v": {"policies": ["AdministratorAccess"]}}}},
        },
        "user/v",
        KAFKA,
    ),
    "the management account": (
        {},
        {
            "directory": directory([], []),
            "accounts": {HERE: {}, MANAGEMENT: FULL},
        },
        "user/u",
        KAFKA,
    ),
}


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    with Sidecar() as started:
        yield started


def build(folder: Path, document: dict[str, Any]) -> builder.Bundle:
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return builder.build(path)


@pytest.mark.parametrize("name", WORLDS)
def test_the_request_is_allowed(tmp_path: Path, sidecar: Sidecar, name: str) -> None:
    account, others, principal, (action, resource) = WORLDS[name]
    accounts = {HERE: account} | others.get("accounts", {})
    built = build(tmp_path, others | {"accounts": accounts})
    number = {"user/v": THERE}.get(principal, HERE)
    if name == "the management account":
        number = MANAGEMENT
    assert built.example == {
        "principal": f"acs:ram::{number}:{principal}",
        "action": action,
        "resource": resource.format(number),
    }
    sidecar.publish(built, timeout=SECONDS)
    with sidecar.client() as client:
        asked = built.example
        assert client.decide(asked["principal"], asked["action"], asked["resource"])


def test_the_shipped_example_has_one() -> None:
    account = f"acs:ram::{HERE}"
    assert builder.build().example["principal"] == f"{account}:user/alice"


@pytest.mark.parametrize(
    "document",
    [
        {"accounts": {}},
        {"accounts": {HERE: FULL}, "directory": directory([], ["FullAliyunAccess"])},
        {
            "accounts": {
                HERE: {
                    "policies": {"odd": {"unreadable": "why", "document": "{"}},
                    "users": {"u": {"policies": ["odd", "AdministratorAccess"]}},
                }
            }
        },
    ],
)
def test_where_nothing_is_allowed_it_is_the_owner_s(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    assert build(tmp_path, document).example == {
        "principal": f"acs:ram::{HERE}:root",
        "action": "ram:ListRoles",
        "resource": f"acs:ram:*:{HERE}:role/*",
    }


def test_only_the_first_principals_are_tried(tmp_path: Path) -> None:
    users: dict[str, Any] = {f"u{index:03}": {} for index in range(60)}
    users["v"] = {"policies": ["AdministratorAccess"]}
    built = build(tmp_path, {"accounts": {HERE: {"users": users}}})
    assert built.example["principal"] == f"acs:ram::{HERE}:root"
