"""`ramgate import alicloud`: read a real account, and write it as accounts files."""

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
  ramgate import alicloud -o accounts
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    summary = "read an account of Alibaba Cloud through its APIs"
    parser = add_command(commands, "alicloud", summary, _TEXT, read)
    parser.add_argument("-o", "--output", metavar="DIR", help="the folder of the accounts files")


def read(options: Namespace) -> int:
    """Read the account, and write its files."""
    raise NotImplementedError(options)
