"""Measure decisions a second over the floor, for each kind of question, in both stores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bench import cases, floor, load, questions
from bench.measure import against_the_floor, combine
from bench.report import Figure, Section, Table
from bench.server import DECISION, SHIPPED, STORES, Opa

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.measure import Rounds
    from bench.questions import Question
    from bench.run import Run
    from bench.server import Store

__all__ = ["measure"]

_CEILING: Final = "a constant as long as a decision"
_MIX: Final = "**the mix**"
_STORED: Final = ", as stored"


def measure(run: Run) -> Section:
    """Measure the mix in both stores, the cases in the shipped one, and a constant.

    The constant is as long as a decision, and bounds the throughput of decisions from above.
    """
    mix = {question.name: question for question in questions.mix()}
    # Only the names of roles have two spellings: the other requests of both mixes are equal.
    stored = {
        f"{one.name}{_STORED}": one for one in questions.mix(as_stored=True) if one != mix[one.name]
    }
    alike = [name for name in mix if f"{name}{_STORED}" not in stored]
    found = cases.cases()
    special = {question.name: question for case in found for question in case.questions}
    beside = {
        question.name: load.write_bodies(
            run.folder, f"case-{case.key}", [one.body for one in case.questions]
        )
        for case in found
        for question in case.questions
    }
    rounds = {store: _in_store(run, store, mix, {}) for store in STORES if store != SHIPPED}
    rounds[SHIPPED] = _in_store(run, SHIPPED, mix | stored | special, beside)
    shipped = rounds[SHIPPED]
    for one in rounds.values():
        one[_MIX] = combine([one[name] for name in mix])
    shipped[f"{_MIX}{_STORED}"] = combine([shipped[name] for name in (*stored, *alike)])
    figures = {
        "mix": shipped[_MIX].ratio,
        "worst": min(shipped[name].ratio for name in mix),
        "mix_stored": shipped[f"{_MIX}{_STORED}"].ratio,
        "worst_stored": min(shipped[name].ratio for name in (*stored, *alike)),
    } | {case.key: min(shipped[one.name].ratio for one in case.questions) for case in found}
    names = [
        *(*mix, _MIX),
        *(*stored, f"{_MIX}{_STORED}"),
        *(*special, _CEILING),
    ]
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
        tuple(_row(name, rounds) for name in names),
        f"{load.generator()}, TCP; OPA runs on one core, the load on another. Slices of "
        f"{run.seconds} s take turns with slices of the floor; the figures are medians of "
        f"{run.rounds}. The mix is the harmonic mean of its five requests; it has the names of "
        "roles in lower case, as RAM's ARNs have them, and *as stored* the names of the accounts "
        "file. "
        f"`ramgate run` uses the {SHIPPED} store.",
    )
    return Section(
        "throughput", (table,), {key: Figure(value, SHIPPED) for key, value in figures.items()}
    )


def _write(folder: Path) -> None:
    questions.write(folder)
    cases.write(folder)


def _in_store(
    run: Run, store: Store, asked: Mapping[str, Question], beside: Mapping[str, Path]
) -> dict[str, Rounds]:
    """Return the rounds of these questions and of the constant.

    `beside` has files of bodies for the floor, by the name of a question.
    """
    first, *_ = asked.values()
    content = run.build("cases", _write).content
    with Opa(content, run.folder, store=store) as opa:
        opa.check(asked.values())
        decision = json.loads(opa.ask(DECISION, first.body).body)["result"]
    files = {
        name: load.write_bodies(run.folder, f"body-{number}", [question.body])
        for number, (name, question) in enumerate(asked.items())
    }
    files[_CEILING] = files[next(iter(asked))]
    run.log(f"throughput, {store} store: {len(files)} kinds, {run.rounds} rounds")
    with Opa(content, run.folder, store=store, constants={"decision": decision}) as opa:
        rounds = against_the_floor(
            opa,
            files,
            rounds=run.rounds,
            seconds=run.seconds,
            paths={_CEILING: floor.path("decision")},
            floors=beside,
        )
        opa.check(asked.values())
    return rounds


def _row(name: str, rounds: Mapping[Store, Mapping[str, Rounds]]) -> tuple[str, ...]:
    cells = [name]
    for store in STORES:
        if name not in rounds[store]:
            cells += ["", "", ""]
            continue
        found = rounds[store][name]
        least, most = found.spread
        cells += [f"{found.ratio:.2f}", f"{least:.2f} to {most:.2f}", f"{found.rate:,.0f}"]
    return tuple(cells)
