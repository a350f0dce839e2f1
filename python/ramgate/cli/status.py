"""`ramgate status`: the revision and the health of a running OPA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    DEFAULT_ADDRESS,
    REQUEST_SECONDS,
    add_command,
    add_plain_http,
    add_token,
    token,
)
from ramgate.cli.output import FINE, NO

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints the URL, the revision (a digest of ramgate's rules, the catalog and the accounts) and the
health. `ramgate build` prints the same revision for the same accounts.

Exit status: 0 ready, 1 not ready, 2 no answer.

examples:
  ramgate status
  ramgate status --url unix:///run/ramgate.sock
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "status", "show the revision and health of a running OPA", _TEXT, run
    )
    default = f"http://{DEFAULT_ADDRESS}"
    parser.add_argument(
        "--url", default=default, help=f"http://host:port or unix:///path (default {default})"
    )
    add_token(parser, "a file with the token that the OPA requires")
    add_plain_http(parser)


def run(options: Namespace) -> int:
    """Print the revision and the health."""
    from ramgate.client.client import Client

    with Client(
        options.url,
        token=token(options),
        timeout=REQUEST_SECONDS,
        plain_http=options.plain_http,
    ) as client:
        revision, healthy = client.revision(), client.healthy()
    print(f"url       {options.url}")
    print(f"revision  {revision}")
    print(f"health    {'ready' if healthy else 'not ready'}")
    return FINE if healthy else NO
