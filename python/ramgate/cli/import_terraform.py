"""`ramgate import terraform`: read a state or a plan, and write it as accounts files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "read"]

_TEXT: Final = """\
Exit status: 0 written, 2 nothing written.

example:
  terraform show -json plan.out > plan.json
  ramgate import terraform plan.json -o accounts
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    summary = "read what a Terraform state or plan declares"
    parser = add_command(commands, "terraform", summary, _TEXT, read)
    parser.add_argument("file", metavar="FILE", help="the output of `terraform show -json`")
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="the folder of the accounts files"
    )


def read(options: Namespace) -> int:
    """Read the file, and write its accounts files."""
    raise NotImplementedError(options)
