"""`ramgate catalog`: keep a catalog of actions of your own."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, NO

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "update"]

_TEXT: Final = """\
`ramgate catalog COMMAND --help` describes a command, with an example.
"""
_UPDATE: Final = """\
FILE is metadata of Alibaba Cloud's API portal, which you download: the `api-docs.json` of a
product's version, or the `api.json` of one operation. ramgate reads its `ramActions`, nested or
flat, and writes a file for each service into DIR/services. In a file that exists, what the same
version of the product said before is replaced, and everything else stays.

`ramgate actions --catalog DIR` reads DIR beside the shipped catalog. No decision depends on it.

Exit status: 0 written, 1 a file has another shape, 2 a file cannot be read or written.

example:
  ramgate catalog update --catalog my-catalog api-docs.json
"""


def add_to(commands: Commands) -> None:
    """Declare the command, its subcommand and the arguments."""
    text = "add API metadata to a catalog of actions of your own"
    subcommands = add_command(commands, "catalog", text, _TEXT).add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    parser = add_command(
        subcommands, "update", "add Alibaba Cloud's API metadata to a catalog", _UPDATE, update
    )
    parser.set_defaults(status_of_faults=NO)
    parser.add_argument("file", metavar="FILE", nargs="+", help="an `api-docs.json` or `api.json`")
    parser.add_argument(
        "--catalog", metavar="DIR", required=True, help="the folder to write, or to add to"
    )
    parser.add_argument(
        "--date",
        metavar="YYYY-MM-DD",
        type=_day,
        help="the day of the download (default: today)",
    )


def update(options: Namespace) -> int:
    """Merge the files into the catalog, and print the files that were written."""
    from ramgate.catalog import metadata
    from ramgate.documents.source import argument_path

    files = [argument_path(name) for name in options.file]
    day = options.date or datetime.datetime.now(tz=datetime.UTC).date()
    for path, service in metadata.update(files, Path(options.catalog), day):
        print(f"{path}: {len(service.actions)} actions, {len(service.operations)} operations")
    return FINE


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a day, such as 2026-11-29") from None
