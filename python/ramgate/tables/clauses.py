"""Translate statements into clauses: tests of a request's strings, and the results they need.

A clause covers a context whose values are all strings: `rego/ram/table` reads no other. The numbers
in comments are those of the rules in `docs/reference/policy-language.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from ramgate.language import condition
from ramgate.language.grammar import WILDCARD
from ramgate.language.resource_pattern import (
    ACCOUNT,
    ANY_CHARACTER,
    FIELDS,
    REGION,
    crossing,
    literal,
    regex,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "ANYTHING",
    "GROUP",
    "RESOURCE",
    "Clause",
    "Expectation",
    "Layer",
    "NoTableError",
    "Statement",
    "Test",
    "compile_statement",
    "in_any_case",
]

RESOURCE: Final = "resource"
ANYTHING: Final = ".*"
"""The pattern that each string matches."""

GROUP: Final = "acs:ResourceGroupId"

# The longest key of a request (rego/ram/limit): no table decides by a longer one.
_MAX_KEY: Final = 256
_TIME: Final = "acs:CurrentTime"
_CALLER: Final = "acs:PrincipalARN"
_BOOLEANS: Final = {True: "[tT][rR][uU][eE]", False: "[fF][aA][lL][sS][eE]"}
_THIRD_FORMS: Final = {"i": "\u0130", "k": "\u212a"}
_FIRST: Final = -(2**63)
_LAST: Final = 2**63 - 1
_ANY_ADDRESS: Final = ("0.0.0.0/0", "::/0")


class Test(NamedTuple):
    """A test of a request: it holds if the string at the path passes one of the listed values.

    The kind says how they are compared: a `glob` by `glob.match` with the delimiter `:`, a
    `pattern` as a regular expression, an `address` with blocks of addresses, a `date` with spans of
    time, each `[first, last]` in nanoseconds. `time` is the date that ramgate fills in if the
    request has none. An absent string passes no other test.
    """

    path: str | tuple[str, ...]
    listed: tuple[object, ...]
    kind: str = "glob"


class Expectation(NamedTuple):
    """A test, and the result that it must have."""

    test: Test
    holds: bool


Clause: TypeAlias = tuple[Expectation, ...]
"""A clause is satisfied if at least one of its expectations is."""


class Statement(NamedTuple):
    """A statement of a policy, by its position there; it matches if every clause is satisfied.

    `takes_lists` if a list in the context passes each test as soon as one of its elements does.
    `needs_account` if no table decides a request that states no account.
    """

    effect: str
    policy: str
    position: int
    clauses: tuple[Clause, ...]
    takes_lists: bool = True
    needs_account: bool = False


class Layer(NamedTuple):
    """The statements of one layer, and the layer's policy type."""

    policy_type: str
    statements: Sequence[Statement]


class NoTableError(Exception):
    """No table can express this, so the general rule must decide."""


def compile_statement(
    policy: str, position: int, statement: Mapping[str, Any], *, is_assuming: bool
) -> Statement:
    """Compile a translated statement of the policy with that id.

    With `is_assuming`, the resource is a role, which is compared without case (3.4). Raises
    `NoTableError` if a resource or a condition needs more than tests of strings.
    """
    if "resource_fields" in statement:
        raise NoTableError
    clauses: list[Clause] = []
    needs_account = False
    if not statement.get("any_resource"):
        compare = _denying if statement["effect"] == "Deny" else _allowing
        patterns = [
            compare(pattern)
            for pattern in (
                *map(condition.glob, statement.get("resources", ())),
                *(f"{condition.glob(text)}**" for text in statement.get("resource_prefixes", ())),
                *statement.get("resource_patterns", ()),
            )
        ]
        # 3.5: in an Allow, an empty account is for a request that states none
        needs_account = statement["effect"] == "Allow" and any(map(_has_no_account, patterns))
        if is_assuming:
            patterns = list(map(_ignore_case, patterns))
        clauses.append((Expectation(Test(RESOURCE, tuple(patterns)), holds=True),))
    conditions = statement.get("conditions", ())
    for one in conditions:
        clauses += _condition_clauses(one, statement["effect"])
    name = policy.rpartition("/")[2]
    takes_lists = all(map(_takes_lists, conditions))
    return Statement(
        statement["effect"], name, position, tuple(clauses), takes_lists, needs_account
    )


def _has_no_account(pattern: str) -> bool:
    return pattern.split(":", FIELDS - 1)[ACCOUNT:-1] == [""]


