"""OPA allows Kafka's four roles exactly the actions that the documentation of 2026-03-11 lists.

`data/kafka-actions.json` lists the page's actions by role.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate import Request
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from ramgate import Client, Decisions

ARN = "acs:ram::1234567890123456:role/"
ACTIONS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "kafka-actions.json").read_text()
)
SERVICES = {role.role: role.service_name for role in catalog.load().roles.values() if role.feature}
TAG = "kms:tag/acs:alikafka:instance-encryption"
FC_ROLE = "acs:ram::1234567890123456:role/aliyunfcdefaultrole"

# What an action takes beside the role: its resource and its context.
NEEDS: dict[str, tuple[str, dict[str, str]]] = {
    "kms:Encrypt": ("*", {TAG: "true"}),
    "kms:Decrypt": ("*", {TAG: "true"}),
    "kms:GenerateDataKey": ("*", {TAG: "true"}),
    "ram:PassRole": (FC_ROLE, {"acs:Service": "fc.aliyuncs.com"}),
}


def request(role: str, action: str, named: str = "") -> Request:
    """The action as the page means it; deletion of the role of `named`, else of its own."""
    resource, context = NEEDS.get(action, ("*", {}))
    if action == "ram:DeleteServiceLinkedRole":
        context = {"ram:ServiceName": SERVICES[named or role]}
    return Request(ARN + role, action, resource, context)


def decide_all(client: Client, requests: list[Request]) -> Decisions:
    assert requests
    return client.decide_all(requests)


def test_the_page_has_four_roles_and_every_one_is_in_the_catalog() -> None:
    assert sorted(ACTIONS) == sorted(SERVICES)
    assert sum(map(len, ACTIONS.values())) == 92


@pytest.mark.parametrize("role", ACTIONS)
def test_every_action_of_the_page_is_allowed_to_its_role(ramgate_client: Client, role: str) -> None:
    for decision in decide_all(ramgate_client, [request(role, one) for one in ACTIONS[role]]):
        assert decision, decision
        assert decision.reason == "statement_allows"
        assert {one.policy for one in decision.statements} == {
            role.replace("RoleFor", "RolePolicyFor")
        }


@pytest.mark.parametrize("role", ACTIONS)
def test_every_action_of_another_role_alone_is_denied_implicitly(
    ramgate_client: Client, role: str
) -> None:
    others = [
        request(role, action, other)
        for other, actions in ACTIONS.items()
        for action in actions
        if other != role and (action not in ACTIONS[role] or action.startswith("ram:Delete"))
    ]
    for decision in decide_all(ramgate_client, others):
        assert (decision.effect, decision.reason) == ("ImplicitDeny", "no_statement_matches")


@pytest.mark.parametrize("action", ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"])
@pytest.mark.parametrize(
    ("context", "allowed"),
    [
        ({TAG: "true"}, True),
        ({TAG: "TRUE"}, True),
        ({TAG: True}, True),
        ({TAG: "false"}, False),
        ({TAG.swapcase().replace("KMS:TAG/", "kms:tag/"): "true"}, False),
        ({}, False),
    ],
)
def test_keys_are_used_only_with_the_tag(
    ramgate_client: Client, action: str, context: dict[str, str | bool], *, allowed: bool
) -> None:
    role = ARN + "AliyunServiceRoleForAlikafkaInstanceEncryption"
    assert bool(ramgate_client.decide(role, action, "*", context)) is allowed


@pytest.mark.parametrize("role", ACTIONS)
def test_a_role_deletes_itself_and_no_other(ramgate_client: Client, role: str) -> None:
    requests = [request(role, "ram:DeleteServiceLinkedRole", other) for other in ACTIONS]
    decisions = decide_all(ramgate_client, requests)
    assert [bool(decision) for decision in decisions] == [other == role for other in ACTIONS]


@pytest.mark.parametrize(
    ("resource", "service", "allowed"),
    [
        (FC_ROLE, "fc.aliyuncs.com", True),
        ("acs:ram:*:1234567890123456:role/AliyunFCDefaultRole", "fc.aliyuncs.com", True),
        (FC_ROLE, "ecs.aliyuncs.com", False),
        (FC_ROLE + "2", "fc.aliyuncs.com", False),
        ("*", "fc.aliyuncs.com", False),
    ],
)
def test_only_aliyunfcdefaultrole_is_passed_and_only_to_function_compute(
    ramgate_client: Client, resource: str, service: str, *, allowed: bool
) -> None:
    role = ARN + "AliyunServiceRoleForAlikafkaETL"
    context = {"acs:Service": service}
    assert bool(ramgate_client.decide(role, "ram:PassRole", resource, context)) is allowed


@pytest.mark.parametrize("role", ACTIONS)
def test_only_its_service_assumes_a_role(ramgate_client: Client, role: str) -> None:
    account = "acs:ram::1234567890123456"
    others = [service for name, service in SERVICES.items() if name != role]
    askers = [
        SERVICES[role],
        *others,
        "ecs.aliyuncs.com",
        f"{account}:root",
        f"{account}:user/alice",
    ]
    requests = [Request(one, "sts:AssumeRole", ARN + role.lower()) for one in askers]
    decisions = decide_all(ramgate_client, requests)
    assert [bool(decision) for decision in decisions] == [True] + [False] * (len(askers) - 1)
