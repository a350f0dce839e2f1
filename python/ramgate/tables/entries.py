"""Compile layers of statements into an entry: its tests, and a decision for each outcome.

`docs/reference/translated.md` describes the three forms of an entry.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Final, TypeVar

from ramgate.tables.clauses import GROUP, RESOURCE, NoTableError, Test
from ramgate.tables.holdings import CONTROL, OWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.tables.clauses import Layer

__all__ = [
    "BITS",
    "MOST_PATTERNS",
    "MOST_TESTS",
    "by_key",
    "by_resource",
    "by_tests",
    "decide",
    "entry",
    "outcomes",
]

BITS: Final = "abcde"
MOST_TESTS: Final = len(BITS)
MOST_PATTERNS: Final = 40

_T = TypeVar("_T")

_CONTINUES: Final = {CONTROL: "Allow", OWN: "ImplicitDeny"}
"""The effect of a layer after which the next layer decides, if there is one."""
_REASONS: Final = {
    "Allow": "statement_allows",
    "ExplicitDeny": "statement_denies",
    "ImplicitDeny": "no_statement_matches",
}


def entry(layers: Sequence[Layer], left: Sequence[Test], most: int) -> dict[str, object]:
    """Return the entry of these layers.

    If one of the tests in `left` holds, the general rule decides: the entry omits these outcomes,
    so they are undefined in Rego. Raises `NoTableError` if there are more than `most` tests, or
    more than `MOST_PATTERNS` patterns in them.
    """
    clauses = [
        clause for layer in layers for statement in layer.statements for clause in statement.clauses
    ]
    tests = list(dict.fromkeys([*(one.test for clause in clauses for one in clause), *left]))
    if len(tests) > most or sum(len(test.patterns) for test in tests) > MOST_PATTERNS:
        raise NoTableError
    decisions = {
        bits: decide(layers, results)
        for bits, results in outcomes(tests)
        if not any(results[test] for test in left)
    }
    match tests:
        case []:
            return {"resource": "**", "true": decisions[""]}
        case [Test("resource", (pattern,))] if not left:
            return by_resource(pattern, decisions)
        # Rego reads an absent key as "", so a pattern that matches "" needs the general form; the
        # key of the resource group selects another set, and needs it, too
        case [Test(("context", key), (pattern,))] if pattern.strip("*") and key != GROUP:
            return by_key(key, pattern, decisions)
        case _:
            return by_tests(tests, decisions)


def by_resource(pattern: str, decisions: Mapping[str, object]) -> dict[str, object]:
    """Return an entry that tests if the resource matches one pattern."""
    return {RESOURCE: pattern, "true": decisions["a"], "false": decisions[""]}


def by_key(key: str, pattern: str, decisions: Mapping[str, object]) -> dict[str, object]:
    """Return an entry that tests if the value of one condition key matches one pattern."""
    return {"key": key, "value": pattern, "true": decisions["a"], "false": decisions[""]}


def by_tests(tests: Sequence[Test], decisions: Mapping[str, object]) -> dict[str, object]:
    """Return an entry of the general form; a bit names each test."""
    named = [[bit, test.path, test.patterns] for bit, test in zip(BITS, tests, strict=False)]
    return {"tests": named, "outcomes": decisions}


def outcomes(tests: Sequence[_T]) -> Iterator[tuple[str, dict[_T, bool]]]:
    """Yield each combination of results: the bits of the tests that hold, and all results by test.

    >>> list(outcomes(["x"]))
    [('', {'x': False}), ('a', {'x': True})]
    """
    for bits, results in _combinations(len(tests)):
        yield bits, dict(zip(tests, results, strict=True))


def decide(layers: Sequence[Layer], results: Mapping[Test, bool]) -> dict[str, object]:
    """Return the decision, given the result of each test.

    The layers decide in their order (5.4, 5.6), until one is final.
    """
    for policy_type, statements in layers:
        matching: dict[str, list[tuple[str, int]]] = {"Deny": [], "Allow": []}
        for statement in statements:
            if statement.matches(results):
                matching[statement.effect].append((statement.policy, statement.position))
        deciding, decided_by = matching["Deny"] or matching["Allow"], policy_type
        effect = "ExplicitDeny" if matching["Deny"] else "Allow" if deciding else "ImplicitDeny"
        if effect != _CONTINUES.get(policy_type):
            break
    return {
        "allow": effect == "Allow",
        "effect": effect,
        "reason": _REASONS[effect],
        "policy_type": decided_by,
        "statements": [{"policy": policy, "index": index} for policy, index in sorted({*deciding})],
    }


@functools.cache
def _combinations(count: int) -> list[tuple[str, tuple[bool, ...]]]:
    return [
        ("".join(itertools.compress(BITS, results)), results)
        for results in itertools.product((False, True), repeat=count)
    ]
