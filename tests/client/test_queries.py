"""The rules that a client queries."""

from __future__ import annotations

from pathlib import Path

from ramgate.client.queries import QUERIES

REGO = Path(__file__).parents[2] / "rego"


def test_every_query_is_an_entry_point_of_the_rules() -> None:
    for query in QUERIES:
        folder, _, rule = query.path.rpartition("/")
        text = (REGO / folder / f"{Path(folder).name}.rego").read_text()
        assert f"\n{rule} :=" in text or f"\ndefault {rule} :=" in text


def test_only_simulations_are_marked_as_simulated() -> None:
    assert {query.path for query in QUERIES if query.simulated} == {
        "ram/explain/simulation",
        "ram/simulate/decision",
        "ram/simulate/decisions",
    }
    assert len({query.path for query in QUERIES}) == len(QUERIES)
