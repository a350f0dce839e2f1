"""The response of an ASGI application: held back if it has no decision, replaced if refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from ramgate.middleware.current import Current
    from ramgate.middleware.outcome import Outcome

__all__ = ["POLICY_VIOLATION", "Message", "Response", "Send"]

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

POLICY_VIOLATION: Final = 1008
"""The code that closes a refused WebSocket."""

_OPEN: Final = frozenset({"websocket.accept", "websocket.send"})


class Response:
    """The response to one request, on its way from the application to the server."""

    __slots__ = ("_current", "_is_websocket", "_send", "_stage", "_verify")

    def __init__(self, send: Send, current: Current, *, is_websocket: bool, verify: bool) -> None:
        self._send = send
        self._current = current
        self._is_websocket = is_websocket
        self._verify = verify
        self._stage = _Stage.NOTHING_SENT

    async def send(self, message: Message) -> None:
        """Pass a message on, unless the request is refused, or must be decided first.

        Raises `RamgateError` in place of a success without a decision, and the refusal in place of
        a message that others would follow.
        """
        if self._current.refusal is not None:
            if _goes_on(message):
                raise self._current.refusal  # an endless stream would never end
            return  # the answer is the refusal, whatever the application makes of it
        if self._stage is _Stage.NOTHING_SENT and self._verify and _is_success(message):
            self._current.verify()
        stage = _STAGES.get(message["type"])
        if stage is not None:
            self._stage = stage
            self._current.forget()
        await self._send(message)

    async def refuse(self, outcome: Outcome, challenge: str) -> bool:
        """Send the answer, and return true, unless it is too late for one."""
        self._current.forget()
        if self._is_websocket:
            if self._stage is _Stage.ENDED:
                return False
            reason = outcome.status.phrase
            await self._send(
                {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason}
            )
            return True
        if self._stage is not _Stage.NOTHING_SENT:
            return False
        headers = [
            (name.lower().encode(), value.encode()) for name, value in outcome.headers(challenge)
        ]
        status = int(outcome.status)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": outcome.body})
        return True


class _Stage(Enum):
    """The progress of a response."""

    NOTHING_SENT = auto()
    BEGUN = auto()
    ENDED = auto()
    """A WebSocket is closed, or its handshake was answered with an HTTP response."""


_STAGES: Final = {
    "http.response.start": _Stage.BEGUN,
    "websocket.accept": _Stage.BEGUN,
    "websocket.close": _Stage.ENDED,
    "websocket.http.response.start": _Stage.ENDED,
}


def _goes_on(message: Message) -> bool:
    """Return true if the application will send more after this message, or wait for more."""
    return message["type"] in _OPEN or bool(message.get("more_body"))


def _is_success(message: Message) -> bool:
    """Return false for a status of 400 or more, and for a handshake that is refused.

    Other messages before the response may have contents, too, such as early hints.
    """
    if message["type"] == "websocket.close":
        return False
    status: int = message.get("status", HTTPStatus.OK)
    return status < HTTPStatus.BAD_REQUEST
