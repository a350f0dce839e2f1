"""The TLS of the server: its certificate, and the authority of the certificates of clients."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from ramgate.documents.file_version import version
from ramgate.errors import SidecarError

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.documents.file_version import Version
    from ramgate.sidecar.certificate import Certificate

__all__ = ["ServerTls"]


class ServerTls:
    """A TLS context that follows its files: `context` returns it for a new connection.

    With `client_ca`, a file of certificates in PEM, no client gets in without a certificate that
    one of them has signed for clients, and that has not expired. Raises `SidecarError` if a file
    cannot be used.

    >>> from pathlib import Path
    >>> from ramgate.sidecar.certificate import Certificate
    >>> ServerTls(Certificate(Path("tls.crt"), Path("tls.key")))
    Traceback (most recent call last):
    ramgate.errors.SidecarError: cannot use the certificate `tls.crt` with the key `tls.key`: ...
    """

    def __init__(self, certificate: Certificate, client_ca: Path | None = None) -> None:
        self._certificate = certificate
        self._client_ca = client_ca
        self._read = self._versions()
        self._authority = self._read_authority()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """Return the context of the newest files that could be used."""
        return self._context

    def refresh(self) -> bool:
        """Use the files again if they have changed; return whether clients must connect again.

        They must if the authority is another one: their certificates were verified with the one
        before. Raises `SidecarError` if a file cannot be used; the context stays as it is.
        """
        current = self._versions()
        if current == self._read:
            return False
        self._read = current
        before = self._authority
        try:
            self._authority = self._read_authority()
            self._context = self._load()
        except SidecarError:
            self._authority = before
            raise
        return self._authority != before

    def _versions(self) -> tuple[Version, ...] | None:
        """Return the versions of the files; None while one is missing."""
        files = (self._certificate.cert, self._certificate.key, self._client_ca)
        try:
            return tuple(version(file.stat()) for file in files if file is not None)
        except OSError:
            return None

    def _read_authority(self) -> str | None:
        if self._client_ca is None:
            return None
        try:
            return self._client_ca.read_text(encoding="ascii", errors="ignore")
        except OSError as error:
            raise self._unusable_authority(error) from error

    def _load(self) -> ssl.SSLContext:
        self._certificate.check()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._certificate.cert, self._certificate.key)
        if self._authority is not None:
            try:
                context.load_verify_locations(cadata=self._authority)
            except (OSError, ValueError, TypeError) as error:
                raise self._unusable_authority(error) from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _unusable_authority(self, error: Exception) -> SidecarError:
        return SidecarError(f"cannot use the client CA `{self._client_ca}`: {error}")
