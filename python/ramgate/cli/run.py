"""`ramgate run`: serve decisions, and follow the accounts files."""

from __future__ import annotations

import contextlib
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

from ramgate.cli.authzen import add_authzen, authzen_path
from ramgate.cli.decision_log import add_decision_log, open_decision_log
from ramgate.cli.options import (
    DEFAULT_ADDRESS,
    accounts_or_example,
    add_accounts,
    add_command,
    add_token,
    octal,
    token,
)
from ramgate.cli.output import FINE, counts, json_line, say
from ramgate.cli.signing import add_verification, serial_number, verification

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.bundle.builder import Bundle
    from ramgate.bundle.bundle_file import BundleFile
    from ramgate.bundle.watch import Watch
    from ramgate.cli.options import Commands
    from ramgate.sidecar.sidecar import Sidecar

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints where OPA listens, the revision of its data, the settings of OPA's garbage collector and a
`curl` command to try. Without --accounts it serves the shipped example accounts.

You can edit the accounts while it runs: a valid change is served at once; an invalid one is
reported on stderr, and the previous accounts stay in use. A change stays wanted until OPA decides
by it. If OPA ends, it is started again, with that change.

OPA's own metrics are at --diagnostic-addr, off by default. docs/observability.md explains them, and
has an example for Prometheus and a dashboard for Grafana.

GET /status and, for Prometheus, GET /metrics at --status-addr tell the wanted and the active
revision, since when they differ, and the restarts. `ramgate status` shows them.

--bundle serves a bundle that was built elsewhere, and follows its file. With --verification-key OPA
takes it only if it is signed with one of these keys, also after a change; docs/bundles.md has more.

--decision-log writes an entry for each decision, without the policy documents of requests: to FILE
(a new one has mode 600), which is renamed to FILE.1 before it gets larger than 100 MiB; to stdout
with `-`; or to a server that takes OPA's uploads. `ramgate replay` reads it. It costs half of the
throughput.

On TCP OPA takes GET /health, with --diagnostic-addr GET /metrics, and a POST to a path of
docs/reference/http.md that no web page sends; nothing else. On unix sockets alone, their mode and
group decide who can connect, and whoever can has OPA's whole API, which shows all policies and
accounts. An address that other machines can reach requires --token-file, --tls-cert and --tls-key.
The certificate and its key are read again when they change.

Exit status: 0 stopped by Ctrl-C or SIGTERM, 2 OPA did not start, or has ended and either
--no-restart is given or another process has taken its address.

examples:
  ramgate run --accounts accounts.yaml
  ramgate run --accounts accounts.yaml --addr 127.0.0.1:8181 --addr unix:///run/ramgate.sock
  ramgate run --accounts accounts.yaml --addr unix:///run/opa.sock --socket-mode 660
  ramgate run --accounts accounts.yaml --decision-log decisions.log
  ramgate run --bundle bundle.tar.gz --verification-key signing.pub --at-least 7
  ramgate run --addr :8181 --token-file token --tls-cert tls.crt --tls-key tls.key
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "run", "serve decisions over HTTP until Ctrl-C or SIGTERM", _TEXT, run
    )
    source = parser.add_mutually_exclusive_group()
    add_accounts(source)
    source.add_argument(
        "--bundle", metavar="FILE", help="serve a bundle of `ramgate build`, in place of accounts"
    )
    add_authzen(parser)
    add_verification(parser)
    parser.add_argument(
        "--at-least",
        metavar="N",
        type=serial_number,
        help="take no bundle whose serial is older than N, or older than the one in use",
    )
    parser.add_argument(
        "--addr",
        metavar="ADDR",
        action="append",
        help="listen on host:port or unix://PATH; repeat for several addresses "
        f"(default {DEFAULT_ADDRESS})",
    )
    parser.add_argument(
        "--socket-mode",
        metavar="MODE",
        type=octal,
        help="the mode of the unix sockets, in octal (default 600: only you)",
    )
    parser.add_argument(
        "--socket-group", metavar="GROUP", help="the group of the unix sockets, a name or a number"
    )
    add_token(parser, "require the token in FILE from every client")
    parser.add_argument(
        "--tls-cert", metavar="FILE", help="speak TLS on TCP, with the certificate chain in FILE"
    )
    parser.add_argument("--tls-key", metavar="FILE", help="the private key of that certificate")
    parser.add_argument(
        "--plain-http",
        action="store_true",
        help="listen for other machines without TLS, because a proxy in front speaks it",
    )
    parser.add_argument(
        "--max-body",
        metavar="BYTES",
        type=int,
        help="refuse larger bodies, also after decompression (default 2097152: 2 MiB)",
    )
    parser.add_argument(
        "--open",
        action="store_true",
        help="no authorization: every program on this machine gets OPA's whole API",
    )
    parser.add_argument(
        "--allow-explain",
        action="store_true",
        help="explain decisions over TCP, too: every program that can ask reads policies",
    )
    add_decision_log(parser)
    parser.add_argument(
        "--status-addr",
        metavar="ADDR",
        default="auto",
        help="tell the state on a loopback host:port or unix://PATH (default: the name of OPA's "
        "first unix socket with .status added, else a socket in a private folder)",
    )
    parser.add_argument(
        "--diagnostic-addr",
        metavar="ADDR",
        help="tell OPA's metrics on a loopback host:port or unix://PATH, at GET /metrics",
    )
    parser.add_argument(
        "--no-restart", action="store_true", help="end when OPA ends, with exit status 2"
    )


