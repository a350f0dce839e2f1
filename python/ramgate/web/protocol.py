"""uvicorn's HTTP/1.1 with a deadline for the head of a request, and with errors in JSON."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["DeadlineProtocol"]

_HEAD_SECONDS: Final = 10.0
_UNREADABLE: Final = "the request is not HTTP that can be read"
_MESSAGES: Final = {
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "the headers are too large",
    HTTPStatus.NOT_IMPLEMENTED: "the request has a transfer coding that is not supported",
}


class DeadlineProtocol(H11Protocol):
    """A connection that is closed if the head of a request takes longer than ten seconds.

    The time begins with the connection, and for each later request with its first byte. Without it,
    connections that send nothing would use up all places.

    >>> import uvicorn
    >>> config = uvicorn.Config("application:app", http=DeadlineProtocol)
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]  # uvicorn declares it so
        self, transport: asyncio.Transport
    ) -> None:
        """Take a new connection."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(_HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take bytes, which may begin or end the head of a request."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text is not JSON
        """Answer a request that h11 cannot read; uvicorn calls this while it handles the error."""
        hint = getattr(sys.exception(), "error_status_hint", HTTPStatus.BAD_REQUEST)
        status = HTTPStatus(hint)
        content = json.dumps(_MESSAGES.get(status, _UNREADABLE)).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ]
        head = h11.Response(status_code=status, headers=headers, reason=status.phrase)
        for event in (head, h11.Data(data=content), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
