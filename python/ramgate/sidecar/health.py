"""Ask an OPA at an address whether it is ready, and by which bundle it decides."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.sidecar.address import Address

__all__ = ["active_revision", "is_healthy"]

_PROBE_SECONDS = 1.0
_MOST_BYTES: Final = 64 * 1024


def is_healthy(address: Address) -> bool:
    """Return True if `GET /health?bundles` is answered with 200 within a second."""
    return _ask(address, "GET", "/health?bundles") is not None


def active_revision(address: Address, token: str | None = None) -> str | None:
    """Return the revision of the bundle that the OPA decides by, or None if it does not tell.

    OPA itself answers with `system/status/revision`, which is part of the bundle.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = _ask(address, "POST", "/v1/data/system/status/revision", headers)
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        revision = json.loads(answer or b"").get("result")
        return revision if isinstance(revision, str) else None
    return None


def _ask(
    address: Address, method: str, target: str, headers: Mapping[str, str] | None = None
) -> bytes | None:
    """Return the body of an answer with 200, None for every other outcome."""
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = address.connect(_PROBE_SECONDS)
        connection.request(method, target, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.read(_MOST_BYTES) if response.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
