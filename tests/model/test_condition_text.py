from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ramgate.language.condition import OPERATORS
from ramgate.model import condition_text
from ramgate.model.considered import ConditionOutcome
from sample_explanations import condition

if TYPE_CHECKING:
    from ramgate.model.hint import Given


@pytest.mark.parametrize(
    ("operator", "values", "text"),
    [
        ("StringEquals", ["a"], "`a`"),
        ("StringEquals", ["a", "b"], "`a` or `b`"),
        ("StringLike", ["a", "b", "c", "d"], "`a`, `b`, `c` and 1 more"),
        ("ForAnyValue:StringLike", ["a"], "a value to be `a`"),
        ("ForAllValues:NumericLessThan", ["7"], "each value to be less than `7`"),
        ("NotIpAddress", ["10.0.0.0/8"], "an address outside `10.0.0.0/8`"),
        ("Unheard", ["a"], "Unheard `a`"),
    ],
)
def test_the_wanted_values_are_a_phrase(operator: str, values: list[str], text: str) -> None:
    assert condition_text.wanted(operator, values) == text


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_has_words(operator: str) -> None:
    assert not condition_text.wanted(operator.replace("IncludeBorder", ""), ["v"]).startswith(
        operator
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "absent"), ("a", "`a`"), (1, "`1`"), (True, "`true`"), (("a", 2.5), "`a` and `2.5`")],
)
def test_a_given_value_is_shown_as_in_json(value: Given, text: str) -> None:
    assert condition_text.given(value) == text


@pytest.mark.parametrize(
    ("values", "value", "is_slash"),
    [
        (["a/"], "a", True),
        (["a"], "/a", True),
        (["b", "a/*"], "a", True),
        (["a"], "a", False),
        (["a/"], "b", False),
        (["a/b"], "ab", False),
        (["1"], 1, False),
    ],
)
def test_a_slash_at_an_end_is_told_from_other_differences(
    values: list[str],
    value: Given,
    is_slash: bool,  # noqa: FBT001 - a parameter
) -> None:
    assert condition_text.only_a_slash(values, value) == is_slash


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "`oss:Prefix` is `team-a`, wanted is `team-a/`"),
        (
            {"reason": "key_absent", "given": None},
            "the request has no `oss:Prefix`, wanted is `team-a/`",
        ),
        ({"reason": "unreadable"}, "`oss:Prefix` is `team-a`, which StringEquals cannot read"),
        (
            {"reason": "satisfied", "satisfied": True},
            "`oss:Prefix` is `team-a`: StringEquals is satisfied (rule 4.1)",
        ),
        (
            {"reason": "satisfied_by_absence", "satisfied": True, "given": None, "rule": "4.5"},
            "the request has no `oss:Prefix`: StringEquals is satisfied (rule 4.5)",
        ),
        (
            {"reason": "satisfied_by_doubt", "satisfied": True, "given": 1, "rule": "4.6"},
            (
                "`oss:Prefix` is `1`, which StringEquals cannot read: StringEquals is satisfied "
                "(rule 4.6)"
            ),
        ),
    ],
)
def test_an_outcome_is_one_line(changes: dict[str, Any], text: str) -> None:
    assert str(msgspec.convert(condition(**changes), ConditionOutcome)) == text
