"""The first hint about a denial names its cause: cases that people asked about in public."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from agreement import Opa, running_opa
from generator import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "1234567890123456"
THERE = "6543210987654321"
ARN = f"acs:ram::{HERE}"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", **one} for one in statements]}


def on(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - either form
    return {"Action": action, "Resource": resource, **more}


def trust(condition: dict[str, Any] | None = None, **principal: Any) -> dict[str, Any]:  # noqa: ANN401
    more = {"Condition": condition} if condition else {}
    return policy({"Action": "sts:AssumeRole", "Principal": principal, **more})


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {operator: {key: list(values)}}


PROVIDER = f"acs:ram::{HERE}:oidc-provider/ack"
SUBJECT = "system:serviceaccount:default:app"
BUCKET = f"acs:oss:*:{HERE}:bucket"
POLICIES = {
    "assume": policy(on("sts:AssumeRole")),
    "objects": policy(on("oss:*", f"{BUCKET}/*")),
    "bucket": policy(on("oss:*", BUCKET)),
    "folder": policy(
        on("oss:ListObjects", BUCKET, Condition=when("StringLike", "oss:Prefix", "a/*"))
    ),
    "domain": policy(on("domain:*")),
    "pass": policy(
        on("ram:PassRole", Condition=when("StringEquals", "acs:Service", "ecs.aliyuncs.com"))
    ),
    "launch": policy(on("ecs:*")),
    "logs": policy(on("log:*", f"acs:log:cn-hangzhou:{HERE}:project/app/logstore/web")),
    "tagged": policy(on("rds:*", Condition=when("StringEquals", "acs:ResourceTag/team", "a"))),
    "topics": policy(on("alikafka:*", f"acs:alikafka:*:{HERE}:instance-1/orders")),
    "reads": policy(on(["alikafka:ListTopic", "alikafka:GetMessage"])),
}
ROLES = {
    "Other": trust(RAM=f"acs:ram::{THERE}:root"),
    "App": trust(RAM=f"{ARN}:user/assume"),
    "Oidc": trust(when("StringEquals", "oidc:sub", SUBJECT), Federated=PROVIDER),
    "Vendor": trust(when("StringEquals", "sts:ExternalId", "x-1"), RAM=f"{ARN}:root"),
}
ACCOUNTS = {
    "policies": POLICIES,
    "roles": {name: {"trust": document} for name, document in ROLES.items()},
    "users": {
        **{name: {"policies": [name]} for name in POLICIES},
        "nothing": {},
        "grouped": {"policies": [{"policy": "launch", "resource_group": "rg-production"}]},
    },
}

Case: TypeAlias = tuple[tuple[str, str, str, dict[str, str]], dict[str, Any]]

CASES: dict[str, Case] = {
    "the trust policy admits another account": (
        ("user/assume", "sts:AssumeRole", f"{ARN}:role/Other", {}),
        {"code": "trust_admits", "admits": [f"acs:ram::{THERE}:root"]},
    ),
    "an owner cannot assume a role": (
        ("root", "sts:AssumeRole", f"{ARN}:role/App", {}),
        {"code": "owner_cannot_assume", "admits": [f"{ARN}:user/assume"]},
    ),
    "the caller's own policies do not allow to assume the role": (
        ("user/nothing", "sts:AssumeRole", f"{ARN}:role/Vendor", {"sts:ExternalId": "x-1"}),
        {"code": "identity_missing", "role": "Vendor", "action": "sts:AssumeRole"},
    ),
    "the subject of the token differs": (
        ("oidc-provider/ack", "sts:AssumeRole", f"{ARN}:role/Oidc", {"oidc:sub": f"{SUBJECT}2"}),
        {"code": "only_condition_differs", "key": "oidc:sub", "given": f"{SUBJECT}2"},
    ),
    "the external id is absent": (
        ("user/assume", "sts:AssumeRole", f"{ARN}:role/Vendor", {}),
        {
            "code": "key_absent",
            "key": "sts:ExternalId",
            "values": ["x-1"],
            "policy": "trust:Vendor",
        },
    ),
    "the external id differs": (
        ("user/assume", "sts:AssumeRole", f"{ARN}:role/Vendor", {"sts:ExternalId": "x-2"}),
        {"code": "only_condition_differs", "key": "sts:ExternalId", "given": "x-2"},
    ),
    "an action on the bucket, a pattern of objects": (
        ("user/objects", "oss:ListMultipartUploads", BUCKET, {}),
        {"code": "only_resource_differs", "wanted": "bucket/*", "given": "bucket"},
    ),
    "an action on an object, the bucket alone": (
        ("user/bucket", "oss:GetObject", f"{BUCKET}/x", {}),
        {"code": "only_resource_differs", "wanted": "bucket", "given": "bucket/x"},
    ),
    "a prefix without its slash": (
        ("user/folder", "oss:ListObjects", BUCKET, {"oss:Prefix": "a"}),
        {"code": "only_condition_differs", "key": "oss:Prefix", "values": ["a/*"], "given": "a"},
    ),
    "nothing speaks of the service": (
        ("user/domain", "alidns:DescribeDomainRecords", "*", {}),
        {"code": "no_statement_for_service", "service": "alidns", "services": ["domain"]},
    ),
    "the grant lies in a resource group": (
        ("user/grouped", "ecs:DeleteSecurityGroup", "*", {}),
        {"code": "would_allow_in_resource_group", "resource_group": "rg-production"},
    ),
    "the role may be passed to another service": (
        ("user/pass", "ram:PassRole", f"{ARN}:role/App", {"acs:Service": "fc.aliyuncs.com"}),
        {"code": "only_condition_differs", "key": "acs:Service", "values": ["ecs.aliyuncs.com"]},
    ),
    "the role may not be passed": (
        ("user/launch", "ram:PassRole", f"{ARN}:role/App", {"acs:Service": "ecs.aliyuncs.com"}),
        {"code": "no_statement_for_service", "service": "ram", "services": ["ecs"]},
    ),
    "the region differs": (
        ("user/logs", "log:Get", f"acs:log:cn-beijing:{HERE}:project/app/logstore/web", {}),
        {"code": "only_resource_differs", "field": "region", "wanted": "cn-hangzhou"},
    ),
    "one segment differs": (
        ("user/logs", "log:Get", f"acs:log:cn-hangzhou:{HERE}:project/app/logstore/web/shard", {}),
        {"code": "only_resource_differs", "wanted": "project/app/logstore/web"},
    ),
    "a key is absent": (
        ("user/tagged", "rds:Start", f"acs:rds:*:{HERE}:dbinstance/x", {}),
        {"code": "key_absent", "key": "acs:ResourceTag/team", "values": ["a"]},
    ),
    "all resources are asked, a statement names topics": (
        ("user/topics", "alikafka:ListTopic", "*", {}),
        {"code": "wildcard_resource_asked", "pattern": f"acs:alikafka:*:{HERE}:instance-1/orders"},
    ),
    "an API operation in the place of an action": (
        ("user/reads", "alikafka:GetTopicList", "*", {}),
        {"code": "only_action_differs", "pattern": "alikafka:getmessage"},
    ),
    "nothing is attached": (
        ("user/nothing", "oss:GetObject", f"{BUCKET}/x", {}),
        {"code": "nothing_attached", "kind": "user"},
    ),
    "the role is not there": (
        ("user/assume", "sts:AssumeRole", f"{ARN}:role/Apps", {}),
        {"code": "unknown_name", "kind": "role", "name": "Apps"},
    ),
}


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running_opa() as opa:
        opa.publish(opa.build({"accounts": {HERE: ACCOUNTS}}))
        yield opa


def question(name: str) -> Question:
    principal, action, resource, context = CASES[name][0]
    request = {"principal": f"{ARN}:{principal}", "action": action, "resource": resource}
    return Question({**request, "context": context})


@pytest.mark.parametrize("name", CASES)
def test_the_first_hint_names_the_cause(opa: Opa, name: str) -> None:
    expected = CASES[name][1]
    [explanation] = opa.explain([question(name)])
    assert explanation["decision"]["allow"] is False
    assert explanation["hints"], json.dumps(explanation)
    first = explanation["hints"][0]
    assert {key: first.get(key) for key in expected} == expected
