"""Combine decisions that tasks request at about the same time into batch requests.

One core of OPA decides two to three times as many requests in batches as one by one.
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

_MAX_REQUESTS: Final = 100
# Far below the 2 MiB that OPA takes in one request.
_MAX_BYTES: Final = 1024 * 1024
_AROUND_BYTES: Final = 64  # the JSON around the requests of a batch


class _Pending(NamedTuple):
    """A request in JSON, the future of its decision, and the trace headers of its caller."""

    request: bytes
    decision: asyncio.Future[Decision]
    trace: bytes


class Batches:
    """Keeps at most `limit` batches in flight; requests made meanwhile form the next batch.

    A request is sent without delay while fewer batches are in flight. `send` returns the decisions
    of a list of requests, in their order, or raises the errors of `AsyncClient`. It is given the
    trace headers of these requests if all have the same, otherwise none: a span has one parent.
    Requests that would together make a body of more than `max_body` bytes are different batches. A
    request that is undecided after `timeout` seconds fails with `late()`. All of it belongs to one
    event loop.

    A request that is alone counts as a batch in flight, but its caller's task sends it, and gets
    the decision or the error of `send` itself.

    The states of any other request; its future is done in the last two:

        decide() → waiting ──────────→ in flight → decided
                      │  a batch ends      │
                      │                    │ the batch fails: one by one if OPA gave no clean
                      │                    │ answer, otherwise an error for each
                      └────────────────────┴──→ failed, late or cancelled

    A batch whose requests are all done is cancelled, and makes room for the next one.
    """

    def __init__(
        self,
        limit: int,
        send: Callable[[Sequence[bytes], bytes], Awaitable[Sequence[Decision]]],
        timeout: float,
        late: Callable[[], TransportError],
        max_body: int,
    ) -> None:
        self._limit = limit
        self._max_bytes = min(_MAX_BYTES, max_body - _AROUND_BYTES)
        self._send = send
        self._timeout = timeout
        self._late = late
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Pending] = deque()
        self._in_flight: dict[asyncio.Task[None], Sequence[_Pending]] = {}
        self._alone = 0

    async def decide(self, request: bytes, trace: bytes = b"") -> Decision:
        """Return the decision of a request in JSON; it has `errors` if the request is malformed."""
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise RuntimeError(
                "with `batches`, a client belongs to the event loop that used it first"
            )
        pending = _Pending(request, loop.create_future(), trace)
        self._waiting.append(pending)
        # Send in the next turn of the loop, so that every request made in this one joins the batch.
        if self._has_room():
            if len(self._waiting) > 1:
                loop.call_soon(self._send_waiting)
            elif await self._stays_alone(pending):
                return await self._decide_alone(pending)
        timer = loop.call_later(self._timeout, self._expire, pending)
        try:
            return await pending.decision
        except asyncio.CancelledError:
            self._cancel_finished_batches()
            raise
        finally:
            timer.cancel()

    def _has_room(self) -> bool:
        return len(self._in_flight) + self._alone < self._limit

    async def _stays_alone(self, pending: _Pending) -> bool:
        """Wait for the next turn of the loop; take the request back if no other one joined it."""
        try:
            await asyncio.sleep(0)
        except BaseException:
            pending.decision.cancel()
            self._cancel_finished_batches()
            raise
        is_alone = len(self._waiting) == 1 and self._waiting[0] is pending
        if is_alone:
            self._waiting.clear()
        return is_alone

    async def _decide_alone(self, pending: _Pending) -> Decision:
        """Send one request from its caller's task: a task of its own would cost two turns."""
        self._alone += 1
        try:
            [decision] = await self._send([pending.request], pending.trace)
            return decision
        finally:
            self._alone -= 1
            self._send_waiting()

    def _expire(self, pending: _Pending) -> None:
        _fail(pending, self._late())
        self._cancel_finished_batches()

    def _cancel_finished_batches(self) -> None:
        """Cancel each batch of which no caller awaits a decision any more."""
        for sender, batch in self._in_flight.items():
            if all(pending.decision.done() for pending in batch):
                sender.cancel()

    def _send_waiting(self) -> None:
        while self._has_room() and (batch := self._next_batch()):
            sender = asyncio.get_running_loop().create_task(self._decide(batch))
            self._in_flight[sender] = batch
            sender.add_done_callback(self._end)

    def _next_batch(self) -> Sequence[_Pending]:
        """Take the next batch from the waiting requests; leave out late and cancelled ones."""
        batch: list[_Pending] = []
        size = 0
        while self._waiting and len(batch) < _MAX_REQUESTS:
            pending = self._waiting[0]
            if not pending.decision.done():
                size += len(pending.request) + 1  # a comma
                if batch and size > self._max_bytes:
                    break
                batch.append(pending)
            self._waiting.popleft()
        return batch

    async def _decide(self, batch: Sequence[_Pending]) -> None:
        """Send a batch, and pass each caller its decision or the error of its own request.

        Raises an error that concerns the whole batch.
        """
        try:
            decisions = await self._send([pending.request for pending in batch], _trace(batch))
        except (AnswerError, InvalidRequest) as error:
            if len(batch) == 1:
                _fail(batch[0], error)
            else:
                for pending in batch:
                    if not pending.decision.done():
                        await self._decide([pending])
        else:
            for pending, decision in zip(batch, decisions, strict=True):
                if not pending.decision.done():
                    pending.decision.set_result(decision)

    def _end(self, sender: asyncio.Task[None]) -> None:
        """Fail each caller that still waits for an ended batch, and send the waiting requests."""
        batch = self._in_flight.pop(sender)
        # A cancelled batch is an error: its callers were not cancelled themselves, and code around
        # them, such as a `TaskGroup`, does not treat a cancellation as a failure.
        error: BaseException | None
        if sender.cancelled():
            error = TransportError("the batch was cancelled in flight")
        else:
            error = sender.exception()
        if error:
            for pending in batch:
                _fail(pending, _copy(error))
        self._send_waiting()


def _trace(batch: Sequence[_Pending]) -> bytes:
    """Return the trace headers that all requests of a batch have, otherwise none."""
    first = batch[0].trace
    return first if all(pending.trace == first for pending in batch) else b""


def _fail(pending: _Pending, error: Exception) -> None:
    if not pending.decision.done():
        pending.decision.set_exception(error)


def _copy(error: BaseException) -> Exception:
    """Return a separate exception: one that callers shared would collect all their tracebacks."""
    kind = RuntimeError if isinstance(error, RuntimeError) else TransportError
    copy = kind(str(error))
    copy.__cause__ = error
    return copy
