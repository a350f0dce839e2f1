"""`ramgate publish`: give the bundle of accounts files to OPAs elsewhere."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.authzen import add_authzen, authzen_path
from ramgate.cli.options import add_accounts, add_command, add_token, octal
from ramgate.cli.output import FINE, UNKNOWN, counts, say
from ramgate.cli.signing import add_signer, signer

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.bundle.builder import Bundle
    from ramgate.cli.options import Commands
    from ramgate.publish.publisher import Publisher
    from ramgate.publish.server import PublishServer, Served
    from ramgate.publish.target import Target

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Builds the bundle of the accounts, puts it to each TARGET, and does so again at each change, as
`ramgate run` follows accounts files. It starts no OPA. docs/fleet.md leads to a fleet with it, and
deploy/opa/ has a configuration of OPA for each kind of target.

TARGET is a path, a file that is replaced in one step, for nginx or a volume; s3://BUCKET/KEY, an
object of S3-compatible storage (the extra `ramgate[publish]`; boto3 finds the credentials); or
oci://HOST/REPOSITORY:TAG, a tag of an OCI registry. A registry's user is RAMGATE_REGISTRY_USER in
the environment, its password in the file that RAMGATE_REGISTRY_PASSWORD_FILE names.

With --listen, OPAs get the bundle from a server of this command: over TLS, and at once when it
changes, since their requests wait for it. A client shows a token, or with --client-ca a
certificate. With --client and --client-cert, each token and each certificate gets the accounts of
its own. A request with a token gets the accounts of the token. The bundle is at /bundle.tar.gz.
With --client-ca every connection needs a certificate, also for /health; without it, /health needs
nothing.

The NAME of a certificate is CN: and the common name of its subject, or DNS: or URI: and one of its
alternative names. A certificate whose names have several sets of accounts gets none of them.

A target that cannot be reached gets the newest bundle as soon as it can. The same accounts give
the same bundle, to the byte, so two publishers can have one target; not with an EC key or with
`--serial now`, which gives each bundle a new serial. A fixed serial needs --once.

Exit status: 0 stopped by Ctrl-C or SIGTERM, or with --once all targets have the bundle; 2 the
accounts are faulty at the start, or with --once a target does not have it.

examples:
  ramgate publish --accounts accounts/ --to /srv/bundles/bundle.tar.gz --file-mode 644
  ramgate publish --accounts accounts/ --to s3://bundles/ramgate.tar.gz --once
  ramgate publish --listen :8443 --tls-cert tls.crt --tls-key tls.key \\
      --client shop.token=shop.yaml --client bank.token=bank.yaml
  ramgate publish --listen :8443 --tls-cert tls.crt --tls-key tls.key --client-ca ca.crt \\
      --client-cert CN:shop=shop.yaml --client-cert DNS:bank.example.com=bank.yaml
  ramgate publish --accounts accounts/ --to oci://registry.example.com/ramgate:production
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands,
        "publish",
        "give the bundle to OPAs elsewhere, and follow the accounts",
        _TEXT,
        run,
    )
    add_accounts(parser)
    add_authzen(parser)
    parser.add_argument(
        "--to",
        metavar="TARGET",
        action="append",
        default=[],
        help="a path, s3://BUCKET/KEY or oci://HOST/REPOSITORY:TAG; repeat for several targets",
    )
    parser.add_argument(
        "--listen", metavar="ADDR", help="serve the bundle at host:port, as /bundle.tar.gz"
    )
    add_token(parser, "the token with which an OPA gets the bundle of --accounts at --listen")
    parser.add_argument(
        "--client",
        metavar="TOKEN_FILE=PATH",
        action="append",
        default=[],
        help="at --listen, give the accounts at PATH to those with this token; repeatable",
    )
    parser.add_argument(
        "--client-ca",
        metavar="FILE",
        help="at --listen, require from each client a certificate signed by an authority in this"
        " file; without --token-file, --client and --client-cert, every such client gets the bundle"
        " of --accounts",
    )
    parser.add_argument(
        "--client-cert",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="with --client-ca, give the accounts at PATH to certificates with this name, such as"
        " CN:shop; repeatable",
    )
    parser.add_argument(
        "--tls-cert", metavar="FILE", help="speak TLS at --listen, with this certificate chain"
    )
    parser.add_argument("--tls-key", metavar="FILE", help="the private key of that certificate")
    parser.add_argument("--once", action="store_true", help="put the bundle once, and end")
    add_signer(parser)
    parser.add_argument(
        "--file-mode",
        metavar="MODE",
        type=octal,
        help="the mode of files, in octal (default: that of an existing file, else 600)",
    )
    parser.add_argument(
        "--s3-endpoint", metavar="URL", help="the S3-compatible storage, if it is not Amazon's"
    )
    parser.add_argument(
        "--plain-http",
        action="store_true",
        help="without TLS, speak to a registry or an S3-compatible storage on another machine, or "
        "listen for other machines",
    )


def run(options: Namespace) -> int:
    """Publish until Ctrl-C or SIGTERM, or once."""
    from ramgate.publish.publisher import follow

    _check(options)
    with contextlib.ExitStack() as opened:
        if not options.once:
            opened.enter_context(contextlib.suppress(KeyboardInterrupt))
        server = _server(options, opened)
        publishers = _publishers(options, server)
        if options.once:
            done = [publisher.put() for publisher in publishers]
            return FINE if all(done) else UNKNOWN

        def refresh() -> None:
            if server is not None and (error := server.refresh()):
                say(error)

        follow(publishers, refresh)
    return FINE


def _check(options: Namespace) -> None:
    if not (options.to or options.listen):
        raise ValueError("no target: --to or --listen says where the bundle goes")
    named = options.client or options.client_cert
    if options.accounts is None and (options.to or not named):
        raise ValueError("--accounts is missing: the shipped example is not for a fleet")
    if (options.token_file or named or options.client_ca) and not options.listen:
        raise ValueError("--token-file, --client, --client-ca and --client-cert belong to --listen")
    if options.client_cert and not options.client_ca:
        raise ValueError("--client-cert needs --client-ca, which verifies the certificates")
    if options.listen and not (options.token_file or named or options.client_ca):
        raise ValueError("--listen needs --token-file, --client or --client-ca: who gets a bundle?")
    admitted = options.token_file or _gives_to_every_certificate(options)
    if options.listen and options.accounts is not None and not (admitted or options.to):
        raise ValueError(
            "nobody gets the bundle of --accounts: add --token-file, or --client-cert NAME=PATH"
            " with the same path"
        )
    if options.listen and options.once:
        raise ValueError("--once ends at once, so nothing can be served at --listen")
    if bool(options.tls_cert) != bool(options.tls_key):
        raise ValueError("--tls-cert and --tls-key belong together")
    if isinstance(options.serial, int) and not options.once:
        raise ValueError(
            "--serial N needs --once: each change has a serial of its own with `--serial now`"
        )


def _gives_to_every_certificate(options: Namespace) -> bool:
    return bool(options.client_ca) and not (
        options.token_file or options.client or options.client_cert
    )


def _server(options: Namespace, opened: contextlib.ExitStack) -> PublishServer | None:
    if not options.listen:
        return None
    from ramgate.publish.server import PublishServer
    from ramgate.sidecar.address import Address
    from ramgate.sidecar.certificate import Certificate

    certificate = None
    if options.tls_cert:
        certificate = Certificate(Path(options.tls_cert), Path(options.tls_key))
    address = Address.parse(options.listen)
    if address.path:
        raise ValueError(f"`{address}` is a unix socket, where OPA cannot get a bundle")
    authority = Path(options.client_ca) if options.client_ca else None
    server = PublishServer(address, certificate, authority, plain_http=options.plain_http)
    return opened.enter_context(server)


def _publishers(options: Namespace, server: PublishServer | None) -> list[Publisher]:
    """Return a publisher for each set of accounts: that of --accounts, and those of clients."""
    from ramgate.bundle.watch import Watch
    from ramgate.publish.publisher import Publisher
    from ramgate.publish.target import target

    targets: dict[str, list[Target]] = {}
    if options.accounts is not None:
        targets[options.accounts] = [
            target(
                text,
                file_mode=options.file_mode,
                endpoint=options.s3_endpoint,
                plain_http=options.plain_http,
            )
            for text in options.to
        ]
    if server is not None:
        for path, served in _served(options, server).items():
            targets.setdefault(path, []).append(served)
    mapping, key = authzen_path(options), signer(options)
    return [
        Publisher(
            Watch(Path(path), say, mapping, serial=options.serial, signer=key),
            places,
            say,
            _announce,
        )
        for path, places in targets.items()
    ]


def _served(options: Namespace, server: PublishServer) -> dict[str, Served]:
    """Return what is served, by the path of its accounts, and admit the clients."""
    found: dict[str, Served] = {}

    def serve(path: str) -> Served:
        if path not in found:
            found[path] = server.serve(path)
        return found[path]

    if options.token_file:
        serve(options.accounts).admit_token_file(Path(options.token_file))
    if _gives_to_every_certificate(options):
        serve(options.accounts).admit_every_certificate()
    for pair in options.client:
        file, path = _pair(pair, "TOKEN_FILE=PATH")
        serve(path).admit_token_file(Path(file))
    for pair in options.client_cert:
        name, path = _pair(pair, "NAME=PATH")
        serve(path).admit_certificate(name)
    return found


def _pair(text: str, form: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ValueError(f"`{text}` is not of the form {form}")
    return name, path


def _announce(bundle: Bundle, name: str) -> None:
    print(f"{name}: {counts(bundle)}", flush=True)
