"""One HTTP request of an ASGI server, and its response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

import msgspec

__all__ = ["BodyTooLargeError", "Exchange", "Receive", "Scope", "Send"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_REQUEST_ID: Final = b"x-request-id"
_BODY_SECONDS: Final = 10.0

_encode = msgspec.json.Encoder().encode


class BodyTooLargeError(Exception):
    """The body has more bytes than the limit."""


class Exchange:
    """A request, and the one response to it.

    >>> scope = {"method": "GET", "raw_path": b"/health", "query_string": b"", "headers": []}
    >>> Exchange(scope, None, None).path
    '/health'
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self._headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self._receive = receive
        self._send = send

    @property
    def size(self) -> int:
        """The bytes of the path, the query and the headers."""
        headers = sum(len(name) + len(value) for name, value in self._headers)
        return len(self.path) + len(self.query) + headers

    @property
    def has_two_lengths(self) -> bool:
        """True if a proxy and this server might read two ends of the body (request smuggling)."""
        return self.headers().keys() >= {"content-length", "transfer-encoding"}

    def headers(self) -> dict[str, list[str]]:
        """Return the values of each header by its name in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in self._headers:
            found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return found

    def header(self, name: str) -> str:
        """Return the only value of a header; an empty text if there is none, or are several."""
        values = self.headers().get(name, [])
        return values[0] if len(values) == 1 else ""

    async def body(self, limit: int) -> bytes:
        """Return the body.

        Raises `BodyTooLargeError` for more than `limit` bytes, `TimeoutError` if it does not arrive
        within ten seconds, and `ConnectionError` if the client is gone.
        """
        pieces: list[bytes] = []
        size, more = 0, True
        async with asyncio.timeout(_BODY_SECONDS):
            while more:
                message = await self._receive()
                if message["type"] != "http.request":
                    raise ConnectionResetError("the client is gone")
                piece = message.get("body", b"")
                size += len(piece)
                if size > limit:
                    raise BodyTooLargeError
                pieces.append(piece)
                more = message.get("more_body", False)
        return b"".join(pieces)

    async def answer(self, status: int, body: object, **headers: str) -> None:
        """Send the response, with the JSON of a value and the identifier of the request."""
        content = _encode(body)
        sent = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
            (b"cache-control", b"no-store"),
            *((name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()),
            *[(name, value) for name, value in self._headers if name == _REQUEST_ID][:1],
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": sent})
        await self._send({"type": "http.response.body", "body": content})
