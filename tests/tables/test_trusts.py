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


def taken(trusts: Trusts, **documents: dict[str, Any] | None) -> Trusts:
    """Return a copy of the trusts after it took these documents."""
    new = trusts.copy()
    for policy, document in documents.items():
        new.put(policy, document)
    return new


def test_trust_policies_that_are_alike_share_their_consents() -> None:
    one, same = (trust({"Principal": {"RAM": [BOB]}}) for _ in range(2))
    other = trust({"Principal": {"Service": ["ecs.aliyuncs.com"]}})
    own = {**other, "kind": "identity"}
    found = taken(Trusts(), a=one, b=same, c=other, own=own)
    assert found.names.keys() == {"a", "b", "c"}
    assert found.names["a"] == found.names["b"] != found.names["c"]
    assert found.consents.keys() == {found.names["a"], found.names["c"]}


def test_consents_that_no_policy_uses_are_removed() -> None:
    one, other = (
        trust({"Principal": {"Service": [f"{name}.aliyuncs.com"]}}) for name in ("a1", "b1")
    )
    first = taken(Trusts(), a=one, b=one)
    name = first.names["a"]
    second = taken(first, a=other)
    third = taken(second, b=None)
    assert second.consents[name] is first.consents[name]
    assert second.consents.keys() == {name, second.names["a"]}
    assert third.names.keys() == {"a"}
    assert third.consents.keys() == {second.names["a"]}
    assert first.names == {"a": name, "b": name}
    assert taken(third, a=other).consents == third.consents
