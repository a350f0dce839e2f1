"""The shapes of the results: a finding with its code, its class and its place, and a report."""

from __future__ import annotations

import datetime  # noqa: TC003 - msgspec resolves the annotations of the fields
import enum

import msgspec

from ramgate.faults import Fault  # noqa: TC001 - as above
from ramgate.model.decision import Request  # noqa: TC001 - as above

__all__ = ["Finding", "Level", "Report"]


class Level(enum.StrEnum):
    """The class of a finding: one of the four that RAM's own policy check has.

    >>> Level("Security Warning").is_at_least(Level.SUGGESTION)
    True
    >>> Level.SUGGESTION.is_at_least(Level.ERROR)
    False
    """

    ERROR = "Error"
    SECURITY = "Security Warning"
    WARNING = "General Warning"
    SUGGESTION = "Suggestion"

    def is_at_least(self, other: Level) -> bool:
        """True if a finding of this class is as grave as one of the other class, or graver."""
        ranks = list(Level)
        return ranks.index(self) <= ranks.index(other)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of `ramgate lint`.

    `level` is its class; in JSON, the field is called `class`. `policy` is the policy's name, empty
    if the source does not name it. `path`, `file` and `line` are those of a `Fault`. `message` says
    what happens to requests, and `suggestion` how to change the document; it is empty if that
    depends on the author. `request` is a request that shows the finding, or None.

    >>> finding = Finding(code="EMPTY_CONDITION", level=Level.SUGGESTION, message="is empty")
    >>> msgspec.json.decode(msgspec.json.encode(finding))["class"]
    'Suggestion'
    >>> print(finding)
    Suggestion EMPTY_CONDITION: is empty
    """

    code: str
    level: Level = msgspec.field(name="class")
    policy: str = ""
    path: str = ""
    file: str = ""
    line: int = 0
    message: str
    suggestion: str = ""
    request: Request | None = None

    @property
    def text(self) -> str:
        """The message and the suggestion as one text."""
        return f"{self.message}; {self.suggestion}" if self.suggestion else self.message

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(filter(None, (place, self.path, f"{self.level} {self.code}", self.text)))


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of `ramgate lint`, file by file, and the number of documents that were read.

    `catalog_date` is the date of the catalog of actions. `ignored` counts the findings that the
    configuration leaves out. `unreadable` has a fault for each file that could not be read.

    >>> import datetime
    >>> report = Report(catalog_date=datetime.date(2026, 11, 29), documents=1)
    >>> report.findings, report.has(Level.SUGGESTION)
    ((), False)
    """

    catalog_date: datetime.date
    documents: int
    ignored: int = 0
    findings: tuple[Finding, ...] = ()
    unreadable: tuple[Fault, ...] = ()

    def has(self, level: Level) -> bool:
        """True if there is a finding of this class, or of a graver one."""
        return any(finding.level.is_at_least(level) for finding in self.findings)
