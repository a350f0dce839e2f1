"""The HTTP server of the fake: requests on the wire to answers, on loopback."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
import urllib.parse
from typing import TYPE_CHECKING, Protocol

from alicloud.signatures import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alicloud.faults import Break

__all__ = ["Service", "serve"]


class Service(Protocol):
    """The part of the fake that answers a request."""

    def answer(self, request: Request) -> tuple[int, dict[str, object], Break]: ...


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    block_on_close = False

    def __init__(self, service: Service) -> None:
        self.service = service
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent about clients that end a connection."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        # A client with a proxy sends the whole URL: the fake may be the proxy, too.
        target = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, target.path, target.query, headers, body)
        status, answer, breaks = self.server.service.answer(request)
        text = json.dumps(answer).encode()
        if breaks.kind == "garble":
            status, text = breaks.status, b"<html>Bad Gateway</html>"
        if breaks.kind in {"cut", "drop"}:
            self.close_connection = True
        if breaks.kind == "drop":
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2] if breaks.kind == "cut" else text)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Print nothing: a test reads `calls`."""


@contextlib.contextmanager
def serve(service: Service) -> Iterator[int]:
    """Serve on loopback, and give the port."""
    server = _Server(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
        for connection in list(server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
