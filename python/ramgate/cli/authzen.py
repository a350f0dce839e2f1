"""`ramgate authzen`: answer AuthZEN 1.0 and Envoy's `ext_authz` in front of an OPA."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import DEFAULT_ADDRESS, add_command, add_plain_http, add_token, token
from ramgate.cli.output import FINE
from ramgate.errors import SidecarError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ramgate.cli.options import Commands
    from ramgate.sidecar.address import Address

__all__ = ["PUBLIC_URL", "add_authzen", "add_to", "authzen_path", "run"]

PUBLIC_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
"""The form that `authzen.metadata` requires of the URL."""

_LISTEN: Final = "127.0.0.1:8182"
_TEXT: Final = f"""\
Answers POST /access/v1/evaluation, /access/v1/evaluations and /access/v1/search/subject, /resource
and /action, GET /.well-known/authzen-configuration and GET /health. For Envoy's `ext_authz`, any
request to /check and the path of the request: 200 it may pass, 403 it may not, 503 no decision.

The OPA at --url decides, with the mapping that `ramgate run --authzen` or `ramgate build --authzen`
gave it. An address that other machines can reach requires --token-file, and --tls-cert and
--tls-key. Needs the extra: pip install 'ramgate[web]'

Exit status: 0 stopped by Ctrl-C or SIGTERM, 2 it cannot be started.

examples:
  ramgate run --accounts accounts.yaml --authzen authzen.yaml
  ramgate authzen --listen {_LISTEN} --url http://{DEFAULT_ADDRESS}
  ramgate authzen --listen :8443 --token-file token --tls-cert tls.crt --tls-key tls.key \\
    --public-url https://pdp.example.com --url unix:///run/ramgate.sock
"""


def add_authzen(parser: ArgumentParser) -> None:
    """Add `--authzen`, for the commands that build a bundle."""
    parser.add_argument(
        "--authzen", metavar="FILE", help="the mapping of AuthZEN's names, read once at the start"
    )


def authzen_path(options: Namespace) -> Path | None:
    """Return the path given by `--authzen`, None without it."""
    return Path(options.authzen) if options.authzen else None


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "authzen", "answer AuthZEN and Envoy in front of an OPA", _TEXT, run
    )
    parser.add_argument(
        "--listen",
        metavar="ADDR",
        default=_LISTEN,
        help=f"listen on host:port or unix://PATH (default {_LISTEN})",
    )
    default = f"http://{DEFAULT_ADDRESS}"
    parser.add_argument(
        "--url", default=default, help=f"the OPA: http://host:port or unix:///path ({default})"
    )
    add_token(parser, "require the token in FILE from every client")
    parser.add_argument("--tls-cert", metavar="FILE", help="speak TLS, with this certificate chain")
    parser.add_argument("--tls-key", metavar="FILE", help="the private key of that certificate")
    parser.add_argument(
        "--opa-token-file", metavar="FILE", help="a file with the token that the OPA requires"
    )
    add_plain_http(parser)
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="the URL that clients use, for the metadata (default: that of --listen)",
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=2.0, help="seconds for OPA (default 2)"
    )
    parser.add_argument(
        "--max-body",
        metavar="BYTES",
        type=int,
        default=1024 * 1024,
        help="refuse larger bodies (default 1048576: 1 MiB); above 2 MiB, `ramgate run` needs the "
        "same --max-body",
    )


def run(options: Namespace) -> int:
    """Answer until Ctrl-C or SIGTERM."""
    from ramgate.client.authzen_client import AuthzenClient
    from ramgate.client.base import DEFAULT_MAX_BODY
    from ramgate.sidecar.token import read_token

    try:
        from ramgate.web.app import CHECK, AuthzenApp
        from ramgate.web.server import listen, serve
    except ImportError as error:
        raise SidecarError(f"{error}; run `pip install 'ramgate[web]'`") from error
    tls = _certificate(options)
    required = token(options)
    address = _address(options)
    client = AuthzenClient(
        options.url,
        token=read_token(options.opa_token_file) if options.opa_token_file else None,
        timeout=options.timeout,
        plain_http=options.plain_http,
        max_body=max(options.max_body, DEFAULT_MAX_BODY),
    )
    app = AuthzenApp(
        client,
        public_url=options.public_url or address.url,
        token=required,
        body_limit=options.max_body,
    )
    listener = listen(address.host, address.port, address.path)
    print(f"answering on {address.url} for the OPA at {options.url} (Ctrl-C stops it)")
    print(f"the `path_prefix` for Envoy is {CHECK}", flush=True)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            serve(app, listener, tls)
    finally:
        listener.close()
        address.remove_leftover()
    return FINE


def _certificate(options: Namespace) -> tuple[Path, Path] | None:
    from ramgate.sidecar.certificate import Certificate

    if bool(options.tls_cert) != bool(options.tls_key):
        raise ValueError("--tls-cert and --tls-key belong together")
    if not options.tls_cert:
        return None
    certificate = Certificate(Path(options.tls_cert), Path(options.tls_key))
    certificate.check()
    return certificate.cert, certificate.key


def _address(options: Namespace) -> Address:
    """Return the address to listen on, which is free; raises `ValueError` if it is not guarded."""
    from ramgate.sidecar.address import Address

    address = Address.parse(options.listen)
    if not address.private and not (options.token_file and options.tls_cert):
        raise ValueError(
            f"`{address}` needs --token-file, --tls-cert and --tls-key: other machines can reach it"
        )
    if options.public_url and not PUBLIC_URL.fullmatch(options.public_url):
        raise ValueError(
            f"`--public-url {options.public_url}` is not a URL without a path, such as "
            "https://pdp.example.com"
        )
    if options.max_body < 1:
        raise ValueError(f"`--max-body {options.max_body}` is not a number above 0")
    secure = bool(options.tls_cert) and not address.path
    return dataclasses.replace(address, secure=secure).claim()
