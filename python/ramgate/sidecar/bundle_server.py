"""Serve one bundle to one OPA, in the protocol that `ramgate.sidecar.long_poll` describes.

The next request of OPA is a hint and no proof: whoever has the token can send it. The decision that
OPA has activated a bundle rests on OPA's own answer about its revision (`ramgate.sidecar.health`).
"""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.bundle.builder import Bundle
from ramgate.bundle.history import History
from ramgate.sidecar.http_server import HttpServer, Reply, Request
from ramgate.sidecar.long_poll import RESOURCE, Poll, Polls

if TYPE_CHECKING:
    from typing import Self

__all__ = ["UNBUILT", "BundleServer", "Patch"]

UNBUILT: Final = Bundle(b"", "", {})
"""In the place of a bundle that is not built yet; it is never sent."""

_BACKLOG: Final = 128


class Patch(NamedTuple):
    """A patch for an OPA that waits: the body of `PATCH /v1/data` that leads it to the bundle.

    `etag` names the bundle that OPA fetched; `starts` counts the OPAs before.
    """

    bundle: Bundle
    body: bytes
    etag: str
    starts: int


class _Patched(NamedTuple):
    """The revision that OPA has since it was patched, by the name of the bundle that it fetched."""

    etag: str
    revision: str


class _Offer(NamedTuple):
    """A bundle and the number of its publication: one that is published again is a new offer.

    `history` has the bundle, and the changes that lead to it. An OPA that fetched an offer with a
    number below `since` may have been patched or not: nobody knows.
    """

    number: int
    history: History
    patched: _Patched | None = None
    since: int = 0

    @property
    def bundle(self) -> Bundle:
        """The bundle."""
        return self.history.bundle

    @property
    def name(self) -> str:
        """The name under which a connection remembers the offer."""
        return str(self.number)

    @property
    def etag(self) -> str:
        """The name of the bundle for OPA; once OPA was patched, each offer has another name."""
        number = f"/{self.number}" if self.patched or self.since else ""
        return f'"{self.bundle.revision}{number}"'

    def then(self, bundle: Bundle) -> _Offer:
        """Return the next offer."""
        return self._replace(number=self.number + 1, history=self.history.then(bundle))

    def revision_of(self, etag: str) -> str | None:
        """Return the revision of the OPA that fetched the bundle of this name, None if unknown."""
        if self.patched and self.patched.etag == etag:
            return self.patched.revision
        revision, _, number = etag.strip('"').partition("/")
        is_known = self.since <= (int(number) if number.isdecimal() else 0)
        return revision if is_known else None

    def is_active(self, etag: str) -> bool:
        """True if the OPA that fetched the bundle of this name has the bundle of the offer."""
        return self.revision_of(etag) == self.bundle.revision


class BundleServer:
    """A server on a free port of 127.0.0.1 that requires its `token` and runs until `close`.

    While its bundle is `UNBUILT`, OPA's request waits for the first that is published.

    `heard` is set each time OPA asks for a bundle: it may have activated or refused one. If it
    `is_patchable`, the bundle is one that takes patches, and `patch` returns them.
    """

    def __init__(self, bundle: Bundle, *, is_patchable: bool = False) -> None:
        self.token = secrets.token_urlsafe(32)
        self.heard = threading.Event()
        self._is_patchable = is_patchable
        self._offer = _Offer(0, History(bundle))
        self._changing = threading.Lock()
        self._starts = 0
        self._sent = ""
        self._delivered = False
        self._refused = False
        self._polls = Polls()
        self._waiting: list[tuple[int, str]] = []
        listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._http = HttpServer(listener, self._admit, self._answer, "ramgate-bundle")

    @property
    def bundle(self) -> Bundle:
        """The bundle that is served."""
        return self._offer.bundle

    def publish(self, bundle: Bundle) -> None:
        """Serve this bundle from now on; a waiting request is answered with it at once."""
        with self._changing:
            self._offer = self._offer.then(bundle)
            self._forget()
        self._http.call(self._polls.wake)

    def forget(self) -> None:
        """Forget which bundle was sent, for the start of another OPA."""
        with self._changing:
            self._starts += 1
            self._offer = self._offer._replace(patched=None)
            self._forget()

    def _forget(self) -> None:
        self._sent = ""
        self._delivered = False
        self._refused = False

    def patch(self, bundle: Bundle) -> Patch | None:
        """Return the patch that leads OPA to this bundle; hand it to `patched` with its outcome.

        None if OPA does not wait for the next bundle at this moment: it may be activating another
        one, which would undo the patch. None also if there is no patch.
        """
        with self._changing:
            offer, starts = self._offer, self._starts
            # A request of an OPA that has ended may still wait.
            etags = {etag for of, etag in [*self._waiting] if of == starts}
        if not self._is_patchable or len(etags) != 1:
            return None
        [etag] = etags
        revision = offer.revision_of(etag)
        body = offer.history.then(bundle).patch(revision) if revision else None
        return None if body is None else Patch(bundle, body, etag, starts)

    def patched(self, patch: Patch, *, is_applied: bool | None) -> None:
        """Serve the bundle of a patch from now on: OPA has applied it, has not, or nobody knows.

        An OPA that has the bundle does not get it again. If nobody knows (None), OPA gets the
        bundle whatever it has.
        """
        with self._changing:
            offer = self._offer.then(patch.bundle)
            if is_applied and patch.starts == self._starts:
                self._offer = offer._replace(patched=_Patched(patch.etag, patch.bundle.revision))
                self._delivered = True
            elif is_applied is False:
                self._offer = offer
                self._forget()
            else:
                self._offer = offer._replace(patched=None, since=offer.number)
                self._forget()
        self._http.call(self._polls.wake)

    @property
    def delivered(self) -> bool:
        """True if a program with the token has received the bundle since `publish` or `forget`."""
        return self._delivered

    @property
    def refused(self) -> bool:
        """True if OPA received the bundle and seems to have refused it: a hint."""
        return self._refused

    def close(self) -> None:
        """Stop at once: answer the waiting requests and accept no others."""
        self._http.call(self._polls.close)
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _admit(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())

    async def _answer(self, request: Request) -> Reply:
        if request.target != RESOURCE:
            return Reply(HTTPStatus.NOT_FOUND)
        poll = Poll.of(request)
        self._refused = self._sent not in {"", poll.active}
        self.heard.set()
        waiting = (self._starts, poll.active)
        self._waiting.append(waiting)
        try:
            offer = await self._polls.next(poll, lambda: self._wanted(poll.active))
        finally:
            self._waiting.remove(waiting)
        if self._offer.bundle is UNBUILT:
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE)
        if offer is None:
            return poll.unchanged()
        with self._changing:
            self._sent = offer.etag
            self._delivered = offer.number == self._offer.number
        bundle = offer.bundle
        return poll.answer(offer, bundle.patchable if self._is_patchable else bundle.content)

    def _wanted(self, active: str) -> _Offer | None:
        """Return the offer, or None if the OPA that fetched the bundle of this name has it."""
        offer = self._offer
        return None if offer.bundle is UNBUILT or offer.is_active(active) else offer
