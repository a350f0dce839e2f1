"""What is wrong with a document, all of it at once, each with its place."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fault", "Findings", "Place", "printable"]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong, or one piece of advice, at one place.

    `path` is where in the document (`$.Statement[2].Condition` in a policy document,
    `accounts.1234567890123456.users.alice` in an accounts file, empty for a whole file); `file`
    and `line` (from 1) are there when the document was read from a file.
    """

    file: str = ""
    line: int = 0
    path: str = ""
    message: str = ""

    def __str__(self) -> str:
        if not self.file:
            return f"{self.message} @ {self.path}" if self.path else self.message
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(filter(None, (place, self.path, self.message)))


@dataclasses.dataclass(frozen=True, slots=True)
class Findings:
    """What the reading of one document found: faults, which refuse it, and advice.

    `file` is the name the document goes by, `line_of` tells the line of the place that some
    steps lead to (0 where it knows none).
    """

    file: str = ""
    line_of: Callable[[tuple[str | int, ...]], int] = lambda _: 0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    advice: list[Fault] = dataclasses.field(default_factory=list)

    def add(self, others: Findings) -> None:
        """Take over what the reading of another document found."""
        self.faults.extend(others.faults)
        self.advice.extend(others.advice)


class Place(msgspec.Struct, frozen=True):
    """A place in a document: the keys and indexes that lead there.

    `root` is what the place is called that no step leads to: `$` in a policy document.
    """

    findings: Findings
    root: str = ""
    steps: tuple[str | int, ...] = ()

    def __truediv__(self, step: str | int) -> Place:
        return Place(self.findings, self.root, (*self.steps, step))

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return printable((self.root + "".join(steps)).removeprefix("."))

    def fault(self, message: str) -> None:
        """Refuse the document for what stands here."""
        self.findings.faults.append(self._finding(message))

    def advise(self, message: str) -> None:
        """Say what may stand here, and yet is unlikely to be meant."""
        self.findings.advice.append(self._finding(message))

    def _finding(self, message: str) -> Fault:
        findings = self.findings
        return Fault(findings.file, findings.line_of(self.steps), str(self), message)


def printable(text: str) -> str:
    """The text on one line: what a terminal would not show as a character is escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
