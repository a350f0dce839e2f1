"""Find texts that match some patterns and not others, by reading all patterns side by side.

Each position in each pattern is one bit of an integer. Reading a character moves all bits at once.
The search is breadth-first, so it finds a shortest text first. It leaves out a state if another
has all of its wanted positions and none but its unwanted ones: the other can do at least as much.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.glob import Atom, Glob

__all__ = [
    "Choice",
    "words",
]

_PREFERRED: Final = string.ascii_lowercase + string.digits + "-_/." + string.ascii_uppercase
_FURTHER: Final = "~!#$%&+=;,|<>()^ \"'`\u00e9\u4e2d" + "".join(map(chr, range(0x3041, 0x3097)))
_REST: Final = range(0x4E00, 0xD800)
_FEW: Final = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """Patterns whose match is avoided where that is possible.

    With `inverted` the choice counts as matched if none of its patterns match.
    """

    globs: Sequence[Glob]
    inverted: bool = False


def words(
    wanted: Sequence[Sequence[Glob]],
    avoided: Sequence[Glob],
    choices: Sequence[Choice],
    budget: Budget,
) -> Iterator[tuple[str, int]]:
    """Yield texts that match a pattern of each group of `wanted` and none of `avoided`.

    With each text comes the set of choices that it matches, as the bits of an integer. A text whose
    set includes the set of an earlier one is left out. Together the yielded sets are all that are
    minimal: whoever finds none of them suitable has a proof that no text is.

    >>> from ramgate.analysis.prover.budget import Budget
    >>> from ramgate.analysis.prover.glob import plain
    >>> list(words([[plain("a*")]], [plain("a")], [Choice([plain("*b")])], Budget()))
    [('ac', 0)]
    """
    return _Walk(wanted, avoided, choices).words(budget)


class _Walk:
    def __init__(
        self,
        wanted: Sequence[Sequence[Glob]],
        avoided: Sequence[Glob],
        choices: Sequence[Choice],
    ) -> None:
        self._width = 0
        self._start = 0
        self._positions: dict[Atom, int] = {}
        self._groups = [self._add(globs) for globs in wanted]
        self._avoided = self._add(avoided).ends
        self._choices = [
            _Watched(1 << place, self._add(choice.globs), choice.inverted)
            for place, choice in enumerate(choices)
        ]
        self._good = 0
        for group in self._groups:
            self._good |= group.positions
        for choice in self._choices:
            if choice.inverted:
                self._good |= choice.bits.positions
        self._skippable = 0
        for atom, positions in self._positions.items():
            if atom.repeats or atom.optional:
                self._skippable |= positions
        self._other, self._steps = self._tabulate()

    def words(self, budget: Budget) -> Iterator[tuple[str, int]]:
        start = self._closed(self._start)
        if not self._is_alive(start):
            return
        minimal: list[int] = []
        trail = [(-1, "")]
        queue = collections.deque([(start, 0)])
        seen = {start & self._good: [start & ~self._good]}
        while queue:
            state, at = queue.popleft()
            budget.spend()
            if self._is_accepted(state):
                matched = self._matched(state)
                if not any(one & ~matched == 0 for one in minimal):
                    minimal.append(matched)
                    yield _word(trail, at), matched
                    if matched == 0:
                        return
            for step in self._relevant(state):
                after = self._closed(((state & step.moves) << 1) | (state & step.stays))
                if self._is_alive(after) and not _is_dominated(
                    seen, after & self._good, after & ~self._good
                ):
                    trail.append((at, step.character))
                    queue.append((after, len(trail) - 1))

    def _add(self, globs: Iterable[Glob]) -> _Bits:
        """Give each position of the globs a bit; the last of a glob is its end."""
        positions = ends = 0
        for glob in globs:
            self._start |= 1 << self._width
            for atom in glob:
                bit = 1 << self._width
                self._positions[atom] = self._positions.get(atom, 0) | bit
                positions |= bit
                self._width += 1
            ends |= 1 << self._width
            self._width += 1
        return _Bits(positions | ends, ends)

    def _tabulate(self) -> tuple[_Step, list[_Step]]:
        """Return the step of a character that no pattern names, and those of all others.

        Characters that the same atoms read have one step, with the most readable of them.
        """
        explicit = {
            character
            for atom in self._positions
            for character in (atom.excepted if atom.characters is None else atom.characters)
        }
        possible = itertools.chain(_PREFERRED, _FURTHER, map(chr, _REST))
        other = next(one for one in possible if one not in explicit)
        default = self._step(other)
        found: dict[tuple[int, int], _Step] = {}
        for character in sorted(explicit, key=_readability):
            step = self._step(character)
            found.setdefault((step.moves, step.stays), step)
        found.pop((default.moves, default.stays), None)
        return default, [
            dataclasses.replace(
                step, differs=(step.moves ^ default.moves) | (step.stays ^ default.stays)
            )
            for step in found.values()
        ]

    def _step(self, character: str) -> _Step:
        moves = stays = 0
        for atom, positions in self._positions.items():
            if atom.reads(character):
                if atom.repeats:
                    stays |= positions
                else:
                    moves |= positions
        return _Step(character, moves, stays)

    def _closed(self, state: int) -> int:
        """Return the state with the positions behind atoms that may read nothing."""
        while more := ((state & self._skippable) << 1) & ~state:
            state |= more
        return state

    def _is_alive(self, state: int) -> bool:
        return all(state & group.positions for group in self._groups)

    def _is_accepted(self, state: int) -> bool:
        return not state & self._avoided and all(state & group.ends for group in self._groups)

    def _matched(self, state: int) -> int:
        return sum(
            choice.place
            for choice in self._choices
            if bool(state & choice.bits.ends) != choice.inverted
        )

    def _relevant(self, state: int) -> Iterator[_Step]:
        """Yield the steps that differ in this state."""
        yield self._other
        for step in self._steps:
            if state & step.differs:
                yield step


@dataclasses.dataclass(frozen=True, slots=True)
class _Bits:
    positions: int
    ends: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Watched:
    place: int
    bits: _Bits
    inverted: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """The bits that a character moves on, and those that it lets stay."""

    character: str
    moves: int
    stays: int
    differs: int = 0


def _readability(character: str) -> tuple[int, str]:
    place = _PREFERRED.find(character)
    return (place if place >= 0 else len(_PREFERRED), character)


def _is_dominated(seen: dict[int, list[int]], good: int, bad: int) -> bool:
    """True if a seen state can do as much as this one, which is added if not."""
    same = seen.setdefault(good, [])
    if any(other & ~bad == 0 for other in same):
        return True
    if len(seen) <= _FEW and any(
        good & ~others == 0 and any(other & ~bad == 0 for other in states)
        for others, states in seen.items()
    ):
        return True
    same.append(bad)
    return False


def _word(trail: Sequence[tuple[int, str]], at: int) -> str:
    characters = []
    while at > 0:
        at, character = trail[at]
        characters.append(character)
    return "".join(reversed(characters))
