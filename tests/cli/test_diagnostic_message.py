"""The form is that of the page about DecodeDiagnosticMessage."""

from __future__ import annotations

from typing import Any

import pytest

from command_line import ACCOUNT, NUMBER
from ramgate.cli.diagnostic_message import diagnostic_message
from ramgate.model.decision import Request
from sample_explanations import ACCOUNT_LEVEL, considered, decision, explanation

MATCHING: dict[str, Any] = {
    "matches": True,
    "resource": {"matches": True, "pattern": "*", "differs_at": None},
}
USER = {"to": "user", "name": "velero", "resource_group": None}
DENIED = decision("statement_denies", ACCOUNT_LEVEL, "ExplicitDeny", ("MyPolicyName", 0))


def message(request: Request, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    [(name, found)] = diagnostic_message(explanation(request, **changes)).items()
    assert name == "DecodedDiagnosticMessage"
    assert isinstance(found, dict)
    return found


def test_a_denial_has_the_form_of_the_sample() -> None:
    request = Request(
        f"{ACCOUNT}:user/velero",
        "ram:DecodeDiagnosticMessage",
        "*",
        {"acs:SourceIp": "172.16.215.218", "a:b": (1, True)},
    )
    assert message(
        request,
        decision=DENIED,
        considered=[considered(**MATCHING, effect="Deny", policy="MyPolicyName"), considered()],
    ) == {
        "ExplicitDeny": True,
        "NoPermissionPolicyType": "AccountLevelIdentityBasedPolicy",
        "AuthAction": "ram:DecodeDiagnosticMessage",
        "AuthResource": "*",
        "AuthPrincipal": {
            "AuthPrincipalType": "SubUser",
            "AuthPrincipalOwnerId": NUMBER,
            "AuthPrincipalDisplayName": "velero",
        },
        "AuthConditions": [
            {"ConditionKey": "a:b", "ConditionValues": ["1", "true"]},
            {"ConditionKey": "acs:SourceIp", "ConditionValues": ["172.16.215.218"]},
        ],
        "MatchedPolicies": [
            {
                "Effect": "Deny",
                "PolicyIdentifier": "MyPolicyName",
                "PolicyType": "Custom",
                "PolicyVersion": "v1",
                "AttachedEntityType": "RamUser",
                "AttachedScope": "Account",
            }
        ],
    }


def test_a_policy_is_listed_once_for_each_way_on_which_it_is_attached() -> None:
    group = {"to": "group", "name": "ops", "resource_group": "rg-1"}
    allowed = decision(
        "statement_allows",
        ACCOUNT_LEVEL,
        "Allow",
        ("AliyunKafkaFullAccess", 0),
        ("AliyunKafkaFullAccess", 1),
    )
    same = [
        considered(**MATCHING, policy="AliyunKafkaFullAccess", index=index, attached=[USER, group])
        for index in (0, 1)
    ]
    elsewhere = considered(**MATCHING, policy="AliyunKafkaFullAccess", policy_type="ControlPolicy")
    found = message(
        Request(f"{ACCOUNT}:user/velero", "oss:GetObject", "*"),
        decision=allowed,
        considered=[*same, elsewhere],
    )
    assert found["NoPermissionPolicyType"] is None
    assert [
        (one["PolicyType"], one["AttachedEntityType"], one["AttachedScope"])
        for one in found["MatchedPolicies"]
    ] == [("System", "RamUser", "Account"), ("System", "RamGroup", "ResourceGroup")]


@pytest.mark.parametrize(
    ("principal", "kind", "owner", "name"),
    [
        (f"{ACCOUNT}:role/app", "AssumedRoleUser", NUMBER, "app"),
        (f"{ACCOUNT}:role/app/s", "AssumedRoleUser", NUMBER, "app:s"),
        (f"{ACCOUNT}:assumed-role/app/s", "AssumedRoleUser", NUMBER, "app:s"),
        (f"{ACCOUNT}:saml-provider/ad", "Federated", NUMBER, "saml-provider/ad"),
        (f"{ACCOUNT}:oidc-provider/ack", "Federated", NUMBER, "oidc-provider/ack"),
        (f"{ACCOUNT}:root", "RootUser", NUMBER, NUMBER),
        ("ecs.aliyuncs.com", "Service", "", "ecs.aliyuncs.com"),
    ],
)
def test_a_principal_has_rams_type(principal: str, kind: str, owner: str, name: str) -> None:
    assert message(Request(principal, "oss:GetObject", "*"))["AuthPrincipal"] == {
        "AuthPrincipalType": kind,
        "AuthPrincipalOwnerId": owner,
        "AuthPrincipalDisplayName": name,
    }
