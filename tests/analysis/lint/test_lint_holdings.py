from __future__ import annotations

from typing import Any

import pytest

from lint_remarks import account_remarks
from policy_documents import policy, statement

NUMBER = "1234567890123456"
READS = policy(statement(Action="alikafka:List*"))
ASSUMES = policy(statement(Action="sts:AssumeRole"))


def account(**parts: object) -> dict[str, object]:
    return {"accounts": {NUMBER: parts}}


def directory(**parts: object) -> dict[str, object]:
    return {"directory": {"management": "1000000000000001", **parts}}


def trust(principal: object, effect: str = "Allow") -> dict[str, object]:
    return policy({"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal})


def said(code: str, value: object) -> list[str]:
    return [one.path for one in account_remarks(code, value)]


@pytest.mark.parametrize(
    "holders",
    [
        {"users": {"alice": {"policies": ["readers"]}}},
        {"groups": {"team": {"policies": [{"policy": "readers", "resource_group": "rg-1"}]}}},
        {"roles": {"App": {"policies": [{"policy": "readers", "type": "Custom"}]}}},
    ],
)
def test_a_policy_that_is_attached_is_used(holders: dict[str, Any]) -> None:
    policies = {"readers": READS, "others": READS}
    [one] = account_remarks("POLICY_UNUSED", account(policies=policies, **holders))
    assert one.path == f"accounts.{NUMBER}.policies.others"
    assert "`others`" in one.message


def test_a_system_policy_of_the_same_name_is_another_one() -> None:
    users = {"alice": {"policies": [{"policy": "readers", "type": "System"}]}}
    found = said("POLICY_UNUSED", account(policies={"readers": READS}, users=users))
    assert found == [f"accounts.{NUMBER}.policies.readers"]


def test_control_policies_are_used_at_a_level() -> None:
    levels = {
        "control_policies": ["top"],
        "folders": {"a": {"accounts": {NUMBER: {"control_policies": ["leaf"]}}}},
    }
    policies = {"top": READS, "leaf": READS, "loose": READS}
    found = said("POLICY_UNUSED", directory(policies=policies, root=levels))
    assert found == ["directory.policies.loose"]


def test_a_role_without_policies_is_unused() -> None:
    roles = {"App": {"trust": trust({"Service": "ecs.aliyuncs.com"})}}
    [one] = account_remarks("ROLE_UNUSED", account(roles=roles))
    assert (one.path, "holds no policy" in one.message) == (f"accounts.{NUMBER}.roles.App", True)


@pytest.mark.parametrize(
    ("document", "is_used"),
    [
        (trust({"RAM": f"acs:ram::{NUMBER}:user/alice"}), True),
        (trust({"RAM": f"acs:ram::{NUMBER}:role/App"}), True),
        (trust({"RAM": f"acs:ram::{NUMBER}:user/bob"}), False),
        (trust({"RAM": [f"acs:ram::{NUMBER}:user/bob", f"acs:ram::{NUMBER}:user/alice"]}), True),
        (trust({"RAM": "acs:ram::9876543210987654:user/bob"}), True),
        (trust({"RAM": f"acs:ram::{NUMBER}:root"}), True),
        (trust({"Service": "ecs.aliyuncs.com"}), True),
        (trust({"RAM": f"acs:ram::{NUMBER}:user/bob"}, "Deny"), True),
        (None, True),
    ],
)
def test_a_role_that_trusts_only_absent_principals_is_unused(
    document: object, *, is_used: bool
) -> None:
    roles = {"App": {"trust": document, "policies": ["readers"]}}
    found = said("ROLE_UNUSED", account(roles=roles, users={"alice": {}}))
    assert found == ([] if is_used else [f"accounts.{NUMBER}.roles.App"])


@pytest.mark.parametrize(
    ("attachment", "is_reported"),
    [
        ({"policy": "assumes", "resource_group": "rg-1"}, True),
        ({"policy": "AliyunSTSAssumeRoleAccess", "resource_group": "rg-1"}, True),
        ({"policy": "AliyunSTSAssumeRoleAccess", "resource_group": "rg-1", "type": "System"}, True),
        ({"policy": "assumes", "resource_group": "rg-1", "type": "System"}, False),
        ({"policy": "assumes"}, False),
        ("assumes", False),
        ({"policy": "readers", "resource_group": "rg-1"}, False),
        ({"policy": "denies", "resource_group": "rg-1"}, False),
        ({"policy": "AliyunKafkaReadOnlyAccess", "resource_group": "rg-1"}, False),
    ],
)
def test_assuming_a_role_has_no_effect_in_a_resource_group(
    attachment: object, *, is_reported: bool
) -> None:
    denies = policy(statement(Effect="Deny", Action="sts:AssumeRole"))
    policies = {"assumes": ASSUMES, "readers": READS, "denies": denies}
    value = account(policies=policies, users={"alice": {"policies": [attachment]}})
    expected = [f"accounts.{NUMBER}.users.alice.policies[0]"] if is_reported else []
    assert said("ASSUME_ROLE_IN_RESOURCE_GROUP", value) == expected


@pytest.mark.parametrize(
    ("attached", "expected"),
    [
        (["FullAliyunAccess", "list"], ["directory.root.control_policies[0]"]),
        (["list", "FullAliyunAccess"], ["directory.root.control_policies[1]"]),
        (["FullAliyunAccess", "denies"], []),
        (["FullAliyunAccess", "everything"], []),
        (["FullAliyunAccess"], []),
        (["list"], []),
    ],
)
def test_a_list_restricts_nothing_beside_full_access(
    attached: list[str], expected: list[str]
) -> None:
    policies = {
        "list": READS,
        "denies": policy(statement(Effect="Deny")),
        "everything": policy(statement(Action="*")),
    }
    value = directory(policies=policies, root={"control_policies": attached})
    assert said("FULL_ALIYUN_ACCESS_LEFT", value) == expected
    users = {"alice": {"policies": attached}}
    assert said("FULL_ALIYUN_ACCESS_LEFT", account(policies=policies, users=users)) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"accounts": [], "directory": []},
        {"accounts": {NUMBER: {"users": ["alice"], "policies": "x", "roles": {"App": "x"}}}},
        {
            "accounts": {
                NUMBER: {"users": {"alice": {"policies": [1, {"resource_group": "rg"}, {}]}}}
            }
        },
        {"accounts": {NUMBER: {"users": {"alice": {"policies": "readers"}}}}},
    ],
)
def test_parts_that_cannot_be_read_are_left_out(value: object) -> None:
    for code in ("POLICY_UNUSED", "ASSUME_ROLE_IN_RESOURCE_GROUP", "FULL_ALIYUN_ACCESS_LEFT"):
        assert said(code, value) == []


def test_a_resource_group_that_is_not_a_text_is_left_out() -> None:
    users = {"alice": {"policies": [{"policy": "assumes", "resource_group": 1}]}}
    value = account(policies={"assumes": ASSUMES}, users=users)
    assert said("ASSUME_ROLE_IN_RESOURCE_GROUP", value) == []
