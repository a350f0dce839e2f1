"""A thousand programs that wait for a bundle as OPA does, in one event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Fan"]

SECONDS = 60.0


class Fan:
    """Connections that have sent a request which waits for a change, until the end of the block."""

    def __init__(self, port: int, count: int, token: str, etag: str) -> None:
        self._port = port
        self._count = count
        self._request = (
            f"GET /bundle.tar.gz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            f"If-None-Match: {etag}\r\nPrefer: modes=snapshot,delta;wait=300\r\n\r\n"
        ).encode()
        self._sent = 0
        self._bodies: list[bytes] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def waiting(self) -> int:
        """Return the number of requests that were sent."""
        return self._sent

    def answered(self, body: bytes) -> int:
        """Wait for all responses, and return the number of those with this body."""
        self._thread.join(SECONDS)
        return self._bodies.count(body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(SECONDS)

    async def _run(self) -> None:
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*(self._one() for _ in range(self._count)))

    async def _one(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._request)
        await writer.drain()
        self._sent += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length")
        )
        self._bodies.append(await reader.readexactly(length))
        writer.close()
        await writer.wait_closed()
