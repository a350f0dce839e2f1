"""Check the documents of a folder, and count them by outcome and finding: `make corpus DIR=…`.

The counts show how ramgate takes a collection of real documents, and which findings are frequent in
it. `ramgate validate DIR` and `ramgate lint DIR` name the documents.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.analysis.lint import Level, lint
from ramgate.analysis.validate import examine_found
from ramgate.errors import InvalidFiles
from ramgate.formats.find import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.faults import Fault, Findings
    from ramgate.formats.find import Found

__all__ = ["Counts", "count", "lines", "main"]

_TITLES: Final = ("faults", "errors", "advice")
_VALUE: Final = re.compile(r"`[^`]*`")
_ELEMENTS: Final = frozenset(
    f"`{name}`"
    for name in (
        "Action",
        "Allow",
        "Condition",
        "Deny",
        "Effect",
        "Federated",
        "NotAction",
        "Principal",
        "RAM",
        "Resource",
        "Service",
        "Statement",
        "Version",
    )
)


class Counts(NamedTuple):
    """The number of documents by kind and outcome, and by the kind and the text of a finding.

    `linted` has the files with a finding of `ramgate lint`, by its class and code.
    """

    outcomes: Counter[tuple[str, str]]
    messages: Counter[tuple[str, str]]
    linted: dict[tuple[Level, str], set[str]]


def count(folder: Path) -> Counts:
    """Return the counts of the documents in a folder and its subfolders.

    A document counts once for each code or message, no matter how often it has the same one.
    """
    counts = Counts(Counter(), Counter(), {})
    for found in documents(folder):
        findings = _examine(found)
        counts.outcomes[found.kind, _outcome(found, findings)] += 1
        for title in _TITLES:
            listed: Sequence[Fault] = getattr(findings, title)
            counts.messages.update({(title, _shortened(finding)) for finding in listed})
    for found_by_lint in lint(folder).findings:
        key = (found_by_lint.level, found_by_lint.code)
        counts.linted.setdefault(key, set()).add(found_by_lint.file)
    return counts


def _examine(found: Found) -> Findings:
    try:
        return examine_found(found)
    except InvalidFiles as error:
        found.place.findings.faults.extend(error.faults)
        return found.place.findings


def _outcome(found: Found, findings: Findings) -> str:
    if findings.faults:
        return "refused"
    return "not checked" if found.kind == "nothing" else "taken"


def _shortened(finding: Fault) -> str:
    """Return the code of a finding, or the part of its message that all documents share."""
    if finding.code:
        return finding.code
    text = _VALUE.sub(lambda name: name[0] if name[0] in _ELEMENTS else "`…`", finding.message)
    return text.partition(": ")[0]


def lines(counts: Counts) -> Iterator[str]:
    """Yield the lines of the report, the greatest count of each section first."""
    total = sum(counts.outcomes.values())
    yield f"{total} documents"
    outcomes = [(f"{outcome}: {kind}", n) for (kind, outcome), n in counts.outcomes.items()]
    yield from _section("outcomes", outcomes)
    for title in _TITLES:
        found = [(text, n) for (of, text), n in counts.messages.items() if of == title]
        yield from _section(f"documents with {title}", found)
    for level in Level:
        found = [(code, len(files)) for (of, code), files in counts.linted.items() if of == level]
        yield from _section(f"files with a finding of lint: {level}", found)


def _section(title: str, rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    ordered = sorted(rows, key=lambda row: (-row[1], row[0]))
    if ordered:
        yield ""
        yield title
    for text, number in ordered:
        yield f"{number:6}  {text}"


def main(arguments: Sequence[str]) -> int:
    """Print the report about the folder that the arguments name."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m bench.corpus DIR\n")
        return 2
    try:
        report = list(lines(count(Path(arguments[0]))))
    except InvalidFiles as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("\n".join([*report, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
