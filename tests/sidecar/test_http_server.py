from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from processes import BOUND, eventually
from ramgate.sidecar import http_server
from ramgate.sidecar.http_server import MOST_CONNECTIONS, HttpServer, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
KEY = b"GET /x HTTP/1.1\r\nX-Key: right\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nX-Key: right\r\n\r\n"


class Site:
    """A server on a free port whose answers wait for `let_go`."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = listener.getsockname()
        self.let_go = threading.Event()
        self.begun = 0
        self.body = b"hello"
        self.server = HttpServer(
            listener, self._admit, self._answer, "test-server", public={"/health"}
        )

    def _admit(self, request: Request) -> bool:
        return request.target == "/health" or request.headers.get("x-key") == "right"

    async def _answer(self, request: Request) -> Reply:
        self.begun += 1
        if request.target == "/slow":
            await asyncio.to_thread(self.let_go.wait, BOUND)
        return Reply(HTTPStatus.OK, self.body)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, BOUND)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.let_go.set()
    site.server.close()


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def exchange(connection: socket.socket, request: bytes) -> bytes:
    """Send a request and return its whole response."""
    connection.sendall(request)
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2].endswith(b"hello"):
        part = connection.recv(65536)
        assert part, answer
        answer += part
    return answer


def test_requests_on_one_connection_are_answered_in_turn(site: Site) -> None:
    with site.connect() as connection:
        for _ in range(3):
            answer = exchange(connection, KEY)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\nContent-Length: 5\r\n\r\nhello")
        connection.sendall(KEY.replace(b"X-Key", b"Connection: close\r\nX-Key"))
        assert b"Connection: close\r\n" in read_all(connection)


def test_a_request_in_pieces_is_one_request(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(KEY[:20])
        time.sleep(0.05)
        assert exchange(connection, KEY[20:]).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET, b"401 Unauthorized"),
        (KEY.replace(b"GET", b"POST"), b"400 Bad Request"),
        (KEY.replace(b"GET", b"PUT"), b"400 Bad Request"),
        (KEY.replace(b"X-Key", b"Content-Length: 5\r\nX-Key"), b"400 Bad Request"),
        (KEY.replace(b"X-Key", b"Transfer-Encoding: chunked\r\nX-Key"), b"400 Bad Request"),
        (KEY.replace(b"X-Key", b"Upgrade: x\r\nConnection: upgrade\r\nX-Key"), b"400 Bad Request"),
        (b"nonsense\r\n\r\n", b"400 Bad Request"),
    ],
)
def test_other_requests_are_refused_and_end_the_connection(
    site: Site, request_: bytes, status: bytes
) -> None:
    with site.connect() as connection:
        connection.sendall(request_ + KEY)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1") == 1
    assert site.begun == 0


def test_a_head_that_is_too_long_ends_the_connection(site: Site) -> None:
    with site.connect() as connection:
        with contextlib.suppress(OSError):
            connection.sendall(KEY[:-2] + b"X: " + b"x" * 40_000 + b"\r\n\r\n")
        assert read_all(connection) == b""


def test_a_request_that_does_not_arrive_in_time_ends_the_connection(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "_HEAD_SECONDS", 0.3)
    with site.connect() as connection:
        for byte in KEY[:5]:  # each byte in time, the whole not
            with contextlib.suppress(OSError):
                connection.sendall(bytes([byte]))
            time.sleep(0.1)
        assert read_all(connection) == b""


def test_a_client_that_does_not_receive_its_answer_is_dropped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "_CHUNK_SECONDS", 0.2)
    site.body = bytes(50_000_000)
    before = descriptors()
    with site.connect() as connection:
        connection.sendall(KEY)
        eventually(lambda: site.begun == 1)
        eventually(lambda: not site.server._connections)  # noqa: SLF001 - nobody else can tell
        eventually(lambda: descriptors() <= before + 1)
        site.body = b"hello"
        assert len(read_all(connection)) < 50_000_000
        with site.connect() as another:
            assert exchange(another, KEY).endswith(b"hello")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_256_slow_strangers_take_neither_the_descriptors_nor_the_place_of_a_trusted_program(
    site: Site,
) -> None:
    """Each slow connection kept a thread and a descriptor, and OPA got no bundle."""
    before = descriptors()
    with contextlib.ExitStack() as stack:
        trusted = stack.enter_context(site.connect())
        assert exchange(trusted, KEY).endswith(b"hello")
        for _ in range(256):
            stranger = stack.enter_context(site.connect())
            stranger.sendall(b"GET / HTTP/1.1\r\n")
        eventually(lambda: descriptors() - before <= 257 + MOST_CONNECTIONS + 2)
        assert exchange(trusted, KEY).endswith(b"hello")
        with site.connect() as another:
            assert exchange(another, KEY).endswith(b"hello")
    eventually(lambda: descriptors() <= before + 1)


def test_the_oldest_stranger_beyond_the_limit_gets_503(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(site.connect()) for _ in range(MOST_CONNECTIONS)]
        for stranger in strangers:
            stranger.sendall(b"GET /")
        with site.connect() as trusted:
            assert exchange(trusted, KEY).endswith(b"hello")
        answer = read_all(strangers[0])
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert answer.endswith(b"Content-Length: 0\r\nConnection: close\r\n\r\n")


def test_a_question_about_the_health_makes_nobody_trusted(site: Site) -> None:
    health = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stranger = stack.enter_context(site.connect())
            assert exchange(stranger, health).endswith(b"hello")
        with site.connect() as another:
            assert exchange(another, KEY).endswith(b"hello")


def test_where_all_connections_are_trusted_another_one_gets_503(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stack.enter_context(site.connect()).sendall(SLOW)
        eventually(lambda: site.begun == MOST_CONNECTIONS)
        with site.connect() as another:
            assert read_all(another).startswith(b"HTTP/1.1 503 ")


def test_closing_ends_idle_connections_at_once_and_waits_for_answers() -> None:
    site = Site()
    with site.connect() as idle, site.connect() as busy:
        exchange(idle, KEY)
        busy.sendall(SLOW)
        eventually(lambda: site.begun == 2)
        closer = threading.Thread(target=site.server.close)
        closer.start()
        assert read_all(idle) == b""
        site.let_go.set()
        assert read_all(busy).endswith(b"hello")
        closer.join(BOUND)
    site.server.close()
    site.server.call(lambda: None)
    with pytest.raises(ConnectionRefusedError):
        site.connect()


def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_CLOSING_SECONDS", 0.1)
    site = Site()
    with site.connect() as busy:
        busy.sendall(SLOW)
        eventually(lambda: site.begun == 1)
        site.server.close()
        assert read_all(busy) == b""
    site.let_go.set()


def test_all_connections_can_be_dropped(site: Site) -> None:
    with site.connect() as connection:
        exchange(connection, KEY)
        site.server.drop_connections()
        assert read_all(connection) == b""
