"""Ask an OPA at an address whether it is ready."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ramgate.sidecar.address import Address

__all__ = ["is_healthy"]

_PROBE_SECONDS = 1.0


def is_healthy(address: Address) -> bool:
    """Return True if `GET /health?bundles` is answered with 200 within a second."""
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = address.connect(_PROBE_SECONDS)
        connection.request("GET", "/health?bundles")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
