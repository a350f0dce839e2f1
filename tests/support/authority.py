"""A certificate authority, and the certificates that it signs, made by `openssl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keys import run
from ramgate.sidecar.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["Authority"]

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """An authority whose files are in a folder: `cert` is its certificate.

    `server` is a certificate for 127.0.0.1 and localhost.
    """

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self.cert, self._key = folder / f"{name}.crt", folder / f"{name}.key"
        files = ("-keyout", str(self._key), "-out", str(self.cert))
        run("req", "-x509", *_NEW_KEY, "-subj", f"/CN={name}", *files)
        self.server = self.sign(f"{name}-server", "serverAuth", "IP:127.0.0.1,DNS:localhost")

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Make an authority in a new folder."""
        folder.mkdir()
        return cls(folder)

    def sign(
        self,
        name: str,
        purpose: str = "clientAuth",
        alternatives: str = "DNS:opa.example.com",
        days: int = 1,
    ) -> Certificate:
        """Return a certificate with this common name; with -1 day it has expired."""
        cert, key, request = (self._folder / f"{name}.{end}" for end in ("crt", "key", "csr"))
        extensions = self._folder / f"{name}.extensions"
        extensions.write_text(
            f"basicConstraints=CA:FALSE\nextendedKeyUsage={purpose}\nsubjectAltName={alternatives}\n"
        )
        new = ("-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request))
        run("req", "-new", *_NEW_KEY, *new)
        signer = ("-CA", str(self.cert), "-CAkey", str(self._key), "-days", str(days))
        files = ("-in", str(request), "-extfile", str(extensions), "-out", str(cert))
        run("x509", "-req", *signer, *files)
        return Certificate(cert, key)
