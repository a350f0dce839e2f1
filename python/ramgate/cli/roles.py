"""`ramgate roles`: list the service-linked roles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_accounts, add_command, add_json
from ramgate.cli.output import FINE, json_line, table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ramgate.analysis.roles import KnownRole
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one line for each role of the catalog. FEATURE is the feature that needs the role, `-` if
none is known. POLICY shows whether the catalog has the role's policy document.

With --accounts, the roles that exist in your accounts come first, and EXISTS IN names the accounts
in place of the service and the feature, which `ramgate role NAME` shows.

Exit status: 0 listed, 2 the accounts cannot be read.

examples:
  ramgate roles
  ramgate roles --accounts accounts.yaml
"""
_MOST_ACCOUNTS: Final = 5


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
    print(table(_rows(listing) if store is None else _rows_with_accounts(listing)))
    return FINE


def _rows(listing: Sequence[KnownRole]) -> list[list[str]]:
    return [
        ["ROLE", "SERVICE NAME", "FEATURE", "POLICY"],
        *([role.role, role.service_name, role.feature or "-", _policy(role)] for role in listing),
    ]


def _rows_with_accounts(listing: Sequence[KnownRole]) -> list[list[str]]:
    """Return at most 100 columns: the roles that exist first, each account on a line of its own."""
    rows = [["ROLE", "POLICY", "EXISTS IN"]]
    for role in sorted(listing, key=lambda role: not role.accounts):
        accounts = list(role.accounts or ["-"])
        if len(accounts) > _MOST_ACCOUNTS:
            accounts[_MOST_ACCOUNTS:] = [f"{len(accounts) - _MOST_ACCOUNTS} more"]
        rows.append([role.role, _policy(role), accounts[0]])
        rows += [["", "", account] for account in accounts[1:]]
    return rows


def _policy(role: KnownRole) -> str:
    return "in catalog" if role.is_published else "not in catalog"
