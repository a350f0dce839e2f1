from __future__ import annotations

import json

import pytest

from policy_documents import (
    faults,
    only,
    policy,
    statement,
    statement_faults,
)

# 1.4, 1.5


@pytest.mark.parametrize("name", ["Action", "NotAction", "Resource"])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], ["must not be an empty list @ $.Statement[0].{}"]),
        ((), ["must not be an empty list @ $.Statement[0].{}"]),
        ("", ["must not be an empty string @ $.Statement[0].{}"]),
        ({}, ["must be a string, not an object @ $.Statement[0].{}"]),
        (True, ['must be a string, not `true` without quotes: write `"true"` @ $.Statement[0].{}']),
        (0.5, ['must be a string, not `0.5` without quotes: write `"0.5"` @ $.Statement[0].{}']),
        (
            ["*", "", 5, None, ["*"]],
            [
                "must not be an empty string @ $.Statement[0].{}[1]",
                'must be a string, not `5` without quotes: write `"5"` @ $.Statement[0].{}[2]',
                "must be a string, not `null` without quotes @ $.Statement[0].{}[3]",
                "must be a string, not a list @ $.Statement[0].{}[4]",
            ],
        ),
    ],
)
def test_where_a_list_may_stand_there_are_strings(
    name: str, value: object, found: list[str]
) -> None:
    changes = {"Action": None, name: value} if name == "NotAction" else {name: value}
    assert statement_faults(**changes) == [text.format(name) for text in found]


def test_one_string_is_a_list_of_one() -> None:
    assert only(Action=["ecs:StartInstance"], Resource=["*"]) == only()
    assert only(Condition={"Bool": {"k": "true"}}) == only(Condition={"Bool": {"k": ["true"]}})
    assert only(Resource=("acs:oss:::b",)) == only(Resource="acs:oss:::b")


@pytest.mark.parametrize(
    ("text", "advice_given"),
    [
        ("10", ': write `"10"`'),
        ("1e3", ': write `"1e3"`'),
        ("true", ': write `"true"`'),
        ("null", ""),
    ],
)
def test_a_bare_scalar_in_a_text_is_refused_with_its_quoted_form(
    text: str, advice_given: str
) -> None:
    document = json.dumps(policy(statement(Condition={"NumericEquals": {"k": "?"}})))
    assert faults(document.replace('"?"', text)) == [
        (
            f"must be a string, not `{text}` without quotes{advice_given}"
            " @ $.Statement[0].Condition.NumericEquals.k"
        )
    ]


def test_a_very_long_number_is_not_repeated() -> None:
    document = json.dumps(policy(statement(Sid="?", Action="?"))).replace('"?"', "1" * 5000)
    assert faults(document) == [
        f"must be a string, not `{'1' * 80}` without quotes @ $.Statement[0].Sid",
        f"must be a string, not `{'1' * 80}` without quotes @ $.Statement[0].Action",
    ]


@pytest.mark.parametrize("name", ["Action", "Resource"])
def test_a_lone_surrogate_is_refused(name: str) -> None:
    assert statement_faults(**{name: "acs:\ud800"}) == [
        f"`acs:\\ud800` contains a lone surrogate: UTF-8 cannot encode it @ $.Statement[0].{name}"
    ]
    document = json.dumps(policy(statement(Condition={"StringEquals": {"k\udfff": "a"}})))
    assert faults(document) == [
        (
            "a condition key must be a non-empty string, not `k\\udfff`"
            " @ $.Statement[0].Condition.StringEquals.k\\udfff"
        )
    ]
