from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lint_remarks import allow, deny, paths, remarks
from policy_documents import TRUST, policy
from ramgate.analysis.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

NETWORK = {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}
OTHER_NETWORK = {"NotIpAddress": {"acs:SourceIp": "203.0.113.0/24"}}
ACCOUNT = "1234567890123456"
ROOT = f"acs:ram::{ACCOUNT}:root"
ALICE = f"acs:ram::{ACCOUNT}:user/alice"


def trust(principal: object, **changes: object) -> dict[str, object]:
    return {**TRUST, "Principal": principal, **changes}


def test_the_allows_of_a_document_may_allow_everything_together() -> None:
    code = "ALLOWS_EVERYTHING"
    [said] = remarks(
        code,
        allow("oss:*"),
        allow(None, NotAction="ecs:*"),
        allow(["ecs:A*", "ecs:*"]),
        deny("ram:*"),
    )
    assert said.path == "$.Statement[1]"
    assert said.message == (
        "`Statement[1]`, `Statement[2]` together allow every action on every resource that no Deny"
        " here names, like AdministratorAccess"
    )
    assert remarks(code, allow(None, NotAction="ecs:*"), allow("ecs:A*")) == []
    assert remarks(code, allow("*", Condition=NETWORK), allow("*", Condition=OTHER_NETWORK)) == []
    assert remarks(code, deny("*")) == []


def test_everything_but_the_resource_star_is_nearly_everything() -> None:
    [said] = remarks("ALLOWS_EVERYTHING", allow("*", "acs:*:*:*:*"))
    assert said.message.startswith("allows every action on every resource but `*`, ")


def test_users_and_roles_are_apart_if_a_condition_tests_the_principal() -> None:
    def held_by(kind: str) -> dict[str, object]:
        return allow("*", Condition={"StringLike": {"acs:PrincipalARN": f"acs:ram::*:{kind}/*"}})

    code = "ALLOWS_EVERYTHING"
    assert paths(code, held_by("user"), held_by("role")) == ["[0].Action"]
    assert paths(code, held_by("user")) == []
    assert paths(code, held_by("role")) == []


@pytest.mark.parametrize(
    "condition",
    [
        {**NETWORK, **OTHER_NETWORK},
        {"StringEquals": {"oss:Prefix": ["a", "b"]}, "StringNotLike": {"oss:Prefix": ["?", "c"]}},
        {"StringEquals": {"acs:PrincipalARN": "acs:ram::1234:user/alice"}},
    ],
)
def test_a_condition_that_no_request_satisfies_matches_nothing(condition: object) -> None:
    [said] = remarks("MATCHES_NOTHING", allow("oss:*", Condition=condition))
    assert said.path == "$.Statement[0].Condition"
    assert said.message.endswith(": this statement never allows anything")


def test_the_message_names_only_the_keys_that_contradict_each_other() -> None:
    both = {**NETWORK, **OTHER_NETWORK, "Bool": {"acs:MFAPresent": "true"}}
    [said] = remarks("MATCHES_NOTHING", allow("oss:*", Condition=both))
    assert said.message.startswith("no request satisfies all conditions on `acs:SourceIp`: ")
    principal = {"StringEquals": {"acs:PrincipalARN": "alice"}}
    [alone] = remarks("MATCHES_NOTHING", allow("oss:*", Condition=principal))
    assert alone.message.startswith("no request satisfies the condition on `acs:PrincipalARN`: ")


def test_conditions_that_some_request_satisfies_are_not_reported() -> None:
    # 4.3: a list of several values satisfies both
    both = {"StringEquals": {"oss:Prefix": "a"}, "StringLike": {"oss:Prefix": "b"}}
    assert remarks("MATCHES_NOTHING", allow("oss:*", Condition=both)) == []
    # 4.5, 4.6: a Deny is satisfied by a value that cannot be read
    never = deny("oss:*", Condition={**NETWORK, **OTHER_NETWORK})
    assert remarks("MATCHES_NOTHING", never) == []
    for principal in ("acs:ram::*:user/alice", "acs:ram::1234567890123456:role/App"):
        held = allow("oss:*", Condition={"StringLike": {"acs:PrincipalARN": principal}})
        assert remarks("MATCHES_NOTHING", held) == []


@pytest.mark.parametrize(
    "resource",
    ["acs:ecs:*:*:instance/i-1", "acs:ram:*:*:user/a", "acs:oss:*:11111111111111111?*:b"],
)
def test_a_statement_whose_resources_fit_no_action_matches_nothing(resource: str) -> None:
    [said] = remarks("MATCHES_NOTHING", allow("sts:AssumeRole", resource))
    assert said.path == "$.Statement[0]"
    assert said.message == (
        "no request has an action and a resource of it: this statement never allows anything"
    )
    assert remarks("MATCHES_NOTHING", allow("sts:AssumeRole", "acs:ram:*:*:role/x")) == []
    assert remarks("MATCHES_NOTHING", allow("sts:AssumeRole", "acs:ram:::role/x")) == []


def test_a_document_may_name_resources_of_another_account() -> None:
    other = allow("oss:*", "acs:oss:*:9876543210987654:b")
    assert remarks("MATCHES_NOTHING", other) == []
    assert remarks("MATCHES_NOTHING", other, account=ACCOUNT) == []


def test_a_statement_that_matches_nothing_has_no_second_finding(tmp_path: Path) -> None:
    def codes(*statements: object) -> set[str]:
        file = tmp_path / "policy.json"
        file.write_text(json.dumps(policy(*statements)))
        return {one.code for one in lint(file).findings}

    assert codes(allow("oss:*", "acs:oss:*:bucket")) == {"MISSING_ARN_FIELD"}
    twice = codes(*[allow("oss:Get*", Condition={**NETWORK, **OTHER_NETWORK})] * 2, deny("oss:*"))
    assert twice == {"MATCHES_NOTHING"}


