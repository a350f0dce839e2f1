"""How two things are compared: in slices that take turns, by the median of what each turn says."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

from bench import floor, load
from bench.server import DECISION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.server import Opa

__all__ = ["Pair", "Rounds", "against_the_floor", "joined", "percentile"]


class Pair(NamedTuple):
    """The answers a second of the floor and, in the next slice, of what is measured."""

    floor: float
    rate: float


class Rounds(NamedTuple):
    """What was measured in turn with the floor, round after round."""

    pairs: Sequence[Pair]

    @property
    def ratio(self) -> float:
        """The median of each round's rate over its floor's."""
        return statistics.median(pair.rate / pair.floor for pair in self.pairs)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest of these ratios."""
        ratios = [pair.rate / pair.floor for pair in self.pairs]
        return min(ratios), max(ratios)

    @property
    def rate(self) -> float:
        """The median of the rates, answers a second."""
        return statistics.median(pair.rate for pair in self.pairs)


def against_the_floor(
    opa: Opa,
    asked: Mapping[str, Path],
    *,
    rounds: int,
    seconds: int,
    paths: Mapping[str, str] | None = None,
) -> dict[str, Rounds]:
    """Each file of bodies by its name, asked in turn with the floor for the same bodies.

    What is asked is the decision, but for the names that `paths` has another path for. Each path
    is asked for the length of a slice before it counts.
    """
    places = {name: (paths or {}).get(name, DECISION) for name in asked}
    file = next(iter(asked.values()))
    for place in {floor.ALLOW, *places.values()}:
        load.slice_of(f"{opa.url}{place}", file, seconds)
    pairs: dict[str, list[Pair]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, file in asked.items():
            least = load.slice_of(f"{opa.url}{floor.ALLOW}", file, seconds)
            one = load.slice_of(f"{opa.url}{places[name]}", file, seconds)
            pairs[name].append(Pair(least.rate, one.rate))
    return {name: Rounds(found) for name, found in pairs.items()}


def joined(parts: Sequence[Rounds]) -> Rounds:
    """What a caller gets who asks all of these in turn: round by round, the harmonic means."""
    return Rounds(
        [
            Pair(
                statistics.harmonic_mean([pair.floor for pair in one]),
                statistics.harmonic_mean([pair.rate for pair in one]),
            )
            for one in zip(*(part.pairs for part in parts), strict=True)
        ]
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The least of the values that so many percent of them do not exceed."""
    ordered = sorted(values)
    position = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(position) - 1)]
