"""Hold OPA's answers against the reference and against the theorems, for as long as told.

`python tests/proof/fuzz.py --minutes 10 --seed 1 --report`. The same seed asks the same questions;
each batch has a seed of its own, which is named where something is found.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from typing import TYPE_CHECKING, Final

import agreement
import theorems
from generator import batch, misshapen, policies, seeded
from ramgate import InvalidPolicy
from ramgate.language.translation import translate
from reference_evaluator import LAYERS, OPERATORS, QUANTIFIERS, Catalog, is_accepted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agreement import Judge, Opa
    from generator import Batch, Object

WORLDS: Final = 50
QUESTIONS: Final = 50
_EACH_ROUND: Final = 20
_SEEDS_A_RUN: Final = 1_000_000
_EFFECTS: Final = ("Allow", "ExplicitDeny", "ImplicitDeny")
_REASONS: Final = (
    "statement_allows",
    "statement_denies",
    "no_statement_matches",
    "account_owner",
    "unknown_principal",
    "unknown_role",
    "resource_of_another_account",
    "malformed_request",
    "policy_not_published",
)
_PRINCIPALS: Final = ("user", "role", "session", "owner", "service", "federated")


def wanted() -> Mapping[str, list[tuple[str, str]]]:
    """What a run must meet, by what it is."""
    operators = sorted(
        f"{quantifier}:{name}".removeprefix(":") for quantifier in QUANTIFIERS for name in OPERATORS
    )
    return {
        "effects": [("effect", name) for name in _EFFECTS],
        "reasons": [("reason", name) for name in _REASONS],
        "policy types": [("policy_type", name) for name in (*LAYERS, "None")],
        "principals": [("principal", name) for name in _PRINCIPALS],
        "simulations": [("question", "simulated")],
        "layers": [(layer, effect) for layer in LAYERS for effect in _EFFECTS],
        "operators": [(name, way) for name in operators for way in ("holds", "fails")],
    }


def report(judge: Judge) -> str:
    """How often each was met."""
    counts = judge.met + judge.reached
    lines = [f"{judge.decisions:,} decisions over {judge.worlds:,} worlds"]
    for title, names in wanted().items():
        lines += ["", title]
        if title == "operators":
            lines += [
                f"  {name:44} {counts[name, 'holds']:9,} hold {counts[name, 'fails']:9,} fail"
                for name in dict.fromkeys(name for name, _ in names)
            ]
        elif title == "layers":
            lines += [
                f"  {layer:38} {effect:13} {counts[layer, effect]:11,}" for layer, effect in names
            ]
        else:
            lines += [
                f"  {name:44} {counts[part, name]:9,}  {counts[part, name] / judge.decisions:6.1%}"
                for part, name in names
            ]
    return "\n".join(lines)


def made(catalog: Catalog, seeds: Iterator[int]) -> Iterator[Batch]:
    return (batch(seeded(seed), catalog, WORLDS, QUESTIONS) for seed in seeds)


def misread(catalog: Catalog, seed: int) -> list[str]:
    """The documents that are accepted where they should be refused, or the other way round."""
    pick = seeded(seed)
    documents: list[Object] = []
    for document in policies(pick, catalog):
        documents += [document, misshapen(pick, document), misshapen(pick, document)]
    return [
        f"{'accepted' if not is_accepted(document) else 'refused'}: {document!r}"
        for document in documents
        if is_accepted(document) != _is_translated(document)
    ]


def _is_translated(document: Object) -> bool:
    try:
        first, second = translate(document), translate(document)
    except InvalidPolicy:
        return False
    assert first == second
    return True


def _exceptions(opa: Opa, catalog: Catalog, seed: int) -> Iterator[str]:
    for name, theorem in theorems.THEOREMS.items():
        worlds = batch(seeded(seed), catalog, 10, 25)
        for text in theorem.exceptions(opa, catalog, seeded(seed), worlds):
            yield f"not so: {name}\n{text}"
    for number in range(200):
        yield from misread(catalog, seed * 200 + number)


def _found(judge: Judge, opa: Opa, catalog: Catalog, first: int, deadline: float) -> Iterator[str]:
    """What goes wrong, round by round until the deadline."""
    seeds = itertools.count(first)
    while time.monotonic() < deadline:
        now = list(itertools.islice(seeds, _EACH_ROUND))
        in_time = itertools.takewhile(lambda _: time.monotonic() < deadline, now)
        for disagreement in judge.disagreements(made(catalog, in_time)):
            yield f"one of the batches {now[0]} to {now[-1]}\n{disagreement}"
        for text in _exceptions(opa, catalog, now[0]):
            yield f"batch {now[0]}: {text}"
        print(f"{judge.decisions:,} decisions, {judge.worlds:,} worlds", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10, help="how long (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="which questions (default: 1)")
    parser.add_argument("--report", action="store_true", help="say how often each rule was met")
    arguments = parser.parse_args()
    # a third less time in OPA, whose heap is small
    os.environ.setdefault("GOGC", "400")
    catalog, failures, start = agreement.read_catalog(), 0, time.monotonic()
    with agreement.started() as opa:
        judge = agreement.Judge(opa, catalog)
        first, deadline = arguments.seed * _SEEDS_A_RUN, start + arguments.minutes * 60
        for text in _found(judge, opa, catalog, first, deadline):
            failures += 1
            print(text, end="\n\n", flush=True)
    if arguments.report:
        print(report(judge))
    rate = judge.decisions / (time.monotonic() - start)
    print(f"{judge.decisions:,} decisions, {judge.worlds:,} worlds, {rate:,.0f} a second")
    print(f"seed {arguments.seed}: {failures} found")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
