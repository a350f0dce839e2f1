"""Connections to one OPA, written as generators that yield whenever they would have to wait.

All I/O is non-blocking, and the caller does the waiting between two steps: `Client` in `poll(2)`,
`AsyncClient` in its event loop (psycopg 3 is built in this way). Therefore an idle connection is
bound to no loop and no thread, and closing a connection only closes its file descriptor.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import ssl
from collections.abc import Generator, Iterable, Sequence
from typing import Final, TypeAlias, TypeVar

from ramgate.client.http import Response, ResponseReader, SocketAddress, Url
from ramgate.errors import AnswerError, TransportError

__all__ = ["Connections", "Lookup", "Steps", "Wait"]

_T = TypeVar("_T")

_MAX_IDLE: Final = 64
# A TLS record holds at most 16 KiB: a read of that size or more leaves no data behind in OpenSSL,
# where poll(2) would not see it.
_READ_SIZE: Final = 64 * 1024

_NOT_READY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_ENDED = (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Wait:
    """A step: wait until the descriptor `fd` can be read, or written if `write` is true."""

    __slots__ = ("fd", "poll", "write")

    def __init__(self, fd: int, *, write: bool) -> None:
        self.fd = fd
        self.write = write
        poller = select.poll()
        poller.register(fd, select.POLLOUT if write else select.POLLIN)
        self.poll = poller.poll


_AddressInfo: TypeAlias = tuple[socket.AddressFamily, object, object, object, tuple[object, ...]]


class Lookup:
    """A step: look `host` and `port` up with `getaddrinfo`, and pass the result to `resolve`."""

    __slots__ = ("addresses", "host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: Sequence[SocketAddress] = ()

    def resolve(self, results: Iterable[_AddressInfo]) -> None:
        """Store the addresses in the results of `getaddrinfo`."""
        self.addresses = [(family, address) for family, _, _, _, address in results]

    def error(self, cause: OSError) -> TransportError:
        """Return the error to raise where `getaddrinfo` raised `cause`."""
        return TransportError(f"cannot look `{self.host}` up: {_cause(cause)}")


_Steps: TypeAlias = Generator[Wait | Lookup, None, _T]

# The last step is the response: `StopIteration` would cost more than all the waiting before it.
Steps: TypeAlias = Generator[Wait | Lookup | Response, None, None]


class _NoResponseError(TransportError):
    """The connection ended before any byte of a response."""


class _Connection:
    """One connection, which carries one request and its response at a time."""

    def __init__(self, url: str, family: socket.AddressFamily) -> None:
        self._url = url
        self.reused = False
        self._pid = os.getpid()
        self._reader = ResponseReader()
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(0)
        self._readable = Wait(self._socket.fileno(), write=False)
        self._writable = Wait(self._socket.fileno(), write=True)

    def open(
        self, address: tuple[object, ...] | str, tls: ssl.SSLContext | None, host: str
    ) -> _Steps[None]:
        """Connect. Raises `OSError`."""
        try:
            self._socket.connect(address)
        except BlockingIOError as error:
            if error.errno != errno.EINPROGRESS:  # a unix socket with a full backlog: EAGAIN
                raise
            yield self._writable
            failure = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure:
                raise OSError(failure, os.strerror(failure)) from error
        if self._socket.family != socket.AF_UNIX:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            secure = tls.wrap_socket(
                self._socket, server_hostname=host, do_handshake_on_connect=False
            )
            self._socket = secure
            finished = False
            while not finished:
                try:
                    secure.do_handshake()
                    finished = True
                except _NOT_READY as error:
                    yield self._next_wait(error, self._readable)

    def is_usable(self) -> bool:
        """Return true if a request can be sent.

        After a `fork` the connections belong to the parent. A byte that has arrived without a
        request would be taken for the start of the next response.
        """
        return self._pid == os.getpid() and self.peek() is None

    def peek(self) -> bytes | None:
        """Return an unrequested byte, `b""` at the end of the stream, `None` if none arrived."""
        if not self._readable.poll(0):
            return None
        try:
            return self._socket.recv(1)
        except OSError as error:  # not ready: only TLS control records arrived
            return None if isinstance(error, _NOT_READY) else b""

    def exchange(self, request: bytes, limit: int) -> _Steps[Response]:
        """Send the request, and return the response of at most `limit` bytes.

        Closes the connection on any error. Raises `_NoResponseError` if it ends before any byte of
        a response, `TransportError` if it fails in any other way, `AnswerError` for a response
        that is not HTTP.
        """
        response: Response | None = None
        started = False
        try:
            unsent = memoryview(request)
            while unsent:
                try:
                    unsent = unsent[self._socket.send(unsent) :]
                except _NOT_READY as error:
                    yield self._next_wait(error, self._writable)
            # Work done between here and the first byte of the response is free: OPA is still
            # evaluating.
            self._reader.start(limit)
            wait = self._readable
            while response is None:
                yield wait
                try:
                    data = self._socket.recv(_READ_SIZE)
                except _NOT_READY as error:
                    wait = self._next_wait(error, self._readable)
                    continue
                wait = self._readable
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "end of file")
                started = True
                response = self._reader.feed(data)
        except _ENDED as error:
            if not started and not self.peek():
                raise _NoResponseError(f"`{self._url}` gave no answer: {_cause(error)}") from error
            raise TransportError(
                f"the connection to `{self._url}` broke off: {_cause(error)}"
            ) from error
        except OSError as error:
            raise TransportError(
                f"the connection to `{self._url}` failed: {_cause(error)}"
            ) from error
        finally:
            if response is None:
                self.close()
        return response

    def _next_wait(self, error: OSError, default: Wait) -> Wait:
        """Return the step before the next attempt; TLS may need the other direction."""
        if isinstance(error, ssl.SSLWantReadError):
            return self._readable
        if isinstance(error, ssl.SSLWantWriteError):
            return self._writable
        return default

    def close(self) -> None:
        """Close the descriptor without a TLS goodbye: after a `fork` the parent may use it."""
        self._socket.close()


class Connections:
    """The connections of one client. It reuses the latest one, and keeps at most 64 idle ones.

    Safe to share between any number of threads, event loops and forks. It has no lock that a fork
    could copy while another thread owns it: `list.pop` and `list.append` are atomic.
    """

    def __init__(self, url: Url, tls: ssl.SSLContext | None) -> None:
        self._url = url
        self._tls = tls
        self._idle: list[_Connection] = []
        self._closed = False

    def ask(self, request: bytes, limit: int) -> Steps:
        """Send `request`; the last step is its response of at most `limit` bytes.

        Sends the request a second time, on a new connection, only if a reused connection ends
        before any byte of a response. Raises `TransportError`, `AnswerError`, and `RuntimeError`
        once closed.
        """
        connection = self._take_idle() or (yield from self._open())
        try:
            response = yield from connection.exchange(request, limit)
        except _NoResponseError:
            if not connection.reused:
                raise
            connection = yield from self._open()
            response = yield from connection.exchange(request, limit)
        if response.final or len(self._idle) >= _MAX_IDLE:
            connection.close()
        else:
            connection.reused = True
            self._idle.append(connection)
            if self._closed:
                self.close()
        yield response

    def close(self) -> None:
        """Close the idle connections now, and each of the others after its response."""
        self._closed = True
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _open(self) -> _Steps[_Connection]:
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
                    connection = _Connection(url, family)
                    cleanup.callback(connection.close)
                    yield from connection.open(address, self._tls, host)
                except OSError as error:
                    failure = error
                    continue
                if connection.peek():
                    raise AnswerError(f"`{url}` answered before the first request")
                cleanup.pop_all()
                return connection
        raise TransportError(f"cannot reach `{url}`: {_cause(failure)}") from failure

    def _take_idle(self) -> _Connection | None:
        if self._closed:
            raise RuntimeError("this client is closed")
        try:
            while not (connection := self._idle.pop()).is_usable():
                connection.close()
        except IndexError:
            return None
        return connection


def _cause(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error)
