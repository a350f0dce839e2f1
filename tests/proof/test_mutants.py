from __future__ import annotations

import pytest

from mutants import MUTANTS, ROOT, Mutant, chosen


def test_there_are_at_least_thirty_deliberate_faults() -> None:
    assert len(MUTANTS) >= 30
    assert len({mutant.fault for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.fault for mutant in MUTANTS])
def test_the_text_of_a_deliberate_fault_occurs_once_in_its_file(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()
    assert text.count(mutant.text) == 1
    assert mutant.text != mutant.becomes


def test_mutants_are_chosen_by_their_fault_or_file() -> None:
    assert chosen([]) == MUTANTS
    assert chosen([MUTANTS[0].fault, MUTANTS[-1].fault]) == [MUTANTS[0], MUTANTS[-1]]
    assert {one.file for one in chosen(["ram/entry/"])} == {"rego/ram/entry/entry.rego"}
    with pytest.raises(SystemExit, match="no mutant has one of: no such text"):
        chosen(["no such text"])
