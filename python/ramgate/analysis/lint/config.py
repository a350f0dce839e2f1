"""Read `.ramgate-lint.yaml`, which lists the findings that a project accepts.

ignore:
  - code: SERVICE_ADMIN
    policy: operators            # optional
    path: policies/legacy/*      # optional
    reason: the operators' policy is reviewed each quarter
    until: 2027-01-01
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.finding import Finding, Level
from ramgate.analysis.lint.patterns import matches
from ramgate.documents import shape, source
from ramgate.documents.messages import describe, did_you_mean
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from ramgate.faults import Place

__all__ = ["NOTHING_IGNORED", "RULES", "Ignore", "Ignores", "read_ignores"]

RULES: Final = {
    "IGNORE_ENDED": (Level.WARNING, "An entry of the configuration whose end date is past"),
    "UNKNOWN_CODE": (Level.WARNING, "An entry of the configuration for a code that does not exist"),
}
"""The class and the title of each code that is given here."""

_FIELDS: Final = ("code", "policy", "path", "reason", "until")
_REQUIRED: Final = ("code", "reason", "until")


@dataclasses.dataclass(frozen=True, slots=True)
class Ignore:
    """An entry: findings of the code, in the policy and at the path if given, until that day."""

    place: Place
    code: str
    policy: str
    path: str
    until: datetime.date

    def covers(self, finding: Finding) -> bool:
        """True if the entry is about the finding, on any day."""
        return (
            self.code == finding.code
            and (not self.policy or matches(self.policy, finding.policy))
            and (not self.path or any(matches(self.path, one) for one in _paths(finding)))
        )


def _paths(finding: Finding) -> tuple[str, ...]:
    return finding.file, finding.file.removeprefix("./"), finding.path


@dataclasses.dataclass(frozen=True, slots=True)
class Ignores:
    """The entries that count today, and a finding for each that does not."""

    valid: Sequence[Ignore] = ()
    findings: Sequence[Finding] = ()

    def __contains__(self, finding: Finding) -> bool:
        return any(ignore.covers(finding) for ignore in self.valid)


NOTHING_IGNORED: Final = Ignores()


def read_ignores(path: Path, codes: Collection[str], today: datetime.date) -> Ignores:
    """Return the entries of a file; `codes` are those of all findings.

    Raises `InvalidFiles` if the file has faults, `UnreadableFiles` if it cannot be read.
    """
    document = source.read(path, root="")
    place = document.place
    found = shape.fields(document.value, place, ("ignore",), ("ignore",))
    ignores = [
        _ignore(item, here) for item, here in shape.items(found.get("ignore", []), place / "ignore")
    ]
    if place.findings.faults:
        raise InvalidFiles(place.findings.faults)
    valid = [one for one in ignores if one.code in codes and one.until >= today]
    return Ignores(valid, [*_invalid(ignores, codes, today)])


def _ignore(item: object, place: Place) -> Ignore:
    parts = shape.fields(item, place, _FIELDS, _REQUIRED)
    until = parts.pop("until", "9999-12-31")
    if isinstance(until, source.Unquoted):
        until = until.text
    texts = shape.texts(parts, place)
    if "reason" in texts and not texts["reason"].strip():
        (place / "reason").fault("must not be empty: say why the finding is acceptable")
    return Ignore(
        place,
        texts.get("code", ""),
        texts.get("policy", ""),
        texts.get("path", ""),
        _date(until, place),
    )


def _date(text: object, place: Place) -> datetime.date:
    day = shape.day(text)
    if day is None:
        (place / "until").fault(f"must be a date such as `2027-01-01`, not {describe(text)}")
    return day or datetime.date.max


def _invalid(
    ignores: Sequence[Ignore], codes: Collection[str], today: datetime.date
) -> Iterator[Finding]:
    for ignore in ignores:
        if ignore.code not in codes:
            yield _finding(
                "UNKNOWN_CODE",
                ignore.place / "code",
                f"there is no code {describe(ignore.code)}, so this entry ignores nothing",
                did_you_mean(ignore.code, codes).removeprefix(": "),
            )
        elif ignore.until < today:
            yield _finding(
                "IGNORE_ENDED",
                ignore.place / "until",
                f"this entry ended on {ignore.until}, so its findings are reported again",
                "leave it out, or decide anew and set a later date",
            )


def _finding(code: str, place: Place, message: str, suggestion: str) -> Finding:
    return Finding(
        code=code,
        level=RULES[code][0],
        path=str(place),
        file=place.findings.file,
        line=place.findings.line_of(place.steps),
        message=message,
        suggestion=suggestion,
    )
