"""One connection to an OPA. It never waits: wherever it would have to, it returns a step.

The caller does the waiting between two steps: `Client` in `poll(2)`, `AsyncClient` in its event
loop (psycopg 3 is built in this way). So a connection is bound to no loop and no thread.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Final, TypeAlias, TypeVar

from ramgate.client.http import Response, ResponseReader, SocketAddress
from ramgate.errors import AnswerError, TransportError

__all__ = [
    "Addresses",
    "Connection",
    "Lookup",
    "NoResponseError",
    "Step",
    "Steps",
    "StepsTo",
    "Wait",
    "cause",
]

_T = TypeVar("_T")

# A TLS record holds at most 16 KiB: a read of that size or more leaves no data behind in OpenSSL,
# where poll(2) would not see it.
_READ_SIZE: Final = 64 * 1024

_NOT_READY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_ENDED = (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Wait:
    """A step: wait until the descriptor `fd` can be read, or written if `write` is true.

    An event loop that watches the descriptor sets `unwatch`. It is called before the descriptor is
    closed.
    """

    __slots__ = ("fd", "poll", "unwatch", "write")

    def __init__(self, fd: int, *, write: bool) -> None:
        self.fd = fd
        self.write = write
        self.unwatch: Callable[[], None] | None = None
        poller = select.poll()
        poller.register(fd, select.POLLOUT if write else select.POLLIN)
        self.poll = poller.poll


Addresses: TypeAlias = Iterable[
    tuple[socket.AddressFamily, object, object, object, tuple[object, ...]]
]
"""The result of `getaddrinfo`."""


class Lookup:
    """A step: look `host` and `port` up with `getaddrinfo`, and pass the result to `resolve`."""

    __slots__ = ("addresses", "host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: Sequence[SocketAddress] = ()

    def resolve(self, results: Addresses) -> None:
        """Store the addresses in the results of `getaddrinfo`."""
        self.addresses = [(family, address) for family, _, _, _, address in results]

    def error(self, error: OSError) -> TransportError:
        """Return the error to raise where `getaddrinfo` raised `error`."""
        return TransportError(f"cannot look `{self.host}` up: {cause(error)}")


Step: TypeAlias = Wait | Lookup | Response
"""The response, or the step to take before it."""

# The last step is the response: `StopIteration` would cost more than all the waiting before it.
Steps: TypeAlias = Generator[Step, None, None]

StepsTo: TypeAlias = Generator[Wait | Lookup, None, _T]


class NoResponseError(TransportError):
    """The connection ended before any byte of a response."""


class Connection:
    """One connection, which carries one request and its response at a time."""

    def __init__(self, url: str, family: socket.AddressFamily) -> None:
        self._url = url
        self._pid = os.getpid()
        self._reader = ResponseReader()
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(0)
        self._readable = Wait(self._socket.fileno(), write=False)
        self._writable = Wait(self._socket.fileno(), write=True)

    def open(
        self, address: tuple[object, ...] | str, tls: ssl.SSLContext | None, host: str
    ) -> StepsTo[None]:
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

    def begin(self, request: bytes, limit: int) -> bytes | None:
        """Take a request, whose response may have `limit` bytes; `proceed` sends it.

        Return `None` if the connection can be used, otherwise what `peek` returns. After a `fork`
        the connections belong to the parent.
        """
        self._unsent: bytes | memoryview = request
        self._limit = limit
        self._has_begun = False
        is_own = self._pid == os.getpid()
        if is_own and not self._readable.poll(0):
            return None
        return self.peek() if is_own else b""

    def peek(self) -> bytes | None:
        """Return an unrequested byte, `b""` at the end of the stream, `None` if none arrived.

        Such a byte would be taken for the start of the next response.
        """
        try:
            return self._socket.recv(1)
        except OSError as error:  # not ready: only TLS control records arrived
            return None if isinstance(error, _NOT_READY) else b""

    def proceed(self) -> Wait | Response:
        """Send or receive; return the response, or the step to wait for before the next call.

        Closes the connection on any error. Raises `NoResponseError` if it ends before any byte of
        a response, `TransportError` if it fails in any other way, `AnswerError` for a response
        that is not HTTP.
        """
        try:
            if self._unsent:
                sent = self._socket.send(self._unsent)
                if sent < len(self._unsent):
                    self._unsent = memoryview(self._unsent)[sent:]
                    return self._writable
                self._unsent = b""
                # Work done between here and the first byte of the response is free: OPA is still
                # evaluating.
                self._reader.start(self._limit)
                return self._readable
            data = self._socket.recv(_READ_SIZE)
            if data:
                self._has_begun = True
                response = self._reader.feed(data)
                return self._readable if response is None else response
            failure: OSError = ConnectionResetError(errno.ECONNRESET, "end of file")
        except _NOT_READY as error:
            return self._next_wait(error, self._writable if self._unsent else self._readable)
        except OSError as error:
            failure = error
        except AnswerError:
            self.close()
            raise
        raise self._failed(failure) from failure

    def _failed(self, error: OSError) -> TransportError:
        """Close the connection; return the error to raise for the system's."""
        if not isinstance(error, _ENDED):
            text = f"the connection to `{self._url}` failed: {cause(error)}"
        elif self._has_begun or self.peek():
            text = f"the connection to `{self._url}` broke off: {cause(error)}"
        else:
            self.close()
            return NoResponseError(f"`{self._url}` gave no answer: {cause(error)}")
        self.close()
        return TransportError(text)

    def _next_wait(self, error: OSError, default: Wait) -> Wait:
        """Return the step before the next attempt; TLS may need the other direction."""
        if isinstance(error, ssl.SSLWantReadError):
            return self._readable
        if isinstance(error, ssl.SSLWantWriteError):
            return self._writable
        return default

    def close(self) -> None:
        """Close the descriptor without a TLS goodbye: after a `fork` the parent may use it."""
        for wait in (self._readable, self._writable):
            if wait.unwatch is not None:
                wait.unwatch()
        self._socket.close()


def cause(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error)
