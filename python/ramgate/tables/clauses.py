"""Translate statements into clauses: tests of a request's strings, and the results they need.

A clause covers a context whose values are all strings: `rego/ram/table` reads no other. The numbers
in comments are those of the rules in `docs/reference/policy-language.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from ramgate.language import condition
from ramgate.language.grammar import WILDCARD
from ramgate.language.resource_pattern import ANY_CHARACTER, FIELDS, REGION, crossing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "GROUP",
    "RESOURCE",
    "Clause",
    "Expectation",
    "Layer",
    "NoTableError",
    "Statement",
    "Test",
    "compile_statement",
]

RESOURCE: Final = "resource"
GROUP: Final = "acs:ResourceGroupId"

# The longest key of a request (rego/ram/limit): no table decides by a longer one.
_MAX_KEY: Final = 256
_FILLED_IN: Final = ("acs:CurrentTime", "acs:PrincipalARN")
_BOOLEANS: Final = {True: "[tT][rR][uU][eE]", False: "[fF][aA][lL][sS][eE]"}
_THIRD_FORMS: Final = {"i": "\u0130", "k": "\u212a"}


class Test(NamedTuple):
    """A test of a request: it holds if any of the patterns matches the string at the path.

    The patterns are for `glob.match` with the delimiter `:`.
    """

    path: str | tuple[str, ...]
    patterns: tuple[str, ...]


class Expectation(NamedTuple):
    """A test, and the result that it must have."""

    test: Test
    holds: bool


Clause: TypeAlias = tuple[Expectation, ...]
"""A clause is satisfied if at least one of its expectations is."""


class Statement(NamedTuple):
    """A statement of a policy, by its position there; it matches if every clause is satisfied."""

    effect: str
    policy: str
    position: int
    clauses: tuple[Clause, ...]

    def matches(self, results: Mapping[Test, bool]) -> bool:
        """True if the statement matches, given the result of each test."""
        return all(any(results[test] is holds for test, holds in clause) for clause in self.clauses)


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
    if not statement.get("any_resource"):
        compare = _denying if statement["effect"] == "Deny" else _allowing
        patterns: Iterable[str] = map(
            compare,
            (
                *map(condition.glob, statement.get("resources", ())),
                *(f"{condition.glob(text)}**" for text in statement.get("resource_prefixes", ())),
                *statement.get("resource_patterns", ()),
            ),
        )
        if is_assuming:
            patterns = map(_ignore_case, patterns)
        clauses.append((Expectation(Test(RESOURCE, tuple(patterns)), holds=True),))
    for one in statement.get("conditions", ()):
        clauses += _condition_clauses(one, statement["effect"])
    name = policy.rpartition("/")[2]
    return Statement(statement["effect"], name, position, tuple(clauses))


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


def _condition_clauses(one: Mapping[str, Any], effect: str) -> list[Clause]:
    """Return the clauses of a condition (4.2 to 4.7): an absent key counts against the caller."""
    if one["key"] in _FILLED_IN or len(one["key"]) > _MAX_KEY:
        raise NoTableError
    path = ("context", one["key"])
    is_present = Test(path, ("**",))
    present: Clause = (Expectation(is_present, holds=True),)
    absent = Expectation(is_present, holds=False)
    test = Test(path, _value_patterns(one["operator"], one["values"]))
    match = Expectation(test, holds=not one["negated"])
    if effect == "Allow":
        return [(match,), present] if one["negated"] else [(match,)]
    is_every = one["quantifier"] == "every"
    if one["operator"] == "Bool":
        # 4.6: a value that is neither true nor false is unreadable; so is an absent key's
        unreadable = Expectation(Test(path, tuple(_BOOLEANS.values())), holds=False)
        return [(match, unreadable)] if is_every else [(match, unreadable), present]
    if is_every and not one["negated"]:
        return [(match, absent)]
    return [(match,)]


def _value_patterns(comparison: str, values: Iterable[Any]) -> tuple[str, ...]:
    if comparison == "Bool":
        return tuple(_BOOLEANS[value] for value in values)
    if comparison == "StringEquals":
        texts = [condition.glob(value) for value in values]
        if any(WILDCARD.search(text) for text in texts):
            raise NoTableError
    elif comparison == "StringEqualsIgnoreCase":
        texts = ["".join(map(_in_any_case, value)) for value in values]
    elif comparison == "StringLike":
        texts = list(map(crossing, values))
    else:
        raise NoTableError
    # an absent key is tested as an empty string, which an empty pattern would match
    if not all(texts):
        raise NoTableError
    return tuple(texts)


def _in_any_case(character: str) -> str:
    """Return a pattern of all characters that OPA's `lower` maps to the same as this one.

    Two ASCII letters have a third form: U+0130 is mapped to `i`, the Kelvin sign to `k`.
    """
    if character in "*?" or not character.isascii():
        raise NoTableError
    if not character.isalpha():
        return condition.glob(character)
    lower = character.lower()
    return f"[{lower}{lower.upper()}{_THIRD_FORMS.get(lower, '')}]"


def _ignore_case(pattern: str) -> str:
    """Return a pattern that matches an ASCII text if both match in lower case."""
    if "\\" in pattern or not pattern.isascii():
        raise NoTableError
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else one for one in pattern)
