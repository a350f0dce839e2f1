"""The prover agrees with the reference evaluator and OPA: a fixed share of `make prove`."""

from __future__ import annotations

import collections
import itertools
from typing import TYPE_CHECKING

import pairs
from ramgate.analysis.prover.space import Request

if TYPE_CHECKING:
    from collections import Counter

    import pytest

    from referees import Referees

PAIRS = 300
AIMED = 60


def test_requests_and_proofs_for_random_statements_are_right(referees: Referees) -> None:
    counts: Counter[str] = collections.Counter()
    assert list(pairs.failures(range(PAIRS), referees, counts, AIMED)) == []
    assert counts.total() == PAIRS
    assert counts["found"] > PAIRS / 4
    assert counts["proved"] > PAIRS / 4
    assert counts["undecided"] < PAIRS / 50


def test_a_wrong_proof_is_noticed(referees: Referees, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs.Pair, "find", lambda _: None)
    counts: Counter[str] = collections.Counter()
    failures = list(pairs.failures(range(40), referees, counts, AIMED))
    assert len(failures) > 5
    assert all("a proof is wrong" in text for text in failures)


def test_a_wrong_request_is_noticed_twice(
    referees: Referees, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_context(pair: pairs.Pair) -> Request | None:
        found = find(pair)
        if found is None or not found.context:
            return None
        return Request(found.principal, found.action, found.resource, {})

    find = pairs.Pair.find
    monkeypatch.setattr(pairs.Pair, "find", without_context)
    found = list(pairs.failures(range(60), referees, collections.Counter(), 0))
    judges = [text.partition(": ")[2].partition(" refuses")[0] for text in found]
    assert len(found) > 5
    assert set(judges) == {"the reference evaluator", "OPA"}


def test_most_proofs_are_tried_with_requests_of_their_space(referees: Referees) -> None:
    pair = pairs.Pair(0, referees.catalog)
    assert len(list(itertools.islice(pair.aimed(), 10))) == 10
