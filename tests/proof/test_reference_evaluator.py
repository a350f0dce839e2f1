"""The reference evaluator decides cases that the reference of the policy language states."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from reference_evaluator import (
    Catalog,
    Evaluator,
    ServiceLinkedRole,
    is_accepted,
    is_satisfied,
    like,
    lower,
)

ONE, TWO, GONE = "1000000000000001", "1000000000000002", "1000000000000003"
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def allow(action: str, resource: str = "*", **others: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def deny(action: str, resource: str = "*", **others: object) -> dict[str, Any]:
    return allow(action, resource, **others) | {"Effect": "Deny"}


def trust(effect: str = "Allow", **principal: str) -> dict[str, Any]:
    return {"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal}


CATALOG = Catalog(
    {"Everything": policy(allow("*"))},
    {
        "LinkedRole": ServiceLinkedRole("l.aliyuncs.com", "LinkedPolicy", policy(allow("ecs:*"))),
        "Secret": ServiceLinkedRole("s.aliyuncs.com", "SecretPolicy", None),
    },
)
ACCOUNTS: dict[str, Any] = {
    "accounts": {
        ONE: {
            "service_linked_roles": ["LinkedRole", "Secret"],
            "policies": {
                "oss": policy(allow("oss:*"), deny("oss:Delete*")),
                "ecs": policy(allow("ecs:*")),
                "no-tag": policy(deny("sts:TagSession")),
            },
            "groups": {"g": {"policies": ["oss"]}},
            "users": {
                "u": {"groups": ["g"], "policies": [{"policy": "ecs", "resource_group": "rg"}]},
                "admin": {"policies": ["Everything", "no-tag"]},
                "nothing": {},
            },
            "roles": {
                "App": {
                    "trust": policy(
                        trust(RAM=f"acs:ram::{ONE}:root", Service="ecs.aliyuncs.com"),
                        trust("Deny", RAM=f"acs:ram::{ONE}:role/APP"),
                    ),
                    "policies": ["Everything"],
                },
                "Closed": {"trust": policy(trust(Federated=f"acs:ram::{ONE}:saml-provider/idp"))},
            },
        },
        TWO: {"users": {"u": {"policies": ["Everything"]}}},
    },
    "directory": {
        "management": TWO,
        "policies": {"no-ram": policy(allow("*"), deny("ram:*"))},
        "root": {
            "control_policies": ["Everything"],
            "folders": {
                "f": {
                    "control_policies": ["no-ram"],
                    "accounts": {ONE: {"control_policies": ["Everything"]}},
                }
            },
        },
    },
}


def decision(
    principal: str,
    action: str,
    resource: str = f"acs:x:r:{ONE}:y",
    accounts: dict[str, Any] = ACCOUNTS,
    **others: object,
) -> tuple[str, str, str | None, list[str]]:
    request = {"principal": principal, "action": action, "resource": resource, **others}
    evaluator = Evaluator(accounts, CATALOG)
    found = (evaluator.simulate if "policies" in others else evaluator.decide)(request, NOW)
    assert found["allow"] == (found["effect"] == "Allow")
    statements = [f"{place['policy']}.{place['index']}" for place in found["statements"]]
    return found["effect"], found["reason"], found["policy_type"], statements


ACCOUNT = "AccountLevelIdentityBasedPolicy"
GROUP = "ResourceGroupLevelIdentityBasedPolicy"
TRUST = "AssumeRolePolicy"
NO = ("ImplicitDeny", "no_statement_matches")
USER, ADMIN = f"acs:ram::{ONE}:user/u", f"acs:ram::{ONE}:user/admin"
ROLE = f"acs:ram::{ONE}:role/app"
ROLE_IN_RESOURCE = f"acs:ram:*:{ONE}:role/aPP"
LINKED = f"acs:ram::{ONE}:assumed-role/linkedROLE/s"


@pytest.mark.parametrize(
    ("principal", "action", "expected"),
    [
        (USER, "OSS:get", ("Allow", "statement_allows", ACCOUNT, ["oss.0"])),
        (USER, "oss:DeleteObject", ("ExplicitDeny", "statement_denies", ACCOUNT, ["oss.1"])),
        (USER, "ossx:Get", (*NO, ACCOUNT, [])),
        (USER, "oss:*", ("ImplicitDeny", "malformed_request", None, [])),
        (ADMIN, "ram:GetRole", ("ExplicitDeny", "statement_denies", "ControlPolicy", ["no-ram.1"])),
        (f"acs:ram::{ONE}:root", "x:Y", ("Allow", "account_owner", None, [])),
        (f"acs:ram::{ONE}:root", "sts:assumeRole", (*NO, None, [])),
        (f"acs:ram::{ONE}:user/U", "x:Y", ("ImplicitDeny", "unknown_principal", None, [])),
        (f"acs:ram::{GONE}:root", "x:Y", ("ImplicitDeny", "unknown_principal", None, [])),
        (f"acs:ram::{ONE}:role/gone/s", "x:Y", ("ImplicitDeny", "unknown_principal", None, [])),
        ("ecs.aliyuncs.com", "x:Y", (*NO, None, [])),
        (LINKED, "ecs:Get", ("Allow", "statement_allows", ACCOUNT, ["LinkedPolicy.0"])),
        (LINKED, "ram:GetRole", (*NO, ACCOUNT, [])),
        (
            f"acs:ram::{ONE}:role/secret",
            "ecs:Get",
            ("ImplicitDeny", "policy_not_published", None, []),
        ),
        (
            f"acs:ram::{TWO}:user/u",
            "ram:GetRole",
            ("ImplicitDeny", "resource_of_another_account", ACCOUNT, []),
        ),
        (
            f"acs:ram::{TWO}:root",
            "ram:GetRole",
            ("ImplicitDeny", "resource_of_another_account", None, []),
        ),
    ],
)
def test_each_check_gives_its_decision(
    principal: str, action: str, expected: tuple[str, str, str | None, list[str]]
) -> None:
    assert decision(principal, action) == expected


@pytest.mark.parametrize(
    ("principal", "action", "resource", "expected"),
    [
        (ADMIN, "STS:assumeROLE", ROLE_IN_RESOURCE, ("Allow", "statement_allows", ["trust:App.0"])),
        (ROLE, "sts:AssumeRole", ROLE, ("ExplicitDeny", "statement_denies", ["trust:App.1"])),
        (ADMIN, "sts:AssumeRole", f"acs:ram::{ONE}:role/Closed", (*NO, [])),
        (ADMIN, "sts:AssumeRole", f"acs:ram::{ONE}:role/LinkedRole", (*NO, [])),
        (
            "ecs.aliyuncs.com",
            "sts:AssumeRole",
            ROLE,
            ("Allow", "statement_allows", ["trust:App.0"]),
        ),
        ("ecs.aliyuncs.com", "sts:TagSession", ROLE, (*NO, [])),
        ("l.aliyuncs.com", "sts:AssumeRole", ROLE, (*NO, [])),
        (
            "l.aliyuncs.com",
            "sts:AssumeRole",
            f"acs:ram::{ONE}:role/linkedrole",
            ("Allow", "statement_allows", ["trust:LinkedRole.0"]),
        ),
        (
            f"acs:ram::{ONE}:saml-provider/idp",
            "sts:AssumeRole",
            f"acs:ram::{ONE}:role/closed",
            ("Allow", "statement_allows", ["trust:Closed.0"]),
        ),
    ],
)
def test_a_trust_policy_decides_last(
    principal: str, action: str, resource: str, expected: tuple[str, str, list[str]]
) -> None:
    effect, reason, statements = expected
    assert decision(principal, action, resource) == (effect, reason, TRUST, statements)


@pytest.mark.parametrize(
    ("principal", "action", "resource", "expected"),
    [
        (USER, "sts:AssumeRole", ROLE, (*NO, ACCOUNT, [])),
        (
            ADMIN,
            "sts:TagSession",
            f"acs:ram::{ONE}:role/Closed",
            ("ExplicitDeny", "statement_denies", ACCOUNT, ["no-tag.0"]),
        ),
        (ADMIN, "sts:AssumeRole", "*", ("ImplicitDeny", "unknown_role", None, [])),
        (ADMIN, "sts:AssumeRole", f"{ROLE}x", ("ImplicitDeny", "unknown_role", None, [])),
    ],
)
def test_identity_policies_and_an_unknown_role_decide_before_trust(
    principal: str, action: str, resource: str, expected: tuple[str, str, str | None, list[str]]
) -> None:
    assert decision(principal, action, resource) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("rg", ("Allow", "statement_allows", GROUP, ["ecs.0"])),
        ("other", (*NO, GROUP, [])),
        (["rg"], (*NO, ACCOUNT, [])),
        (5, (*NO, ACCOUNT, [])),
    ],
)
def test_a_resource_group_decides_if_the_account_level_does_not(
    group: object, expected: tuple[str, str, str, list[str]]
) -> None:
    assert decision(USER, "ecs:Get", context={"acs:ResourceGroupId": group}) == expected


ODD = {"unreadable": "why", "document": "{"}
HELD: dict[str, list[Any]] = {
    "odd": ["odd"],
    "both": ["Everything", "odd"],
    "denied": ["odd", "no-tag"],
    "grouped": [{"policy": "odd", "resource_group": "rg"}],
    "custom": ["Two"],
    "system": [{"policy": "Two", "type": "System"}],
    "named": [{"policy": "Two", "type": "Custom"}, {"policy": "Two", "type": "System"}],
    "catalog": ["Everything"],
}
UNREADABLE: dict[str, Any] = {
    "system_policies": {
        "Two": {"document": policy(allow("sts:*"), deny("oss:*")), "version": "v2"},
        "SecretPolicy": {"document": policy(allow("ecs:*"))},
        "LinkedPolicy": ODD,
    },
    "accounts": {
        ONE: {
            "service_linked_roles": ["LinkedRole", "Secret"],
            "policies": {
                "odd": ODD,
                "no-tag": policy(deny("sts:TagSession")),
                "Two": policy(allow("ecs:*"), deny("oss:*")),
            },
            "users": {name: {"policies": held} for name, held in HELD.items()},
            "roles": {
                "App": {"trust": ODD},
                "Open": {"trust": policy(trust("Deny", RAM=f"acs:ram::{ONE}:root"))},
            },
        },
        TWO: {"users": {"u": {"policies": ["Everything"]}}},
    },
    "directory": {
        "management": GONE,
        "policies": {"odd": ODD},
        "root": {
            "control_policies": ["Everything"],
            "accounts": {TWO: {"control_policies": ["odd"]}},
        },
    },
}
CANNOT_READ = ("ImplicitDeny", "policy_unreadable")


@pytest.mark.parametrize(
    ("principal", "action", "expected"),
    [
        (f"{ONE}:user/odd", "ecs:Get", (*CANNOT_READ, ACCOUNT, [])),
        (f"{ONE}:user/both", "ecs:Get", (*CANNOT_READ, ACCOUNT, [])),
        (f"{ONE}:user/denied", "ecs:Get", (*CANNOT_READ, ACCOUNT, [])),
        (
            f"{ONE}:user/denied",
            "sts:TagSession",
            ("ExplicitDeny", "statement_denies", ACCOUNT, ["no-tag.0"]),
        ),
        (f"{ONE}:user/grouped", "ecs:Get", (*CANNOT_READ, GROUP, [])),
        (f"{ONE}:user/odd", "sts:AssumeRole", (*CANNOT_READ, ACCOUNT, [])),
        (f"{ONE}:user/catalog", "sts:AssumeRole", (*CANNOT_READ, TRUST, [])),
        (f"{ONE}:user/custom", "sts:AssumeRole", (*NO, GROUP, [])),
        ("ecs.aliyuncs.com", "sts:AssumeRole", (*CANNOT_READ, TRUST, [])),
        (f"{TWO}:user/u", "ecs:Get", (*CANNOT_READ, "ControlPolicy", [])),
        (f"{ONE}:role/LinkedRole", "ecs:Get", (*CANNOT_READ, ACCOUNT, [])),
    ],
)
def test_an_unreadable_document_leaves_only_the_denies_of_its_layer(
    principal: str, action: str, expected: tuple[str, str, str | None, list[str]]
) -> None:
    asking = principal if principal.endswith(".com") else f"acs:ram::{principal}"
    resource = f"acs:ram::{ONE}:role/app" if action.startswith("sts:") else "*"
    context = {"acs:ResourceGroupId": "rg"}
    assert decision(asking, action, resource, UNREADABLE, context=context) == expected


def test_an_unreadable_identity_policy_decides_before_a_deny_of_the_trust_policy() -> None:
    asked = ("sts:AssumeRole", f"acs:ram::{ONE}:role/open", UNREADABLE)
    assert decision(f"acs:ram::{ONE}:user/odd", *asked) == (*CANNOT_READ, ACCOUNT, [])
    assert decision(f"acs:ram::{ONE}:user/custom", *asked)[0] == "ExplicitDeny"


def test_a_type_chooses_between_a_custom_and_a_system_policy_of_one_name() -> None:
    def asked(user: str, action: str) -> tuple[str, list[str]]:
        found = decision(f"acs:ram::{ONE}:user/{user}", action, "*", UNREADABLE)
        return found[0], found[3]

    allowed: tuple[str, list[str]] = ("Allow", ["Two.0"])
    neither: tuple[str, list[str]] = ("ImplicitDeny", [])
    assert [asked("custom", action) for action in ("ecs:Get", "sts:Get")] == [allowed, neither]
    assert [asked("system", action) for action in ("ecs:Get", "sts:Get")] == [neither, allowed]
    assert [asked("named", action) for action in ("ecs:Get", "sts:Get")] == [allowed, allowed]
    assert asked("named", "oss:Get") == ("ExplicitDeny", ["Two.1"])


def test_the_file_may_have_the_document_of_a_service_linked_role() -> None:
    secret = f"acs:ram::{ONE}:role/secret"
    assert decision(secret, "ecs:Get", "*", UNREADABLE)[3] == ["SecretPolicy.0"]


def test_session_policies_narrow_a_session_and_no_other_principal() -> None:
    session, narrow = f"acs:ram::{ONE}:role/APP/s", policy(allow("oss:*"), deny("oss:Put"))
    assert decision(session, "oss:Get", session_policies=[narrow])[0] == "Allow"
    assert decision(session, "ecs:Get", session_policies=[narrow]) == (*NO, "SessionPolicy", [])
    assert decision(session, "oss:Put", session_policies=[policy(allow("*")), narrow]) == (
        "ExplicitDeny",
        "statement_denies",
        "SessionPolicy",
        ["session:1.1"],
    )
    assert decision(session, "ecs:Get", session_policies=[])[0] == "Allow"
    assert decision(ROLE, "oss:Get", session_policies=[narrow])[1] == "malformed_request"


def test_a_simulation_ignores_the_stored_policies_of_its_principal() -> None:
    everything = {"p": policy(allow("*"))}
    stranger = f"acs:ram::{GONE}:user/x"
    allowed = ("Allow", "statement_allows", ACCOUNT, ["p.0"])
    assert decision(stranger, "x:Y", "*", policies=everything) == allowed
    assert decision(f"acs:ram::{ONE}:root", "ram:X", policies=everything) == allowed
    assert decision(LINKED, "ram:X", policies=everything) == allowed
    assert decision(ADMIN, "ram:X", policies=everything)[2] == "ControlPolicy"
    assert decision(ADMIN, "x:Y", policies={}) == (*NO, ACCOUNT, [])
    assert decision("ecs.aliyuncs.com", "x:Y", policies={})[1] == "malformed_request"


@pytest.mark.parametrize(
    "context",
    [
        {"k": None},
        {"k": {}},
        {"k": [["a"]]},
        {"acs:currenttime": "x"},
        {"ali\u212aafka:Acl": "x"},
        {"acs:PrincipalARN": f"acs:ram::{ONE}:user/U"},
        {"acs:PrincipalARN": []},
        [],
    ],
)
def test_an_invalid_context_makes_a_request_malformed(context: object) -> None:
    assert decision(USER, "oss:Get", context=context)[1] == "malformed_request"


def test_conditions_read_the_keys_that_the_evaluator_fills_in() -> None:
    def is_satisfied_by(principal: str, operator: str, key: str, value: str) -> bool:
        policies = {"p": policy(allow("*", Condition={operator: {key: value}}))}
        context: dict[str, object] = {"acs:CurrentTime": []}
        return decision(principal, "x:Y", policies=policies, context=context)[0] == "Allow"

    assert is_satisfied_by(USER, "DateEquals", "acs:CurrentTime", "2026-01-02T03:04:05Z")
    assert is_satisfied_by(
        LINKED, "StringEquals", "acs:PrincipalARN", f"ACS:ram::{ONE}:role/LinkedRole"
    )
    assert is_satisfied_by(USER, "StringEquals", "acs:PrincipalARN", USER)
    assert not is_satisfied_by(USER, "StringEquals", "acs:PrincipalARN", USER.upper())
    assert is_satisfied_by(f"acs:ram::{ONE}:root", "StringLike", "acs:PrincipalARN", "*:root")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*", ""),
        ("**", "*"),
        ("?", "*"),
        ("a*c", "abcbc"),
        ("a*b*c", "a/b:c"),
        ("*?b", "ab"),
        ("a?", "a\U0001f600"),
        ("a*", "a\nb"),
        ("[ab]", "[ab]"),
        ("*a*", "a"),
        ("?*?", "ab"),
    ],
)
def test_a_pattern_matches(pattern: str, text: str) -> None:
    assert like(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("", "a"), ("?", ""), ("a*a", "a"), ("acs:*", "*"), ("A", "a"), ("[ab]", "a"), ("?*?", "a")],
)
def test_a_pattern_does_not_match(pattern: str, text: str) -> None:
    assert not like(pattern, text)


def test_lower_case_is_the_same_as_in_opa() -> None:
    assert lower("ΑΣ\u0130\u212a\u017f") == "ασik\u017f"


ABSENT, EMPTY = None, list[str]()


@pytest.mark.parametrize(
    ("operator", "listed", "given", "in_allow", "in_deny"),
    [
        ("StringEquals", ["a"], ABSENT, False, False),
        ("StringNotEquals", ["a"], ABSENT, False, True),
        ("StringNotEquals", ["a"], EMPTY, False, True),
        ("ForAnyValue:StringEquals", ["a"], EMPTY, False, False),
        ("ForAllValues:StringEquals", ["a"], ABSENT, False, True),
        ("ForAnyValue:StringNotEquals", ["a"], ABSENT, False, True),
        ("StringEquals", ["a", "b"], ["c", "b"], True, True),
        ("StringNotEquals", ["a", "b"], ["c", "b"], False, False),
        ("ForAllValues:StringEquals", ["a", "b"], ["c", "b"], False, False),
        ("ForAllValues:StringNotEquals", ["a"], ["c", "b"], True, True),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True, True),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "a"], False, False),
        ("StringEquals", ["true"], True, True, True),
        ("StringEquals", ["1"], 1, False, True),
        ("ForAnyValue:StringEquals", ["a"], ["a", 1], False, True),
        ("StringEqualsIgnoreCase", ["\u212aA"], "ka", True, True),
        ("StringEquals", ["a*"], "ab", False, False),
        ("StringNotLike", ["a*"], "ab", False, False),
        ("NumericEquals", ["1.50"], Decimal("15E-1"), True, True),
        ("NumericEquals", ["0"], "-0.0", True, True),
        ("NumericLessThan", ["9007199254740993"], 9007199254740992, True, True),
        ("NumericLessThanEquals", ["1"], 1.0, True, True),
        ("NumericGreaterThan", ["1"], "+2", False, True),
        ("NumericGreaterThanEquals", ["1"], True, False, True),
        ("NumericNotEquals", ["1"], "١", False, True),
        ("DateEquals", ["2020-01-01T00:00:00Z"], "2020-01-01T08:00:00.000+08:00", True, True),
        ("DateLessThan", ["2020-01-01T00:00:00Z"], "2019-12-31T23:59:59.999999999Z", True, True),
        ("DateLessThanEquals", ["9999-01-01T00:00:00Z"], "2261-12-31T23:59:59Z", True, True),
        ("DateGreaterThan", ["0001-01-01T00:00:00Z"], "1678-01-01T00:00:00Z", False, False),
        ("DateGreaterThanEquals", ["0001-01-01T00:00:00Z"], "1678-01-01T00:00:00Z", True, True),
        ("DateNotEquals", ["2020-01-01T00:00:00Z"], "2019-02-29T00:00:00Z", False, True),
        ("DateNotEquals", ["2020-01-01T00:00:00Z"], "2016-12-31T23:59:60Z", False, True),
        ("DateNotEquals", ["2020-01-01T00:00:00Z"], "2020-01-01T00:00:00+24:00", False, True),
        ("DateNotEquals", ["2020-01-01T00:00:00Z"], "1677-12-31T00:00:00Z", False, True),
        ("Bool", ["TRUE"], True, True, True),
        ("Bool", ["false"], "fal\u017fe", False, True),
        ("IpAddress", ["10.0.0.9/30"], "10.0.0.8", True, True),
        ("IpAddressIncludeBorder", ["10.0.0.9/30"], "10.0.0.11", True, True),
        ("NotIpAddress", ["10.0.0.9/30"], "10.0.0.12", True, True),
        ("NotIpAddressIncludeBorder", ["10.0.0.1"], "::ffff:10.0.0.1", False, False),
        ("IpAddress", ["::/0"], "10.0.0.1", False, False),
        ("IpAddress", ["0.0.0.0/0"], "10.0.0.01", False, True),
        ("IpAddress", ["::/0"], "fe80::1%eth0", False, True),
    ],
)
def test_a_condition_in_an_allow_and_in_a_deny(
    operator: str, listed: list[str], given: object, *, in_allow: bool, in_deny: bool
) -> None:
    assert is_satisfied(operator, listed, given, "Allow") == in_allow
    assert is_satisfied(operator, listed, given, "Deny") == in_deny


@pytest.mark.parametrize(
    "document",
    [
        policy(allow("*")),
        policy(allow("ec?*:Get*", "acs:*:?"), deny("a.B_c-d:X", "acs:a:::b", Sid="s")),
        policy(allow("*", Condition={})),
        policy(allow("*", Condition={"ForAnyValue:Bool": {"x": "TRUE"}})),
        policy(allow("*", Condition={"IpAddress": {"x": ["::ffff:10.0.0.1", "::/0"]}})),
        policy(trust(Service="a.aliyuncs.com"), trust("Deny", RAM=USER)),
        policy(trust(Service="a.aliyuncs.com") | {"Action": ["*", "STS:tag*"]}),
    ],
)
def test_a_document_is_accepted(document: object) -> None:
    assert is_accepted(document)


@pytest.mark.parametrize(
    "document",
    [
        "x",
        {"Version": "1"},
        policy(),
        policy(allow("*")) | {"Version": 1},
        policy(allow("*")) | {"Statement": allow("*")},
        policy(allow("*")) | {"Id": "x"},
        {"Version": "1", "Statement": ["x"]},
        policy(allow("*") | {"Effect": "allow"}),
        policy(allow("*", NotAction="*")),
        policy(allow("*", Sid=5)),
        policy(allow("**")),
        policy(allow("oss:")),
        policy(allow("oss:Get Object")),
        policy(allow("*", "")),
        policy(allow("*", "acs:oss:a:b")),
        policy(allow("*") | {"Resource": []}),
        policy(allow("*") | {"Resource": ["*", 5]}),
        policy(allow("*", Condition=[])),
        policy(allow("*", Condition={"Null": {"a": "true"}})),
        policy(allow("*", Condition={":Bool": {"a": "true"}})),
        policy(allow("*", Condition={"ForAllValues": {"a": "true"}})),
        policy(allow("*", Condition={"Bool": {}})),
        policy(allow("*", Condition={"Bool": {"a": []}})),
        policy(allow("*", Condition={"Bool": {"a": True}})),
        policy(allow("*", Condition={"StringEquals": {"acs:sourceIp": "a"}})),
        policy(allow("*", Condition={"NumericEquals": {"a": "01"}})),
        policy(allow("*", Condition={"DateEquals": {"a": "2020-01-01"}})),
        policy(allow("*", Condition={"IpAddress": {"a": "10.0.0.0/33"}})),
        policy(allow("*", Condition={"IpAddress": {"a": "10.0.0.0/08"}})),
        policy(allow("*", Condition={"IpAddress": {"a": "::ffff:10.0.0.0/104"}})),
        policy(trust(RAM="*")),
        policy(trust(RAM="ecs.aliyuncs.com")),
        policy(trust(Other="ecs.aliyuncs.com")),
        policy(trust()),
        policy(trust(RAM=USER) | {"Action": "ecs:*"}),
        policy(trust(RAM=USER), allow("sts:AssumeRole")),
        policy(trust(RAM=USER) | {"Resource": "*"}),
    ],
)
def test_a_document_is_refused(document: object) -> None:
    assert not is_accepted(document)


ARN = f"acs:oss:::{'x' * 2038}"


@pytest.mark.parametrize(
    ("largest", "too_large"),
    [
        ({"resource": ARN}, {"resource": f"{ARN}x"}),
        ({"resource": ARN.replace("x", "ü")}, {"resource": f"{ARN}ü"}),
        ({"action": f"oss:{'x' * 2044}"}, {"action": f"oss:{'x' * 2045}"}),
        (
            {"context": {f"{number}": 1 for number in range(200)}},
            {"context": {f"{number}": 1 for number in range(201)}},
        ),
        ({"context": {"k" * 256: 1}}, {"context": {"k" * 257: 1}}),
        ({"context": {"k": "x" * 2048}}, {"context": {"k": ["x" * 2049]}}),
        ({"context": {"k": Decimal("1" * 2048)}}, {"context": {"k": Decimal("1" * 2049)}}),
        ({"context": {"k": ["x"] * 100}}, {"context": {"k": ["x"] * 101}}),
        (
            {"context": {f"{number}": ["x"] * 100 for number in range(10)}},
            {"context": {"k": 1} | {f"{number}": ["x"] * 100 for number in range(10)}},
        ),
        (
            {"context": {f"{number}": "x" * 2048 for number in range(4)}},
            {"context": {"k": "x"} | {f"{number}": "x" * 2048 for number in range(4)}},
        ),
    ],
)
def test_a_request_above_a_limit_is_malformed(
    largest: dict[str, Any], too_large: dict[str, Any]
) -> None:
    ordinary = {"principal": USER, "action": "oss:Get", "resource": "*"}
    evaluator = Evaluator(ACCOUNTS, CATALOG)
    assert evaluator.decide({**ordinary, **largest}, NOW)["reason"] != "malformed_request"
    assert evaluator.decide({**ordinary, **too_large}, NOW)["reason"] == "malformed_request"


def test_documents_of_a_request_above_a_limit_make_it_malformed() -> None:
    evaluator = Evaluator(ACCOUNTS, CATALOG)
    session = {"principal": f"{ROLE}/s", "action": "oss:Get", "resource": "*"}
    whole = policy(allow("*"))
    listed = policy(allow("*", Condition={"StringLike": {"k": ["a"] * 1000}}))

    def reason(**parts: object) -> str:
        found: str = evaluator.decide({**session, **parts}, NOW)["reason"]
        return found

    assert reason(session_policies=[whole] * 10) != "malformed_request"
    assert reason(session_policies=[whole] * 11) == "malformed_request"
    at = {"session_policies": [listed], "context": {"k": ["x"] * 20}}
    assert reason(**at) != "malformed_request"
    assert reason(**at | {"context": {"k": ["x"] * 21}}) == "malformed_request"
    for number, is_malformed in ((100, False), (101, True)):
        asked = {**session, "policies": {f"{place}": whole for place in range(number)}}
        found = evaluator.simulate(asked, NOW)["reason"]
        assert (found == "malformed_request") is is_malformed
