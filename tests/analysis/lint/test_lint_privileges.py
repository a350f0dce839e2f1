from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks

NETWORK = {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}
SERVICE = {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}}
TRUST = {
    "Effect": "Allow",
    "Action": "*",
    "Resource": "*",
    "Principal": {"Service": "ecs.aliyuncs.com"},
}


def test_only_an_allow_of_everything_on_everything_allows_everything() -> None:
    code = "ALLOWS_EVERYTHING"
    assert paths(code, allow(["ecs:*", "*"])) == ["[0].Action[1]"]
    assert paths(code, allow("*:*", ["acs:oss:*", "**"])) == ["[0].Action"]
    for harmless in (
        allow("ecs:*"),
        allow("*:Get*"),
        allow("*", "acs:ecs:*:*:*"),
        allow("*", Condition=NETWORK),
        deny("*"),
        TRUST,
    ):
        assert paths(code, harmless) == []


@pytest.mark.parametrize("resource", ["*", "acs:ecs:*", "acs:ecs:*:*:*", "acs:e*:*:*:*"])
def test_all_actions_of_a_service_on_all_its_resources_are_reported(resource: str) -> None:
    assert paths("SERVICE_ADMIN", allow(["ecs:Start*", "ecs:*"], resource)) == ["[0].Action[1]"]
    assert paths("SERVICE_ADMIN", allow("ECS:*", resource)) == ["[0].Action"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("ecs:Describe*"),
        allow("ecs:*", "acs:ecs:cn-hangzhou:*:*"),
        allow("ecs:*", "acs:ecs:*:*:instance/*"),
        allow("ecs:*", "acs:oss:*:*:*"),
        allow("ecs:*", "acs:ecs:*:instance"),
        allow("ecs:*", Condition=NETWORK),
        allow("*:*"),
        allow("ecs*:*"),
        allow("ram:*"),
        deny("ecs:*"),
    ],
)
def test_narrower_statements_are_not_of_an_administrator(statement: dict[str, object]) -> None:
    assert paths("SERVICE_ADMIN", statement) == []


def test_an_allow_with_notaction_is_reported_a_deny_is_not() -> None:
    rest = {"NotAction": ["ram:*"]}
    assert paths("ALLOW_NOT_ACTION", allow(None, **rest)) == ["[0].NotAction"]
    assert paths("ALLOW_NOT_ACTION", deny(None, **rest), allow("ecs:*")) == []


@pytest.mark.parametrize(
    ("action", "resource", "condition", "expected"),
    [
        ("ram:PassRole", "*", None, "WIDE ANY_SERVICE"),
        ("ram:Pass*", "acs:ram:*:*:role/*", None, "WIDE ANY_SERVICE"),
        ("ram:passrole", "acs:ram::1234567890123456:*", None, "WIDE ANY_SERVICE"),
        ("ram:PassRole", "acs:ram:*:*:role/app-*", None, "ANY_SERVICE"),
        ("ram:PassRole", "*", SERVICE, "WIDE"),
        ("ram:PassRole", "acs:ram:*:*:role/app", SERVICE, ""),
        ("ram:*", "*", None, ""),
        ("ram:GetRole", "*", None, ""),
        ("ecs:PassRole", "*", None, ""),
    ],
)
def test_passing_roles_is_wide_or_to_any_service(
    action: str, resource: str, condition: object, expected: str
) -> None:
    statement = allow(action, resource, Condition=condition)
    found = [code for code in ("WIDE", "ANY_SERVICE") if paths(f"PASS_ROLE_{code}", statement)]
    assert " ".join(found) == expected
    denied = deny(action, resource, Condition=condition)
    assert paths("PASS_ROLE_WIDE", denied) == paths("PASS_ROLE_ANY_SERVICE", denied) == []


@pytest.mark.parametrize(
    ("action", "resources"),
    [
        ("ram:CreatePolicyVersion", ["acs:ram:*:*:policy/*"]),
        ("ram:SetDefaultPolicyVersion", ["acs:ram::1234567890123456:*"]),
        ("ram:AttachPolicyToUser", ["acs:ram:*:*:user/*", "acs:ram:*:system:policy/*"]),
        ("ram:AttachPolicyToGroup", ["acs:ram:*:*:*"]),
        ("ram:AttachPolicyToRole", ["*"]),
        ("ram:AddUserToGroup", ["acs:ram:*:*:user/*", "acs:ram:*:*:group/*"]),
        ("ram:UpdateRole", ["acs:ram:*:*:role/*"]),
        ("ram:CreateAccessKey", ["acs:ram:*:*:user/*"]),
        ("ram:CreateLoginProfile", ["acs:ram:*:*:user/*"]),
        ("ram:UpdateLoginProfile", ["acs:ram:*:*:user/*"]),
        ("ram:Update*", ["*"]),
        ("ram:*", ["acs:ram:*"]),
        ("ims:CreateAccessKey", ["*"]),
        ("resourcemanager:AttachPolicy", ["*"]),
        ("resourcemanager:*", ["acs:resourcemanager:*:*:*"]),
    ],
)
def test_wide_actions_on_permissions_lead_to_every_permission(
    action: str, resources: list[str]
) -> None:
    assert paths("PRIVILEGE_ESCALATION", allow([action], resources)) == ["[0].Action[0]"]
    assert paths("PRIVILEGE_ESCALATION", deny([action], resources)) == []
    assert paths("PRIVILEGE_ESCALATION", allow([action], resources, Condition=NETWORK)) == []


@pytest.mark.parametrize(
    ("action", "resources"),
    [
        ("ram:AttachPolicyToUser", ["acs:ram:*:*:user/*"]),
        ("ram:AttachPolicyToUser", ["acs:ram:*:*:user/*", "acs:ram:*:*:policy/readers"]),
        ("ram:CreateAccessKey", ["acs:ram:*:*:user/ci-*"]),
        ("ram:CreateAccessKey", ["acs:oss:*:*:*", "acs:ram:user"]),
        ("ram:CreateUser", ["*"]),
        ("ram:AttachPolicy", ["*"]),
        ("resourcemanager:CreateAccessKey", ["*"]),
        ("*:CreateAccessKey", ["*"]),
        ("*", ["*"]),
    ],
)
def test_narrow_and_other_actions_do_not(action: str, resources: list[str]) -> None:
    assert paths("PRIVILEGE_ESCALATION", allow([action], resources)) == []


def test_the_first_way_is_named_and_the_others_are_counted() -> None:
    [one] = remarks("PRIVILEGE_ESCALATION", allow("ram:UpdateRole"))
    [many] = remarks("PRIVILEGE_ESCALATION", allow("ram:*"))
    assert one.message.endswith("by `ram:UpdateRole` it lets itself assume an administrator's role")
    assert many.message.endswith(", and there are 9 more ways")
