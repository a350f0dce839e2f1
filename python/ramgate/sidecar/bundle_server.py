"""Serve one bundle to one OPA in the protocol of OPA's bundle plugin.

The protocol (`v1/download/download.go` of OPA 1.22.2): `If-None-Match` names the bundle that OPA
has. `Prefer: modes=…;wait=N` permits the server to delay its response for N seconds until there is
another bundle; a 200 with the media type `application/vnd.openpolicyagent.bundles` tells OPA that
the server supports this. OPA sends its next request as soon as it has activated or refused the
bundle, so that request shows which of the two happened.
"""

from __future__ import annotations

import contextlib
import hmac
import http.server
import re
import secrets
import socketserver
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    from ramgate.bundle.builder import Bundle

__all__ = ["RESOURCE", "BundleServer"]

RESOURCE = "/bundle.tar.gz"
"""The path of the bundle, below the server's `url`."""

_MEDIA_TYPE = "application/vnd.openpolicyagent.bundles"
_WAIT = re.compile(r"(?:^|;)wait=(\d{1,9})(?:;|$)")
_LONGEST_WAIT = 300.0
_STALLED_SECONDS = 10.0
_POLL_SECONDS = 0.05


class BundleServer:
    """A server on a free port of 127.0.0.1 that requires its `token` and runs until `close`."""

    def __init__(self, bundle: Bundle) -> None:
        self.token = secrets.token_urlsafe(32)
        self._bundle = bundle
        self._sent = ""
        self._active = ""
        self._refused = False
        self._closed = False
        self._changed = threading.Condition()
        self._http = _Server(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(_POLL_SECONDS,), name="ramgate-bundle"
        )
        self._thread.daemon = True
        self._thread.start()

    @property
    def url(self) -> str:
        """The URL without the path: `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def bundle(self) -> Bundle:
        """The bundle that is served."""
        return self._bundle

    def publish(self, bundle: Bundle) -> None:
        """Serve this bundle from now on; a waiting request is answered with it at once."""
        with self._changed:
            self._bundle = bundle
            self._sent = ""
            self._refused = False
            self._changed.notify_all()

    @property
    def activated(self) -> bool:
        """True if OPA has activated the bundle."""
        return self._active == _etag(self._bundle)

    @property
    def refused(self) -> bool:
        """True if OPA received the bundle and sent its next request without activating it."""
        return self._refused

    def wait_for_outcome(self, timeout: float) -> None:
        """Wait until OPA has activated or refused the bundle, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.activated or self.refused, timeout)

    def close(self) -> None:
        """Stop at once: answer the waiting requests and accept no others."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, active: str, wait: float) -> Bundle | None:
        """Return the bundle, or None if OPA has it and no other is published in `wait` seconds.

        `active` is the ETag of the bundle that OPA has, empty if it has none.
        """
        with self._changed:
            self._active = active
            self._refused = self._sent not in {"", active}
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or _etag(self._bundle) != active, wait)
            if _etag(self._bundle) == active:
                return None
            self._sent = _etag(self._bundle)
            return self._bundle


def _etag(bundle: Bundle) -> str:
    return f'"{bundle.revision}"'


class _Server(socketserver.ThreadingTCPServer):
    # Not http.server's HTTPServer, which resolves its own host name when it binds.
    daemon_threads = True

    def __init__(self, owner: BundleServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = _STALLED_SECONDS

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client has disconnected
            super().handle()

    def do_GET(self) -> None:
        owner = self.server.owner
        if not hmac.compare_digest(
            self.headers.get("Authorization", "").encode(), f"Bearer {owner.token}".encode()
        ):
            self._reply(HTTPStatus.UNAUTHORIZED)
        elif self.path != RESOURCE:
            self._reply(HTTPStatus.NOT_FOUND)
        else:
            wait = _WAIT.search(self.headers.get("Prefer", ""))
            active = self.headers.get("If-None-Match", "").partition(",")[0].strip()
            seconds = min(float(wait[1]), _LONGEST_WAIT) if wait else 0.0
            if bundle := owner.answer(active, seconds):
                self._reply(HTTPStatus.OK, _etag(bundle), bundle.content)
            else:
                self._reply(HTTPStatus.NOT_MODIFIED, active)

    def _reply(self, status: HTTPStatus, etag: str = "", content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Content-Type", _MEDIA_TYPE)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Do nothing: OPA logs its failed requests."""
