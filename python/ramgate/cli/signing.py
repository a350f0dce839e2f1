"""The options of signed bundles: to sign one, to verify one, and the least serial."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.bundle.signature import Signer
    from ramgate.sidecar.verification import Verification

__all__ = ["add_signer", "add_verification", "serial_number", "signer", "verification"]


def serial_number(text: str) -> int:
    """Return the serial that `text` writes, for argparse."""
    if not (text.isascii() and text.isdigit() and int(text) < 2**53):
        raise argparse.ArgumentTypeError(f"`{text}` is not a serial: a number from 0 to 2^53 - 1")
    return int(text)


def _serial_or_now(text: str) -> int | Callable[[], int]:
    return _now if text == "now" else serial_number(text)


def _now() -> int:
    return int(time.time())


def add_signer(parser: argparse.ArgumentParser) -> None:
    """Add the options of a signature, which `signer` reads, and `--serial`."""
    parser.add_argument(
        "--signing-key", metavar="FILE", help="sign the bundle with this EC or RSA key in PEM"
    )
    parser.add_argument(
        "--key-id", metavar="ID", help="the id of --signing-key in the signature (default ramgate)"
    )
    _add_scope(parser)
    parser.add_argument(
        "--serial",
        metavar="N",
        type=_serial_or_now,
        help="give the bundle a number that tells it from older ones; `now`: the seconds since "
        "1970, or the next number after that of the bundle before",
    )


def add_verification(parser: argparse.ArgumentParser) -> None:
    """Add the options that `verification` reads."""
    parser.add_argument(
        "--verification-key",
        metavar="[ID=]FILE",
        action="append",
        help="take only bundles signed with the private key of this public one, an EC or RSA key "
        "in PEM; repeat for several keys (default ID: ramgate)",
    )
    _add_scope(parser)


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scope", metavar="SCOPE", help="the scope of the signature (default ramgate)"
    )


def signer(options: argparse.Namespace) -> Signer | None:
    """Return the signer that the options state, None without a key.

    Raises `ValueError` if they do not fit together.
    """
    from pathlib import Path

    from ramgate.bundle.signature import Signer

    given = {"key_id": options.key_id, "scope": options.scope}
    named = {name: value for name, value in given.items() if value is not None}
    if options.signing_key is not None:
        return Signer(Path(options.signing_key), **named)
    if named:
        raise ValueError("--key-id and --scope belong to --signing-key")
    return None


def verification(options: argparse.Namespace) -> Verification | None:
    """Return the keys and the scope that the options state, None without a key.

    Raises `ValueError` if they do not fit together, `UnreadableFiles` for a key that cannot be
    read.
    """
    from ramgate.bundle.signature import VerificationKey
    from ramgate.sidecar.verification import Verification

    named = {} if options.scope is None else {"scope": options.scope}
    if options.verification_key is not None:
        keys = map(VerificationKey.parse, options.verification_key)
        return Verification(tuple(keys), **named)
    if named:
        raise ValueError("--scope belongs to --verification-key")
    return None
