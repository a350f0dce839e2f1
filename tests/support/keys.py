"""Key pairs for signatures, made by `openssl`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KINDS", "KeyPair", "key_pair"]

KINDS = {
    "ES256": ("EC", "ec_paramgen_curve:P-256"),
    "ES384": ("EC", "ec_paramgen_curve:P-384"),
    "ES512": ("EC", "ec_paramgen_curve:P-521"),
    "RS256": ("RSA", "rsa_keygen_bits:2048"),
}
SECONDS = 60


class KeyPair(NamedTuple):
    """The files of a private key and of its public key, in PEM."""

    private: Path
    public: Path


def key_pair(folder: Path, name: str = "key", kind: str = "ES256") -> KeyPair:
    """Make a key pair with the algorithm of this name."""
    pair = KeyPair(folder / f"{name}.pem", folder / f"{name}.pub")
    algorithm, option = KINDS[kind]
    run("genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", str(pair.private))
    run("pkey", "-in", str(pair.private), "-pubout", "-out", str(pair.public))
    return pair


def run(*arguments: str) -> None:
    """Run `openssl`."""
    command = ["openssl", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
