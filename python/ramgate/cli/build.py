"""`ramgate build`: write a bundle for any OPA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.authzen import add_authzen, authzen_path
from ramgate.cli.options import OUTPUT_TEXT, add_accounts, add_command, add_output
from ramgate.cli.output import FINE, NO, counts, printer_beside
from ramgate.cli.signing import add_signer, signer

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = f"""\
The bundle holds ramgate's rules and the data of the accounts; any OPA from 1.22 on loads it. Prints
the revision and the number of accounts, policies, roles and users, on stderr if the bundle goes to
stdout. Invalid accounts are reported on stderr, and no file is written.

{OUTPUT_TEXT}
--signing-key signs the bundle with `opa sign`, for OPAs that know the public key. A signature does
not tell an older bundle from a newer one: --serial does. docs/bundles.md has more.

By default OPA takes policies from every program that can connect. Start it on a unix socket that
only you can open, or with ramgate's access rules, which answer nothing but decisions. On an address
that other machines can reach, use `ramgate run`, which demands a token and TLS there.

Exit status: 0 written, 1 faults found, 2 a file cannot be read or written.

examples:
  ramgate build --accounts accounts.yaml -o bundle.tar.gz
  ramgate build --accounts accounts.yaml --signing-key signing.pem --serial 7 -o bundle.tar.gz
  opa run --server --skip-version-check -b bundle.tar.gz \\
    --addr unix:///run/ramgate/opa.sock --unix-socket-perm 600
  RAMGATE_ACCESS=loopback opa run --server --skip-version-check -b bundle.tar.gz \\
    --addr 127.0.0.1:8181 --authentication=token --authorization=basic \\
    --set=server.decoding.max_length=2097152 --set=server.decoding.gzip.max_length=2097152
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands,
        "build",
        "write an OPA bundle of rules and accounts",
        _TEXT,
        run,
    )
    parser.set_defaults(status_of_faults=NO)
    source = parser.add_mutually_exclusive_group(required=True)
    add_accounts(source)
    source.add_argument("--example", action="store_true", help="use the shipped example accounts")
    add_authzen(parser)
    add_signer(parser)
    add_output(parser, "the bundle to write; `-` is stdout", required=True)


def run(options: Namespace) -> int:
    """Write the bundle."""
    from ramgate.bundle.builder import Builder
    from ramgate.documents.atomic_write import write_output

    accounts = None if options.example else Path(options.accounts)
    builder = Builder(authzen_path(options), serial=options.serial, signer=signer(options))
    bundle = builder.build(accounts)
    write_output(options.output, bundle.content)
    printer_beside(options.output)(counts(bundle))
    return FINE
