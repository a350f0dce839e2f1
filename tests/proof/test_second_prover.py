"""The prover and cvc5 agree on small pairs of statements: a share of `make prove`."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import second_prover

if TYPE_CHECKING:
    from collections import Counter

    import pytest

    from referees import Referees

PAIRS = 100


def test_two_provers_agree(referees: Referees) -> None:
    counts: Counter[str] = collections.Counter()
    assert list(second_prover.failures(range(PAIRS), referees, counts)) == []
    assert counts.total() == PAIRS
    assert counts["found"] > PAIRS / 4
    assert counts["proved"] > PAIRS / 4
    assert counts["unknown"] < PAIRS / 20


def test_a_wrong_answer_is_noticed(referees: Referees, monkeypatch: pytest.MonkeyPatch) -> None:
    is_found = second_prover.Small.is_found
    monkeypatch.setattr(second_prover.Small, "is_found", lambda small: not is_found(small))
    failures = list(second_prover.failures(range(8), referees, collections.Counter()))
    assert len(failures) >= 6
