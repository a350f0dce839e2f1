"""One request to Django: plain code and async code ask about it in their own ways."""

from __future__ import annotations

import asyncio
import contextlib
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

    __slots__ = ("awaiting", "current", "plain")

    def __init__(self, settings: Settings, request: HttpRequest) -> None:
        self.current = Current()
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
    def remembering(self) -> Iterator[None]:
        """Remember decisions no longer than the body of the `with`, however it ends."""
        try:
            yield
        finally:
            self.current.forget()

    def keep(self, response: HttpResponseBase) -> None:
        """Make this request the current one whenever a piece of a stream is made."""
        if not isinstance(response, StreamingHttpResponse) or isinstance(response, FileResponse):
            return
        pieces = response.streaming_content
        if response.is_async:
            response.streaming_content = self._later(cast("AsyncIterable[bytes]", pieces))
        else:
            response.streaming_content = self._now(cast("Iterable[bytes]", pieces))

    def _now(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        iterator = iter(pieces)
        while True:
            with self.within():
                piece = next(iterator, None)
            if piece is None:
                return
            yield piece

    async def _later(self, pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        iterator = aiter(pieces)
        while True:
            with self.within():
                piece = await anext(iterator, None)
            if piece is None:
                return
            yield piece
