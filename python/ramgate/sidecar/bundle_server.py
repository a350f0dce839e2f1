"""Serve one bundle to one OPA in the protocol of OPA's bundle plugin.

The protocol (`v1/download/download.go` of OPA 1.22.2): `If-None-Match` names the bundle that OPA
has. `Prefer: modes=…;wait=N` permits the server to delay its response for N seconds until there is
another bundle; a 200 with the media type `application/vnd.openpolicyagent.bundles` tells OPA that
the server supports this. OPA sends its next request as soon as it has activated or refused the
bundle.

That request is a hint and no proof: whoever has the token can send it. The decision that OPA has
activated a bundle rests on OPA's own answer about its revision (`ramgate.sidecar.health`).
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import socket
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.sidecar.http_server import HttpServer, Reply, Request

if TYPE_CHECKING:
    from typing import Self

    from ramgate.bundle.builder import Bundle

__all__ = ["RESOURCE", "BundleServer"]

RESOURCE = "/bundle.tar.gz"
"""The path of the bundle, below the server's `url`."""

_MEDIA_TYPE: Final = "application/vnd.openpolicyagent.bundles"
_WAIT: Final = re.compile(r"(?:^|;)wait=(\d{1,9})(?:;|$)")
_LONGEST_WAIT: Final = 300.0
_LONGEST_PAUSE: Final = 30.0
_BACKLOG: Final = 128


class _Offer(NamedTuple):
    """A bundle and the number of its publication: one that is published again is a new offer."""

    number: int
    bundle: Bundle

    @property
    def name(self) -> str:
        """The name under which a connection remembers the offer."""
        return str(self.number)


class BundleServer:
    """A server on a free port of 127.0.0.1 that requires its `token` and runs until `close`.

    `heard` is set each time OPA asks for a bundle: it may have activated or refused one.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.token = secrets.token_urlsafe(32)
        self.heard = threading.Event()
        self._offer = _Offer(0, bundle)
        self._sent = ""
        self._refused = False
        self._closed = False
        self._waiting: set[asyncio.Event] = set()
        listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._http = HttpServer(listener, self._admit, self._answer, "ramgate-bundle")

    @property
    def bundle(self) -> Bundle:
        """The bundle that is served."""
        return self._offer.bundle

    def publish(self, bundle: Bundle) -> None:
        """Serve this bundle from now on; a waiting request is answered with it at once."""
        self._offer = _Offer(self._offer.number + 1, bundle)
        self.forget()
        self._http.call(self._wake)

    def forget(self) -> None:
        """Forget which bundle was sent, for the start of another OPA."""
        self._sent = ""
        self._refused = False

    @property
    def delivered(self) -> bool:
        """True if a program with the token has received the bundle since `publish` or `forget`."""
        return self._sent == _etag(self._offer.bundle)

    @property
    def refused(self) -> bool:
        """True if OPA received the bundle and seems to have refused it: a hint."""
        return self._refused

    def close(self) -> None:
        """Stop at once: answer the waiting requests and accept no others."""
        self._closed = True
        self._http.call(self._wake)
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wake(self) -> None:
        for woken in self._waiting:
            woken.set()

    def _admit(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())

    async def _answer(self, request: Request) -> Reply:
        if request.target != RESOURCE:
            return Reply(HTTPStatus.NOT_FOUND)
        wait = _WAIT.search(request.headers.get("prefer", ""))
        active = request.headers.get("if-none-match", "").partition(",")[0].strip()
        self._refused = self._sent not in {"", active}
        self.heard.set()
        seconds = min(float(wait[1]), _LONGEST_WAIT) if wait else 0.0
        offer = await self._next(active, seconds, request.memory)
        if offer is None:
            return Reply(HTTPStatus.NOT_MODIFIED, b"", _MEDIA_TYPE, {"ETag": active})
        etag = self._sent = _etag(offer.bundle)
        request.memory[offer.name] = request.memory.get(offer.name, 0) + 1
        return Reply(HTTPStatus.OK, offer.bundle.content, _MEDIA_TYPE, {"ETag": etag})

    async def _next(self, active: str, seconds: float, sent: dict[str, int]) -> _Offer | None:
        """Return the offer, or None if OPA has it and no other is published in these seconds.

        `sent` counts how often each offer was sent on this connection. One that was sent already
        was refused, or broke off: it is sent again after 1, 2, 4, … seconds, at most 30. A bundle
        that was published before, and is again, is sent at once.
        """
        loop = asyncio.get_running_loop()
        end, due = loop.time() + seconds, dict[str, float]()
        while not self._closed:
            offer, now = self._offer, loop.time()
            is_active = _etag(offer.bundle) == active
            pause = _pause(sent.get(offer.name, 0))
            until = end if is_active else due.setdefault(offer.name, now + pause)
            if now >= min(until, end):
                return None if is_active else offer
            await self._change(min(until, end))
        return None

    async def _change(self, until: float) -> None:
        """Return once another bundle is published, at the latest at this time of the loop."""
        woken = asyncio.Event()
        self._waiting.add(woken)
        alarm = asyncio.get_running_loop().call_at(until, woken.set)
        try:
            await woken.wait()
        finally:
            alarm.cancel()
            self._waiting.discard(woken)


def _pause(times: int) -> float:
    return min(2.0 ** (times - 1), _LONGEST_PAUSE) if times else 0.0


def _etag(bundle: Bundle) -> str:
    return f'"{bundle.revision}"'
