"""Connections to one OPA, as steps that wait for nothing themselves.

All I/O is non-blocking, and whoever runs the steps does the waiting: `Client` in `poll(2)`,
`AsyncClient` in its event loop (psycopg 3 is built in this way). An idle connection is thus tied to
no loop and no thread, and closing one is nothing but closing its file descriptor.
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

from ramgate.client.wire import Address, Answer, Endpoint, Reader
from ramgate.errors import AnswerError, TransportError

__all__ = ["Connections", "Lookup", "Steps", "Wait"]

_T = TypeVar("_T")

_MOST_IDLE: Final = 64
# A TLS record holds at most 16 KiB: a read of that size or more leaves nothing behind in OpenSSL,
# where poll(2) would not see it.
_READ_SIZE: Final = 64 * 1024

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_ENDED = (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Wait:
    """Wait until the descriptor `fd` is ready to be read, or written where `write` is true."""

    __slots__ = ("fd", "poll", "write")

    def __init__(self, fd: int, *, write: bool) -> None:
        self.fd = fd
        self.write = write
        poller = select.poll()
        poller.register(fd, select.POLLOUT if write else select.POLLIN)
        self.poll = poller.poll


_Info: TypeAlias = tuple[socket.AddressFamily, object, object, object, tuple[object, ...]]


class Lookup:
    """Look `host` and `port` up with `getaddrinfo`, and tell what it found."""

    __slots__ = ("addresses", "host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: Sequence[Address] = ()

    def found(self, found: Iterable[_Info]) -> None:
        """Take the addresses in what `getaddrinfo` found."""
        self.addresses = [(family, address) for family, _, _, _, address in found]

    def failed(self, error: OSError) -> TransportError:
        """Say that the name has no address."""
        return TransportError(f"cannot look `{self.host}` up: {_cause(error)}")


_Steps: TypeAlias = Generator[Wait | Lookup, None, _T]

# The last step is the answer: `StopIteration` would cost more than all the waiting before it.
Steps: TypeAlias = Generator[Wait | Lookup | Answer, None, None]


class _Unanswered(TransportError):
    """The connection ended before any byte of an answer."""


class _Connection:
    """One connection, on which one question at a time is asked and answered."""

    def __init__(self, url: str, family: socket.AddressFamily) -> None:
        self._url = url
        self.reused = False
        self._pid = os.getpid()
        self._reader = Reader()
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
            shaken = False
            while not shaken:
                try:
                    secure.do_handshake()
                    shaken = True
                except _NOT_YET as error:
                    yield self._due(error, self._readable)

    def usable(self) -> bool:
        """Tell whether a question can be asked.

        After a `fork` the connections are the parent's; and what has arrived unasked would be taken
        for the next answer.
        """
        return self._pid == os.getpid() and self.peek() is None

    def peek(self) -> bytes | None:
        """Give a byte that nobody asked for, `b""` at the end, `None` while the line is quiet."""
        if not self._readable.poll(0):
            return None
        try:
            return self._socket.recv(1)
        except OSError as error:  # not yet: TLS had something to say to itself
            return None if isinstance(error, _NOT_YET) else b""

    def exchange(self, question: bytes, room: int) -> _Steps[Answer]:
        """Ask, and read the answer of at most `room` bytes; the connection is closed on any error.

        Raises `_Unanswered` when it ends before any byte of an answer, `TransportError` when it
        fails in any other way, `AnswerError` for an answer that is not HTTP.
        """
        answer: Answer | None = None
        untouched = True
        try:
            unsent = memoryview(question)
            while unsent:
                try:
                    unsent = unsent[self._socket.send(unsent) :]
                except _NOT_YET as error:
                    yield self._due(error, self._writable)
            # From here to the first byte OPA is at work, and nothing done takes the caller's time.
            self._reader.start(room)
            wait = self._readable
            while answer is None:
                yield wait
                try:
                    data = self._socket.recv(_READ_SIZE)
                except _NOT_YET as error:
                    wait = self._due(error, self._readable)
                    continue
                wait = self._readable
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "end of file")
                untouched = False
                answer = self._reader.feed(data)
        except _ENDED as error:
            if untouched and not self.peek():
                raise _Unanswered(f"`{self._url}` gave no answer: {_cause(error)}") from error
            raise TransportError(f"`{self._url}` broke off: {_cause(error)}") from error
        except OSError as error:
            raise TransportError(f"`{self._url}` was lost: {_cause(error)}") from error
        finally:
            if answer is None:
                self.close()
        return answer

    def _due(self, error: OSError, otherwise: Wait) -> Wait:
        """What to wait for before the same is tried again; TLS may need the other direction."""
        if isinstance(error, ssl.SSLWantReadError):
            return self._readable
        if isinstance(error, ssl.SSLWantWriteError):
            return self._writable
        return otherwise

    def close(self) -> None:
        """Close the descriptor, silently over TLS too: after a `fork` the parent may use it."""
        self._socket.close()


class Connections:
    """The connections of one client: the one used last is used next, and 64 may be idle.

    Safe in any number of threads, event loops and forks. It holds no lock, so that a fork can find
    none held: `list.pop` and `list.append` are atomic.
    """

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._idle: list[_Connection] = []
        self._closed = False

    def ask(self, question: bytes, room: int) -> Steps:
        """Send `question` and give its answer of at most `room` bytes, which is the last step.

        It is sent once more, on a new connection, only when a reused one ends before any byte of an
        answer. Raises `TransportError`, `AnswerError`, and `RuntimeError` once closed.
        """
        connection = self._take() or (yield from self._open())
        try:
            answer = yield from connection.exchange(question, room)
        except _Unanswered:
            if not connection.reused:
                raise
            connection = yield from self._open()
            answer = yield from connection.exchange(question, room)
        if answer.final or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            connection.reused = True
            self._idle.append(connection)
            if self._closed:
                self.close()
        yield answer

    def close(self) -> None:
        """Close what is idle; what is in use is closed when its question is answered."""
        self._closed = True
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _open(self) -> _Steps[_Connection]:
        url, host = self._endpoint.url, self._endpoint.host
        addresses: Sequence[Address] = self._endpoint.addresses
        if not addresses:
            lookup = Lookup(host, self._endpoint.port)
            yield lookup
            addresses = lookup.addresses
        failure = OSError("it has no address")
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
                    raise AnswerError(f"`{url}` answered before it was asked")
                cleanup.pop_all()
                return connection
        raise TransportError(f"cannot reach `{url}`: {_cause(failure)}") from failure

    def _take(self) -> _Connection | None:
        if self._closed:
            raise RuntimeError("this client is closed")
        try:
            while not (connection := self._idle.pop()).usable():
                connection.close()
        except IndexError:
            return None
        return connection


def _cause(error: OSError) -> str:
    """Say what went wrong, in the system's words."""
    return error.strerror or str(error)
