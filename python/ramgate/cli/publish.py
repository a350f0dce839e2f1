"""`ramgate publish`: give the bundle of accounts files to OPAs elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from ramgate.cli.authzen import add_authzen, authzen_path
from ramgate.cli.options import accounts_path, add_accounts, add_command, octal
from ramgate.cli.output import FINE, UNKNOWN, counts, say
from ramgate.cli.signing import add_signer, signer

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.bundle.builder import Bundle
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Builds the bundle of the accounts, puts it to each TARGET, and does so again at each change, as
`ramgate run` follows accounts files. It starts no OPA. docs/fleet.md leads to a fleet with it, and
deploy/opa/ has a configuration of OPA for each kind of target.

TARGET is a path, a file that is replaced in one step, for nginx or a volume; s3://BUCKET/KEY, an
object of S3-compatible storage (the extra `ramgate[publish]`; boto3 finds the credentials); or
oci://HOST/REPOSITORY:TAG, a tag of an OCI registry. A registry's user is RAMGATE_REGISTRY_USER in
the environment, its password in the file that RAMGATE_REGISTRY_PASSWORD_FILE names.

A target that cannot be reached gets the newest bundle as soon as it can. The same accounts give
the same bundle, to the byte, so two publishers can have one target; not with an EC key or with
`--serial now`, which gives each bundle a new serial. A fixed serial needs --once.

Exit status: 0 stopped by Ctrl-C or SIGTERM, or with --once all targets have the bundle; 2 the
accounts are faulty at the start, or with --once a target does not have it.

examples:
  ramgate publish --accounts accounts/ --to /srv/bundles/bundle.tar.gz --file-mode 644
  ramgate publish --accounts accounts/ --to s3://bundles/ramgate.tar.gz --once
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
        required=True,
        help="a path, s3://BUCKET/KEY or oci://HOST/REPOSITORY:TAG; repeat for several targets",
    )
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
        help="speak to a registry on another machine without TLS",
    )


def run(options: Namespace) -> int:
    """Publish until Ctrl-C or SIGTERM, or once."""
    from ramgate.bundle.watch import Watch
    from ramgate.publish.publisher import Publisher
    from ramgate.publish.target import target

    if options.accounts is None:
        raise ValueError("--accounts is missing: the shipped example is not for a fleet")
    if isinstance(options.serial, int) and not options.once:
        raise ValueError(
            "--serial N needs --once: each change has a serial of its own with `--serial now`"
        )
    targets = [
        target(
            text,
            file_mode=options.file_mode,
            endpoint=options.s3_endpoint,
            plain_http=options.plain_http,
        )
        for text in options.to
    ]
    watch = Watch(
        accounts_path(options),
        say,
        authzen_path(options),
        serial=options.serial,
        signer=signer(options),
    )
    publisher = Publisher(watch, targets, say, _announce)
    if options.once:
        return FINE if publisher.put() else UNKNOWN
    with contextlib.suppress(KeyboardInterrupt):
        publisher.run()
    return FINE


def _announce(bundle: Bundle, name: str) -> None:
    print(f"{name}: {counts(bundle)}", flush=True)
