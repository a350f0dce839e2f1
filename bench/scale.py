"""Measure whether throughput depends on the number of stored roles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bench import load, questions, worlds
from bench.measure import against_the_floor
from bench.questions import Question
from bench.report import Figure, Section, Table
from bench.server import SHIPPED, Opa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.measure import Rounds
    from bench.run import Run

__all__ = ["SIZES", "measure", "questions_of", "write"]

SIZES: Final = (4, 100, 1_000, 10_000, 100_000)
"""The numbers of roles."""

_MOST_ROLES_ASKED: Final = 100
_ROLES_A_SLICE: Final = 5_000
"""From so many roles on, a slice grows with the roles, as does a collection of OPA's heap."""

_LONG_ROUNDS: Final = 4

_SERVICE: Final = {"acs:Service": "ecs.aliyuncs.com"}
# The kind of wildcard repeats every forty roles. The first ten of forty have the kind that the
# roles of the smallest world have.
_PERIOD, _ALIKE = 40, 10


def write(folder: Path, roles: int) -> None:
    """Write the accounts files of so many roles, and the accounts file of the mix."""
    worlds.write(folder, roles)
    questions.write(folder, accounts=1)


def questions_of(roles: int) -> list[Question]:
    """Return questions about all grants of up to 100 roles, spread evenly over the world.

    Nine grants of a role are literal; one has wildcards and a condition.
    """
    alike = [role for role in range(roles) if role % _PERIOD < _ALIKE]
    chosen = alike[:: max(1, len(alike) // _MOST_ROLES_ASKED)][:_MOST_ROLES_ASKED]
    return [_question(role, position) for role in chosen for position in range(worlds.GRANTS)]


def measure(run: Run) -> Section:
    """Measure the mix, and grants of roles spread over the world, at each size."""
    sizes = [size for size in SIZES if size <= run.largest]
    rows, ratios = [], []
    for size in sizes:
        rounds = _rounds(run, size)
        ratios.append([one.ratio for one in rounds])
        rows.append(
            (
                f"{size:,}",
                *(cell for one in rounds for cell in (f"{one.ratio:.2f}", f"{one.rate:,.0f}")),
            )
        )
    table = Table(
        "Throughput by the number of roles",
        (
            "roles",
            "the mix, over the floor",
            "decisions /s",
            "grants of up to 100 roles, over the floor",
            "decisions /s",
        ),
        tuple(rows),
        f"The {SHIPPED} store. Each role has ten grants, one of them with wildcards and a "
        "condition. Slices of the mix, of up to 1,000 grants and of the floor take turns. From "
        f"{_ROLES_A_SLICE:,} roles on, a slice has {run.seconds} s for each "
        f"{_ROLES_A_SLICE:,} roles, and there are at most {_LONG_ROUNDS} slices: with 100,000 "
        "roles OPA collects its heap about every five seconds, and each slice should contain some.",
    )
    spread = max(max(series) / min(series) - 1 for series in zip(*ratios, strict=True))
    return Section("scale", (table,), {"scale": Figure(spread, SHIPPED)})


def _rounds(run: Run, size: int) -> Sequence[Rounds]:
    series = {"mix": questions.mix(), "grants": questions_of(size)}
    content = run.build(f"roles-{size}", partial(write, roles=size)).content
    files = {
        name: load.write_bodies(run.folder, name, [question.body for question in asked])
        for name, asked in series.items()
    }
    with Opa(content, run.folder) as opa:
        for asked in series.values():
            opa.check(asked)
        rounds, seconds = run.rounds, run.seconds
        if factor := size // _ROLES_A_SLICE:
            rounds, seconds = min(rounds, _LONG_ROUNDS), seconds * factor
        run.log(f"scale: {size:,} roles, {rounds} rounds of {seconds} s")
        found = against_the_floor(opa, files, rounds=rounds, seconds=seconds)
    return list(found.values())


def _question(role: int, position: int) -> Question:
    grant = worlds.grant(role, position)
    return Question(
        f"role {role}, grant {position}",
        grant.principal,
        grant.action.rstrip("*"),
        grant.resource,
        _SERVICE if grant.condition else {},
    )
