"""`ramgate run`: serve decisions, and follow the accounts files."""

from __future__ import annotations

import contextlib
import shlex
import sys
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    DEFAULT_ADDRESS,
    accounts_or_example,
    add_accounts,
    add_command,
    add_token,
    token,
)
from ramgate.cli.output import FINE, counts, json_line, say
from ramgate.errors import InvalidFiles, SidecarError

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.bundle.watch import Watch
    from ramgate.cli.options import Commands
    from ramgate.sidecar.sidecar import Sidecar

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints where OPA listens, the revision of its data and a `curl` command to try. Without --accounts
it serves the shipped example accounts.

You can edit the accounts while it runs: a valid change is served at once; an invalid one is
reported on stderr, and the previous accounts stay in use. An address that other machines can reach
requires --token-file.

Exit status: 0 stopped by Ctrl-C or SIGTERM, 2 OPA did not start or has ended.

examples:
  ramgate run --accounts accounts.yaml
  ramgate run --accounts accounts.yaml --addr 127.0.0.1:8181 --addr unix:///run/ramgate.sock
"""
_LOOK_SECONDS: Final = 0.25


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "run", "serve decisions over HTTP until Ctrl-C or SIGTERM", _TEXT, run
    )
    add_accounts(parser)
    parser.add_argument(
        "--addr",
        metavar="ADDR",
        action="append",
        help="listen on host:port or unix://PATH; repeat for several addresses "
        f"(default {DEFAULT_ADDRESS})",
    )
    add_token(parser, "require the token in FILE from every client")


def run(options: Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from ramgate.bundle.watch import Watch
    from ramgate.sidecar.sidecar import Sidecar

    addresses = options.addr or [DEFAULT_ADDRESS]
    watch = Watch(accounts_or_example(options))
    sidecar = Sidecar(
        bundle=watch.build(), addresses=addresses, token=token(options), log=sys.stderr
    )
    with contextlib.suppress(KeyboardInterrupt), sidecar:
        print("\n".join(_greeting(sidecar, options)), flush=True)
        while True:
            sidecar.wait(_LOOK_SECONDS)
            _follow(watch, sidecar)
    return FINE


def _follow(watch: Watch, sidecar: Sidecar) -> None:
    """Publish the accounts if they have changed and are valid."""
    try:
        bundle = watch.look(sidecar.revision)
        if bundle is not None:
            sidecar.publish(bundle)
            say(counts(bundle))
    except (InvalidFiles, SidecarError) as error:
        say(f"{error}\nrevision {sidecar.revision} stays in use")


def _greeting(sidecar: Sidecar, options: Namespace) -> list[str]:
    """Return the first lines on stdout; the last is a `curl` command whose request is allowed."""
    bundle, url, extra = sidecar.bundle, sidecar.url, ""
    if options.token_file:
        extra += f' -H "Authorization: Bearer $(cat {shlex.quote(options.token_file)})"'
    if url.startswith("unix://"):
        extra += f" --unix-socket {shlex.quote(url.removeprefix('unix://'))}"
        url = "http://localhost"
    body = shlex.quote(json_line({"input": dict(bundle.example)}))
    return [
        f"answering on {' and '.join(sidecar.urls)} (Ctrl-C stops it)",
        counts(bundle),
        "in another terminal, try:",
        f"  curl -s{extra} {url}/v1/data/ram/authz/decision -d {body}",
    ]
