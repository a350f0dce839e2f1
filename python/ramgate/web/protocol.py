"""uvicorn's HTTP/1.1 with a deadline for the head of a request, which uvicorn does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["DeadlineProtocol"]

_HEAD_SECONDS: Final = 10.0


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

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
