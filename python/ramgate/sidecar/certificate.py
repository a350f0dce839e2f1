"""The certificate that OPA shows on its TCP addresses, and the key that belongs to it."""

from __future__ import annotations

import dataclasses
import ssl
from typing import TYPE_CHECKING

from ramgate.errors import SidecarError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Certificate"]

_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""OpenSSL's `X509_V_FLAG_NO_CHECK_TIME`, which Python has no name for."""

_END = "-----END CERTIFICATE-----"


@dataclasses.dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate (with its chain) and of its private key, both in PEM.

    >>> from pathlib import Path
    >>> Certificate(Path("tls.crt"), Path("tls.key")).check()
    Traceback (most recent call last):
    ramgate.errors.SidecarError: cannot use the certificate `tls.crt` with the key `tls.key`: ...
    """

    cert: Path
    key: Path

    def check(self) -> None:
        """Raise `SidecarError` unless OPA can use the two files."""
        self.load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    def load(self, context: ssl.SSLContext) -> None:
        """Show the certificate in this context. Raises `SidecarError` if a file cannot be used."""
        try:
            # OPA has no password for a key, and without one here OpenSSL would ask the terminal.
            context.load_cert_chain(self.cert, self.key, lambda: "")
        except (OSError, ValueError) as error:
            raise SidecarError(
                f"cannot use the certificate `{self.cert}` with the key `{self.key}`: {error}"
            ) from error

    def trust(self, *, also_expired: bool = False) -> ssl.SSLContext:
        """Return the context of a client that trusts this certificate alone, under every name.

        A client on this machine connects to an address, while the certificate may name a host.
        Raises `OSError` if the file cannot be read or is not a certificate.
        """
        text = self.cert.read_text(encoding="ascii", errors="ignore")
        leaf, end, _ = text.partition(_END)
        if not end:
            raise OSError(f"`{self.cert}` has no certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=leaf + end)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if also_expired:
            context.verify_flags |= _NO_CHECK_TIME
        return context
