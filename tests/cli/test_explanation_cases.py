"""Each problem that people reported in public has a first line that names its cause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ramgate import Client, Sidecar
from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.hints.hints import with_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.accounts.store import Store

FOLDER = Path(__file__).parents[1] / "cases/explanations"
ACCOUNTS = FOLDER / "accounts.yaml"


class Case(NamedTuple):
    """A request, the line that `ramgate check` prints, and the first line of its explanation."""

    case: str
    principal: str
    action: str
    resource: str
    context: dict[str, str]
    decision: str
    first_line: str


CASES = [Case(**case) for case in json.loads((FOLDER / "cases.json").read_text())]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Sidecar(ACCOUNTS) as sidecar, sidecar.client(timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def store() -> Store:
    return reader.load(ACCOUNTS, catalog.load())


@pytest.mark.parametrize("case", CASES, ids=[case.case for case in CASES])
def test_the_first_line_names_the_cause(case: Case, client: Client, store: Store) -> None:
    request = (case.principal, case.action, case.resource, case.context)
    explanation = with_accounts(client.explain(*request), store)
    first, *others = str(explanation).splitlines()
    assert first == case.first_line
    assert case.decision in others[:3]
    assert max(map(len, others)) <= 100


def test_there_are_more_than_ten_cases() -> None:
    assert len({case.first_line for case in CASES}) == len(CASES) > 20
