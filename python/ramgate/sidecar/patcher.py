"""Send patches of the store to OPA, over the address at which it also answers."""

from __future__ import annotations

import hashlib
import http.client
from typing import TYPE_CHECKING, Final

from ramgate.client.client import DEFAULT_MAX_BODY

if TYPE_CHECKING:
    from ramgate.sidecar.address import Address
    from ramgate.sidecar.settings import Settings

__all__ = ["Patcher", "writing"]

_SECONDS: Final = 5.0
_TARGET: Final = "/v1/data"


def writing(token: str) -> dict[str, str]:
    """Return the environment of an OPA that takes patches from who has this token."""
    return {"RAMGATE_WRITE_SHA256": hashlib.sha256(token.encode()).hexdigest()}


class Patcher:
    """Sends patches to an OPA that checks authorization, with a token of its own."""

    def __init__(self, address: Address, settings: Settings, token: str) -> None:
        self._address = address
        self._certificate = settings.certificate
        self._token = token
        self.most_bytes = settings.max_body or DEFAULT_MAX_BODY

    def send(self, body: bytes) -> bool | None:
        """Return True if OPA has applied the patch, False if not, None if nobody knows.

        OPA applies all of it or nothing.
        """
        connection = http.client.HTTPConnection("localhost")
        is_sent = False
        try:
            connection.sock = self._address.connect(_SECONDS)
            if self._certificate is not None and self._address.secure:
                context = self._certificate.trust(also_expired=True)
                connection.sock = context.wrap_socket(connection.sock)
            headers = {"Authorization": f"Bearer {self._token}"}
            is_sent = True
            connection.request("PATCH", _TARGET, body, headers)
            return connection.getresponse().status == http.HTTPStatus.NO_CONTENT
        except (OSError, http.client.HTTPException):
            return None if is_sent else False
        finally:
            connection.close()
