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
from ramgate.cli.signing import serial_number

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands
    from ramgate.sidecar.status import State

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints the URL, the revision (a digest of ramgate's rules, the catalog and the accounts) that OPA
decides by, and the health. `ramgate build` prints the same revision for the same accounts.

`ramgate run` tells at its --status-addr which revision is wanted: that of the accounts files as
they are now. The command asks there too: at --status-addr, else beside the unix socket of --url,
if there is such a socket. While OPA decides by another revision, it prints since when.

With --at-least N the bundle that OPA decides by must have a serial (`ramgate build --serial`) of N
or more.

Exit status: 0 OPA is ready and decides by the wanted revision, if that is known; 1 it does not, its
bundle is older than N, or the accounts files have faults; 2 `ramgate run` does not answer, or there
is none and OPA does not answer.

examples:
  ramgate status
  ramgate status --url unix:///run/ramgate.sock
  ramgate status --at-least 7
  ramgate status --status-addr unix:///run/ramgate.sock.status
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
    parser.add_argument(
        "--at-least",
        metavar="N",
        type=serial_number,
        help="require that the bundle has the serial N or a later one",
    )
    parser.add_argument(
        "--status-addr",
        metavar="ADDR",
        help="where `ramgate run` tells its state, host:port or unix://PATH (default: the socket "
        "of --url with .status added)",
    )


def run(options: Namespace) -> int:
    """Print the revision, the health and the wanted revision."""
    from ramgate.client.client import Client
    from ramgate.errors import AnswerError, TransportError

    state, old = _state(options), False
    with Client(
        options.url,
        token=token(options),
        timeout=REQUEST_SECONDS,
        plain_http=options.plain_http,
    ) as client:
        revision, health, serial = "none", "ready", None
        try:
            if not client.healthy():
                health = "not ready"
            revision = client.revision()
            if options.at_least is not None:
                serial = client.serial()
                old = serial is None or serial < options.at_least
        except TransportError:
            if state is None:
                raise
            health = "no answer"
        except AnswerError:
            if health == "ready":
                raise
    print(f"url       {options.url}")
    print(f"revision  {revision}")
    if options.at_least is not None and health == "ready":
        older = f", older than {options.at_least}" if old else ""
        print(f"serial    {'none' if serial is None else serial}{older}")
    print(f"health    {health}")
    if state is not None:
        print("\n".join(_lines(state)))
    return FINE if health == "ready" and not old and (state is None or state.settled) else NO


def _state(options: Namespace) -> State | None:
    """Return the state that `ramgate run` tells, None if it is not known where."""
    from ramgate.errors import TransportError
    from ramgate.sidecar.status import status_beside, status_of

    if options.status_addr:
        return status_of(options.status_addr)
    beside = status_beside(options.url)
    try:
        return None if beside is None else status_of(beside)
    except ValueError:
        return None
    except TransportError as error:
        # Another program has started this OPA. Any other failure is that of `ramgate run`.
        if isinstance(error.__cause__, (FileNotFoundError, ConnectionRefusedError)):
            return None
        raise


def _lines(state: State) -> list[str]:
    lines = [f"wanted    {state.wanted}"]
    if state.wanted != state.active:
        lines[0] += f", not in use for {state.seconds:.0f} s, since {state.since}"
    if state.faults:
        lasting = f" for {state.seconds:.0f} s, since {state.since}"
        lines.append(f"faults    {state.faults} in the accounts files{lasting}")
    return [*lines, f"restarts  {state.restarts}"]
