from __future__ import annotations

import pytest

from mutants import MUTANTS, ROOT, Mutant


def test_there_are_at_least_thirty_deliberate_faults() -> None:
    assert len(MUTANTS) >= 30
    assert len({mutant.what for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.what for mutant in MUTANTS])
def test_a_deliberate_fault_still_finds_its_place(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()
    assert text.count(mutant.text) == 1
    assert mutant.text != mutant.becomes
