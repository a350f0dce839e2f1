"""A site of OPA releases on loopback, with the responses and failures that a test sets."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.server
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclasses.dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    location: str = ""
    missing: int = 0  # bytes that are promised and never sent
    stalls: bool = False


@dataclasses.dataclass
class Site:
    url: str
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
    requested: list[str] = dataclasses.field(default_factory=list)
    stalled: threading.Event = dataclasses.field(default_factory=threading.Event)
    closing: threading.Event = dataclasses.field(default_factory=threading.Event)

    def publish(self, path: str, body: bytes) -> None:
        name = path.rpartition("/")[2]
        checksum = f"{hashlib.sha256(body).hexdigest()}  {name}\n"
        self.answers[path] = Answer(body)
        self.answers[f"{path}.sha256"] = Answer(checksum.encode())


@contextlib.contextmanager
def serve() -> Iterator[Site]:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            site.requested.append(self.path)
            answer = site.answers.get(self.path, Answer(status=404))
            if answer.stalls:
                site.stalled.set()
                site.closing.wait(30)
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body) + answer.missing))
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(30)
