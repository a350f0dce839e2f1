"""`ramgate translate`: print policy documents in the form that OPA reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, NO, json_line
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands
    from ramgate.faults import Fault

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one JSON document on each line, in the order of the files and of the documents in them: a
file may be a policy document, or contain several, as in `ramgate validate`. If any file has a
fault, the faults are printed to stderr and no document is printed. A value that a template or a
plan does not state is a fault here. docs/reference/translated.md describes the form.

Exit status: 0 printed, 1 faults found, 2 a file cannot be read.

examples:
  ramgate translate policy.json
  ramgate translate - < policy.json
  aliyun ram GetRole --RoleName app | ramgate translate -
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands,
        "translate",
        "print policy documents in the form that OPA reads",
        _TEXT,
        run,
    )
    parser.set_defaults(status_of_faults=NO)
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="+",
        help="a file with RAM policy documents, JSON or YAML; `-` is stdin",
    )


def run(options: Namespace) -> int:
    """Print all documents, or none of them."""
    from ramgate.analysis.validate import translations
    from ramgate.documents.source import argument_path

    documents: list[dict[str, object]] = []
    faults: list[Fault] = []
    for name in options.file:
        try:
            documents += translations(argument_path(name))
        except UnreadableFiles:
            raise
        except InvalidFiles as error:
            faults += error.faults
    if faults:
        raise InvalidFiles(faults)
    for document in documents:
        print(json_line(document))
    return FINE
