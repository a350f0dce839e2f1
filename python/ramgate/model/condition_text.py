"""Texts about conditions: the values that an operator wants, and the value of the request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ramgate.model.names import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.model.considered import ConditionOutcome
    from ramgate.model.hint import Given

__all__ = ["because", "given", "only_a_slash", "outcome", "wanted"]

# the words before the listed values, by the operator without its quantifier
_WORDS: Final[Mapping[str, str]] = {
    "Bool": "",
    "DateEquals": "",
    "DateGreaterThan": "a time after ",
    "DateGreaterThanEquals": "a time from ",
    "DateLessThan": "a time before ",
    "DateLessThanEquals": "a time up to ",
    "DateNotEquals": "another time than ",
    "IpAddress": "an address in ",
    "NotIpAddress": "an address outside ",
    "NumericEquals": "",
    "NumericGreaterThan": "more than ",
    "NumericGreaterThanEquals": "at least ",
    "NumericLessThan": "less than ",
    "NumericLessThanEquals": "at most ",
    "NumericNotEquals": "another number than ",
    "StringEquals": "",
    "StringEqualsIgnoreCase": "",
    "StringLike": "",
    "StringNotEquals": "another value than ",
    "StringNotEqualsIgnoreCase": "another value than ",
    "StringNotLike": "another value than ",
}


def wanted(operator: str, values: Sequence[str]) -> str:
    """Return the values that satisfy a condition.

    >>> wanted("StringEquals", ("a", "b")), wanted("NotIpAddress", ("10.0.0.0/8",))
    ('`a` or `b`', 'an address outside `10.0.0.0/8`')
    """
    quantifier, _, name = operator.rpartition(":")
    words = _WORDS.get(name, f"{name} ")
    every = {"ForAllValues": "each value to be ", "ForAnyValue": "a value to be "}
    shown = listed(f"`{value}`" for value in values)
    between = shown.replace(" and ", " or ") if " more" not in shown else shown
    return f"{every.get(quantifier, '')}{words}{between}"


def given(value: Given) -> str:
    """Return the value of a request.

    >>> given("a"), given((1, True)), given(None)
    ('`a`', '`1` and `true`', 'absent')
    """
    if value is None:
        return "absent"
    values = value if isinstance(value, tuple) else (value,)
    return listed(f"`{one if isinstance(one, str) else json.dumps(one)}`" for one in values)


def only_a_slash(values: Sequence[str], value: Given) -> bool:
    """True if the value would be a listed one with one slash more or less at its ends.

    >>> only_a_slash(("team-a/",), "team-a"), only_a_slash(("team-a/*",), "team-a")
    (True, True)
    """
    return isinstance(value, str) and any(
        value != one and value.strip("/") == one.removesuffix("*").strip("/") for one in values
    )


def because(one: ConditionOutcome) -> str:
    """Return the reason why a condition of a matching statement is satisfied."""
    match one.reason:
        case "satisfied_by_absence":
            return f"the request has no `{one.key}`"
        case "satisfied_by_doubt":
            return f"`{one.key}` is {given(one.given)}, which {one.operator} cannot read"
        case _:
            return f"`{one.key}` is {given(one.given)}"


def outcome(one: ConditionOutcome) -> str:
    """Return one line about a condition."""
    if one.satisfied:
        return f"{because(one)}: {one.operator} is satisfied (rule {one.rule})"
    if one.reason == "key_absent":
        return f"the request has no `{one.key}`, wanted is {wanted(one.operator, one.values)}"
    if one.reason == "unreadable":
        return f"`{one.key}` is {given(one.given)}, which {one.operator} cannot read"
    return f"`{one.key}` is {given(one.given)}, wanted is {wanted(one.operator, one.values)}"
