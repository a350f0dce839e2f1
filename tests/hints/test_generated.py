"""Every explanation of generated accounts is read, and has a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from agreement import Opa, read_catalog, running_opa
from generator import batch, seed_pick
from ramgate.hints.hints import complete
from ramgate.model.decision import Request
from ramgate.model.explanation import Explained

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOG = read_catalog()


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running_opa() as opa:
        yield opa


def asked(request: dict[str, Any]) -> Request:
    context = json.loads(json.dumps(request.get("context", {}), default=str))
    return Request(request["principal"], request["action"], request["resource"], context)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_explanation_is_read_and_has_a_text(opa: Opa, seed: int) -> None:
    worlds = batch(seed_pick(seed), CATALOG, 12, 25)
    opa.publish(opa.build(worlds.document()))
    questions = [question for world in worlds.worlds for question in world.questions]
    read = 0
    for question, answer in zip(questions, opa.explain(questions), strict=True):
        explained = msgspec.convert(answer, Explained)
        if explained.errors:
            continue
        explanation = complete(asked(question.request), explained)
        # the first line is the whole cause
        first, *lines = str(explanation).splitlines()
        assert first.startswith("Allowed: " if explanation else "Denied: ")
        assert all(len(line) <= 100 or " " not in line.strip() for line in lines)
        assert explanation.cause
        assert bool(explanation) == answer["decision"]["allow"]
        read += 1
    assert read > 200
