"""One request to Django: plain code and async code ask about it in their own ways."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, cast

from django.core.exceptions import SynchronousOnlyOperation
from django.http import FileResponse, HttpRequest, StreamingHttpResponse

from ramgate.middleware.current import Current
from ramgate.middleware.django_settings import later, now
from ramgate.middleware.visit import Visit, visit_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

    from django.http.response import HttpResponseBase

    from ramgate.middleware.django_settings import Settings

__all__ = ["Visits", "awaiting_visit", "plain_visit"]

_PLAIN: Final[ContextVar[Visit[HttpRequest]]] = ContextVar("ramgate.django")
_AWAITING: Final[ContextVar[Visit[HttpRequest]]] = ContextVar("ramgate.django.async")


def plain_visit() -> Visit[HttpRequest]:
    """Return the current visit for plain code. Raises an error where it would block a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return visit_in(_PLAIN)
    raise SynchronousOnlyOperation(
        "a plain question would block the event loop: use `arequire`, or decorate an async function"
    )


def awaiting_visit() -> Visit[HttpRequest]:
    """Return the current visit for async code."""
    return visit_in(_AWAITING)


class Visits:
    """The two visits of one request, with one state."""

    __slots__ = ("_goes_on", "awaiting", "current", "plain")

    def __init__(self, settings: Settings, request: HttpRequest) -> None:
        self.current = Current()
        self._goes_on = False
        principal = settings.principal
        self.plain = Visit(settings.client.decide, now(principal), request, self.current)
        self.awaiting = Visit(settings.decide_later, later(principal), request, self.current)

    @contextlib.contextmanager
    def within(self) -> Iterator[None]:
        """Make this request the current one."""
        plain, awaiting = _PLAIN.set(self.plain), _AWAITING.set(self.awaiting)
        try:
            yield
        finally:
            _PLAIN.reset(plain)
            _AWAITING.reset(awaiting)

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """End the request with the body of the `with`, however it ends, unless a stream goes on."""
        try:
            yield
        finally:
            if self._goes_on:
                self.current.forget()
            else:
                self.current.close()

    def keep(self, response: HttpResponseBase) -> None:
        """Let the request last as long as a stream and be the current one in each of its pieces."""
        if not isinstance(response, StreamingHttpResponse) or _sends_a_file(response):
            return
        self._goes_on = True
        pieces = response.streaming_content
        stream: AsyncIterator[bytes] | Iterator[bytes]
        if response.is_async:
            stream = self._later(cast("AsyncIterable[bytes]", pieces))
        else:
            stream = self._now(cast("Iterable[bytes]", pieces))
        response.streaming_content = stream
        # The `finally` of the stream does not run if nobody begins to read it.
        vars(response)["_resource_closers"].append(self.current.close)
        weakref.finalize(stream, self.current.close)

    def _now(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        try:
            iterator = iter(pieces)
            while True:
                with self.within():
                    piece = next(iterator, None)
                self.current.end()
                if piece is None:
                    return
                yield piece
        finally:
            self.current.close()

    async def _later(self, pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        try:
            iterator = aiter(pieces)
            while True:
                with self.within():
                    piece = await anext(iterator, None)
                self.current.end()
                if piece is None:
                    return
                yield piece
        finally:
            self.current.close()


def _sends_a_file(response: StreamingHttpResponse) -> bool:
    """Return true for a response that a server may send as a file, without asking for pieces."""
    return isinstance(response, FileResponse) and response.file_to_stream is not None
