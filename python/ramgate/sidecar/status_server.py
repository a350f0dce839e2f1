"""Tell the state of a sidecar over HTTP: `GET /status` as JSON, `GET /metrics` for Prometheus.

OPA cannot tell it: it does not know which bundle is wanted, nor that it was started again.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.errors import SidecarError
from ramgate.sidecar.http_server import HttpServer, Reply
from ramgate.sidecar.status import STATUS_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.sidecar.address import Address
    from ramgate.sidecar.http_server import Request
    from ramgate.sidecar.state import State

__all__ = ["StatusServer"]

_JSON: Final = "application/json"
_METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
_OWNER_ONLY: Final = 0o600


class StatusServer:
    """A server that answers with `state` until `close`. Its unix socket is its owner's alone.

    Raises `SidecarError` if the address is taken or cannot be listened on.
    """

    def __init__(self, address: Address, state: Callable[[], State]) -> None:
        self._state = state
        self.address = address.claim()
        try:
            listener = _listen(self.address)
        except OSError as error:
            raise SidecarError(
                f"cannot listen on `{self.address}`: {error.strerror or error}"
            ) from error
        self._http = HttpServer(listener, lambda _: True, self._answer, "ramgate-status")

    def close(self) -> None:
        """Stop, and remove the socket."""
        self._http.close()
        if self.address.path:
            Path(self.address.path).unlink(missing_ok=True)

    async def _answer(self, request: Request) -> Reply:
        if request.target not in {STATUS_PATH, "/metrics"}:
            return Reply(HTTPStatus.NOT_FOUND)
        try:
            state = await asyncio.to_thread(self._state)
        except SidecarError as error:
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode())
        if request.target == STATUS_PATH:
            return Reply(HTTPStatus.OK, state.to_json(), _JSON)
        return Reply(HTTPStatus.OK, state.to_metrics(), _METRICS)


def _listen(address: Address) -> socket.socket:
    if not address.path:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family)
    Path(address.path).unlink(missing_ok=True)  # a leftover: `claim` found no listener
    listener = socket.socket(socket.AF_UNIX)
    try:
        # Before `listen` nobody can connect, so the file never has a mode that lets others in.
        listener.bind(address.path)
        Path(address.path).chmod(_OWNER_ONLY)
        listener.listen()
    except OSError:
        listener.close()
        Path(address.path).unlink(missing_ok=True)
        raise
    return listener
