"""`ramgate roles`: list the service-linked roles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_accounts, add_command, add_json
from ramgate.cli.output import FINE, json_line, table

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one line for each role of the catalog. FEATURE is the feature that needs the role, `-` if it
is not known. POLICY tells whether the role's policy document is public. With --accounts, EXISTS IN
lists the accounts that have the role.

Exit status: 0 listed, 2 the accounts cannot be read.

examples:
  ramgate roles
  ramgate roles --accounts accounts.yaml
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "roles", "list the known service-linked roles", _TEXT, run)
    add_accounts(parser)
    add_json(parser, "print a JSON list of all roles")


def run(options: Namespace) -> int:
    """Print the list."""
    from ramgate.accounts import reader
    from ramgate.analysis import roles
    from ramgate.catalog import catalog

    known = catalog.load()
    store = reader.load(Path(options.accounts), known) if options.accounts else None
    listing = roles.listing(known, store)
    if options.json:
        print(json_line(listing))
        return FINE
    head = ["ROLE", "SERVICE NAME", "FEATURE", "POLICY"]
    rows = [
        [
            role.role,
            role.service_name,
            role.feature or "-",
            "published" if role.is_published else "not public",
        ]
        for role in listing
    ]
    if store is not None:
        head.append("EXISTS IN")
        for row, role in zip(rows, listing, strict=True):
            row.append(" ".join(role.accounts or ()) or "-")
    print(table([head, *rows]))
    return FINE
