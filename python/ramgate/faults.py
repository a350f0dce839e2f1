"""Collect everything that is wrong with a document, each fault with its place.

>>> findings = Findings("accounts.yaml")
>>> (Place(findings) / "accounts" / "12").fault("is not a valid account number")
>>> print(findings.faults[0])
accounts.yaml: accounts.12: is not a valid account number
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fault", "Findings", "Place", "printable"]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One error in a document, or one piece of advice, with its place.

    `path` leads to the value in the document: `$.Statement[2].Condition` in a policy document,
    `accounts.1234567890123456.users.alice` in an accounts file, empty for the whole file. `file` is
    empty, and `line` 0, if the document was not read from a file; lines count from 1. `code` names
    the kind of an error or of advice, as `ramgate lint` prints it; it is empty for a fault.

    >>> import ramgate
    >>> try:
    ...     ramgate.translate({"Version": "1"})
    ... except ramgate.InvalidPolicy as error:
    ...     print(error.faults[0].path, error.faults[0].message)
    $ `Statement` is missing
    >>> print(Fault("policy.json", 3, "$.Version", "must be a string"))
    policy.json:3: $.Version: must be a string
    """

    file: str = ""
    line: int = 0
    path: str = ""
    message: str = ""
    code: str = dataclasses.field(default="", compare=False)

    def __str__(self) -> str:
        if not self.file:
            return f"{self.message} @ {self.path}" if self.path else self.message
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(filter(None, (place, self.path, self.message)))


@dataclasses.dataclass(frozen=True, slots=True)
class Findings:
    """The findings of one document: faults, errors and advice.

    A document with a fault is refused. A document with an error is accepted, but RAM's own check
    calls it wrong. `file` is the document's name in messages. `line_of` returns the line of the
    value that the steps, keys and indexes, lead to, or 0 if the document has no lines.

    >>> findings = Findings("policy.json")
    >>> findings.faults, findings.errors, findings.advice, findings.line_of(("Version",))
    ([], [], [], 0)
    """

    file: str = ""
    line_of: Callable[[tuple[str | int, ...]], int] = lambda _: 0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    errors: list[Fault] = dataclasses.field(default_factory=list)
    advice: list[Fault] = dataclasses.field(default_factory=list)

    def add(self, others: Findings) -> None:
        """Append the findings of another document."""
        self.faults.extend(others.faults)
        self.errors.extend(others.errors)
        self.advice.extend(others.advice)


class Place(msgspec.Struct, frozen=True):
    """A place in a document: the keys and indexes that lead to it.

    `root` names the outermost value: `$` in a policy document, empty in an accounts file.

    >>> str(Place(Findings(), "$") / "Statement" / 2 / "Action")
    '$.Statement[2].Action'
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
        """Report an error in the value at this place: the document is refused."""
        self.findings.faults.append(self._finding(message))

    def error(self, message: str, code: str) -> None:
        """Report a value that RAM's own check calls wrong, in a document that is accepted."""
        self.findings.errors.append(self._finding(message, code))

    def advise(self, message: str, code: str = "") -> None:
        """Report a value that is valid but probably a mistake."""
        self.findings.advice.append(self._finding(message, code))

    def _finding(self, message: str, code: str = "") -> Fault:
        findings = self.findings
        return Fault(findings.file, findings.line_of(self.steps), str(self), message, code)


def printable(text: str) -> str:
    r"""Return the text on one line, with each character escaped that a terminal would not show.

    >>> print(printable("two\nlines"))
    two\nlines
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
