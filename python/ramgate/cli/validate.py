"""`ramgate validate`: check files, and print their faults and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, NO, UNKNOWN, say
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ramgate.cli.options import Commands
    from ramgate.faults import Fault

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Checks policy documents, accounts files and files of the catalog, and tells the kind of a file from
its content. The accounts files of a folder are checked together; in a folder without accounts
files, each file is checked by itself.

Prints one fault or piece of advice on each line, with the file, the line and the place. If there is
no fault, the number of documents is printed to stderr.

Exit status: 0 no fault (advice is not a fault), 1 faults found, 2 a file cannot be read.

examples:
  ramgate validate policy.json accounts.yaml
  ramgate validate policies/
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "validate", "check files, print faults and advice", _TEXT, run)
    parser.add_argument(
        "path", metavar="PATH", nargs="+", help="a file, a folder of files, or `-` for stdin"
    )


def run(options: Namespace) -> int:
    """Check every path; a fault or an unreadable file does not stop the others."""
    from ramgate.analysis.validate import examine, files
    from ramgate.documents.source import argument_path

    status, checked = FINE, 0
    for name in options.path:
        path = argument_path(name)
        faults: Sequence[Fault] = ()
        advice: Sequence[Fault] = ()
        try:
            findings = examine(path)
            checked += len(files(path))
            faults, advice = findings.faults, findings.advice
        except UnreadableFiles as error:
            say(str(error))
            status = UNKNOWN
        except InvalidFiles as error:
            faults = error.faults
        for fault in faults:
            print(fault)
        for hint in advice:
            print(f"advice: {hint}")
        if faults:
            status = max(status, NO)
    if status == FINE:
        say(f"checked {checked} document{'' if checked == 1 else 's'}: no faults")
    return status
