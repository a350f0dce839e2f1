"""Patterns as sequences of atoms, each of which reads one character or any number of them.

The patterns are those of translated documents (docs/reference/translated.md). The numbers in
comments are those of the rules in docs/reference/policy-language.md.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.language.resource_pattern import ANY_CHARACTER, FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "ACTION",
    "ANYTHING",
    "ANY_FIELD",
    "COLON",
    "NAME",
    "Atom",
    "by_fields",
    "folded",
    "lower",
    "matches",
    "opa_lower",
    "plain",
    "resource",
    "some",
    "stand_in",
    "text",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Atom:
    """Reads one character, any number of them if it `repeats`, or at most one if it is `optional`.

    `characters` lists the characters that the atom reads; None means any, with `excepted` those
    that it does not read.
    """

    characters: frozenset[str] | None
    excepted: frozenset[str] = frozenset()
    repeats: bool = False
    optional: bool = False

    def reads(self, character: str) -> bool:
        """True if the atom reads the character."""
        if self.characters is None:
            return character not in self.excepted
        return character in self.characters


Glob: TypeAlias = "tuple[Atom, ...]"

_TOKEN: Final = re.compile(rf"\\.|\*+|{re.escape(ANY_CHARACTER)}|\[\*\]|.", re.DOTALL)
_BRACES: Final = re.compile(r"((?:[^\\{]|\\.)*)\{((?:[^\\}]|\\.)*)\}(.*)", re.DOTALL)
_CHOICE: Final = re.compile(r"((?:[^\\,]|\\.)*),", re.DOTALL)

COLON: Final = frozenset(":")
_ONE: Final = Atom(None)
_MANY: Final = Atom(None, repeats=True)
_ONE_IN_FIELD: Final = Atom(None, COLON)
_MANY_IN_FIELD: Final = Atom(None, COLON, repeats=True)

ANYTHING: Final[Glob] = (_MANY,)
"""Any text, also the empty one."""

ANY_FIELD: Final[Glob] = (_MANY_IN_FIELD,)
"""Any text without a colon, also the empty one."""

_DIGITS: Final = "0123456789"
_SMALL: Final = "abcdefghijklmnopqrstuvwxyz"

ACTION: Final = frozenset(_SMALL + _DIGITS + "_.-")
"""The characters of an action in lower case, without the colon."""

NAME: Final = frozenset(_SMALL + _SMALL.upper() + _DIGITS + "._@-")
"""The characters in the names of users and roles."""


def text(literal: str) -> Glob:
    """Return the glob that reads exactly this text."""
    return tuple(map(_literal, literal))


def some(characters: frozenset[str], most: int | None = None) -> Glob:
    """Return the glob that reads one or more of the characters, at most `most`."""
    if most is None:
        return (Atom(characters), Atom(characters, repeats=True))
    return (Atom(characters), *[Atom(characters, optional=True)] * (most - 1))


def plain(pattern: str) -> Glob:
    r"""Return the glob of an action or of a `StringLike` value: `*` and `?` read any character.

    >>> [atom.repeats for atom in plain(r"a*\[")]
    [False, True, False]
    """
    return _atoms(pattern, _ONE, _MANY)


def resource(pattern: str) -> tuple[Glob, ...]:
    """Return the globs of a `resource_patterns` entry, each of which suffices.

    >>> len(resource("acs:oss:{cn-*,,[*]}:*:bucket/**"))
    3
    """
    if found := _BRACES.fullmatch(pattern):
        start, choices, rest = found.groups()
        return tuple(
            itertools.chain.from_iterable(
                resource(f"{start}{choice}{rest}") for choice in _CHOICE.findall(f"{choices},")
            )
        )
    return (_atoms(pattern, _ONE_IN_FIELD, _MANY_IN_FIELD),)


def by_fields(globs: Sequence[str]) -> tuple[Glob, ...]:
    """Return the globs of a `resource_fields` entry: the first four fields have no colon."""
    if len(globs) < FIELDS:
        # cut short without a `*`: it matches no resource
        return ()
    *head, last = globs
    choices = [resource(field) for field in head] + [(plain(last),)]
    return tuple(
        tuple(itertools.chain(fields[0], *((_literal(":"), *field) for field in fields[1:])))
        for fields in itertools.product(*choices)
    )


def lower(globs: Iterable[Glob]) -> tuple[Glob, ...]:
    """Return the globs of the patterns in lower case (3.4)."""
    return tuple(tuple(map(_in_lower_case, one)) for one in globs)


def folded(literal: str) -> Glob:
    """Return the glob that reads the text in any case, as `StringEqualsIgnoreCase` does."""
    return tuple(Atom(_same_letter(character)) for character in literal)


def matches(globs: Iterable[Glob], text: str) -> bool:
    """True if one of the globs reads the whole text.

    >>> matches([plain("oss:*"), plain("ecs:?")], "ecs:a")
    True
    """
    return any(_regex(one).fullmatch(text) for one in globs)


def stand_in(atom: Atom) -> str:
    """Return a character that the atom reads."""
    if atom.characters is not None:
        return min(atom.characters)
    return next(one for one in "x-" if one not in atom.excepted)


@functools.lru_cache(maxsize=1 << 14)
def _regex(one: Glob) -> re.Pattern[str]:
    """Return the regular expression of a glob, which takes time linear in most of the texts.

    A text that follows a repeating atom is taken at its first place, in an atomic group: trying all
    combinations of places would take exponential time.
    """
    places = [place for place, atom in enumerate(one) if atom.repeats]
    regex = _classes(one[: places[0]] if places else one)
    for place, after in itertools.zip_longest(places, places[1:]):
        piece = one[place + 1 : after]
        if after is not None and _is_first_best(one[place], piece, one[after]):
            regex += f"(?>{_class(one[place], 1)}?{_classes(piece)})"
        else:
            regex += f"{_class(one[place], 1)}{_classes(piece)}"
    return re.compile(regex, re.DOTALL)


def _is_first_best(atom: Atom, piece: Glob, after: Atom) -> bool:
    """True if the piece can be taken at its first place behind a repeating atom.

    The next repeating atom must be able to read all between the first place and a later one.
    """
    if any(one.optional for one in piece) or after.characters is not None:
        return False
    stays = all(one.characters is not None or one.excepted for one in piece)
    return not after.excepted or (atom == after and stays)


def _classes(atoms: Glob) -> str:
    # a run of optional atoms becomes one quantifier: many would take exponential time
    runs = ((atom, len(list(run))) for atom, run in itertools.groupby(atoms))
    return "".join(itertools.starmap(_class, runs))


def _class(atom: Atom, times: int) -> str:
    least = 0 if atom.optional else times
    count = "*" if atom.repeats else f"{{{least},{times}}}"
    if atom.characters is not None:
        return f"[{re.escape(''.join(sorted(atom.characters)))}]{count}"
    if atom.excepted:
        return f"[^{re.escape(''.join(sorted(atom.excepted)))}]{count}"
    return f".{count}"


@functools.lru_cache(maxsize=1 << 12)
def _literal(character: str) -> Atom:
    return Atom(frozenset(character))


def _atoms(pattern: str, one: Atom, many: Atom) -> Glob:
    found: list[Atom] = []
    for written in _TOKEN.findall(pattern):
        if written == "*":
            atom = many
        elif written.startswith("*"):
            atom = _MANY
        elif written == "?":
            atom = one
        elif written == ANY_CHARACTER:
            atom = _ONE
        elif written == "[*]":
            atom = _literal("*")
        else:
            atom = _literal(written[-1])
        found.append(atom)
    return tuple(found)


def _in_lower_case(atom: Atom) -> Atom:
    if atom.characters is None:
        return atom
    return dataclasses.replace(atom, characters=frozenset(map(opa_lower, atom.characters)))


def opa_lower(character: str) -> str:
    """Return a character in lower case as OPA's `lower` does, which keeps its length."""
    return "i" if character == "\u0130" else character.lower()


def _same_letter(character: str) -> frozenset[str]:
    return _letters().get(opa_lower(character), frozenset()) | {character, opa_lower(character)}


@functools.cache
def _letters() -> dict[str, frozenset[str]]:
    """Return for each letter in lower case the other characters that OPA converts to it."""
    found: dict[str, set[str]] = {}
    for code in range(0x110000):
        character = chr(code)
        small = opa_lower(character)
        if small != character:
            found.setdefault(small, set()).add(character)
    return {small: frozenset(others) for small, others in found.items()}
