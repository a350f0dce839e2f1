"""Ask an OPA at an address whether it is ready, and by which bundle it decides."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.sidecar.address import Address
    from ramgate.sidecar.certificate import Certificate

__all__ = ["active_revision", "is_healthy"]

_PROBE_SECONDS = 1.0
_MOST_BYTES: Final = 64 * 1024


def is_healthy(address: Address, certificate: Certificate | None = None) -> bool:
    """Return True if `GET /health?bundles` is answered with 200 within a second.

    A secure address must show the certificate, here and in `active_revision`.
    """
    return _ask(address, certificate, "GET", "/health?bundles") is not None


def active_revision(
    address: Address, token: str | None = None, certificate: Certificate | None = None
) -> str | None:
    """Return the revision of the bundle that the OPA decides by, or None if it does not tell.

    OPA itself answers with `system/status/revision`, which is part of the bundle.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = _ask(address, certificate, "POST", "/v1/data/system/status/revision", headers)
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        revision = json.loads(answer or b"").get("result")
        return revision if isinstance(revision, str) else None
    return None


def _ask(
    address: Address,
    certificate: Certificate | None,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
) -> bytes | None:
    """Return the body of an answer with 200, None for every other outcome."""
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = address.connect(_PROBE_SECONDS)
        if certificate is not None and address.secure:
            connection.sock = certificate.trust(also_expired=True).wrap_socket(connection.sock)
        connection.request(method, target, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.read(_MOST_BYTES) if response.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