def run(options: Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        _serve(options)
    return FINE


def _serve(options: Namespace) -> None:
    from ramgate.sidecar.follower import Follower
    from ramgate.sidecar.sidecar import Sidecar

    addresses = options.addr or [DEFAULT_ADDRESS]
    watch = _watch(options)
    if bool(options.tls_cert) != bool(options.tls_key):
        raise ValueError("--tls-cert and --tls-key belong together")
    # `-` has stdout for the entries alone.
    greet = say if options.decision_log == "-" else _print
    with open_decision_log(options) as decision_log:
        sidecar = Sidecar(
            bundle=watch.build(),
            addresses=addresses,
            token=token(options),
            tls=(options.tls_cert, options.tls_key) if options.tls_cert else None,
            plain_http=options.plain_http,
            open=options.open,
            allow_explain=options.allow_explain,
            restart=not options.no_restart,
            decision_log=decision_log,
            status_address=options.status_addr,
            diagnostic_address=options.diagnostic_addr,
            max_body=options.max_body,
            verification=verification(options),
            log=sys.stderr,
            **_socket_access(options),
        )
        _warn(options)
        with sidecar:
            greet("\n".join(_greeting(sidecar, options)))
            Follower(sidecar, watch, say, lambda bundle: _announce(bundle, watch)).run()


def _announce(bundle: Bundle, watch: Watch | BundleFile) -> None:
    """Tell the bundle that OPA has come to decide by."""
    from ramgate.bundle.bundle_file import BundleFile

    if isinstance(watch, BundleFile):
        watch.keep(bundle)
    say(counts(bundle))


def _watch(options: Namespace) -> Watch | BundleFile:
    """Return the watch of the accounts, or of the bundle that is served in their place."""
    if options.bundle is None:
        if options.verification_key or options.scope or options.at_least is not None:
            raise ValueError("--verification-key, --scope and --at-least belong to --bundle")
        from ramgate.bundle.watch import Watch

        return Watch(accounts_or_example(options), say, authzen_path(options))
    if options.authzen:
        raise ValueError("--authzen belongs to accounts: the bundle has a mapping of its own")
    from pathlib import Path

    from ramgate.bundle.bundle_file import BundleFile

    return BundleFile(Path(options.bundle), say, at_least=options.at_least)


def _print(text: str) -> None:
    print(text, flush=True)


def _socket_access(options: Namespace) -> dict[str, Any]:
    given = {"socket_mode": options.socket_mode, "socket_group": options.socket_group}
    return {name: value for name, value in given.items() if value is not None}


def _warn(options: Namespace) -> None:
    if options.open:
        say("warning: --open: every program on this machine can read and change everything in OPA")
    if options.allow_explain:
        say("warning: --allow-explain: whoever may ask for decisions can read policies")
    if options.plain_http:
        say("warning: --plain-http: whoever is on the way can read tokens, requests and decisions")


def _greeting(sidecar: Sidecar, options: Namespace) -> list[str]:
    """Return the first lines on stdout; the last is a `curl` command whose request is allowed."""
    from ramgate.sidecar.collector import described

    bundle, url, extra = sidecar.bundle, sidecar.url, ""
    if options.token_file:
        extra += f' -H "Authorization: Bearer $(cat {shlex.quote(options.token_file)})"'
    if url.startswith("https://"):
        extra += f" --cacert {shlex.quote(options.tls_cert)}"
    if url.startswith("unix://"):
        extra += f" --unix-socket {shlex.quote(url.removeprefix('unix://'))}"
        url = "http://localhost"
    path, body = "system/status/revision", "{}"
    if bundle.example:
        path = "ram/authz/decision"
        body = shlex.quote(json_line({"input": dict(bundle.example)}))
    return [
        f"answering on {' and '.join(sidecar.urls)} (Ctrl-C stops it)",
        counts(bundle),
        f"state at {sidecar.status_address}",
        described(len(bundle.content)),
        "in another terminal, try:",
        f"  curl -s{extra} {url}/v1/data/{path} -d {body}",
    ]
