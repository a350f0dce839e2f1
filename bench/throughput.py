"""Decisions a second over the floor's, one kind of question after the other, in both stores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bench import floor, load, questions
from bench.measure import against_the_floor, joined
from bench.report import Figure, Section, Table
from bench.server import DECISION, SHIPPED, STORES, Opa

if TYPE_CHECKING:
    from bench.ground import Ground
    from bench.measure import Rounds
    from bench.server import Store

__all__ = ["measure"]

_CEILING: Final = "a constant as long as a decision"
_GOALS: Final = {
    "session": ("role session",),
    "wildcard": ("action that only a wildcard grants",),
    "member": ("member account under control policies",),
    "group": ("resource-group grant",),
    "assume": ("AssumeRole by a user", "AssumeRole by the linked service"),
}


def measure(ground: Ground) -> Section:
    """The mix, the questions beside it, and the most that a whole decision could reach."""
    found = {store: _in_store(ground, store) for store in STORES}
    mix = {
        store: joined([rounds[question.name] for question in questions.mix()])
        for store, rounds in found.items()
    }
    rows = [
        _row(name, {store: rounds[name] for store, rounds in found.items()})
        for name in found[SHIPPED]
    ]
    rows.insert(len(questions.mix()), _row("**the mix**", mix))
    shipped = found[SHIPPED]
    figures = {"mix": mix[SHIPPED].ratio} | {
        "worst": min(shipped[question.name].ratio for question in questions.mix())
    }
    for key, names in _GOALS.items():
        figures[key] = min(shipped[name].ratio for name in names)
    columns = [
        "",
        *(text for store in STORES for text in (f"{store} store", "least to most", "/s")),
    ]
    table = Table(
        "Throughput over the floor's",
        tuple(columns),
        tuple(rows),
        f"{load.generator()}, TCP; OPA on one core, the load on another. Slices of "
        f"{ground.seconds} s take turns with the floor's; medians of {ground.rounds}. "
        f"The mix is the harmonic mean of its five. `ramgate run` uses the {SHIPPED} store.",
    )
    return Section(
        "throughput", (table,), {key: Figure(value, SHIPPED) for key, value in figures.items()}
    )


def _in_store(ground: Ground, store: Store) -> dict[str, Rounds]:
    asked = [*questions.mix(), *questions.beside()]
    content = ground.built("mix", questions.write).content
    with Opa(content, ground.folder, store=store) as opa:
        opa.check(asked)
        decision = json.loads(opa.ask(DECISION, asked[0].body).body)["result"]
    files = {
        question.name: load.bodies(ground.folder, f"body-{number}", [question.body])
        for number, question in enumerate(asked)
    }
    files[_CEILING] = files[asked[0].name]
    ground.say(f"throughput, {store} store: {len(files)} kinds, {ground.rounds} rounds")
    with Opa(content, ground.folder, store=store, constants={"decision": decision}) as opa:
        rounds = against_the_floor(
            opa,
            files,
            rounds=ground.rounds,
            seconds=ground.seconds,
            paths={_CEILING: floor.path("decision")},
        )
        opa.check(asked)
    return rounds


def _row(name: str, rounds: dict[Store, Rounds]) -> tuple[str, ...]:
    cells = [name]
    for store in STORES:
        least, most = rounds[store].spread
        cells += [
            f"{rounds[store].ratio:.2f}",
            f"{least:.2f} to {most:.2f}",
            f"{rounds[store].rate:,.0f}",
        ]
    return tuple(cells)
