"""Measure one decision of a batch over one request to the floor.

Batches of constants of the same length show how much of the time is not spent on deciding.
"""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Final

from bench import floor, load, questions
from bench.report import Figure, Section, Table
from bench.server import DECISIONS, SHIPPED, Opa, WrongAnswerError

if TYPE_CHECKING:
    from bench.run import Run

__all__ = ["measure"]

_SIZES: Final = (100, 1_000)
# The generators do not count requests still open when a slice ends; few connections and slices
# three times as long keep that loss small.
_CONNECTIONS: Final = 2
_TIMES_LONGER: Final = 3


def measure(run: Run) -> Section:
    """Measure batches in which each account in turn asks the mix."""
    content = run.build("mix", questions.write).content
    files = {
        size: load.write_bodies(
            run.folder, f"batch-{size}", [questions.batch(questions.mixes(size))]
        )
        for size in _SIZES
    }
    single = load.write_bodies(
        run.folder, "single", [question.body for question in questions.mix()]
    )
    with Opa(content, run.folder) as opa:
        answers = {f"batch_{size}": _checked_answers(opa, size) for size in _SIZES}
    rates: dict[str, list[float]] = {}
    with Opa(content, run.folder, constants=answers) as opa:
        run.log(f"batches, {run.rounds} rounds")
        for _ in range(run.rounds):
            one = load.slice_of(f"{opa.url}{floor.ALLOW}", single, run.seconds)
            rates.setdefault("floor", []).append(one.rate)
            for size, file in files.items():
                for name, path in (
                    (f"{size:,} decisions", DECISIONS),
                    (f"{size:,} constants", floor.path(f"batch_{size}")),
                ):
                    one = load.slice_of(
                        f"{opa.url}{path}", file, _TIMES_LONGER * run.seconds, _CONNECTIONS
                    )
                    rates.setdefault(name, []).append(size * one.rate)
    floor_rates = rates.pop("floor")
    each = {
        name: statistics.median(one / rate for one, rate in zip(floor_rates, found, strict=True))
        for name, found in rates.items()
    }
    table = Table(
        "Batches of distinct decisions",
        ("batch", "time for each, over one request to the floor", "decisions /s"),
        tuple(
            (name, f"{each[name]:.2f}", f"{statistics.median(found):,.0f}")
            for name, found in rates.items()
        ),
        f"The {SHIPPED} store. A batch repeats the mix for one account after the other, so no two "
        "of its requests are equal. A batch of constants is a rule whose constant value is the "
        "answer to the batch of decisions.",
    )
    small, large = (each[f"{size:,} decisions"] for size in _SIZES)
    figures = {
        "batch": small,
        "batch_large": abs(large / small - 1),
        "batch_constant": each[f"{_SIZES[0]:,} constants"],
    }
    return Section("batch", (table,), {key: Figure(one, SHIPPED) for key, one in figures.items()})


def _checked_answers(opa: Opa, size: int) -> list[object]:
    asked = questions.mixes(size)
    found: list[dict[str, object]] = json.loads(opa.ask(DECISIONS, questions.batch(asked)).body)[
        "result"
    ]
    expected = [(question.effect, question.reason) for question in asked]
    if [(one["effect"], one["reason"]) for one in found] != expected:
        raise WrongAnswerError(f"a batch of {size}")
    return list(found)
