"""Comparison with the floor: slices of both take turns, and the median of the ratios counts."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

from bench import floor, load
from bench.server import DECISION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.server import Opa

__all__ = ["Pair", "Rounds", "against_the_floor", "combine", "percentile"]

_SHARING: Final = 3


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


def against_the_floor(  # noqa: PLR0913 - all but two by name
    opa: Opa,
    asked: Mapping[str, Path],
    *,
    rounds: int,
    seconds: int,
    paths: Mapping[str, str] | None = None,
    floors: Mapping[str, Path] | None = None,
) -> dict[str, Rounds]:
    """Measure each file of bodies in turn with the floor, and return the rounds by name.

    The floor gets the same bodies, or those of the file that `floors` has for the name; up to three
    names in a row with the same file share one slice of the floor. The bodies go to the rule of the
    decision, or to the path that `paths` has for the name. Each path is warmed up for the length of
    one slice.
    """
    places = {name: (paths or {}).get(name, DECISION) for name in asked}
    file = next(iter(asked.values()))
    for place in {floor.ALLOW, *places.values()}:
        load.slice_of(f"{opa.url}{place}", file, seconds)
    pairs: dict[str, list[Pair]] = {name: [] for name in asked}
    for _ in range(rounds):
        for beside, names in _sharing({**asked, **(floors or {})}, list(asked)):
            least = load.slice_of(f"{opa.url}{floor.ALLOW}", beside, seconds)
            for name in names:
                one = load.slice_of(f"{opa.url}{places[name]}", asked[name], seconds)
                pairs[name].append(Pair(least.rate, one.rate))
    return {name: Rounds(found) for name, found in pairs.items()}


def _sharing(files: Mapping[str, Path], names: Sequence[str]) -> Iterator[tuple[Path, list[str]]]:
    """Yield the file of bodies for each slice of the floor, and the names that share the slice."""
    for file, found in itertools.groupby(names, files.__getitem__):
        group = list(found)
        for first in range(0, len(group), _SHARING):
            yield file, group[first : first + _SHARING]


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
