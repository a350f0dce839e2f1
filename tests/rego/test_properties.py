"""OPA decides as the rules say: a fixed share of what `make fuzz` asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

import fuzz
from agreement import Judge, Opa, read_catalog, running_opa
from generator import Batch, batch, batches, policies, seed_pick
from ramgate.language.translation import translate
from theorems import THEOREMS

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOG = read_catalog()
FIRST = 1
BATCHES = 10


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running_opa() as opa:
        yield opa


@pytest.fixture(scope="module")
def judge(opa: Opa, pytestconfig: pytest.Config) -> Judge:
    """One that has judged the fixed share, without a disagreement."""
    # `make mutants` names a profile: then the smallest disagreement is not searched for.
    judge = Judge(opa, CATALOG, shrinks=not pytestconfig.getoption("--hypothesis-profile"))
    seeds = iter(range(FIRST, FIRST + BATCHES))
    found = [
        str(disagreement) for disagreement in judge.disagreements(fuzz.generate(CATALOG, seeds))
    ]
    assert not found, "\n\n".join(found)
    return judge


def test_opa_decides_as_the_reference_does(judge: Judge) -> None:
    assert judge.decisions == BATCHES * fuzz.WORLDS * fuzz.QUESTIONS


@pytest.mark.parametrize("effect", ["Allow", "ExplicitDeny", "ImplicitDeny"])
def test_each_effect_is_at_least_a_fifth(judge: Judge, effect: str) -> None:
    assert judge.decided["effect", effect] >= judge.decisions / 5


@pytest.mark.parametrize("title", fuzz.cases_to_meet())
def test_everything_is_met(judge: Judge, title: str) -> None:
    met = judge.decided + judge.evaluated
    missing = [name for name in fuzz.cases_to_meet()[title] if not met[name]]
    assert not missing


def test_the_report_names_everything_that_is_to_be_met(judge: Judge) -> None:
    lines = fuzz.report(judge).splitlines()
    for names in fuzz.cases_to_meet().values():
        for part, name in names:
            assert [line for line in lines if part in line.split() or name in line.split()]


@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
@given(worlds=batches(CATALOG))
def test_no_world_can_be_found_in_which_they_disagree(opa: Opa, worlds: Batch) -> None:
    judge = Judge(opa, CATALOG, shrinks=False)
    found = [str(disagreement) for disagreement in judge.disagreements([worlds])]
    assert not found, found[0]


@pytest.mark.parametrize("name", THEOREMS)
def test_theorem(opa: Opa, name: str) -> None:
    worlds = batch(seed_pick(FIRST), CATALOG, 30, 30)
    assert THEOREMS[name].counterexamples(opa, CATALOG, seed_pick(FIRST), worlds) == []


def test_what_is_refused_is_what_the_reference_refuses() -> None:
    found = [text for seed in range(400) for text in fuzz.wrongly_judged_documents(CATALOG, seed)]
    assert found == []


def test_translating_is_deterministic_in_every_process() -> None:
    documents = [document for seed in range(20) for document in policies(seed_pick(seed), CATALOG)]
    program = (
        "import json, sys; from ramgate.language.translation import translate; "
        "print(json.dumps([translate(document) for document in json.load(sys.stdin)]))"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(documents),
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert answers == [json.dumps([translate(document) for document in documents]) + "\n"] * 2
