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
        self._context = self._verifying(self._authority)
        certificate.load(self._context)
        self._is_open = True

    def context(self) -> ssl.SSLContext:
        """Return the context of the newest files that could be used."""
        return self._context

    @property
    def authority(self) -> str | None:
        """The authority in force; clients that another one verified must connect again."""
        return self._authority

    def refresh(self) -> None:
        """Use the files again if they have changed, or could not be used at the last look.

        If the authority cannot be used, all stays as it is. If the certificate cannot, the one
        before stays in use; but beside a new authority nobody gets in, since the context before
        has the old one. Raises `SidecarError` if a file cannot be used.
        """
        current = self._versions()
        if current is not None and current == self._read:
            return
        self._read = None
        try:
            authority = self._read_authority()
            context = self._verifying(authority)
        except SidecarError as error:
            raise SidecarError(f"{error}; the authority before stays in use") from error
        try:
            self._certificate.load(context)
        except SidecarError as error:
            if authority != self._authority:
                self._authority, self._context, self._is_open = authority, context, False
            kept = "the certificate before stays in use"
            result = kept if self._is_open else "nobody gets in until it can be used"
            raise SidecarError(f"{error}; {result}") from error
        self._read, self._authority, self._context = current, authority, context
        self._is_open = True

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

    def _verifying(self, authority: str | None) -> ssl.SSLContext:
        """Return a context for clients of this authority, which has no certificate to show yet."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if authority is not None:
            try:
                context.load_verify_locations(cadata=authority)
            except (OSError, ValueError, TypeError) as error:
                raise self._unusable_authority(error) from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _unusable_authority(self, error: Exception) -> SidecarError:
        return SidecarError(f"cannot use the client CA `{self._client_ca}`: {error}")
