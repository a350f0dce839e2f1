"""`ramgate install-opa`: find, download or build OPA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, say

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Uses $OPA, or the opa on PATH, if it is version 1.22 or newer. Otherwise downloads the pinned
release and verifies its published SHA-256; if that is not possible, builds the pinned version from
source. Prints the path of the program.

Exit status: 0 installed, 2 no OPA could be found, downloaded or built.

example:
  ramgate install-opa
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "install-opa", "find, download or build OPA", _TEXT, run)
    parser.add_argument(
        "--directory", metavar="DIR", help="where to install it (default: your data directory)"
    )


def run(options: Namespace) -> int:
    """Install OPA and print its path."""
    from ramgate.opa.install import install_opa

    directory = Path(options.directory) if options.directory else None
    print(install_opa(directory, report=say))
    return FINE
