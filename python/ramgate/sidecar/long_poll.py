"""The server's side of OPA's bundle plugin: a request for a bundle, and the wait for another one.

The protocol (`v1/download/download.go` of OPA 1.22.2): `If-None-Match` names the bundle that OPA
has. `Prefer: modes=…;wait=N` permits the server to delay its response for N seconds until there is
another bundle; a 200 with the media type `application/vnd.openpolicyagent.bundles` tells OPA that
the server supports this. OPA sends its next request as soon as it has activated or refused the
bundle.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from ramgate.sidecar.http_server import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.sidecar.http_server import Request

__all__ = ["RESOURCE", "Poll", "Polls"]

RESOURCE = "/bundle.tar.gz"
"""The path of a bundle, below the server's URL."""

_MEDIA_TYPE: Final = "application/vnd.openpolicyagent.bundles"
_WAIT: Final = re.compile(r"(?:^|;)wait=(\d{1,9})(?:;|$)")
_LONGEST_WAIT: Final = 300.0
_LONGEST_PAUSE: Final = 30.0


class _Offer(Protocol):
    """A bundle that a server has for OPA."""

    @property
    def name(self) -> str:
        """The name under which a connection remembers the offer."""

    @property
    def etag(self) -> str:
        """The name of the bundle for OPA."""


_Offered = TypeVar("_Offered", bound=_Offer)


class Poll(NamedTuple):
    """A request for a bundle: the name of the one that OPA has, and the seconds that OPA waits.

    `sent` counts how often each offer was sent on this connection.

    >>> from ramgate.sidecar.http_server import Request
    >>> headers = {"if-none-match": '"1"', "prefer": "modes=snapshot;wait=60"}
    >>> poll = Poll.of(Request("GET", RESOURCE, headers, {}))
    >>> poll.active, poll.seconds, poll.unchanged().status
    ('"1"', 60.0, <HTTPStatus.NOT_MODIFIED: 304>)
    """

    active: str
    seconds: float
    sent: dict[str, int]

    @classmethod
    def of(cls, request: Request) -> Poll:
        """Read the headers of a request."""
        wait = _WAIT.search(request.headers.get("prefer", ""))
        active = request.headers.get("if-none-match", "").partition(",")[0].strip()
        seconds = min(float(wait[1]), _LONGEST_WAIT) if wait else 0.0
        return cls(active, seconds, request.memory)

    def unchanged(self) -> Reply:
        """Return the response that OPA has the bundle."""
        return Reply(HTTPStatus.NOT_MODIFIED, b"", _MEDIA_TYPE, {"ETag": self.active})

    def answer(self, offer: _Offer, content: bytes) -> Reply:
        """Return the response with a bundle."""
        return Reply(HTTPStatus.OK, content, _MEDIA_TYPE, {"ETag": offer.etag})


class Polls:
    """The requests that wait for another bundle. All methods run in one event loop.

    >>> polls = Polls()
    >>> polls.close()
    >>> asyncio.run(polls.next(Poll("", 60.0, {}), lambda: None))
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._closed = False

    def wake(self) -> None:
        """Let each waiting request look at the bundle again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """End the wait of each request, now and from now on."""
        self._closed = True
        self.wake()

    async def next(self, poll: Poll, wanted: Callable[[], _Offered | None]) -> _Offered | None:
        """Return the offer for OPA; None if there is none until the end of the wait.

        `wanted` returns the offer that is there, or None if OPA has it. One that was sent already
        was refused, or broke off: it is sent again after 1, 2, 4, … seconds, at most 30. A bundle
        that was published before, and is again, is a new offer, and is sent at once.
        """
        loop = asyncio.get_running_loop()
        end, due = loop.time() + poll.seconds, dict[str, float]()
        while not self._closed:
            offer, now = wanted(), loop.time()
            until = end
            if offer is not None:
                pause = _pause(poll.sent.get(offer.name, 0))
                until = min(due.setdefault(offer.name, now + pause), end)
            if now >= until:
                if offer is not None:
                    poll.sent[offer.name] = poll.sent.get(offer.name, 0) + 1
                return offer
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._changed.wait()
        return None


def _pause(times: int) -> float:
    return min(2.0 ** (times - 1), _LONGEST_PAUSE) if times else 0.0
