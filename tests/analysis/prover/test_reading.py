from __future__ import annotations

import decimal
import itertools
from typing import TYPE_CHECKING, Any

import pytest

import reference_evaluator as reference
from alphabets import FAMILIES, Family
from generator import seed_pick
from proving import condition
from ramgate.analysis.prover import reading

if TYPE_CHECKING:
    from ramgate.analysis.prover.reading import Condition, Value


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("StringEquals", "String"),
        ("StringNotLike", "String"),
        ("StringEqualsIgnoreCase", "String"),
        ("NumericLessThan", "Numeric"),
        ("DateNotEquals", "Date"),
        ("Bool", "Bool"),
        ("NotIpAddress", "IpAddress"),
    ],
)
def test_a_condition_compares_values_of_one_type(operator: str, kind: str) -> None:
    value = {"Numeric": "1", "Date": "2026-01-01T00:00:00Z", "Bool": "true"}.get(kind, "10.0.0.1")
    assert reading.family(condition(operator, "k", value)) == kind


@pytest.mark.parametrize(
    ("kind", "element", "expected"),
    [
        ("String", "a", "a"),
        ("String", True, "true"),
        ("String", False, "false"),
        ("String", 1, None),
        ("Numeric", "1.50", decimal.Decimal("1.5")),
        ("Numeric", "-0", decimal.Decimal(0)),
        ("Numeric", 3, decimal.Decimal(3)),
        ("Numeric", 0.1, decimal.Decimal("0.1")),
        ("Numeric", decimal.Decimal("2.5"), decimal.Decimal("2.5")),
        ("Numeric", "01", None),
        ("Numeric", "+1", None),
        ("Numeric", "1\n", None),
        ("Numeric", True, None),
        ("Date", "1970-01-01T00:00:01Z", 1_000_000_000),
        ("Date", "1970-01-01T00:00:00.000000001Z", 1),
        ("Date", "1970-01-01T08:00:00+08:00", 0),
        ("Date", "1677-12-31T23:59:59Z", None),
        ("Date", "2262-01-01T00:00:00Z", None),
        ("Date", "2026-02-30T00:00:00Z", None),
        ("Date", "2026", None),
        ("Date", 2026, None),
        ("Bool", "TRUE", True),
        ("Bool", False, False),
        ("Bool", "yes", None),
        ("Bool", 1, None),
        ("IpAddress", "10.0.0.01", None),
        ("IpAddress", "::1/128", None),
        ("IpAddress", "fe80::1%eth0", None),
        ("IpAddress", "1.2.3", None),
        ("IpAddress", 1, None),
    ],
)
def test_an_element_is_read_as_the_type_of_the_operator(
    kind: str, element: object, expected: object
) -> None:
    found = reading.read(kind, element)
    assert found == expected
    assert type(found) is type(expected)


def test_an_ipv4_mapped_address_is_read_as_the_ipv4_address() -> None:
    assert str(reading.read("IpAddress", "::ffff:10.0.0.1")) == "10.0.0.1"
    assert str(reading.read("IpAddress", "::1")) == "::1"


@pytest.mark.parametrize("text", ["0", "-120.5", "3", "0.001", "100000000000000000000000001"])
def test_a_listed_number_is_exact(text: str) -> None:
    (listed,) = condition("NumericEquals", "k", text)["values"]
    assert reading.listed_number(listed) == decimal.Decimal(text)


def test_texts_are_compared_in_lower_case_with_a_role() -> None:
    like, equal = condition("StringLike", "k", "A*"), condition("StringEquals", "k", "Ab")
    for one in (like, equal):
        assert reading.hits(one, "ab", fold=True)
        assert not reading.hits(one, "ab")
    number = condition("NumericEquals", "k", "1")
    assert reading.hits(number, decimal.Decimal(1), fold=True)


def test_a_negated_operator_holds_where_no_listed_value_is_hit() -> None:
    one = condition("StringNotEquals", "k", "a", "b")
    assert [reading.holds(one, value) for value in "abc"] == [False, False, True]


def _translated(operator: str, listed: list[str]) -> Condition:
    return condition(operator, "k", *listed)


@pytest.mark.parametrize("family", FAMILIES, ids=[family.operators[0] for family in FAMILIES])
def test_conditions_are_satisfied_as_the_reference_evaluator_says(family: Family) -> None:
    pick = seed_pick(1)
    outcomes = set()
    for operator, quantifier in itertools.product(
        family.operators, ("", "ForAnyValue:", "ForAllValues:")
    ):
        for _ in range(120):
            name = quantifier + operator
            listed = pick.some(family.listed, 2)
            elements = (*family.given, *family.given, *family.unreadable)
            given: Any = pick.of((pick.of(elements), pick.some(elements, 3), []))
            for effect in ("Allow", "Deny"):
                expected = reference.is_satisfied(name, listed, given, effect)
                value: Value = given
                found = reading.is_satisfied(_translated(name, listed), effect, value)
                assert found == expected, (name, listed, given, effect)
                outcomes.add((quantifier, effect, found))
    assert len(outcomes) == 12


def test_an_absent_key_is_read_as_an_empty_list() -> None:
    negated = condition("StringNotEquals", "k", "a")
    assert reading.is_satisfied(negated, "Deny", reading.ABSENT)
    assert not reading.is_satisfied(negated, "Allow", reading.ABSENT)
    assert not reading.is_satisfied(condition("StringEquals", "k", "a"), "Deny", reading.ABSENT)
