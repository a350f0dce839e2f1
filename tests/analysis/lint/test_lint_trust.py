from __future__ import annotations

import pytest

from lint_remarks import paths, remarks

OWN, OTHER = "1234567890123456", "9876543210987654"
PROVIDER = f"acs:ram::{OWN}:oidc-provider/cluster"


def trust(
    principal: object, condition: object = None, *, effect: str = "Allow"
) -> dict[str, object]:
    return {
        "Effect": effect,
        "Action": "sts:AssumeRole",
        "Principal": principal,
        "Condition": condition or {},
    }


def test_another_account_needs_an_external_id() -> None:
    code = "TRUST_WITHOUT_EXTERNAL_ID"
    both = trust({"RAM": [f"acs:ram::{OWN}:root", f"acs:ram::{OTHER}:root"]})
    [said] = remarks(code, both, account=OWN)
    assert said.path == "$.Statement[0].Principal.RAM[1]"
    assert f"account {OTHER}" in said.message
    assert paths(code, both) == []  # which account is the own one?
    with_id = {"StringEquals": {"sts:ExternalId": "x"}}
    without = {"StringNotEquals": {"sts:ExternalId": "x"}}
    open_id = {"StringLike": {"sts:ExternalId": ["x", "*"]}}
    other = {"RAM": f"acs:ram::{OTHER}:root"}
    assert paths(code, trust(other, with_id), account=OWN) == []
    assert paths(code, trust(other, without), account=OWN) == ["[0].Principal.RAM"]
    assert paths(code, trust(other, open_id), account=OWN) == ["[0].Principal.RAM"]
    assert paths(code, trust(other, effect="Deny"), account=OWN) == []
    assert paths(code, trust({"RAM": f"acs:ram::{OTHER}:user/eve"}), account=OWN) == []
    named = {"StringEquals": {"acs:PrincipalARN": f"acs:ram::{OTHER}:role/ci"}}
    assert paths(code, trust(other, named), account=OWN) == []
    assert paths(code, trust({"Service": "ecs.aliyuncs.com"}), account=OWN) == []


DENIED = {"StringNotEquals": {"sts:ExternalId": "x"}}


@pytest.mark.parametrize(
    ("principal", "condition", "is_reported"),
    [
        (f"acs:ram::{OTHER}:root", DENIED, False),
        (["acs:ram::1111111111111111:root", f"acs:ram::{OTHER}:root"], DENIED, False),
        ("acs:ram::1111111111111111:root", DENIED, True),
        (f"acs:ram::{OTHER}:root", {"StringEquals": {"sts:ExternalId": "x"}}, True),
        (f"acs:ram::{OTHER}:root", {"StringNotLike": {"sts:ExternalId": "*"}}, True),
        (f"acs:ram::{OTHER}:root", {"StringNotEquals": {"acs:SourceIp": "x"}}, True),
        # an absent key is not denied
        (f"acs:ram::{OTHER}:root", {"ForAnyValue:StringNotEquals": {"sts:ExternalId": "x"}}, True),
        (f"acs:ram::{OTHER}:root", DENIED | {"Bool": {"acs:SecureTransport": "false"}}, True),
    ],
)
def test_a_deny_may_require_the_external_id(
    principal: object, condition: object, *, is_reported: bool
) -> None:
    allow = trust({"RAM": f"acs:ram::{OTHER}:root"})
    deny = trust({"RAM": principal}, condition, effect="Deny")
    found = paths("TRUST_WITHOUT_EXTERNAL_ID", allow, deny, account=OWN)
    assert found == (["[0].Principal.RAM"] if is_reported else [])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, "every token of this issuer for any audience may"),
        ({"StringEquals": {"oidc:aud": "sts.aliyuncs.com"}}, "every token of this issuer may"),
        ({"StringLike": {"oidc:sub": "*"}}, "every token of this issuer for any audience may"),
        ({"StringLike": {"oidc:sub": "system:serviceaccount:default:*"}}, ""),
        ({"StringEquals": {"oidc:sub": "system:serviceaccount:default:app"}}, ""),
    ],
)
def test_tokens_need_a_subject(condition: dict[str, object], expected: str) -> None:
    found = remarks("TRUST_OIDC_OPEN", trust({"Federated": [PROVIDER]}, condition))
    assert [said.message.startswith(expected) for said in found] == ([True] if expected else [])


def test_other_providers_and_a_deny_are_not_reported() -> None:
    saml = PROVIDER.replace("oidc", "saml")
    assert paths("TRUST_OIDC_OPEN", trust({"Federated": [saml]})) == []
    assert paths("TRUST_OIDC_OPEN", trust({"Service": "ecs.aliyuncs.com"})) == []
    assert paths("TRUST_OIDC_OPEN", trust({"Federated": [PROVIDER]}, effect="Deny")) == []
