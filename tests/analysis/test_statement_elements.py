from __future__ import annotations

import itertools
from typing import Any

import pytest

from policy_documents import TRUST, policy, statement
from ramgate import InvalidPolicy, translate
from ramgate.analysis.elements import elements, resources


@pytest.mark.parametrize(
    ("parts", "name", "expected"),
    [
        (
            {"Action": ["ECS:Start", "oss:*", "*:List?"]},
            "Action",
            ("*:list?", "ecs:start", "oss:*"),
        ),
        ({"NotAction": ["a:b"], "Action": None}, "NotAction", ("a:b",)),
        ({"Resource": "*"}, "Resource", ("*",)),
        (
            {
                "Resource": [
                    "acs:ecs:cn-h:1234567890123456:i",
                    "acs:oss:*:*:b/*",
                    "acs:oss:*:*:?[a]",
                ]
            },
            "Resource",
            ("acs:ecs:cn-h:1234567890123456:i", "acs:oss:*:*:?[a]", "acs:oss:*:*:b/*"),
        ),
        (
            {"Effect": "Deny", "Resource": ["acs:ecs:cn-h:*:i/?", "acs:ecs:cn-h:12:i"]},
            "Resource",
            ("acs:ecs:cn-h:*:i/?", "acs:ecs:cn-h:12:i"),
        ),
        (
            {"Resource": ["acs:ecs:cn-h:1234567890123456:i/*"]},
            "Resource",
            ("acs:ecs:cn-h:1234567890123456:i/*",),
        ),
        (
            {"Condition": {"StringNotLike": {"a:k": ["x[*", "y"]}}},
            "Condition",
            ("StringNotLike a:k x[*, y",),
        ),
        (
            {"Condition": {"ForAnyValue:StringNotEquals": {"a:k": "x"}}},
            "Condition",
            ("ForAnyValue:StringNotEquals a:k x",),
        ),
        (
            {"Condition": {"ForAllValues:IpAddressIncludeBorder": {"a:k": "10.0.0.0/8"}}},
            "Condition",
            ("ForAllValues:IpAddress a:k 10.0.0.0/8",),
        ),
        (
            {
                "Condition": {
                    "NumericLessThan": {"a:k": "-5.50"},
                    "Bool": {"a:b": ["true", "False"]},
                }
            },
            "Condition",
            ("Bool a:b false, true", "NumericLessThan a:k -5.5"),
        ),
        (
            {
                "Condition": {
                    "DateLessThan": {"a:k": "2026-03-11T08:00:00+08:00"},
                    "StringEquals": {"a:s": "x\\[y"},
                }
            },
            "Condition",
            ("DateLessThan a:k 2026-03-11T00:00:00Z", "StringEquals a:s x\\[y"),
        ),
    ],
)
def test_elements_read_like_those_of_the_document(
    parts: dict[str, object], name: str, expected: tuple[str, ...]
) -> None:
    document = translate(policy(statement(Action="x:y"), statement(**parts)))
    assert elements(document, 1)[name] == expected


def test_a_trust_policy_has_principals_and_no_resource() -> None:
    assert elements(translate(policy(TRUST)), 0) == {
        "Effect": ("Allow",),
        "Principal": ("ecs.aliyuncs.com",),
        "Action": ("sts:assumerole",),
    }


FIELDS = ("", "*", "a", "a*", "*a*", "?", "a,b")


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_resources_are_those_of_the_document(effect: str) -> None:
    texts = [
        *("acs:*", "acs:a", "acs:a:b", "*:a*", "?", "acs:*a*:b*", "acs:[a]*:{b,,[*]}:*:c"),
        *(
            f"acs:{service}:{region}:{account}:{rest}"
            for service, region, account in itertools.product(("a", "*a*"), FIELDS, FIELDS)
            for rest in ("a", "a/*", "*:?")
        ),
    ]
    compared = 0
    for text in texts:
        try:
            document: Any = translate(policy(statement(Effect=effect, Resource=text)))
        except InvalidPolicy:  # without a wildcard and without five fields (1.8)
            continue
        again = list(resources(document["statements"][0]))
        assert translate(policy(statement(Effect=effect, Resource=again))) == document, text
        compared += 1
    assert compared > 250
