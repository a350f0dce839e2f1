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

    from ramgate.decision import Decision

__all__ = ["Batches"]

_MOST_REQUESTS: Final = 100
# Far from what OPA takes in one request, 16 MiB.
_MOST_BYTES: Final = 1024 * 1024


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
        self._free = most
        self._send = send
        self._timeout = timeout
        self._late = late
        self._waiting: deque[_Asked] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._senders: set[asyncio.Task[None]] = set()

    async def decide(self, request: bytes) -> Decision:
        """Give the decision of a request in JSON; a malformed one's has `errors`."""
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise RuntimeError("with `batches`, a client belongs to the event loop that asks first")
        asked = _Asked(request, loop.create_future())
        self._waiting.append(asked)
        if self._free:
            self._free -= 1
            # It begins in the loop's next round, when whoever asks in this one has done so.
            sender = loop.create_task(self._send_all())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        timer = loop.call_later(self._timeout, self._end, asked)
        try:
            return await asked.decision
        finally:
            timer.cancel()

    def _end(self, asked: _Asked) -> None:
        _fail(asked, self._late())

    async def _send_all(self) -> None:
        try:
            while batch := self._next():
                await self._settle(batch)
        finally:
            self._free += 1

    def _next(self) -> list[_Asked]:
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
        """Give each its decision, or what is wrong with it."""
        try:
            decisions = await self._send([asked.request for asked in batch])
            for asked, decision in zip(batch, decisions, strict=True):
                if not asked.decision.done():
                    asked.decision.set_result(decision)
        except (AnswerError, InvalidRequest) as error:
            if len(batch) > 1:
                # It may be the fault of one of them, or of their number.
                for asked in batch:
                    if not asked.decision.done():
                        await self._settle([asked])
            else:
                _fail(batch[0], error)
        except (TransportError, RuntimeError) as error:
            for asked in batch:
                # Of its own: one error in many tasks would show the way through all of them.
                _fail(asked, type(error)(*error.args))
        finally:
            for asked in batch:
                asked.decision.cancel()


def _fail(asked: _Asked, error: Exception) -> None:
    if not asked.decision.done():
        asked.decision.set_exception(error)
