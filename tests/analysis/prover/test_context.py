from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proving import ALICE, ANY_USER, condition
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.context import Context
from ramgate.analysis.prover.space import Space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.analysis.prover.reading import Condition, Value

A = condition("StringEquals", "a", "1")
NOT_A = condition("StringNotEquals", "a", "1")
B = condition("StringEquals", "b", "1")
NOT_B = condition("StringNotEquals", "b", "1")
LATE = condition("DateGreaterThan", "acs:CurrentTime", "2026-01-01T00:00:00Z")


def find(
    inside: list[list[Condition]],
    failing: list[list[Condition]],
    effects: tuple[str, str] = ("Allow", "Allow"),
) -> Mapping[str, Value] | None:
    context = Context(Space(ALICE), Budget())
    return context.find(
        [(effects[0], one) for one in inside], [(effects[1], one) for one in failing]
    )


def test_all_conditions_are_satisfied() -> None:
    assert find([], []) == {}
    assert find([[A], [B]], []) == {"a": "1", "b": "1"}
    assert find([[A, condition("ForAllValues:StringEquals", "a", "2")]], []) is None


def test_one_condition_of_each_other_statement_fails() -> None:
    assert find([[A]], [[A, B]]) == {"a": "1"}
    assert find([[A], [B]], [[A, B]]) is None
    assert find([[A]], [[A, NOT_B], [A, B]]) == {"a": "1"}
    assert find([], [[]]) is None


def test_only_keys_that_are_needed_have_a_value() -> None:
    assert find([], [[A, B]]) == {}
    late = find([], [[LATE]], ("Allow", "Deny"))
    assert late == {"acs:CurrentTime": "2026-01-01T00:00:00Z"}


def test_a_condition_that_fails_already_is_enough() -> None:
    assert find([], [[A], [A, B], [A, B, NOT_B]]) == {}


def test_another_condition_is_tried_if_the_first_cannot_fail_with_others() -> None:
    # a and b both must be present and unequal to 1, or the statements fail by the other key
    found = find([[NOT_A]], [[NOT_A, B], [NOT_A, condition("StringLike", "b", "*")]])
    assert found is not None
    assert found["a"] != "1"
    assert "b" not in found
    found = find([[NOT_A]], [[NOT_A, NOT_B], [NOT_A, condition("StringEquals", "b", "2")]])
    assert found == {"a": "example"}


def test_a_choice_is_taken_back() -> None:
    # the first statement could fail by either key, the others leave only one way
    assert find([[NOT_A], [NOT_B]], [[A, NOT_B]]) is not None
    only_a = find(
        [[condition("StringLike", "a", "?"), condition("StringLike", "b", "?")]],
        [
            [A, B],
            [condition("StringNotEquals", "a", "1"), B],
            [A, condition("StringNotEquals", "b", "1")],
        ],
    )
    assert only_a is not None
    assert only_a["a"] != "1"
    assert only_a["b"] != "1"


def test_a_key_that_was_chosen_in_vain_may_get_another_value() -> None:
    def other(key: str, value: str) -> Condition:
        return condition("ForAnyValue:StringNotEquals", key, value)

    failing = [[other("a", "1"), other("b", "1")], [other("a", "2"), other("a", "3")]]
    assert find([], failing, ("Allow", "Deny")) == {"a": "2", "b": "1"}


def test_a_deny_fails_by_other_values_than_an_allow() -> None:
    assert find([], [[NOT_A]], ("Allow", "Allow")) == {}
    assert find([], [[NOT_A]], ("Allow", "Deny")) == {"a": "1"}


def test_a_value_of_the_principal_may_be_found() -> None:
    context = Context(Space(ANY_USER), Budget())
    name = condition("StringLike", "acs:PrincipalARN", "*:user/b*")
    found = context.find([("Allow", [name])], [])
    assert found == {"acs:PrincipalARN": f"acs:ram::{ANY_USER.account}:user/b"}


def test_each_choice_is_a_step() -> None:
    context = Context(Space(ALICE), Budget(steps=2))
    with pytest.raises(Undecided):
        context.find(
            [], [("Allow", [condition("StringEquals", str(key), "1")]) for key in range(3)]
        )


def test_contradicting_statements_that_cut_two_keys_leave_nothing() -> None:
    quarters = [[one, other] for one in (A, NOT_A) for other in (B, NOT_B)]
    present = [[condition("StringLike", "a", "*"), condition("StringLike", "b", "*")]]
    assert find(present, quarters) is None
    assert find(present, quarters[1:]) == {"a": "1", "b": "1"}
