"""The consents of trust policies: whom each of them admits without conditions."""

from __future__ import annotations

from typing import Any

from ramgate.language.translation import translate
from ramgate.tables.trusts import Trusts, consents

BOB = "acs:ram::1234567890123456:user/bob"
ACCOUNT = "acs:ram::1234567890123456:"


def trust(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a translated trust policy; a statement allows `sts:AssumeRole` unless it says more."""
    usual = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    return translate({"Version": "1", "Statement": [{**usual, **one} for one in statements]})


def test_each_named_principal_has_the_statements_that_admit_it() -> None:
    document = trust(
        {"Principal": {"RAM": [BOB], "Service": ["ecs.aliyuncs.com"]}},
        {"Principal": {"RAM": ["acs:ram::1234567890123456:root"]}},
        {"Principal": {"RAM": ["acs:ram::1234567890123456:role/App"]}, "Action": "sts:TagSession"},
    )
    assert consents(document) == {
        "": [],
        ACCOUNT: [1],
        BOB: [0, 1],
        "ecs.aliyuncs.com": [0],
        # the third statement is about another action; the account stands for its roles, too
        "acs:ram::1234567890123456:role/app": [1],
    }


def test_a_deny_and_a_condition_are_for_the_general_rule() -> None:
    document = trust(
        {"Principal": {"Service": ["ecs.aliyuncs.com", "oss.aliyuncs.com", "fc.aliyuncs.com"]}},
        {"Principal": {"Service": ["ecs.aliyuncs.com"]}, "Effect": "Deny"},
        {
            "Principal": {"Service": ["oss.aliyuncs.com"]},
            "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
        },
    )
    assert consents(document) == {
        "": [],
        "ecs.aliyuncs.com": None,
        "fc.aliyuncs.com": [0],
        "oss.aliyuncs.com": None,
    }


def test_a_deny_of_the_account_is_one_of_its_users() -> None:
    document = trust(
        {"Principal": {"RAM": [BOB]}},
        {"Principal": {"RAM": ["acs:ram::1234567890123456:root"]}, "Effect": "Deny"},
    )
    assert consents(document)[BOB] is None
    assert consents(document)[ACCOUNT] is None


def test_trust_policies_that_are_alike_share_their_consents() -> None:
    one, same = (trust({"Principal": {"RAM": [BOB]}}) for _ in range(2))
    other = trust({"Principal": {"Service": ["ecs.aliyuncs.com"]}})
    own = {**other, "kind": "identity"}
    found = Trusts().renewed({"a": one, "b": same, "c": other, "own": own})
    assert found.names.keys() == {"a", "b", "c"}
    assert found.names["a"] == found.names["b"] != found.names["c"]
    assert found.consents.keys() == {found.names["a"], found.names["c"]}


def test_unchanged_consents_are_identical_objects() -> None:
    one, other = (trust({"Principal": {"Service": [f"{name}.aliyuncs.com"]}}) for name in "ab")
    first = Trusts().renewed({"a": one})
    second = first.renewed({"a": one, "b": other})
    third = second.renewed({"a": other})
    name = first.names["a"]
    assert second.names["a"] == name
    assert second.consents[name] is first.consents[name]
    assert third.names["a"] == second.names["b"]
    assert name not in third.consents
