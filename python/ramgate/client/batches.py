"""Decisions that are asked for at about the same time, sent as one question.

One core of OPA decides two to three times as many requests in batches as it does one by one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.errors import AnswerError, InvalidRequest, TransportError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ramgate.model.decision import Decision

__all__ = ["Batches"]

_MOST_REQUESTS: Final = 100
# Far from what OPA takes in one request, 16 MiB.
_MOST_BYTES: Final = 1024 * 1024
_STOPPED: Final = "the question was stopped on its way"


class _Asked(NamedTuple):
    """A request in JSON, and the decision that somebody waits for."""

    request: bytes
    decision: asyncio.Future[Decision]


class Batches:
    """At most `most` batches on their way: what is asked meanwhile goes together as the next.

    Nothing is held back while fewer are on their way, and all belongs to one event loop. `send`
    gives the decisions of some requests, in their order, or raises what `AsyncClient` raises; who
    has no decision after `timeout` seconds gets `late()`.
    """

    def __init__(
        self,
        most: int,
        send: Callable[[Sequence[bytes]], Awaitable[Sequence[Decision]]],
        timeout: float,
        late: Callable[[], TransportError],
    ) -> None:
        self._most = most
        self._send = send
        self._timeout = timeout
        self._late = late
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Asked] = deque()
        self._sending: dict[asyncio.Task[None], Sequence[_Asked]] = {}

    async def decide(self, request: bytes) -> Decision:
        """Give the decision of a request in JSON; a malformed one's has `errors`."""
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise RuntimeError("with `batches`, a client belongs to the event loop that asks first")
        asked = _Asked(request, loop.create_future())
        self._waiting.append(asked)
        if len(self._sending) < self._most:
            # In the loop's next round, whoever asks in this one has done so.
            loop.call_soon(self._send_waiting)
        timer = loop.call_later(self._timeout, self._end, asked)
        try:
            return await asked.decision
        except asyncio.CancelledError:
            self._stop_what_nobody_waits_for()
            raise
        finally:
            timer.cancel()

    def _end(self, asked: _Asked) -> None:
        _fail(asked, self._late())
        self._stop_what_nobody_waits_for()

    def _stop_what_nobody_waits_for(self) -> None:
        for sender, batch in self._sending.items():
            if all(asked.decision.done() for asked in batch):
                sender.cancel()

    def _send_waiting(self) -> None:
        while len(self._sending) < self._most and (batch := self._next()):
            sender = asyncio.get_running_loop().create_task(self._settle(batch))
            self._sending[sender] = batch
            sender.add_done_callback(self._ended)

    def _next(self) -> Sequence[_Asked]:
        """Take what goes together from those who still wait."""
        batch: list[_Asked] = []
        size = 0
        while self._waiting and len(batch) < _MOST_REQUESTS:
            asked = self._waiting[0]
            if not asked.decision.done():
                size += len(asked.request)
                if batch and size > _MOST_BYTES:
                    break
                batch.append(asked)
            self._waiting.popleft()
        return batch

    async def _settle(self, batch: Sequence[_Asked]) -> None:
        """Give each its decision, or what is wrong with it alone; raise what is wrong with all."""
        try:
            decisions = await self._send([asked.request for asked in batch])
        except (AnswerError, InvalidRequest) as error:
            if len(batch) == 1:
                _fail(batch[0], error)
            else:
                for asked in batch:
                    if not asked.decision.done():
                        await self._settle([asked])
        else:
            for asked, decision in zip(batch, decisions, strict=True):
                if not asked.decision.done():
                    asked.decision.set_result(decision)

    def _ended(self, sender: asyncio.Task[None]) -> None:
        """Leave nobody waiting, whatever has happened, and send what was asked meanwhile."""
        batch = self._sending.pop(sender)
        # Not as a cancellation: who waits was not cancelled, and may take that for no failure.
        error = sender.exception() if not sender.cancelled() else TransportError(_STOPPED)
        if error:
            for asked in batch:
                _fail(asked, _of_its_own(error))
        self._send_waiting()


def _fail(asked: _Asked, error: Exception) -> None:
    if not asked.decision.done():
        asked.decision.set_exception(error)


def _of_its_own(error: BaseException) -> Exception:
    """An error for one of those that share it: the same one would show the way through all."""
    kind = RuntimeError if isinstance(error, RuntimeError) else TransportError
    own = kind(str(error))
    own.__cause__ = error
    return own
