"""Ask the status server of a sidecar for its state."""

from __future__ import annotations

import http.client
from typing import Final

from ramgate.errors import AnswerError, TransportError
from ramgate.sidecar.address import Address
from ramgate.sidecar.state import State

__all__ = ["STATUS_PATH", "STATUS_SUFFIX", "State", "status_beside", "status_of"]

STATUS_PATH: Final = "/status"
"""The path of the state as JSON; `/metrics` has it for Prometheus."""

STATUS_SUFFIX: Final = ".status"
"""The end of the name of the status socket beside OPA's socket.

>>> STATUS_SUFFIX
'.status'
"""

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 64 * 1024


def status_beside(url: str) -> str | None:
    """Return the address of the status server beside the unix socket of a URL, or None.

    >>> status_beside("unix:///run/opa.sock"), status_beside("http://127.0.0.1:8181")
    ('unix:///run/opa.sock.status', None)
    """
    return f"{url}{STATUS_SUFFIX}" if url.startswith("unix://") else None


def status_of(address: str) -> State:
    """Return the state that the status server at `host:port` or `unix://PATH` tells.

    Raises `ValueError` if that is not an address, `TransportError` if no server answers there, and
    `AnswerError` if its sidecar has ended for good, or if it is another server.

    >>> status_of("unix:///no/such.status")
    Traceback (most recent call last):
    ramgate.errors.TransportError: cannot reach `unix:///no/such.status`: No such file or directory
    """
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = Address.parse(address).connect(_SECONDS)
        connection.request("GET", STATUS_PATH)
        response = connection.getresponse()
        body = response.read(_MOST_BYTES)
    except OSError as error:
        cause = error.strerror or str(error)
        raise TransportError(f"cannot reach `{address}`: {cause}") from error
    except http.client.HTTPException as error:
        raise AnswerError(f"`{address}` is not the status server of a sidecar") from error
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise AnswerError(f"`{address}`: {body.decode(errors='replace').strip()}")
    return State.from_json(body)
