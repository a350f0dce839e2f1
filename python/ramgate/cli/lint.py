"""`ramgate lint`: find mistakes and wide grants in policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line, say

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.analysis.lint import Report
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_CONFIG: Final = ".ramgate-lint.yaml"
_LEVELS: Final = {
    "error": "Error",
    "security": "Security Warning",
    "warning": "General Warning",
    "suggestion": "Suggestion",
}
_TEXT: Final = f"""\
Reads the files that `ramgate validate` reads, except those of the catalog. Prints one finding on
each line: the file, the line, the place, the class, the code, the consequence for requests, and how
to change the document. The number of findings and the date of the catalog of actions are printed to
stderr. docs/lint.md describes each code.

The classes are those of RAM's own check. --fail-on names the least grave class that fails.

{_CONFIG} in the current folder lists findings to ignore, each until an end date:

  ignore:
    - code: SERVICE_ADMIN
      policy: operators             # optional; `*` stands for any text
      path: policies/legacy/*       # optional: the file, or the place in the document
      reason: reviewed each quarter
      until: 2027-01-01

Exit status: 0 no finding of the class of --fail-on or above, 1 there are such findings, 2 a file
cannot be read.

examples:
  ramgate lint policy.json accounts.yaml
  aliyun ram GetPolicy --PolicyName readers --PolicyType Custom | ramgate lint -
  ramgate lint policies/ --fail-on security --format sarif > findings.sarif
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "lint", "check policies for mistakes and wide grants", _TEXT, run
    )
    parser.add_argument(
        "path", metavar="PATH", nargs="+", help="a file, a folder of files, or `-` for stdin"
    )
    parser.add_argument(
        "--fail-on",
        choices=tuple(_LEVELS),
        default="error",
        help="exit with 1 for a finding of this class or a graver one (default: error)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        help="print lines of text (the default), JSON, SARIF 2.1.0, or annotations for GitHub"
        " Actions",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"the findings to ignore (default: {_CONFIG}, if it exists)",
    )


def run(options: Namespace) -> int:
    """Check all paths, and print the findings."""
    from ramgate.analysis.lint import Level, lint

    config = options.config
    if config is None and Path(_CONFIG).exists():
        config = _CONFIG
    report = lint(*options.path, config=config)
    _print(report, options.format)
    for fault in report.unreadable:
        say(str(fault))
    say(_summary(report))
    if report.unreadable:
        return UNKNOWN
    return NO if report.has(Level(_LEVELS[options.fail_on])) else FINE


def _print(report: Report, style: str) -> None:
    match style:
        case "json":
            print(json_line(report))
        case "sarif":
            from importlib.metadata import version

            from ramgate.analysis.lint.sarif import sarif

            print(json_line(sarif(report, version("ramgate"))))
        case "github":
            from ramgate.analysis.lint.sarif import annotation

            for finding in report.findings:
                print(annotation(finding))
        case _:
            for finding in report.findings:
                print(finding)


def _summary(report: Report) -> str:
    counts = dict.fromkeys(_LEVELS.values(), 0)
    for finding in report.findings:
        counts[finding.level] += 1
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    ignored = f", {report.ignored} ignored" if report.ignored else ""
    return (
        f"checked {report.documents} document{'' if report.documents == 1 else 's'}:"
        f" {listed or 'no findings'}{ignored}; catalog of {report.catalog_date}"
    )
