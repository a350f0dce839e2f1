"""The time and the steps that an answer may take."""

from __future__ import annotations

import time
from typing import Final

__all__ = [
    "Budget",
    "Undecided",
]

_STEPS_BETWEEN_LOOKS: Final = 64


class Undecided(Exception):
    """The prover stopped without an answer: nothing is proved, and no request was found.

    With `is_final` the search must end; else another request may still be found.

    >>> str(Undecided("the time is over"))
    'the time is over'
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class Budget:
    """Counts the steps of a search, and raises `Undecided` when the time is over.

    `deadline` is an instant of `time.monotonic()`, `steps` the number of states that one search may
    visit.

    >>> budget = Budget(steps=1)
    >>> budget.spend()
    >>> budget.spend()
    Traceback (most recent call last):
    ramgate.analysis.prover.budget.Undecided: the search has more than 1 steps
    """

    def __init__(self, deadline: float = float("inf"), steps: int = 1_000_000) -> None:
        self._deadline = deadline
        self._steps = steps
        self._spent = 0

    def spend(self) -> None:
        """Count one step."""
        self._spent += 1
        if self._spent > self._steps:
            raise Undecided(f"the search has more than {self._steps:,} steps", is_final=True)
        if self._spent % _STEPS_BETWEEN_LOOKS == 0 and time.monotonic() > self._deadline:
            raise Undecided("the time is over", is_final=True)

    def renew(self) -> None:
        """Allow a new search as many steps; raise `Undecided` if the time is over."""
        self._spent = 0
        if time.monotonic() > self._deadline:
            raise Undecided("the time is over", is_final=True)
