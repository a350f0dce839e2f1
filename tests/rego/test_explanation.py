"""Explanations agree with the decisions, the reference evaluator and themselves."""

from __future__ import annotations

import collections
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

import explanations
from agreement import Opa, read_catalog, running_opa
from generator import batch, seed_pick
from ramgate import resources
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

CATALOG = read_catalog()
SEEDS = range(1, 9)
WORLDS = 12
QUESTIONS = 25
MET = (
    *("layers", "silent", "matching", "near", "turned condition", "turned resource"),
    *("satisfied", "value_differs", "key_absent", "unreadable"),
    *("satisfied_by_absence", "satisfied_by_doubt"),
    *(f"rule 4.{number}" for number in range(1, 8)),
    *(f"to {holder}" for holder in ("user", "group", "role", "level", "session", "trust")),
    *("identity_missing", "no_statement_for_service", "nothing_attached"),
    *("only_action_differs", "only_condition_differs", "only_resource_differs"),
    *("owner_cannot_assume", "trust_admits", "unknown_name", "unreadable_policy"),
    *("wildcard_resource_asked", "would_allow_in_resource_group"),
)


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running_opa() as opa:
        yield opa


@pytest.fixture(scope="module")
def met(opa: Opa) -> Counter[str]:
    """The cases of a fixed share, in which every explanation is right."""
    met: Counter[str] = collections.Counter()
    for seed in SEEDS:
        worlds = batch(seed_pick(seed), CATALOG, WORLDS, QUESTIONS)
        found = list(explanations.errors(opa, CATALOG, worlds, met))
        assert not found, "\n\n".join(found[:3])
    return met


def test_explanations_have_the_form_of_the_schema(opa: Opa, tmp_path: Path) -> None:
    worlds = batch(seed_pick(SEEDS[-1]), CATALOG, WORLDS, QUESTIONS)
    opa.publish(opa.build(worlds.document()))
    explained = opa.explain([asked for world in worlds.worlds for asked in world.questions])
    schema = json.loads((resources.path("schemas") / "explanation.json").read_text())
    wrong = [{**explained[0], "more": -1}, {**explained[0], "hints": [{"code": "unheard_of"}]}]
    file = tmp_path / "input.json"
    text = json.dumps({"schema": schema, "documents": [*explained, *wrong]}, ensure_ascii=False)
    file.write_text(text)
    query = "[json.match_schema(one, input.schema) | some one in input.documents]"
    command = [str(find_opa()), "eval", "--input", str(file), "--format=raw", query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [(matches, faults) for matches, faults in json.loads(done.stdout)]
    assert [one for one in found[: -len(wrong)] if not one[0]] == []
    assert [matches for matches, _ in found[-len(wrong) :]] == [False] * len(wrong)


@pytest.mark.parametrize("case", MET)
def test_every_case_is_met(met: Counter[str], case: str) -> None:
    assert met[case]
