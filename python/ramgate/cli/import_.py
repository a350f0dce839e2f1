"""`ramgate import`: write what exists elsewhere as accounts files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli import import_alicloud, import_terraform
from ramgate.cli.options import add_command

if TYPE_CHECKING:
    from ramgate.cli.options import Commands

__all__ = ["add_to"]

_TEXT: Final = """\
`ramgate import COMMAND --help` describes a command, with examples.
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its subcommands."""
    summary = "write accounts files from a real account, or from Terraform"
    within = add_command(commands, "import", summary, _TEXT).add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    for command in (import_alicloud, import_terraform):
        command.add_to(within)
