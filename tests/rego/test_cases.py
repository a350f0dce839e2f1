"""The worked cases, over HTTP; `opa test` asks the same of Rego alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ramgate import Request, Sidecar
from worlds import Case, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate import Client

DOCUMENT, CASES = world()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    path = tmp_path_factory.mktemp("cases") / "accounts.json"
    path.write_text(json.dumps(DOCUMENT))
    with Sidecar(path) as sidecar, sidecar.client() as client:
        yield client


def test_there_are_as_many_cases_as_the_file_has_requests() -> None:
    assert len(CASES) == 99


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_worked_case_is_decided_as_documented(client: Client, case: Case) -> None:
    decision = client.decide_all([Request(**case.request)])[0]
    assert decision.effect == case.expected, decision
