from __future__ import annotations

import time

import pytest

from ramgate.analysis.prover.budget import Budget, Undecided


def test_a_search_has_so_many_steps() -> None:
    budget = Budget(steps=3)
    for _ in range(3):
        budget.spend()
    with pytest.raises(Undecided, match="the search has more than 3 steps") as undecided:
        budget.spend()
    assert undecided.value.is_final


def test_another_search_has_as_many_steps() -> None:
    budget = Budget(steps=1)
    for _ in range(3):
        budget.renew()
        budget.spend()


def test_the_time_is_looked_at_after_some_steps() -> None:
    budget = Budget(deadline=time.monotonic() - 1)
    for _ in range(63):
        budget.spend()
    with pytest.raises(Undecided, match="the time is over") as undecided:
        budget.spend()
    assert undecided.value.is_final


def test_a_search_begins_only_in_time() -> None:
    Budget(deadline=time.monotonic() + 100).renew()
    with pytest.raises(Undecided, match="the time is over") as undecided:
        Budget(deadline=time.monotonic() - 1).renew()
    assert undecided.value.is_final


def test_an_answer_that_is_missing_need_not_be_final() -> None:
    assert not Undecided("several types").is_final
