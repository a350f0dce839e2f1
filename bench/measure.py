"""Comparison with the floor: slices of both take turns, and the median of the ratios counts."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

from bench import floor, load
from bench.server import DECISION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.server import Opa

__all__ = ["Pair", "Rounds", "against_the_floor", "combine", "percentile"]


class Pair(NamedTuple):
    """Answers a second of the floor, and of the measured request in the next slice."""

    floor: float
    rate: float


class Rounds(NamedTuple):
    """The pairs of one request, one pair for each round."""

    pairs: Sequence[Pair]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: rate over floor."""
        return statistics.median(pair.rate / pair.floor for pair in self.pairs)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest of the rounds' ratios."""
        ratios = [pair.rate / pair.floor for pair in self.pairs]
        return min(ratios), max(ratios)

    @property
    def rate(self) -> float:
        """The median of the rounds' rates, in answers a second."""
        return statistics.median(pair.rate for pair in self.pairs)


def against_the_floor(
    opa: Opa,
    asked: Mapping[str, Path],
    *,
    rounds: int,
    seconds: int,
    paths: Mapping[str, str] | None = None,
) -> dict[str, Rounds]:
    """Measure each file of bodies in turn with the floor, and return the rounds by name.

    The floor gets the same bodies. The bodies go to the rule of the decision, or to the path that
    `paths` has for the name. Each path is warmed up for the length of one slice.
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


def combine(parts: Sequence[Rounds]) -> Rounds:
    """Return the rounds of a caller that sends all these requests in turn: the harmonic means."""
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
    """Return the least of the values that `percent` % of the values do not exceed."""
    ordered = sorted(values)
    position = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(position) - 1)]
