from __future__ import annotations

import pytest

from policy_documents import policy
from policy_documents import statement as parts
from proving import ACCOUNT, OTHER, allow, condition, deny, statement
from ramgate import translate
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.statement import statements_of


def test_statements_have_the_actions_of_all_indexes() -> None:
    document = translate(
        policy(
            parts(Action=["ECS:StartInstance", "ecs:Stop*", "*:Get*"]),
            parts(Effect="Deny", Action=["ecs:Stop*", "e*s:Get", "*"]),
        )
    )
    found = statements_of("p", document)
    assert [(one.policy, one.index, one.effect) for one in found] == [
        ("p", 0, "Allow"),
        ("p", 1, "Deny"),
    ]
    assert [set(one.actions) for one in found] == [
        {"ecs:startinstance", "ecs:stop*", "*:get*"},
        {"*", "ecs:stop*", "e*s:get"},
    ]
    assert not any(one.is_except or one.is_trust for one in found)


def test_a_statement_may_cover_all_other_actions() -> None:
    one = statement(Action=None, NotAction=["ecs:Start*", "oss:Get"])
    assert one.is_except
    assert one.actions == ("ecs:start*", "oss:get")
    assert glob.matches(one.action_globs, "ecs:startinstance")
    assert not glob.matches(one.action_globs, "ecs:stop")


def test_statements_that_say_the_same_have_one_meaning() -> None:
    assert allow("ecs:Start").meaning == allow("ECS:start").meaning
    assert allow("*").meaning != deny("*").meaning
    assert allow("*").meaning != allow("*", "acs:oss:*").meaning
    assert allow("a:b").meaning != statement(Action=None, NotAction="a:b").meaning
    assert allow().meaning != allow(StringEquals={"k": "a"}).meaning
    both = statement(Action=["a:b", "a:c"]).meaning
    assert both == statement(Action=["a:c", "a:b", "a:b"]).meaning


def test_a_statement_has_its_conditions() -> None:
    assert allow().conditions == ()
    assert list(allow(StringEquals={"k": ["a"]}).conditions) == [
        condition("StringEquals", "k", "a")
    ]


def test_a_statement_of_a_trust_policy_has_principals() -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": f"acs:ram::{ACCOUNT}:root"},
    }
    (one,) = statements_of("t", translate(policy(trust)))
    assert one.is_trust
    assert list(one.principals) == [f"acs:ram::{ACCOUNT}:root"]
    assert list(allow().principals) == []


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("*", "acs:oss:cn-a:1:b", True),
        ("*", "*", True),
        (f"acs:oss:cn-a:{ACCOUNT}:b", f"acs:oss:cn-a:{ACCOUNT}:b", True),
        (f"acs:oss:cn-a:{ACCOUNT}:b", f"acs:oss:cn-a:{ACCOUNT}:b/x", False),
        (f"acs:oss:cn-a:{ACCOUNT}:b/*", f"acs:oss:cn-a:{ACCOUNT}:b/x:y", True),
        (f"acs:oss:cn-a:{ACCOUNT}:b/*", f"acs:oss:cn-a:{ACCOUNT}:b", False),
        ("acs:oss:*:*:b/*", "acs:oss:x:1:b/x", True),
        ("acs:oss:*:*:b/*", "acs:oss:x:1:y:b/x", False),
        ("acs:oss:*", "acs:oss:x:1:y:b/x", True),
        ("acs:oss:*:b", "acs:oss:x:1:b", False),
        ("acs:oss:*", "*", False),
        ("acs:oss:*n*:*:b/?", "acs:oss:cn-a:1:b/:", True),
        ("acs:oss:*n*:*:b/?", "acs:oss:ca:1:b/x", False),
        ("acs:oss:*n*:*:b/?", "acs:oss:ca:n:1:b/x", False),
    ],
)
def test_an_allow_is_read_by_fields(pattern: str, text: str, *, matched: bool) -> None:
    assert glob.matches(allow(resource=pattern).resource_globs, text) == matched


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("acs:oss:*:*:b/*", "acs:oss:x:1:y:b/x", True),
        ("acs:oss:cn-a:*:b", "acs:oss::1:b", True),
        ("acs:oss:cn-a:*:b", "acs:oss:cn-b:1:b", False),
        ("acs:oss::*:b", "acs:oss:cn-b:1:b", True),
        ("acs:oss:*::b", "acs:oss:cn-b:1:b", True),
        ("acs:oss:*n*:*:b", "acs:oss::1:b", True),
        ("acs:oss:*n*:*:b", "acs:oss:ca:1:b", False),
    ],
)
def test_a_deny_has_both_readings(pattern: str, text: str, *, matched: bool) -> None:
    assert glob.matches(deny(resource=pattern).resource_globs, text) == matched


def test_a_role_is_compared_in_lower_case() -> None:
    one = allow(resource=f"acs:ram:*:{ACCOUNT}:role/App*")
    assert glob.matches(one.role_globs, f"acs:ram::{ACCOUNT}:role/app-1")
    assert not glob.matches(one.resource_globs, f"acs:ram::{ACCOUNT}:role/app-1")


@pytest.mark.parametrize(
    "pattern",
    [
        "acs:oss:cn-a::b/x",
        "acs:oss:cn-a::b/*",
        "acs:oss:*::b/x",
        "acs:oss:c?-a::b/?",
        "acs:oss:*::*",
        "acs:oss:*n*::b/?",
    ],
)
def test_an_empty_account_of_an_allow_is_that_of_the_caller(pattern: str) -> None:
    one = allow(resource=pattern)
    assert not glob.matches(one.resource_globs, f"acs:oss:cn-a:{ACCOUNT}:b/x")
    assert glob.matches(one.unstated_globs(ACCOUNT), f"acs:oss:cn-a:{ACCOUNT}:b/x")
    assert not glob.matches(one.unstated_globs(ACCOUNT), f"acs:oss:cn-a:{OTHER}:b/x")
    assert deny(resource=pattern).unstated_globs(ACCOUNT) == ()


@pytest.mark.parametrize("pattern", ["*", "acs:oss:*", f"acs:oss:*:{OTHER}:b", "acs:oss:*:*:b?"])
def test_other_patterns_do_not_change_without_an_account(pattern: str) -> None:
    assert allow(resource=pattern).unstated_globs(ACCOUNT) == ()
