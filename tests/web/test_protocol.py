"""Connections without a whole request do not stay, and one that is not HTTP gets an error."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest
import uvicorn

from ramgate.web import protocol
from ramgate.web.protocol import DeadlineProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ramgate.web.exchange import Receive, Scope, Send

SECONDS = 20.0
WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def slow(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an application
    await asyncio.sleep(0.4)
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Yield a connection to a server."""
    config = uvicorn.Config(
        slow, port=0, http=DeadlineProtocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        host, port = server.servers[0].sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        with contextlib.closing(writer):
            yield reader, writer
    finally:
        server.force_exit = True
        await server.shutdown()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nX: "])
def test_a_head_that_does_not_arrive_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(protocol, "_HEAD_SECONDS", 0.2)

    async def ask() -> bytes:
        async with connected() as (reader, writer), asyncio.timeout(SECONDS):
            writer.write(begun)
            try:
                while begun:  # each byte arrives in time, and the head does not
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
                return await reader.read()
            except ConnectionError:
                return b""

    began = time.monotonic()
    assert asyncio.run(ask()) == b""
    assert time.monotonic() - began < SECONDS / 2


def test_a_slow_answer_and_a_later_request_have_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_HEAD_SECONDS", 0.2)

    async def ask() -> list[bytes]:
        async with connected() as (reader, writer), asyncio.timeout(SECONDS):
            answers = []
            for _ in range(2):
                writer.write(WHOLE)
                head = await reader.readuntil(b"\r\n\r\n")
                answers.append(head.split(b"\r\n")[0] + await reader.readexactly(2))
                await asyncio.sleep(0.4)  # idle between requests is not a slow head
            writer.write(WHOLE[:5])
            with contextlib.suppress(ConnectionError):
                answers.append(await reader.read())
            return answers

    assert asyncio.run(ask())[:2] == [b"HTTP/1.1 200 OKok"] * 2


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"\x16\x03\x01\r\n\r\n", b"400 Bad Request"),
        # one byte above the limit of h11, so that nothing is left unread
        (
            b"GET / HTTP/1.1\r\nX: ".ljust(65_537, b"a"),
            b"431 Request Header Fields Too Large",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"501 Not Implemented",
        ),
    ],
)
def test_a_request_that_is_not_http_gets_an_error_in_json(head: bytes, status: bytes) -> None:
    async def ask() -> bytes:
        async with connected() as (reader, writer), asyncio.timeout(SECONDS):
            writer.write(head)
            return await reader.read()

    lines, _, body = asyncio.run(ask()).partition(b"\r\n\r\n")
    first, *headers = lines.lower().split(b"\r\n")
    assert first == b"http/1.1 " + status.lower()
    assert {b"content-type: application/json", b"cache-control: no-store"} <= set(headers)
    assert isinstance(json.loads(body), str)
