"""No principal and no account contradicts a comparison: a share of `make prove`."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import strangers
from ramgate.analysis.sides import documents, outsiders
from ramgate.analysis.sides.names import ACCOUNT

if TYPE_CHECKING:
    from collections import Counter

    import pytest

    from referees import Referees

QUESTIONS = 12


def test_no_principal_and_no_account_contradicts_an_answer(referees: Referees) -> None:
    counts: Counter[str] = collections.Counter()
    assert list(strangers.failures(range(QUESTIONS), referees, counts)) == []
    assert counts.total() == 3 * QUESTIONS
    for result in ("equivalent", "wider", "narrower", "proved", "broken"):
        assert counts[result] > 0, result
    assert counts["not_decided"] == 0


def test_principals_and_accounts_that_are_left_out_are_noticed(
    referees: Referees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "told_apart", lambda *_: [ACCOUNT])
    monkeypatch.setattr(outsiders, "_tests", lambda _: [])
    found = list(strangers.failures((1, 9), referees, collections.Counter()))
    assert {text.partition(" ")[0] for text in found} == {"documents", "rule"}
