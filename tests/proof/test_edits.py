"""Comparisons of stores agree with the reference evaluator and OPA: a share of `make prove`."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import edits
from ramgate.analysis.prover.access import denied

if TYPE_CHECKING:
    from collections import Counter

    import pytest

    from referees import Referees

EDITS = 4


def test_comparisons_of_edited_accounts_are_right(referees: Referees) -> None:
    counts: Counter[str] = collections.Counter()
    assert list(edits.failures(range(EDITS), referees, counts)) == []
    assert counts["edits"] > EDITS / 2
    for outcome in ("newly allowed", "allowed", "denied", "none allowed"):
        assert counts[outcome] > EDITS
    assert counts["none denied"] > 0


def test_a_comparison_that_finds_nothing_is_noticed(
    referees: Referees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "changes", lambda *_: iter(()))
    monkeypatch.setattr(edits, "allowed", denied)
    found = list(edits.failures(range(3), referees, collections.Counter()))
    assert any("newly allowed and not found" in text for text in found)
    assert any("OPA says False after, not True" in text for text in found)
    assert any("the reference says False after, not True" in text for text in found)
