"""Compile layers of statements into an entry: its tests, and a decision for each outcome.

`docs/reference/translated.md` describes the forms of an entry.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ramgate.language.resource_pattern import regex
from ramgate.tables.clauses import ANYTHING, GROUP, RESOURCE, NoTableError, Test
from ramgate.tables.holdings import CONTROL, OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.tables.clauses import Layer, Statement

__all__ = [
    "MOST_PATTERNS",
    "MOST_TESTS",
    "Entry",
    "entry",
    "flags",
    "outcomes",
    "whole",
]

MOST_TESTS: Final = 5
MOST_PATTERNS: Final = 40

_T = TypeVar("_T")

_CONTINUES: Final = {CONTROL: "Allow", OWN: "ImplicitDeny"}
"""The effect of a layer after which the next layer decides, if there is one."""
_REASONS: Final = {
    "Allow": "statement_allows",
    "ExplicitDeny": "statement_denies",
    "ImplicitDeny": "no_statement_matches",
}


class Entry(NamedTuple):
    """An entry as the store has it.

    `keyed` is a faster form for a context with the one key that the entry tests, None if there is
    no such form.
    """

    stored: dict[str, object]
    keyed: dict[str, object] | None = None


def entry(layers: Sequence[Layer], left: Sequence[Test], most: int) -> Entry:
    """Return the entry of these layers.

    If one of the tests in `left` holds, the general rule decides: the entry omits these outcomes,
    so they are undefined in Rego. Raises `NoTableError` if there are more than `most` tests, or
    more than `MOST_PATTERNS` patterns in them.
    """
    statements = [statement for layer in layers for statement in layer.statements]
    found = (one.test for statement in statements for clause in statement.clauses for one in clause)
    tests = list(dict.fromkeys([*found, *left]))
    if len(tests) > most or sum(len(test.listed) for test in tests) > MOST_PATTERNS:
        raise NoTableError
    at = {test: position for position, test in enumerate(tests)}
    numbered = [_numbered(layer, at) for layer in layers]
    undecided = [at[test] for test in left]
    by_results = {
        text: _decide(numbered, results)
        for text, results in _combinations(len(tests))
        if not any(results[position] for position in undecided)
    }
    match tests:
        case []:
            return Entry({RESOURCE: "**", "true": by_results[""]})
        case [Test("resource", (pattern,))] if not left:
            return Entry({RESOURCE: pattern, **_both(by_results), **flags(layers)})
    stored: dict[str, object] = {"outcomes": by_results, **flags(layers)}
    if all(test.path == RESOURCE for test in tests):
        return Entry({"patterns": list(map(_pattern, tests)), **stored})
    written = list(map(_stored, tests))
    stored["tests"] = written
    if left:
        return Entry(stored)
    return Entry(stored, _keyed(layers, dict(zip(tests, written, strict=True)), by_results))


def _keyed(
    layers: Sequence[Layer],
    tests: Mapping[Test, Sequence[object]],
    decisions: Mapping[str, object],
) -> dict[str, object] | None:
    """Return the form of an entry for a context that has the one key it tests, or None.

    The entry may also test the resource by one pattern, and the time. `tests` have their stored
    form, and `decisions` are those for all outcomes.
    """
    resources = [test for test in tests if test.path == RESOURCE]
    times = [test for test in tests if test.kind == "time"]
    on_keys = [test for test in tests if test not in (*resources, *times)]
    # a key that is there passes the test whether it is there
    asked = [test for test in on_keys if test != _present(test)] or on_keys
    match resources, asked, times:
        case ([] | [Test(_, (_,))], [Test((_, key)) as test], [] | [_]):
            pass
        case _:
            return None
    if key == GROUP or any(other.path != test.path for other in on_keys):
        return None
    tested = [*resources, test, *times]
    # the tests that are not asked hold
    places = [tested.index(one) if one in tested else None for one in tests]
    by_results: dict[str, Any] = {}
    for text, _ in _combinations(len(tested)):
        decided = decisions["".join("1" if at is None else text[at] for at in places)]
        of_resource, of_key, *of_time = list(text if resources else f"1{text}")
        found = by_results.setdefault(of_resource, {})
        if of_time:
            found.setdefault(of_key, {})[of_time[0]] = decided
        else:
            found[of_key] = decided
    kind, _, listed = tests[test]
    keyed = {"key": key, "kind": kind, "listed": listed, "outcomes": by_results}
    keyed[RESOURCE] = resources[0].listed[0] if resources else "**"
    if all(statement.takes_lists for layer in layers for statement in layer.statements):
        keyed["takes_lists"] = True
    if times:
        keyed["time"] = times[0].listed
    elif kind == "pattern":
        keyed["pattern"] = listed
        if not resources:
            keyed["of_any_resource"] = listed
    return keyed


def _present(test: Test) -> Test:
    return Test(test.path, (ANYTHING,), "pattern")


def flags(layers: Iterable[Layer]) -> dict[str, object]:
    """Return the field of an entry of which a statement needs the general rule without an account.

    >>> flags([])
    {}
    """
    needs = any(one.needs_account for layer in layers for one in layer.statements)
    return {"needs_account": True} if needs else {}


def _both(by_results: Mapping[str, object]) -> dict[str, object]:
    return {"true": by_results["1"], "false": by_results["0"]}


def _stored(test: Test) -> list[object]:
    """Return the test as the store has it. Several patterns become one regular expression."""
    if test.kind in {"glob", "pattern"}:
        return ["pattern", test.path, _pattern(test)]
    return [test.kind, test.path, test.listed]


def _pattern(test: Test) -> str:
    listed = map(str, test.listed)
    return whole(map(regex, listed) if test.kind == "glob" else listed)


def whole(patterns: Iterable[str]) -> str:
    """Return the regular expression of the texts that one of the patterns matches from end to end.

    >>> whole(["a", "b.*"])
    '(?s)^(?:a|b.*)$'
    """
    return f"(?s)^(?:{'|'.join(patterns)})$"


def outcomes(tests: Sequence[_T]) -> Iterator[tuple[str, dict[_T, bool]]]:
    """Yield each combination of results: as a text of `0` and `1`, and by test.

    >>> list(outcomes(["x"]))
    [('0', {'x': False}), ('1', {'x': True})]
    """
    for text, results in _combinations(len(tests)):
        yield text, dict(zip(tests, results, strict=True))


@functools.lru_cache(maxsize=MOST_TESTS + 1)
def _combinations(count: int) -> Sequence[tuple[str, tuple[bool, ...]]]:
    """Return each combination of so many results, and its text."""
    return [
        ("".join("01"[one] for one in results), results)
        for results in itertools.product((False, True), repeat=count)
    ]


class _Numbered(NamedTuple):
    """A statement whose clauses name each test by its position: a test is slow to look up."""

    statement: Statement
    clauses: list[list[tuple[int, bool]]]

    def matches(self, results: Sequence[bool]) -> bool:
        """True if the statement matches, given the results of the tests."""
        for clause in self.clauses:
            for position, holds in clause:
                if results[position] is holds:
                    break
            else:
                return False
        return True


def _numbered(layer: Layer, at: Mapping[Test, int]) -> tuple[str, list[_Numbered]]:
    """Return the policy type and the statements of a layer, given the position of each test."""
    return layer.policy_type, [
        _Numbered(one, [[(at[test], holds) for test, holds in clause] for clause in one.clauses])
        for one in layer.statements
    ]


def _decide(
    layers: Iterable[tuple[str, Sequence[_Numbered]]], results: Sequence[bool]
) -> dict[str, object]:
    """Return the decision, given the results of the tests.

    The layers decide in their order (5.4, 5.6), until one is final.
    """
    for policy_type, statements in layers:
        matching: dict[str, list[tuple[str, int]]] = {"Deny": [], "Allow": []}
        for one in statements:
            if one.matches(results):
                statement = one.statement
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
