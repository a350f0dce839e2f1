"""Divide statements with many resource patterns by the beginning of the relative id.

The literal beginning of each pattern is a key of the index. The longest key with which a relative
id begins leads to an entry, and this entry has only the patterns that may match there.
"""

from __future__ import annotations

import collections
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.language.resource_pattern import ANY_CHARACTER, FIELDS, literal
from ramgate.tables.clauses import RESOURCE, Layer, NoTableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ramgate.tables.clauses import Clause, Statement

__all__ = ["Index", "Part", "divide"]

_MOST_KEYS: Final = 10_000
_MOST_EVERYWHERE: Final = 40
_ID: Final = FIELDS - 1
_LITERAL: Final = re.compile(r"(?:\\.|[^\\*?\[{])*", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


class Part(NamedTuple):
    """The layers that decide about the relative ids that begin with the key, and no longer one."""

    key: str
    layers: list[Layer]


class Index(NamedTuple):
    """A regular expression whose group is the key of a resource, and the part of each key."""

    cut: str
    parts: list[Part]


class _Beginning(NamedTuple):
    """The literal beginning of a pattern's relative id; `is_all` if nothing may follow.

    `needs_five` if that holds only for resources without a colon in the relative id.
    """

    text: str
    is_all: bool = False
    needs_five: bool = False


class _Place(NamedTuple):
    layer: int
    statement: int
    expectation: int
    pattern: int


def divide(layers: Sequence[Layer]) -> Index:
    """Return the index of these layers.

    Raises `NoTableError` if that does not divide them: too many statements apply everywhere.
    """
    beginnings = {place: _beginning(pattern) for place, pattern in _patterns(layers)}
    whole: dict[str, list[_Place]] = collections.defaultdict(list)
    begun: dict[str, list[_Place]] = collections.defaultdict(list)
    for place, one in beginnings.items():
        (whole if one.is_all else begun)[one.text].append(place)
    keys = {"", *whole, *begun}
    everywhere = sum(map(_applies_everywhere, _statements(layers))) + len(begun.get("", ()))
    if len(keys) == 1 or len(keys) > _MOST_KEYS or everywhere > _MOST_EVERYWHERE:
        raise NoTableError
    ordered = sorted(keys, key=lambda key: (-len(key), key))
    needs_five = any(one.needs_five for one in beginnings.values())
    parts = []
    for key in ordered:
        starts = [key[:length] for length in range(len(key) + 1)]
        places = [
            *whole.get(key, ()),
            *(place for start in starts for place in begun.get(start, ())),
        ]
        parts.append(Part(key, _only(layers, places)))
    return Index(_cut(ordered, needs_five=needs_five), parts)


def _cut(keys: Sequence[str], *, needs_five: bool) -> str:
    either = "|".join(literal(key) for key in keys)
    return rf"^(?:\*$|acs:[^:]*:[^:]*:[^:]*:({either})" + (r"[^:]*$)" if needs_five else ")")


def _beginning(pattern: str) -> _Beginning:
    fields = pattern.split(":")
    crosses = any("**" in one or ANY_CHARACTER in one for one in fields[:_ID])
    if len(fields) < FIELDS or (crosses and len(fields) > FIELDS):
        return _Beginning("")
    found = _LITERAL.match(fields[_ID])
    text = found[0] if found else ""
    return _Beginning(_ESCAPE.sub(r"\1", text), is_all=text == fields[_ID], needs_five=crosses)


def _statements(layers: Sequence[Layer]) -> Iterator[Statement]:
    return (statement for layer in layers for statement in layer.statements)


def _patterns(layers: Sequence[Layer]) -> Iterator[tuple[_Place, str]]:
    for number, layer in enumerate(layers):
        for position, statement in enumerate(layer.statements):
            for index, (test, _) in enumerate(_resource_clause(statement)):
                for one, pattern in enumerate(test.listed):
                    yield _Place(number, position, index, one), str(pattern)


def _resource_clause(statement: Statement) -> Clause:
    """Return the clause that tests the resource, or an empty one."""
    for clause in statement.clauses[:1]:
        if clause[0].test.path == RESOURCE:
            return clause
    return ()


def _applies_everywhere(statement: Statement) -> bool:
    return not _resource_clause(statement)


def _only(layers: Sequence[Layer], places: Sequence[_Place]) -> list[Layer]:
    """Return the layers with these patterns alone, without the statements that lose all of them."""
    left: dict[tuple[int, int], dict[int, list[int]]] = collections.defaultdict(
        lambda: collections.defaultdict(list)
    )
    for place in sorted(places):
        left[place[:2]][place.expectation].append(place.pattern)
    return [
        Layer(
            layer.policy_type,
            [
                _with(statement, left[number, position])
                for position, statement in enumerate(layer.statements)
                if _applies_everywhere(statement) or (number, position) in left
            ],
        )
        for number, layer in enumerate(layers)
    ]


def _with(statement: Statement, patterns: dict[int, list[int]]) -> Statement:
    """Return the statement with these patterns of each expectation of its first clause."""
    clause = _resource_clause(statement)
    if not clause:
        return statement
    kept = tuple(
        one._replace(
            test=one.test._replace(listed=tuple(one.test.listed[i] for i in patterns[index]))
        )
        for index, one in enumerate(clause)
        if index in patterns
    )
    return statement._replace(clauses=(kept, *statement.clauses[1:]))
