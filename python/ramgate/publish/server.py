"""Serve bundles over HTTPS to many OPAs: each token gets the bundle of its accounts.

The protocol is that of OPA's bundle plugin, as `ramgate.sidecar.bundle_server` describes it: an OPA
names the bundle that it has, and its request waits until there is another one.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from ramgate.errors import SidecarError
from ramgate.sidecar.http_server import HttpServer, Reply

if TYPE_CHECKING:
    from typing import Self

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.address import Address
    from ramgate.sidecar.certificate import Certificate
    from ramgate.sidecar.http_server import Request

__all__ = ["PublishServer", "Served"]

_RESOURCE: Final = "/bundle.tar.gz"
_HEALTH: Final = "/health"
_MEDIA_TYPE: Final = "application/vnd.openpolicyagent.bundles"
_WAIT: Final = re.compile(r"(?:^|;)wait=(\d{1,9})(?:;|$)")
_BEARER: Final = "Bearer "
_LONGEST_WAIT: Final = 300.0
_LONGEST_PAUSE: Final = 30.0
_MOST_CONNECTIONS: Final = 4096
_BACKLOG: Final = 1024


class Served:
    """The bundle that some tokens get: a target of a publisher.

    >>> from ramgate.bundle.builder import build
    >>> from ramgate.sidecar.address import Address
    >>> with PublishServer(Address.parse("127.0.0.1:0")) as server:
    ...     served = server.serve("accounts.yaml")
    ...     served.admit("s3cret")
    ...     served.put(build())
    ...     served.name.rpartition(":")[0]
    'http://127.0.0.1'
    """

    def __init__(self, server: PublishServer, name: str) -> None:
        self._server = server
        self.name = name
        self.bundle: Bundle | None = None
        self.number = 0
        self.changed = asyncio.Event()

    def admit(self, token: str) -> None:
        """Let those who have the token get this bundle, and no other."""
        self._server.admit(token, self)

    def put(self, bundle: Bundle) -> None:
        """Serve this bundle from now on: waiting requests are answered with it at once."""
        self._server.call(self, bundle)

    def replace(self, bundle: Bundle) -> None:
        """Replace the bundle, in the event loop of the server."""
        self.bundle, self.number = bundle, self.number + 1
        self.changed.set()
        self.changed = asyncio.Event()


class PublishServer:
    """A server that gives to each token its bundle, until `close`.

    On an address that other machines reach it speaks TLS with the `certificate`, unless
    `plain_http`. `GET /health` needs no token. Raises `ValueError` if the address needs a
    certificate, and `SidecarError` if it cannot be listened on, or the certificate not be used.

    >>> from ramgate.sidecar.address import Address
    >>> PublishServer(Address.parse(":8443"))
    Traceback (most recent call last):
    ValueError: `:8443` needs TLS: other machines can reach it; add --tls-cert and --tls-key
    """

    def __init__(
        self,
        address: Address,
        certificate: Certificate | None = None,
        *,
        plain_http: bool = False,
    ) -> None:
        if certificate is None and not (address.private or plain_http):
            raise ValueError(
                f"`{address}` needs TLS: other machines can reach it; add --tls-cert and --tls-key"
            )
        self._certificate, self._stamp = certificate, _stamp(certificate)
        self._tls = None if certificate is None else _context(certificate)
        tls = self._tls
        if tls is not None:
            # A context keeps one certificate of each kind of key, so a new one is a new context.
            tls.sni_callback = self._use_newest
        claimed = address.claim()
        try:
            family = socket.AF_INET6 if ":" in claimed.host else socket.AF_INET
            listener = socket.create_server(
                (claimed.host, claimed.port), family=family, backlog=_BACKLOG
            )
        except OSError as error:
            raise SidecarError(f"cannot listen on `{address}`: {error.strerror}") from error
        self.url = f"{'http' if tls is None else 'https'}://{claimed}"
        self._served: dict[bytes, Served] = {}
        self._closed = asyncio.Event()
        self._http = HttpServer(
            listener, self._admit, self._answer, "ramgate-publish", tls=tls, most=_MOST_CONNECTIONS
        )

    def serve(self, name: str) -> Served:
        """Return a target whose bundle is served; `name` says whose it is, for messages."""
        return Served(self, f"{self.url} ({name})")

    def admit(self, token: str, served: Served) -> None:
        """Give the bundle of a target to those who have the token. Raises `ValueError` if taken."""
        digest = _digest(token)
        if digest in self._served:
            raise ValueError("two clients have one token")
        self._served[digest] = served

    def call(self, served: Served, bundle: Bundle) -> None:
        """Replace the bundle of a target in the event loop."""
        self._http.call(lambda: served.replace(bundle))

    def refresh(self) -> str | None:
        """Use the certificate again if its files have changed; return the error if that fails."""
        stamp = _stamp(self._certificate)
        if stamp == self._stamp or self._certificate is None or self._tls is None:
            return None
        self._stamp = stamp
        try:
            self._tls = _context(self._certificate)
        except (SidecarError, OSError) as error:
            return f"{error}; the certificate before stays in use"
        return None

    def close(self) -> None:
        """Answer the waiting requests, and stop."""
        self._http.call(self._closed.set)
        for served in self._served.values():
            self._http.call(served.changed.set)
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _use_newest(self, connection: ssl.SSLObject, *_: object) -> None:
        connection.context = cast("ssl.SSLContext", self._tls)

    def _admit(self, request: Request) -> bool:
        return request.target == _HEALTH or self._of(request) is not None

    def _of(self, request: Request) -> Served | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != _BEARER.strip():
            return None
        return self._served.get(_digest(token))

    async def _answer(self, request: Request) -> Reply:
        if request.target == _HEALTH:
            return Reply(HTTPStatus.OK, b"{}\n", "application/json")
        served = self._of(request)
        if served is None or request.target != _RESOURCE:
            return Reply(HTTPStatus.NOT_FOUND)
        wait = _WAIT.search(request.headers.get("prefer", ""))
        active = request.headers.get("if-none-match", "").partition(",")[0].strip()
        seconds = min(float(wait[1]), _LONGEST_WAIT) if wait else 0.0
        bundle = await self._next(served, active, seconds, request.memory)
        if bundle is None:
            if served.bundle is None:
                return Reply(HTTPStatus.SERVICE_UNAVAILABLE)
            return Reply(HTTPStatus.NOT_MODIFIED, b"", _MEDIA_TYPE, {"ETag": active})
        headers = {"ETag": _etag(bundle)}
        return Reply(HTTPStatus.OK, bundle.content, _MEDIA_TYPE, headers)

    async def _next(
        self, served: Served, active: str, seconds: float, sent: dict[str, int]
    ) -> Bundle | None:
        """Return the bundle, or None if OPA has it and no other comes in these seconds.

        `sent` counts how often each bundle was sent on this connection. One that was sent already
        was refused: it is sent again after 1, 2, 4, … seconds, at most 30.
        """
        loop = asyncio.get_running_loop()
        end, due = loop.time() + seconds, dict[str, float]()
        while not self._closed.is_set():
            bundle, name, changed = served.bundle, str(served.number), served.changed
            is_new = bundle is not None and _etag(bundle) != active
            pause = _pause(sent.get(name, 0))
            until = min(due.setdefault(name, loop.time() + pause), end) if is_new else end
            if loop.time() >= until:
                if is_new:
                    sent[name] = sent.get(name, 0) + 1
                return bundle if is_new else None
            try:
                async with asyncio.timeout_at(until):
                    await changed.wait()
            except TimeoutError:
                continue
        return None


def _context(certificate: Certificate) -> ssl.SSLContext:
    certificate.check()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


def _stamp(certificate: Certificate | None) -> tuple[int, ...] | None:
    """Return the times of the files of a certificate; None without it, or while one is missing."""
    if certificate is None:
        return None
    try:
        return tuple(file.stat().st_mtime_ns for file in (certificate.cert, certificate.key))
    except OSError:
        return None


def _digest(token: str) -> bytes:
    # Looking up a digest takes no time that tells about the token.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _pause(times: int) -> float:
    return min(2.0 ** (times - 1), _LONGEST_PAUSE) if times else 0.0


def _etag(bundle: Bundle) -> str:
    return f'"{bundle.revision}"'
