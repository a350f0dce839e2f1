from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from alicloud import operations
from alicloud.cloud import FakeCloud
from alicloud.gate import action_of
from alicloud.sdk import Sdk
from alicloud_imports import ALLOW_OSS, TRUST, imported, shipped
from ramgate import Request
from ramgate.accounts.reader import load
from ramgate.analysis.diff import diff
from ramgate.analysis.engine import decide_all
from ramgate.catalog import actions
from ramgate.imports.alicloud.calls import CALLS, PRODUCTS, policy

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.imports.alicloud.calls import Call

NUMBER = "1234567890123456"
ALICE = f"acs:ram::{NUMBER}:user/alice"
ACTIONS = {action for call in CALLS.values() for action in call.actions}
SECOND = "resourcemanager:ListResourceGroups"
"""The action that only one of two pages names; the fake follows the other one."""
ENTITIES = {
    "${AccountId}": NUMBER,
    "${UserName}": "bob",
    "${GroupName}": "team",
    "${RoleName}": "App",
    "${PolicyName}": "readers",
    "${ResourceDirectoryPath}": "rd-1/r-1/fd-1",
}


def resources(call: Call) -> list[str]:
    """Return the resources of a call with the names of entities filled in."""
    return [
        re.sub(r"\$\{\w+\}", lambda found: ENTITIES[found[0]], resource)
        for resource in call.resources
    ]


def without(action: str) -> dict[str, Any]:
    document: dict[str, Any] = policy()
    document["Statement"][0]["Action"].remove(action)
    return document


def allowed(document: dict[str, Any], folder: Path) -> dict[tuple[str, str], bool]:
    """Return the decisions of the engine on every call by a user with this policy alone."""
    store = load(written(document, folder / "accounts.json"), shipped())
    asked = [
        (action, resource)
        for call in CALLS.values()
        for action in call.actions
        for resource in resources(call)
    ]
    decisions = decide_all(store, [Request(ALICE, *one) for one in asked])
    return {one: decision.allow for one, decision in zip(asked, decisions, strict=True)}


def written(document: dict[str, Any], path: Path) -> Path:
    """Write an accounts file of a user with this policy alone."""
    users = {"alice": {"policies": ["import"]}}
    accounts = {NUMBER: {"policies": {"import": document}, "users": users}}
    path.write_text(json.dumps({"accounts": accounts}))
    return path


def test_the_policy_allows_every_call(tmp_path: Path) -> None:
    decisions = allowed(policy(), tmp_path)
    assert len(decisions) == len(ACTIONS) + 1  # GetPolicy reads custom and system policies
    assert all(decisions.values())


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_without_an_action_exactly_its_calls_are_denied(action: str, tmp_path: Path) -> None:
    decisions = allowed(without(action), tmp_path)
    assert {one for one, _ in decisions} == ACTIONS
    assert all(allow == (one != action) for (one, _), allow in decisions.items())


def test_the_policy_allows_nothing_but_the_actions_of_the_list(tmp_path: Path) -> None:
    closed: dict[str, Any] = policy()
    closed["Statement"].append({"Effect": "Deny", "NotAction": sorted(ACTIONS), "Resource": "*"})
    found = diff(
        written(policy(), tmp_path / "policy.json"), written(closed, tmp_path / "closed.json")
    )
    assert found.result == "equivalent"


def test_an_action_too_many_would_be_found(tmp_path: Path) -> None:
    wide: dict[str, Any] = policy()
    wide["Statement"][0]["Action"].append("ram:ListAccessKeys")
    closed: dict[str, Any] = json.loads(json.dumps(wide))
    closed["Statement"].append({"Effect": "Deny", "NotAction": sorted(ACTIONS), "Resource": "*"})
    found = diff(written(wide, tmp_path / "wide.json"), written(closed, tmp_path / "closed.json"))
    assert found.result == "narrower"
    assert [change.request.action for change in found.newly_denied] == ["ram:ListAccessKeys"]


def test_no_call_returns_something_secret_or_changes_anything() -> None:
    assert all(re.match("Get|List", operation) for operation in CALLS)
    secret = re.compile("AccessKey|Password|LoginProfile|MFA|Secret|Credential", re.IGNORECASE)
    assert not [operation for operation in CALLS if secret.search(operation)]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_catalog_has_the_operation_and_its_actions(call: Call) -> None:
    found = {one.service for one in actions.calls(call.operation)}
    assert found & {"ram", "resourcemanager", "sts"}
    assert all(action.partition(":")[2] == call.operation for action in call.actions)
    if not call.actions:
        [sts] = [one for one in actions.calls(call.operation) if one.service == "sts"]
        assert all(action.needs_no_allow for action in sts.actions)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_resources_are_those_of_the_catalog(call: Call) -> None:
    placeholder = re.compile(r"\$\{\w+\}|\{#\w+\}")
    for action in call.actions:
        service, _, name = action.partition(":")
        known = actions.service(service)
        assert known is not None
        documented = known.find(name)
        forms = set() if documented is None else {one.template for one in documented.resources}
        if forms:  # no source tells the resources of the others
            assert {placeholder.sub("?", resource) for resource in call.resources} <= {
                placeholder.sub("?", form) for form in forms
            }


def test_the_versions_are_those_of_the_fake() -> None:
    assert {operations.PRODUCTS[version][0] for version in PRODUCTS.values()} == {
        product.lower() for product in PRODUCTS
    }


def everything(cloud: FakeCloud) -> None:
    """Build one entity of every kind."""
    sdk = Sdk(cloud)
    sdk.ram("CreateUser", user_name="alice")
    sdk.ram("CreateGroup", group_name="team")
    sdk.ram("AddUserToGroup", user_name="alice", group_name="team")
    sdk.ram("CreatePolicy", policy_name="readers", policy_document=ALLOW_OSS)
    attached = {"policy_name": "readers", "policy_type": "Custom"}
    sdk.ram("AttachPolicyToGroup", group_name="team", **attached)
    sdk.ram("CreateRole", role_name="App", assume_role_policy_document=TRUST)
    sdk.ims("CreateOIDCProvider", oidcprovider_name="github", issuer_url="https://example.com")
    sdk.resource_manager("InitResourceDirectory")
    sdk.resource_manager("EnableControlPolicy")


def test_a_key_with_the_actions_of_the_policy_imports_everything() -> None:
    with FakeCloud() as cloud:
        everything(cloud)
        whole = imported(cloud)
        cloud.calls.clear()
        statement: Any = policy()["Statement"]
        world = imported(cloud, cloud.key(user="alice", allowed=statement[0]["Action"]))
        made = {action_of(call.product, call.operation) for call in cloud.calls}
    assert world == whole
    assert world.notices == []
    assert made - {""} == ACTIONS - {SECOND}


@pytest.mark.parametrize("action", sorted(ACTIONS - {SECOND}))
def test_a_key_without_one_of_the_actions_gets_a_notice_of_it(action: str) -> None:
    with FakeCloud() as cloud:
        everything(cloud)
        world = imported(cloud, cloud.key(user="alice", allowed=ACTIONS - {action}))
    refused = {notice.partition(" was refused: NoPermission")[0] for notice in world.notices}
    assert refused == {str(CALLS[action.partition(":")[2]])}
