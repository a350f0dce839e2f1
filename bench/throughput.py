"""Measure decisions a second over the floor, for each kind of question, in both stores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bench import floor, load, questions
from bench.measure import against_the_floor, combine
from bench.report import Figure, Section, Table
from bench.server import DECISION, SHIPPED, STORES, Opa

if TYPE_CHECKING:
    from bench.measure import Rounds
    from bench.run import Run
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


def measure(run: Run) -> Section:
    """Measure the mix, the special cases, and a constant as long as a decision.

    The constant bounds the throughput of decisions from above.
    """
    found = {store: _in_store(run, store) for store in STORES}
    mix = {
        store: combine([rounds[question.name] for question in questions.mix()])
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
        "request",
        *(
            text
            for store in STORES
            for text in (f"over the floor, {store} store", "least to most", "decisions /s")
        ),
    ]
    table = Table(
        "Throughput",
        tuple(columns),
        tuple(rows),
        f"{load.generator()}, TCP; OPA runs on one core, the load on another. Slices of "
        f"{run.seconds} s take turns with slices of the floor; the figures are medians of "
        f"{run.rounds}. The mix is the harmonic mean of its five requests. `ramgate run` uses "
        f"the {SHIPPED} store.",
    )
    return Section(
        "throughput", (table,), {key: Figure(value, SHIPPED) for key, value in figures.items()}
    )


def _in_store(run: Run, store: Store) -> dict[str, Rounds]:
    asked = [*questions.mix(), *questions.special_cases()]
    content = run.build("mix", questions.write).content
    with Opa(content, run.folder, store=store) as opa:
        opa.check(asked)
        decision = json.loads(opa.ask(DECISION, asked[0].body).body)["result"]
    files = {
        question.name: load.write_bodies(run.folder, f"body-{number}", [question.body])
        for number, question in enumerate(asked)
    }
    files[_CEILING] = files[asked[0].name]
    run.log(f"throughput, {store} store: {len(files)} kinds, {run.rounds} rounds")
    with Opa(content, run.folder, store=store, constants={"decision": decision}) as opa:
        rounds = against_the_floor(
            opa,
            files,
            rounds=run.rounds,
            seconds=run.seconds,
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
