"""`changes` finds planted widenings, and nothing else: a share of `make prove`."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import widenings

if TYPE_CHECKING:
    from collections import Counter

    import pytest

    from referees import Referees

WIDENINGS = 20


def test_planted_widenings_are_found_with_their_causes(referees: Referees) -> None:
    counts: Counter[str] = collections.Counter()
    assert list(widenings.failures(range(WIDENINGS), referees, counts)) == []
    assert counts.total() == WIDENINGS
    assert len(counts) >= WIDENINGS / 3


def test_a_comparison_that_finds_nothing_is_noticed(
    referees: Referees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widenings, "changes", lambda *_: iter(()))
    found = list(widenings.failures(range(2), referees, collections.Counter()))
    assert len(found) >= 2
    assert all("not found for" in text for text in found)
