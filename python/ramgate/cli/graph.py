"""`ramgate graph`: draw accounts as SVG or in Graphviz's dot language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    OUTPUT_TEXT,
    accounts_or_example,
    add_accounts,
    add_command,
    add_output,
)
from ramgate.cli.output import FINE

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = f"""\
Draws each account with its users, roles and policies, and an arrow to each role from every service
and account that may assume it.

{OUTPUT_TEXT}
Exit status: 0 drawn, 2 the accounts cannot be read, or Graphviz is missing.

examples:
  ramgate graph --accounts accounts.yaml -o accounts.svg
  ramgate graph --accounts accounts.yaml --format dot
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "graph", "draw accounts, users, roles and policies", _TEXT, run)
    add_accounts(parser)
    parser.add_argument(
        "--format",
        choices=("svg", "dot"),
        default="svg",
        help="svg (the default) needs Graphviz; dot is Graphviz's own language",
    )
    add_output(parser, "the file to write (default `-`, which is stdout)")


def run(options: Namespace) -> int:
    """Draw the accounts."""
    from ramgate.accounts import reader
    from ramgate.analysis import graph
    from ramgate.catalog import catalog
    from ramgate.documents.atomic_write import write_output

    known = catalog.load()
    text = graph.dot(reader.load(accounts_or_example(options), known), known)
    content = graph.svg(text) if options.format == "svg" else text.encode()
    write_output(options.output, content)
    return FINE
