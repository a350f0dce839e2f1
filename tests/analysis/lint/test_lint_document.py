from __future__ import annotations

from typing import Any

import pytest

from ramgate.analysis.lint.document import Document, read_document
from ramgate.faults import Findings, Place


def read(value: object) -> Document:
    return read_document(value, Place(Findings(), "$"))


def test_a_statement_has_its_texts_with_their_places() -> None:
    [statement] = read(
        {
            "Statement": [
                {
                    "Effect": "Deny",
                    "NotAction": "ecs:*",
                    "Resource": ["*", "acs:ecs:*"],
                    "Condition": {"ForAnyValue:StringNotEquals": {"k:x": ["1", "2"]}},
                }
            ]
        }
    ).statements
    assert statement.denies
    assert not statement.allows
    assert statement.actions == ()
    assert [str(text) for text in statement.not_actions] == ["ecs:*"]
    assert [str(text.place) for text in statement.resources] == [
        "$.Statement[0].Resource[0]",
        "$.Statement[0].Resource[1]",
    ]
    [condition] = statement.conditions
    assert (condition.quantifier, condition.operator) == ("ForAnyValue", "StringNotEquals")
    assert (condition.key, condition.is_negated, condition.family) == ("k:x", True, "String")
    assert [text.value for text in condition.values] == ["1", "2"]
    assert str(condition.place) == "$.Statement[0].Condition.ForAnyValue:StringNotEquals.k:x"


def test_a_trust_policy_has_principals() -> None:
    document = read({"Statement": [{"Principal": {"Service": ["a.aliyuncs.com"], "RAM": "x"}}]})
    assert document.is_trust
    assert [(kind, text.value) for kind, text in document.statements[0].principals] == [
        ("Service", "a.aliyuncs.com"),
        ("RAM", "x"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"Statement": "x"},
        {"Statement": ["x", 1]},
    ],
)
def test_a_document_without_statements_has_none(value: Any) -> None:  # noqa: ANN401 - any JSON
    assert read(value).statements == ()


def test_parts_that_cannot_be_read_are_left_out() -> None:
    [statement] = read(
        {
            "Statement": [
                {
                    "Action": {"a": 1},
                    "Resource": ["*", 1, None],
                    "Principal": ["*"],
                    "Condition": {
                        "Bool": {"a:b": [True]},
                        "IfExists": {"a:b": "x"},
                        "StringEquals": "x",
                    },
                }
            ]
        }
    ).statements
    assert not statement.allows
    assert not statement.denies
    assert statement.actions == ()
    assert [text.value for text in statement.resources] == ["*"]
    assert statement.principals == ()
    assert [(one.key, one.values) for one in statement.conditions] == [("a:b", ())]


@pytest.mark.parametrize(("condition", "expected"), [({}, True), ({"x": 1}, False), (None, False)])
def test_an_empty_condition_is_noted(condition: object, expected: bool) -> None:  # noqa: FBT001 - a parameter
    [statement] = read({"Statement": [{"Condition": condition}]}).statements
    assert statement.has_empty_condition == expected


@pytest.mark.parametrize(
    ("operator", "family"),
    [
        ("StringLike", "String"),
        ("StringNotEqualsIgnoreCase", "String"),
        ("NumericLessThan", "Numeric"),
        ("DateGreaterThanEquals", "Date"),
        ("Bool", "Bool"),
        ("NotIpAddressIncludeBorder", "IpAddress"),
    ],
)
def test_an_operator_has_a_family(operator: str, family: str) -> None:
    [statement] = read({"Statement": [{"Condition": {operator: {"a:b": "x"}}}]}).statements
    assert statement.conditions[0].family == family
