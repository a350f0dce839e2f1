"""`ramgate validate`: check files, and print their faults and advice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, NO, UNKNOWN, say
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Checks policy documents, accounts files and files of the catalog; the content of a file tells which
of them it is. Prints one fault or piece of advice a line, with the file, the line and the place.

Exit status: 0 no fault (advice is not a fault), 1 faults found, 2 a file cannot be read.

example:
  ramgate validate policy.json accounts.yaml
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "validate", "check files, print faults and advice", _TEXT, run)
    parser.add_argument(
        "path", metavar="PATH", nargs="+", help="a file, or a folder of accounts files"
    )


def run(options: Namespace) -> int:
    """Check every path; a fault or an unreadable file does not stop the others."""
    from ramgate.analysis.validate import examine
    from ramgate.faults import Findings

    status = FINE
    for name in options.path:
        try:
            findings = examine(Path(name))
        except UnreadableFiles as error:
            say(str(error))
            status = UNKNOWN
            continue
        except InvalidFiles as error:
            findings = Findings(faults=list(error.faults))
        for fault in findings.faults:
            print(fault)
        for advice in findings.advice:
            print(f"advice: {advice}")
        if findings.faults:
            status = max(status, NO)
    return status