def _allowing(pattern: str) -> str:
    """Return the pattern for a resource as the request states it, where a region may be `*` (3.5).

    The general rule compares an empty region instead.
    """
    fields = pattern.split(":")
    region = fields[REGION] if len(fields) > REGION else "*"
    if not region.strip("*?") and region.count("?") == 1:
        raise NoTableError
    if not region:
        fields[REGION] = "{,[*]}"
    return ":".join(fields)


def _denying(pattern: str) -> str:
    """Return the pattern for a resource as the request states it.

    Where wildcards cross fields, an empty region and `*` can differ if the pattern has a `?`, or
    nothing between two colons.
    """
    *head, _ = fields = pattern.split(":", FIELDS - 1)
    crosses = len(fields) < FIELDS or any("**" in one or ANY_CHARACTER in one for one in head)
    if crosses and ("::" in pattern or ANY_CHARACTER in pattern):
        raise NoTableError
    return pattern


def _takes_lists(one: Mapping[str, Any]) -> bool:
    """True if "an element of the request's list passes a test" says what the condition asks."""
    if not one["operator"].startswith("String"):
        return False
    return bool(one["negated"] is (one["quantifier"] == "every"))


def _condition_clauses(one: Mapping[str, Any], effect: str) -> list[Clause]:
    """Return the clauses of a condition on a string (4.2 to 4.7).

    An absent or an unreadable value counts against the caller. It passes no test.
    """
    key, is_time = one["key"], one["key"] == _TIME
    if key == _CALLER or len(key) > _MAX_KEY:
        raise NoTableError
    path = ("context", key)
    kind, listed, all_readable = _comparison(one["operator"], one["values"])
    if is_time and kind != "date":
        raise NoTableError
    kind = "time" if is_time else kind
    match = Expectation(Test(path, listed, kind), holds=not one["negated"])
    readable = Test(path, all_readable, kind)
    if effect == "Allow":
        return [(match,), (Expectation(readable, holds=True),)] if one["negated"] else [(match,)]
    if one["negated"]:
        return [(match,)]
    counts_against: Clause = (match, Expectation(readable, holds=False))
    if one["quantifier"] == "every" or is_time:
        return [counts_against]
    if one["operator"].startswith("String"):
        return [(match,)]
    return [counts_against, (Expectation(Test(path, (ANYTHING,), "pattern"), holds=True),)]


def _comparison(
    comparison: str, values: Iterable[Any]
) -> tuple[str, tuple[object, ...], tuple[object, ...]]:
    """Return the kind of a test, the listed values, and values that each readable string passes."""
    match comparison:
        case "Bool":
            booleans = tuple(_BOOLEANS[value] for value in values)
            return "pattern", booleans, tuple(_BOOLEANS.values())
        case "StringEquals":
            return "pattern", tuple(map(literal, values)), (ANYTHING,)
        case "StringEqualsIgnoreCase":
            return "pattern", tuple(map(in_any_case, values)), (ANYTHING,)
        case "StringLike":
            return "pattern", tuple(regex(crossing(value)) for value in values), (ANYTHING,)
        case "IpAddress":
            return "address", tuple(values), _ANY_ADDRESS
        case _ if comparison.startswith("Date"):
            spans = tuple(_span(comparison, value) for value in values)
            return "date", spans, ((_FIRST, _LAST),)
        case _:
            raise NoTableError


def _span(comparison: str, instant: int) -> tuple[int, int]:
    """Return the first and the last instant that satisfy the comparison."""
    return {
        "DateEquals": (instant, instant),
        "DateLessThan": (_FIRST, instant - 1),
        "DateLessThanEquals": (_FIRST, instant),
        "DateGreaterThan": (instant + 1, _LAST),
        "DateGreaterThanEquals": (instant, _LAST),
    }[comparison]


def in_any_case(text: str) -> str:
    """Return the regular expression of all texts that OPA's `lower` maps to the same as this one.

    Two ASCII letters have a third form: U+0130 is mapped to `i`, the Kelvin sign to `k`. Raises
    `NoTableError` for a text with a wildcard or with a character beyond ASCII.

    >>> in_any_case("a-1")
    '[aA]-1'
    """
    if not text.isascii() or WILDCARD.search(text):
        raise NoTableError
    return "".join(
        f"[{one.lower()}{one.upper()}{_THIRD_FORMS.get(one.lower(), '')}]"
        if one.isalpha()
        else literal(one)
        for one in text
    )


def _ignore_case(pattern: str) -> str:
    """Return a pattern that matches an ASCII text if both match in lower case."""
    if "\\" in pattern or not pattern.isascii():
        raise NoTableError
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else one for one in pattern)
