"""A small HTTP server for a few trusted programs: GET only, in an event loop of its own thread.

It is written against strangers that can connect: a limited number of connections, a deadline for
the head of a request, and no body. At most `MOST_CONNECTIONS` are open at once. A connection is
trusted from its first admitted request on. If another one arrives, the oldest connection that is
not trusted is answered with 503 and closed; if all are trusted, the new one is. So slow strangers
use up neither the file descriptors of the process nor the places of the trusted.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

import httptools
import msgspec

from ramgate.sidecar.small_tls import SmallTls

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Awaitable, Callable, Collection, Mapping

__all__ = ["MOST_CONNECTIONS", "HttpServer", "Reply", "Request"]

MOST_CONNECTIONS: Final = 64
"""The number of connections that are open at once, at most."""

_HEAD_SECONDS: Final = 10
_IDLE_SECONDS: Final = 120.0
_CHUNK_SECONDS: Final = 10.0
_BEGINNING: Final = 5
_CLOSING_SECONDS: Final = 1.0
_MOST_HEAD_BYTES: Final = 16 * 1024
# OpenSSL keeps memory for the largest chunk of each connection.
_CHUNK: Final = 16 * 1024
_BODY: Final = ("content-length", "transfer-encoding")


class Request(msgspec.Struct, frozen=True):
    """The head of a request: the target, the headers by their names in lower case.

    `memory` is empty at first and belongs to the connection: later requests on it get the same.
    `certificate` is the verified certificate of the client, as `ssl.SSLSocket.getpeercert` has it.

    >>> Request("GET", "/x", {"host": "localhost"}, {}).target
    '/x'
    """

    method: str
    target: str
    headers: dict[str, str]
    memory: dict[str, int]
    certificate: Mapping[str, object] | None = None


class Reply(msgspec.Struct, frozen=True):
    """A response. `headers` come in addition to those that describe the body.

    >>> Reply(HTTPStatus.OK, b"hello").media_type
    'text/plain; charset=utf-8'
    """

    status: HTTPStatus
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = {}


class HttpServer:
    """Answers requests on a listening socket until `close`, and owns that socket.

    `admit` tells whether a request comes from a trusted program: any other is answered with 401.
    `answer` runs in the event loop of the server. With `tls`, it speaks TLS: that
    function returns the context for each new connection. `most` connections are open at once; one
    that asked for other targets than the `public` ones does not have to make room for others.

    >>> import socket
    >>> import urllib.request
    >>> async def answer(request):
    ...     return Reply(HTTPStatus.OK, request.target.encode())
    >>> listener = socket.create_server(("127.0.0.1", 0))
    >>> url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    >>> server = HttpServer(listener, lambda request: True, answer, "example")
    >>> with urllib.request.urlopen(url) as response:
    ...     response.read()
    b'/x'
    >>> server.close()
    """

    def __init__(  # noqa: PLR0913 - the last two by name
        self,
        listener: socket.socket,
        admit: Callable[[Request], bool],
        answer: Callable[[Request], Awaitable[Reply]],
        name: str,
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
        most: int = MOST_CONNECTIONS,
        public: Collection[str] = (),
    ) -> None:
        self._tls = tls
        self._public = public
        self._most = most
        self._listener = listener
        self._admit = admit
        self._answer = answer
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function in the event loop soon; do nothing once the server is closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def drop_connections(self) -> None:
        """Close the connections that are open now."""
        self.call(lambda: [task.cancel() for task in self._connections])

    def close(self) -> None:
        """Accept no more connections, wait a second for the responses, and end the thread."""
        self.call(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop), contextlib.closing(self._listener):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._protocol, sock=self._listener)
        await self._stop.wait()
        # A connection that was just accepted is among `_connections` after four iterations of the
        # loop. If the server were closed before that, nothing would close its socket.
        self._loop.remove_reader(self._listener)
        await _iterate(_BEGINNING)
        server.close()
        for task, connection in self._connections.items():
            if not connection.busy:
                task.cancel()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        # A closed transport lets go of its socket in a later iteration.
        await _iterate(_BEGINNING)

    def _protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol of a new connection."""
        reader = asyncio.StreamReader(limit=_MOST_HEAD_BYTES)
        stream = asyncio.StreamReaderProtocol(reader, self._converse)
        if self._tls is None:
            return stream
        return SmallTls(self._loop, stream, self._tls(), _HEAD_SECONDS)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(reader, writer)
        with contextlib.closing(writer):
            if self._tls is not None and writer.get_extra_info("sslcontext") is not self._tls():
                return  # the files changed during its handshake
            if not self._make_room():
                connection.refuse()
                return
            task = cast("asyncio.Task[None]", asyncio.current_task())
            self._connections[task] = connection
            try:
                await self._answer_requests(connection)
            except (OSError, asyncio.LimitOverrunError):
                # Disconnected or too slow: without this, the socket would stay open as long as the
                # client receives nothing.
                writer.transport.abort()
            except (EOFError, asyncio.CancelledError):
                # Ended, or cancelled by this server: nothing waits for the task.
                return
            finally:
                self._connections.pop(task, None)

    def _make_room(self) -> bool:
        if len(self._connections) < self._most:
            return True
        for task, connection in self._connections.items():
            if not connection.trusted:
                connection.refuse()
                del self._connections[task]
                task.cancel()
                return True
        return False

    async def _answer_requests(self, connection: _Connection) -> None:
        memory: dict[str, int] = {}
        last = False
        while not last:
            request = await connection.read(memory)
            last = self._stop.is_set() or request.headers.get("connection", "").lower() == "close"
            reply = Reply(HTTPStatus.UNAUTHORIZED)
            if request.method != "GET":
                reply = Reply(HTTPStatus.BAD_REQUEST)
            elif self._admit(request):
                connection.busy = True
                connection.trusted |= request.target not in self._public
                reply = await self._answer(request)
            last = last or not connection.busy or self._stop.is_set()
            await connection.send(reply, last=last)
            connection.busy = False


