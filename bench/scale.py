"""Whether size costs: the same questions with ever more roles stored."""

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

    from bench.ground import Ground
    from bench.measure import Rounds

__all__ = ["SIZES", "asked", "measure", "write"]

SIZES: Final = (4, 100, 1_000, 10_000, 100_000)
"""Roles."""

_ROLES_ASKED: Final = 100
_ROLES_A_SLICE: Final = 2_000
"""From so many roles on a slice is longer, in proportion, as a collection of OPA's heap is."""

_LONG_ROUNDS: Final = 4

_SERVICE: Final = {"acs:Service": "ecs.aliyuncs.com"}
# Of forty roles the first ten have a wildcard of one kind, that of the smallest world's roles.
_ALIKE, _TURN = 40, 10


def write(folder: Path, roles: int) -> None:
    """Write the accounts files of so many roles, and one with the mix's."""
    worlds.grants(folder, roles)
    questions.write(folder, accounts=1)


def asked(roles: int) -> list[Question]:
    """All grants of a hundred roles, or of all: nine literal, one with wildcard and condition."""
    alike = [role for role in range(roles) if role % _ALIKE < _TURN]
    chosen = alike[:: max(1, len(alike) // _ROLES_ASKED)][:_ROLES_ASKED]
    return [_question(role, position) for role in chosen for position in range(worlds.GRANTS)]


def measure(ground: Ground) -> Section:
    """The mix and the grants of roles here and there, at each size."""
    sizes = [size for size in SIZES if size <= ground.largest]
    rows, ratios = [], []
    for size in sizes:
        rounds = _at(ground, size)
        ratios.append([one.ratio for one in rounds])
        rows.append(
            (
                f"{size:,}",
                *(cell for one in rounds for cell in (f"{one.ratio:.2f}", f"{one.rate:,.0f}")),
            )
        )
    table = Table(
        "Throughput over the floor's, by the number of roles",
        ("roles", "the mix", "/s", "grants of roles here and there", "/s"),
        tuple(rows),
        f"The {SHIPPED} store. Ten grants a role, one of them with wildcards and a condition. "
        "The mix's five, and up to 1,000 grants, are asked in turn, as the floor is. From "
        f"{_ROLES_A_SLICE:,} roles on, a slice has {ground.seconds} s for each "
        f"{_ROLES_A_SLICE:,}, and there are at most {_LONG_ROUNDS} of each: with 100,000 a "
        "collection of OPA's heap takes seconds, and each slice has to bear its own.",
    )
    spread = max(max(series) / min(series) - 1 for series in zip(*ratios, strict=True))
    return Section("scale", (table,), {"scale": Figure(spread, SHIPPED)})


def _at(ground: Ground, size: int) -> Sequence[Rounds]:
    series = {"mix": questions.mix(), "grants": asked(size)}
    content = ground.built(f"roles-{size}", partial(write, roles=size)).content
    files = {
        name: load.bodies(ground.folder, name, [question.body for question in them])
        for name, them in series.items()
    }
    with Opa(content, ground.folder) as opa:
        for them in series.values():
            opa.check(them)
        rounds, seconds = ground.rounds, ground.seconds
        if longer := size // _ROLES_A_SLICE:
            rounds, seconds = min(rounds, _LONG_ROUNDS), seconds * longer
        ground.say(f"scale: {size:,} roles, {rounds} rounds of {seconds} s")
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
