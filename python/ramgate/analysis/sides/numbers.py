"""Find the accounts that policy documents tell apart: one number of each kind.

A pattern may name accounts by a part of their numbers, as `acs:oss:*:12345678901234??:*` does, and
a wildcard of a Deny may read the number and more. So all patterns are read side by side: over the
16 digits of a number, from each place where the number of a resource or of `acs:PrincipalARN` may
begin. Two numbers that lead to the same places cannot be told apart by the rest either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover import glob
from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.key_values import listed_globs
from ramgate.analysis.prover.reading import family
from ramgate.analysis.prover.statement import statements_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ramgate.analysis.prover.glob import Atom, Glob

__all__ = ["told_apart"]

# another order than that of a number, so that the first numbers do not begin with a zero
_DIGITS: Final = "1234567890"
_LENGTH: Final = 16
_MOST: Final = 32
_MOST_OPEN: Final = 4096
_PRINCIPAL: Final = "acs:PrincipalARN"
_FIELD: Final[Glob] = (*glob.ANY_FIELD, *glob.text(":"))
_BEFORE_RESOURCES: Final[Glob] = (*glob.text("acs:"), *_FIELD, *_FIELD)
_BEFORE_PRINCIPALS: Final[Glob] = glob.text("acs:ram::")


def told_apart(
    documents: Iterable[Mapping[str, Any]], named: Collection[str], preferred: Iterable[str]
) -> list[str]:
    """Return account numbers, sorted: one for each set of accounts that documents treat alike.

    Each number of `named` is a set by itself. One of `preferred` is taken where it is in a set.
    Raises `Undecided` if there are too many sets.

    >>> told_apart([], ["2222222222222222"], ["1234567890123456"])
    ['1234567890123456', '2222222222222222']
    """
    whole = {glob.text(f"{number}:") for number in named}
    parts = sorted({one for one in _runs(documents) if one not in whole}, key=repr)
    runs: list[_Named | _Run] = [_Named(named), *map(_Run, parts)]
    found = _sets(runs)
    if len(found) > len(named) + _MOST:
        raise Undecided(f"patterns tell more than {_MOST} kinds of accounts apart")
    replaced = set[tuple[int, ...]]()
    for number in preferred:
        ends = tuple(_end(run, number) for run in runs)
        if ends not in replaced:
            replaced.add(ends)
            found[ends] = number
    return sorted(found.values())


class _Named:
    """Whole numbers; a state is the digits of a number that begins so, behind a 1, else 0."""

    start = 1

    def __init__(self, numbers: Iterable[str]) -> None:
        self._known = {
            int(f"1{number[:length]}") for number in numbers for length in range(_LENGTH + 1)
        }

    def after(self, state: int, character: str) -> int:
        """Return the state after a digit or the colon behind a number."""
        if character == ":" or state == 0:
            return state
        longer = 10 * state + int(character)
        return longer if longer in self._known else 0


class _Run:
    """A part of a pattern that reads digits; a state is the places in it, as bits of a number."""

    def __init__(self, atoms: Glob) -> None:
        self._atoms = atoms
        self._steps: dict[tuple[int, str], int] = {}
        self.start = self._closed(1)

    def after(self, state: int, character: str) -> int:
        """Return the state after a digit or the colon behind a number."""
        known = self._steps.get((state, character))
        if known is None:
            known = 0
            for place, atom in enumerate(self._atoms):
                if state >> place & 1 and atom.reads(character):
                    known |= 1 << (place if atom.repeats else place + 1)
            known = self._steps[state, character] = self._closed(known)
        return known

    def _closed(self, state: int) -> int:
        for place, atom in enumerate(self._atoms):
            if state >> place & 1 and _may_read_nothing(atom):
                state |= 1 << (place + 1)
        return state


def _end(run: _Named | _Run, number: str) -> int:
    """Return the state after a number."""
    state = run.start
    for character in f"{number}:":
        state = run.after(state, character)
    return state


def _sets(runs: Sequence[_Named | _Run]) -> dict[tuple[int, ...], str]:
    """Return a number for each tuple of states in which all runs can be after a number."""
    found = {tuple(run.start for run in runs): ""}
    for _ in range(_LENGTH):
        longer: dict[tuple[int, ...], str] = {}
        for states, number in found.items():
            for digit in _DIGITS:
                longer.setdefault(_after(runs, states, digit), number + digit)
        if len(longer) > _MOST_OPEN:
            raise Undecided("patterns tell too many kinds of accounts apart")
        found = longer
    ended: dict[tuple[int, ...], str] = {}
    for states, number in found.items():
        ended.setdefault(_after(runs, states, ":"), number)
    return ended


def _after(runs: Sequence[_Named | _Run], states: Sequence[int], character: str) -> tuple[int, ...]:
    return tuple(run.after(state, character) for run, state in zip(runs, states, strict=True))


def _runs(documents: Iterable[Mapping[str, Any]]) -> Iterator[Glob]:
    """Yield the parts of patterns that read the number of an account, or a part of it."""
    resources: set[Glob] = set()
    principals: set[Glob] = set()
    for document in documents:
        for statement in statements_of("", document):
            resources.update((*statement.resource_globs, *statement.role_globs))
            for condition in statement.conditions:
                if condition["key"] == _PRINCIPAL and family(condition) == "String":
                    for fold in (False, True):
                        principals.update(listed_globs(condition, fold=fold))
    for patterns, before in ((resources, _BEFORE_RESOURCES), (principals, _BEFORE_PRINCIPALS)):
        for pattern in patterns:
            for place in _places(pattern, before):
                run = _run(pattern[place:])
                if run:
                    yield run


def _run(atoms: Glob) -> Glob:
    """Return the atoms up to the first that reads no digit; none if they read all digits alike."""
    stops = (
        place
        for place, atom in enumerate(atoms)
        if not _may_read_nothing(atom) and not any(map(atom.reads, _DIGITS))
    )
    stop = next(stops, len(atoms))
    return () if all(map(_reads_all, atoms[:stop])) else atoms[: stop + 1]


def _places(pattern: Glob, before: Glob) -> set[int]:
    """Return the places in which a pattern can be after a text that `before` reads.

    The last atom of `before` reads one character. Places behind atoms that may read nothing are
    left out.
    """
    seen, left, found = {(0, 0)}, [(0, 0)], set[int]()
    while left:
        at, behind = left.pop()
        after = set[tuple[int, int]]()
        one, other = pattern[at : at + 1], before[behind : behind + 1]
        if one and _may_read_nothing(one[0]):
            after.add((at + 1, behind))
        if other and _may_read_nothing(other[0]):
            after.add((at, behind + 1))
        if one and other and _read_a_character(one[0], other[0]):
            place, stays = at + (not one[0].repeats), other[0].repeats
            after.add((place, behind + (not stays)))
            if behind + 1 == len(before) and not stays:
                found.add(place)
        left += after - seen
        seen |= after
    return found


def _read_a_character(one: Atom, other: Atom) -> bool:
    """True if both atoms read some character."""
    if one.characters is None:
        one, other = other, one
    if one.characters is None:
        return True
    return any(map(other.reads, one.characters))


def _may_read_nothing(atom: Atom) -> bool:
    return atom.repeats or atom.optional


def _reads_all(atom: Atom) -> bool:
    """True if the atom cannot tell digits apart."""
    return all(map(atom.reads, _DIGITS))