def test_an_allow_inside_the_denies_is_wholly_denied() -> None:
    code = "ALLOW_WHOLLY_DENIED"
    denies = [deny("ecs:*"), deny("oss:Get*"), deny(None, NotAction="oss:Get*")]
    [said] = remarks(code, allow("oss:*", "acs:oss:*:*:b/*"), *denies)
    assert said.path == "$.Statement[0]"
    assert said.message == (
        "`Statement[2]`, `Statement[3]` together deny every request that this statement allows: it"
        " grants nothing"
    )
    assert said.request is not None
    assert said.request.action.lower().startswith("oss:get")
    assert said.request.resource.startswith("acs:oss:")
    for fewer in (denies[:2], denies[::2], [deny("oss:*", Condition=NETWORK)]):
        assert remarks(code, allow("oss:*", "acs:oss:*:*:b/*"), *fewer) == []
    assert remarks(code, allow("oss:*")) == []


def test_a_request_that_shows_a_finding_is_of_an_account_that_the_statement_names() -> None:
    resource = "acs:oss:*:9876543210987654:b/*"
    [said] = remarks("ALLOW_WHOLLY_DENIED", allow("oss:*", resource), deny("oss:*"))
    assert said.request is not None
    assert said.request.principal == "acs:ram::9876543210987654:user/example"
    assumes = allow("sts:AssumeRole", "acs:ram:*:*:role/a-?")
    [hidden] = remarks("ALLOW_WHOLLY_DENIED", assumes, deny("sts:*"))
    assert hidden.request is None


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow("oss:*"), allow("oss:Get*", "acs:oss:*:*:b")], ["[1]"]),
        ([allow("oss:Get*", "acs:oss:*:*:b"), allow("oss:*")], ["[0]"]),
        ([allow("oss:*"), allow("OSS:*")], ["[1]"]),
        ([allow("oss:*"), allow("oss:*"), allow("oss:*")], ["[2]", "[1]"]),
        ([allow(["oss:A", "oss:B"]), allow("oss:A"), allow("oss:B")], ["[2]", "[1]"]),
        ([allow("oss:A"), allow("oss:B"), allow(["oss:A", "oss:B"])], ["[2]"]),
        ([allow("oss:*"), allow("oss:*", Condition=NETWORK)], ["[1]"]),
        ([deny("oss:*"), deny("oss:Get*")], ["[1]"]),
        ([allow("oss:*", Condition=NETWORK), allow("oss:*", Condition=OTHER_NETWORK)], []),
        ([allow("oss:*"), deny("oss:Get*")], []),
        ([deny("oss:*"), allow("oss:Get*")], []),
        ([allow("oss:*", "acs:oss:*:*:b/*"), allow("oss:*", "acs:oss:*:*:b")], []),
    ],
)
def test_a_statement_that_others_cover_is_redundant(
    statements: list[dict[str, Any]], expected: list[str]
) -> None:
    assert paths("REDUNDANT_STATEMENT", *statements) == expected


def test_an_allow_may_be_covered_by_allows_and_denies() -> None:
    [said] = remarks(
        "REDUNDANT_STATEMENT", allow("oss:A"), deny("oss:B"), allow(["oss:A", "oss:B"])
    )
    assert said.message == (
        "every request that this statement allows is allowed by `Statement[0]` or denied by"
        " `Statement[1]`"
    )
    assert said.request is not None
    assert said.request.action.lower() == "oss:a"
    [several] = remarks(
        "REDUNDANT_STATEMENT", allow("oss:A"), allow("oss:B"), allow(["oss:A", "oss:B"])
    )
    assert several.message.startswith("`Statement[0]`, `Statement[1]` together allow every request")


def test_trust_policies_are_held_against_the_principals_that_they_name() -> None:
    code = "REDUNDANT_STATEMENT"
    admits = trust({"RAM": [ROOT], "Service": ["ecs.aliyuncs.com"]})
    assert paths(code, admits, trust({"RAM": [ALICE]})) == ["[1]"]
    assert paths(code, trust({"RAM": [ALICE]}), trust({"RAM": [ROOT]})) == ["[0]"]
    assert paths(code, admits, trust({"Service": "fc.aliyuncs.com"})) == []
    provider = trust({"Federated": f"acs:ram::{ACCOUNT}:saml-provider/idp"})
    [said] = remarks(code, provider, provider)
    assert said.request is not None
    assert said.request.principal == f"acs:ram::{ACCOUNT}:saml-provider/idp"
    assert said.request.action.lower() == "sts:assumerole"


def test_a_deny_of_a_trust_policy_needs_an_allow() -> None:
    code = "DENIES_NOTHING"
    no_alice = trust({"RAM": [ALICE]}, Effect="Deny")
    assert paths(code, trust({"Service": "ecs.aliyuncs.com"}), no_alice) == ["[1]"]
    assert paths(code, trust({"RAM": [ROOT]}), no_alice) == []
    impossible = {"StringEquals": {"acs:PrincipalARN": "x"}}
    assert paths(code, trust({"RAM": [ROOT]}), {**no_alice, "Condition": impossible}) == []
    # another policy may allow beside a document
    assert paths(code, allow("oss:*"), deny("ecs:*")) == []


def test_nothing_is_proved_about_a_document_that_is_refused() -> None:
    twice = [allow("oss:*"), allow("oss:*"), allow("oss")]
    assert remarks("REDUNDANT_STATEMENT", *twice) == []
