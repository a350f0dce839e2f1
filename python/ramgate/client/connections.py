"""The connections of one client."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.client.connection import Connection, Lookup, cause
from ramgate.client.http import Response
from ramgate.errors import AnswerError, TransportError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from ramgate.client.connection import Steps, StepsTo
    from ramgate.client.http import SocketAddress, Url

__all__ = ["Connections", "Idle"]

_MAX_IDLE: Final = 64

Idle: TypeAlias = list[Connection]
"""Idle connections. The latest one is the last, and used first."""


class Connections:
    """The connections of one client. It reuses the latest one, and keeps at most 64 idle ones.

    Safe to share between any number of threads, event loops and forks. It has no lock that a fork
    could copy while another thread owns it: `list.pop` and `list.append` are atomic.

    An event loop keeps the connections that it watches in a list of its own, `near`.
    """

    def __init__(self, url: Url, tls: ssl.SSLContext | None) -> None:
        self._url = url
        self._tls = tls
        self._idle: Idle = []
        self._closed = False

    def take(self, request: bytes, limit: int, near: Idle | None = None) -> Connection | None:
        """Return an idle connection that sends `request` next, if there is one.

        Raises `RuntimeError` once closed.
        """
        if self._closed:
            raise RuntimeError("this client is closed")
        for idle in (near, self._idle):
            while idle:
                try:
                    connection = idle.pop()
                except IndexError:  # another thread took the last one
                    break
                if connection.begin(request, limit) is None:
                    return connection
                connection.close()
        return None

    def keep(self, connection: Connection, response: Response, near: Idle | None = None) -> None:
        """Use the connection again after its response, or close it."""
        idle = self._idle if near is None else near
        if response.final or len(idle) >= _MAX_IDLE:
            connection.close()
            return
        idle.append(connection)
        if self._closed:
            self.close(near)

    def ask(self, request: bytes, limit: int, near: Idle | None = None) -> Steps:
        """Send `request` on a new connection; the last step is its response.

        Raises `TransportError`, and `AnswerError`.
        """
        connection = yield from self._open(request, limit)
        response: Response | None = None
        try:
            while response is None:
                step = connection.proceed()
                if isinstance(step, Response):
                    response = step
                else:
                    yield step
        finally:
            if response is None:
                connection.close()
        self.keep(connection, response, near)
        yield response

    def share(self, near: Idle) -> None:
        """Let every thread and every event loop use these connections."""
        self._idle += near
        near.clear()
        _close(self._idle, keep=0 if self._closed else _MAX_IDLE)

    def close(self, near: Idle | None = None) -> None:
        """Close the idle connections now, and each of the others after its response."""
        self._closed = True
        for idle in (near, self._idle):
            _close(idle or [])

    def _open(self, request: bytes, limit: int) -> StepsTo[Connection]:
        url, host = self._url.text, self._url.host
        addresses: Sequence[SocketAddress] = self._url.addresses
        if not addresses:
            lookup = Lookup(host, self._url.port)
            yield lookup
            addresses = lookup.addresses
        failure = OSError("the host name has no address")
        for family, address in addresses:
            with contextlib.ExitStack() as cleanup:
                try:
                    connection = Connection(url, family)
                    cleanup.callback(connection.close)
                    yield from connection.open(address, self._tls, host)
                except OSError as error:
                    failure = error
                    continue
                if connection.begin(request, limit):
                    raise AnswerError(f"`{url}` answered before the first request")
                cleanup.pop_all()
                return connection
        raise TransportError(f"cannot reach `{url}`: {cause(failure)}") from failure


def _close(idle: Idle, keep: int = 0) -> None:
    with contextlib.suppress(IndexError):
        while len(idle) > keep:
            idle.pop().close()
