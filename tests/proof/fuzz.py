"""Compare OPA's answers with the reference evaluator, and check the theorems, for some minutes.

`python tests/proof/fuzz.py --minutes 10 --seed 1 --report`. Equal seeds give equal questions. Each
batch has its own seed, which is printed with each failure.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import os
import sys
import time
from typing import TYPE_CHECKING, Final

import agreement
import explanations
import theorems
from generator import batch, distort, policies, seed_pick
from ramgate import InvalidPolicy
from ramgate.language.translation import translate
from reference_evaluator import (
    LAYERS,
    OPERATORS,
    QUANTIFIERS,
    SESSION,
    Catalog,
    is_accepted,
)

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
    "policy_unreadable",
)
_PRINCIPALS: Final = ("user", "role", "session", "owner", "service", "federated")


def cases_to_meet() -> Mapping[str, list[tuple[str, str]]]:
    """Return the cases that a run must meet, by the title under which they are reported."""
    operators = sorted(
        f"{quantifier}:{name}".removeprefix(":") for quantifier in QUANTIFIERS for name in OPERATORS
    )
    return {
        "effects": [("effect", name) for name in _EFFECTS],
        "reasons": [("reason", name) for name in _REASONS],
        "policy types": [("policy_type", name) for name in (*LAYERS, "None")],
        "principals": [("principal", name) for name in _PRINCIPALS],
        "simulations": [("question", "simulated")],
        "layers": [
            *((layer, effect) for layer in LAYERS for effect in _EFFECTS),
            *((layer, "Unreadable") for layer in LAYERS if layer != SESSION),
        ],
        "operators": [(name, way) for name in operators for way in ("holds", "fails")],
    }


def report(judge: Judge) -> str:
    """Return a text with the number of times that each case was met."""
    counts = judge.decided + judge.evaluated
    lines = [f"{judge.decisions:,} decisions over {judge.worlds:,} worlds"]
    for title, names in cases_to_meet().items():
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


def generate(catalog: Catalog, seeds: Iterator[int]) -> Iterator[Batch]:
    return (batch(seed_pick(seed), catalog, WORLDS, QUESTIONS) for seed in seeds)


def wrongly_judged_documents(catalog: Catalog, seed: int) -> list[str]:
    """Return the documents that `translate` wrongly accepts or wrongly refuses, a line each."""
    pick = seed_pick(seed)
    documents: list[Object] = []
    for document in policies(pick, catalog):
        documents += [document, distort(pick, document), distort(pick, document)]
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


def _counterexamples(opa: Opa, catalog: Catalog, seed: int) -> Iterator[str]:
    for name, theorem in theorems.THEOREMS.items():
        worlds = batch(seed_pick(seed), catalog, 10, 25)
        for text in theorem.counterexamples(opa, catalog, seed_pick(seed), worlds):
            yield f"not true: {name}\n{text}"
    worlds = batch(seed_pick(seed), catalog, 10, 25)
    for text in explanations.errors(opa, catalog, worlds, collections.Counter()):
        yield f"not explained: {text}"
    for number in range(200):
        yield from wrongly_judged_documents(catalog, seed * 200 + number)


def _failures(
    judge: Judge, opa: Opa, catalog: Catalog, first: int, deadline: float
) -> Iterator[str]:
    """Yield each failure as a text, round by round until the deadline."""
    seeds = itertools.count(first)
    while time.monotonic() < deadline:
        now = list(itertools.islice(seeds, _EACH_ROUND))
        in_time = itertools.takewhile(lambda _: time.monotonic() < deadline, now)
        for disagreement in judge.disagreements(generate(catalog, in_time)):
            yield f"in one of the batches {now[0]} to {now[-1]}:\n{disagreement}"
        for text in _counterexamples(opa, catalog, now[0]):
            yield f"batch {now[0]}: {text}"
        print(f"{judge.decisions:,} decisions, {judge.worlds:,} worlds", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10, help="duration (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the questions (default: 1)")
    parser.add_argument("--report", action="store_true", help="print how often each case was met")
    arguments = parser.parse_args()
    # OPA's heap is small here: fewer collections save a third of its time
    os.environ.setdefault("GOGC", "400")
    catalog, failures, start = agreement.read_catalog(), 0, time.monotonic()
    with agreement.running_opa() as opa:
        judge = agreement.Judge(opa, catalog)
        first, deadline = arguments.seed * _SEEDS_A_RUN, start + arguments.minutes * 60
        for text in _failures(judge, opa, catalog, first, deadline):
            failures += 1
            print(text, end="\n\n", flush=True)
    if arguments.report:
        print(report(judge))
    rate = judge.decisions / (time.monotonic() - start)
    print(f"{judge.decisions:,} decisions, {judge.worlds:,} worlds, {rate:,.0f} a second")
    print(f"seed {arguments.seed}: {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
