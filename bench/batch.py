"""Batches of distinct decisions, beside constants as long, each over one request to the floor."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Final

from bench import floor, load, questions
from bench.report import Figure, Section, Table
from bench.server import DECISIONS, SHIPPED, Opa, WrongAnswerError

if TYPE_CHECKING:
    from bench.ground import Ground

__all__ = ["measure"]

_SIZES: Final = (100, 1_000)
# What is under way when a slice ends is not counted: few connections and long slices keep it small.
_CONNECTIONS: Final = 2
_LONGER: Final = 3


def measure(ground: Ground) -> Section:
    """Batches of the mix of one account after the other."""
    content = ground.built("mix", questions.write).content
    files = {
        size: load.bodies(ground.folder, f"batch-{size}", [questions.batch(questions.mixes(size))])
        for size in _SIZES
    }
    single = load.bodies(ground.folder, "single", [question.body for question in questions.mix()])
    with Opa(content, ground.folder) as opa:
        answers = {f"batch_{size}": _answers(opa, size) for size in _SIZES}
    rates: dict[str, list[float]] = {}
    with Opa(content, ground.folder, constants=answers) as opa:
        ground.say(f"batches, {ground.rounds} rounds")
        for _ in range(ground.rounds):
            one = load.slice_of(f"{opa.url}{floor.ALLOW}", single, ground.seconds)
            rates.setdefault("floor", []).append(one.rate)
            for size, file in files.items():
                for name, path in (
                    (f"{size:,} decisions", DECISIONS),
                    (f"{size:,} constants", floor.path(f"batch_{size}")),
                ):
                    one = load.slice_of(
                        f"{opa.url}{path}", file, _LONGER * ground.seconds, _CONNECTIONS
                    )
                    rates.setdefault(name, []).append(size * one.rate)
    least = rates.pop("floor")
    each = {
        name: statistics.median(one / rate for one, rate in zip(least, found, strict=True))
        for name, found in rates.items()
    }
    table = Table(
        "Batches of distinct decisions",
        ("a batch of", "each, over one floor request", "decisions /s"),
        tuple(
            (name, f"{each[name]:.2f}", f"{statistics.median(found):,.0f}")
            for name, found in rates.items()
        ),
        f"The {SHIPPED} store. The mix, asked of one account after the other: no two requests "
        "of a batch are equal. The constants are the same answers, stored as they are.",
    )
    small, large = (each[f"{size:,} decisions"] for size in _SIZES)
    figures = {
        "batch": small,
        "batch_large": abs(large / small - 1),
        "batch_constant": each[f"{_SIZES[0]:,} constants"],
    }
    return Section("batch", (table,), {key: Figure(one, SHIPPED) for key, one in figures.items()})


def _answers(opa: Opa, size: int) -> list[object]:
    asked = questions.mixes(size)
    found: list[dict[str, object]] = json.loads(opa.ask(DECISIONS, questions.batch(asked)).body)[
        "result"
    ]
    expected = [(question.effect, question.reason) for question in asked]
    if [(one["effect"], one["reason"]) for one in found] != expected:
        raise WrongAnswerError(f"a batch of {size}")
    return list(found)
