"""The response of a WSGI application: held back if it has no decision, replaced if refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPMethod
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from ramgate.middleware.outcome import outcome_of, report
from ramgate.middleware.visit import run

if TYPE_CHECKING:
    from contextvars import ContextVar

    from ramgate.middleware.visit import Visit

__all__ = ["App", "Environ", "Response", "StartResponse"]

_T = TypeVar("_T")

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]
"""The function of WSGI that takes the status, the headers and perhaps an error."""

App: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

_ERRORS: Final = ("4", "5")


class Response:
    """The response to one request, on its way from the application to the server.

    The server gets the status with the first piece of the body, so an error before it can still
    have its own answer. The visit is in the context variable while the application runs, and at no
    other time: between two pieces the thread may serve other requests.
    """

    __slots__ = (
        "_app",
        "_challenge",
        "_current",
        "_has_begun",
        "_head",
        "_is_answered",
        "_pieces",
        "_start_response",
        "_variable",
        "_verify",
        "_visit",
        "_write",
    )

    def __init__(
        self,
        visit: Visit[Environ],
        start_response: StartResponse,
        *,
        variable: ContextVar[Visit[Environ]],
        verify: bool,
        challenge: str,
    ) -> None:
        self._visit = visit
        self._current = visit.current
        self._variable = variable
        self._start_response = start_response
        self._verify = verify
        self._challenge = challenge
        self._head: tuple[str, list[tuple[str, str]]] | None = None
        self._has_begun = False
        self._is_answered = False
        self._write: Callable[[bytes], object] = _discard
        self._app: Iterable[bytes] = ()
        self._pieces: Iterator[bytes] = iter(())

    def run(self, app: App) -> None:
        """Call the application, unless the request must have a principal and has none.

        If an error goes on to the server, the request is over: the server gets no response that it
        could close.
        """
        try:
            self._pieces = self._called(app)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece: bytes | None = self._within(next, self._pieces, None)
            self._begin()
        except Exception as error:  # noqa: BLE001 - raises any other error
            return self._refuse(error)
        if piece is None:
            raise StopIteration
        return piece

    def close(self) -> None:
        """End the response of the application; the server calls this in any case."""
        try:
            close = getattr(self._app, "close", None)
            if close is not None:
                self._within(close)
        finally:
            self._current.close()

    def _called(self, app: App) -> Iterator[bytes]:
        try:
            if self._verify:
                run(self._visit.identify())
            self._app = self._within(app, self._visit.scope, self._start)
            return self._within(iter, self._app)
        except Exception as error:  # noqa: BLE001 - raises any other error
            return iter([self._refuse(error)])

    def _within(self, function: Callable[..., _T], *arguments: object) -> _T:
        token = self._variable.set(self._visit)
        try:
            return function(*arguments)
        finally:
            self._variable.reset(token)

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        """Take the status from the application, as `start_response` does."""
        if self._has_begun and not self._is_answered:
            self._check(status)
            self._write = self._start_response(status, headers, exc_info)
            return self._send
        if self._head is not None and exc_info is None:
            raise AssertionError("the application called `start_response` twice")
        self._head = (status, headers)
        return self._send

    def _send(self, data: bytes) -> None:
        """Send a piece, for applications that use the function `write` of WSGI."""
        self._begin()
        self._write(data)

    def _begin(self) -> None:
        """Give the status to the server, once. Raises the refusal whenever there is one."""
        if self._is_answered:
            return
        if self._has_begun:
            self._current.end()
            return
        if self._head is None:
            raise AssertionError("the application did not call `start_response`")
        status, headers = self._head
        self._check(status)
        self._current.forget()
        self._has_begun = True
        self._write = self._start_response(status, headers)

    def _check(self, status: str) -> None:
        self._current.end()
        if self._verify and not status.startswith(_ERRORS):
            self._current.verify()

    def _refuse(self, raised: Exception) -> bytes:
        """Answer an error in place of the application; return the body. Raises any other error."""
        error = self._current.refusal or raised
        outcome = outcome_of(error)
        if outcome is None:
            raise raised
        report(error, outcome)
        if self._has_begun:
            raise raised
        self._has_begun = self._is_answered = True
        self._write = _discard
        self._pieces = iter(())
        self._current.forget()
        status = f"{int(outcome.status)} {outcome.status.phrase}"
        self._start_response(status, outcome.headers(self._challenge))
        return b"" if self._visit.scope.get("REQUEST_METHOD") == HTTPMethod.HEAD else outcome.body


def _discard(_: bytes) -> None:
    """Send nothing: the response was answered in place of the application."""
