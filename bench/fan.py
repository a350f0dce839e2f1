"""A thousand programs that wait for a bundle as OPA does, over plain sockets or TLS."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Fan"]

SECONDS = 60.0
_AT_ONCE = 32
_PART = 64 * 1024
_LENGTH = re.compile(rb"(?is)\r\ncontent-length: (\d+)\r\n.*?\r\n\r\n")


class Fan:
    """Connections that have sent a request which waits for a change, until the end of the block."""

    def __init__(
        self, port: int, count: int, token: str, etag: str, tls: ssl.SSLContext | None = None
    ) -> None:
        self._port = port
        self._count = count
        self._tls = tls
        self._request = (
            f"GET /bundle.tar.gz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            f"If-None-Match: {etag}\r\nPrefer: modes=snapshot,delta;wait=300\r\n\r\n"
        ).encode()
        self._opened = contextlib.ExitStack()
        self._sockets: list[socket.socket] = []

    def answered(self, body: bytes) -> int:
        """Wait for all responses, and return the number of those with this body."""
        end = time.monotonic() + SECONDS
        answers = {one: _Answer(one) for one in self._sockets}
        with selectors.DefaultSelector() as selector:
            for one in self._sockets:
                one.settimeout(0)
                selector.register(one, selectors.EVENT_READ, answers[one])
            while selector.get_map() and time.monotonic() < end:
                for key, _ in selector.select(1):
                    answer: _Answer = key.data
                    if answer.read():
                        selector.unregister(key.fileobj)
        return sum(answer.is_bundle(body) for answer in answers.values())

    def __enter__(self) -> Self:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self._sockets = list(pool.map(lambda _: self._connect(), range(self._count)))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _connect(self) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self._port), SECONDS)
        if self._tls is not None:
            one = self._tls.wrap_socket(one)
        one.sendall(self._request)
        return self._opened.enter_context(one)


class _Answer:
    """The response on a connection, as far as it has arrived."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._content = bytearray()
        self._size = 0

    def read(self) -> bool:
        """Read all that has arrived, and return True once the response is complete."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            # TLS may have more than the selector knows.
            while part := self._connection.recv(_PART):
                self._content += part
            raise EOFError("the server closed a connection")
        if not self._size:
            self._size = _size(self._content)
        return 0 < self._size <= len(self._content)

    def is_bundle(self, body: bytes) -> bool:
        """Return True if the response is this bundle."""
        return self._content.startswith(b"HTTP/1.1 200 ") and self._content.endswith(
            b"\r\n\r\n" + body
        )


def _size(content: bytearray) -> int:
    """Return the bytes of the response that begins so, 0 if they are not known yet."""
    found = _LENGTH.search(content)
    return found.end() + int(found[1]) if found else 0