async def _iterate(times: int) -> None:
    """Let the event loop run this many iterations."""
    for _ in range(times):
        await asyncio.sleep(0)


class _Connection:
    """One connection, and whether it is `trusted`, and `busy` with the answer to a request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._certificate: Mapping[str, object] | None = writer.get_extra_info("peercert")
        self.trusted = False
        self.busy = False

    async def read(self, memory: dict[str, int]) -> Request:
        """Read the head of a request; the method is empty if it is not one, or has a body.

        Raises `TimeoutError` if it does not arrive in time, and `EOFError` at the end.
        """
        seconds = _IDLE_SECONDS if self.trusted else _HEAD_SECONDS
        async with asyncio.timeout(seconds):
            head = await self._reader.readuntil(b"\r\n\r\n")
        return _parse(head, memory, self._certificate)

    async def send(self, reply: Reply, *, last: bool) -> None:
        """Send a response; raises `TimeoutError` if the client stops to receive it."""
        self._writer.write(_head(reply, last=last))
        for start in range(0, len(reply.body), _CHUNK):
            self._writer.write(reply.body[start : start + _CHUNK])
            async with asyncio.timeout(_CHUNK_SECONDS):
                await self._writer.drain()

    def refuse(self) -> None:
        """Answer with 503, without waiting for a request."""
        self._writer.write(_head(Reply(HTTPStatus.SERVICE_UNAVAILABLE), last=True))


class _Head:
    """Callbacks of the parser."""

    def __init__(self) -> None:
        self.target = ""
        self.headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")


def _parse(
    head: bytes, memory: dict[str, int], certificate: Mapping[str, object] | None
) -> Request:
    parsed = _Head()
    parser = httptools.HttpRequestParser(parsed)
    try:
        parser.feed_data(head)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return Request("", "", {}, memory)
    if not parsed.headers.keys().isdisjoint(_BODY):
        return Request("", "", {}, memory)
    method = parser.get_method().decode()
    return Request(method, parsed.target, parsed.headers, memory, certificate)


def _head(reply: Reply, *, last: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {reply.status.value} {reply.status.phrase}",
        f"Content-Type: {reply.media_type}",
        f"Content-Length: {len(reply.body)}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
        *(["Connection: close"] if last else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
