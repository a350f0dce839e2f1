"""The calls that wait in one event loop, and the descriptors that the loop watches for them."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import TYPE_CHECKING, Final

from ramgate.client.connection import Lookup, NoResponseError, Wait
from ramgate.client.http import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Context

    from ramgate.client.connection import Addresses, Connection, Step, Steps
    from ramgate.client.connections import Connections, Idle
    from ramgate.errors import TransportError

__all__ = ["Call", "InFlight"]


class InFlight:
    """The calls of one client that wait in one event loop, the oldest one first.

    The loop watches a descriptor from the first wait for it until no call is in flight. (To watch
    it anew for each call takes 6.5 µs of the processor, a quarter of a raw exchange.) Until then
    its connection belongs to this loop, and is idle in `idle`.

    One timer serves all calls: they have the same time limit, so the oldest one is late first.

    After the last call the loop has no descriptor and no timer of the client any more, and `ended`
    is called.
    """

    def __init__(
        self,
        connections: Connections,
        timeout: float,
        late: Callable[[], TransportError],
        ended: Callable[[asyncio.AbstractEventLoop], object],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.connections = connections
        self.idle: Idle = []
        self.timeout = timeout
        self.deadlines: dict[Call, float] = {}
        self.watched: dict[Wait, _Watch] = {}
        self.timer: asyncio.TimerHandle | None = None
        # The same clock, without a Python function around it.
        is_asyncio = type(self.loop).time is asyncio.BaseEventLoop.time
        self.time = time.monotonic if is_asyncio else self.loop.time
        self._late = late
        self._ended = ended

    def set_timer(self) -> None:
        """Look for late calls when the oldest one will be late."""
        oldest = next(iter(self.deadlines.values()))
        self.timer = self.loop.call_at(oldest, self._end_late_calls)

    def end(self) -> None:
        """Leave nothing in the loop after the last call."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        for watch in list(self.watched.values()):
            watch.end()
        self.connections.share(self.idle)
        self._ended(self.loop)

    def _end_late_calls(self) -> None:
        now = self.time()
        for call, deadline in list(self.deadlines.items()):
            if deadline > now:
                break
            # If a descriptor is ready at the same time, asyncio has run its callback before.
            call.end(self._late())
        if self.deadlines:
            self.set_timer()


class Call:
    """One request, to be awaited for its response of at most `limit` bytes.

    Raises the errors of `Connections`, and `TransportError` at the deadline.

    It is a future of one task (asyncio's documentation calls an object with
    `_asyncio_future_blocking` Future-like), with one difference: the task goes on within the
    callback in which the response arrives. `asyncio.Future` schedules another callback, for which
    the loop needs another turn.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_connection",
        "_context",
        "_in_flight",
        "_limit",
        "_lookup",
        "_loop",
        "_next",
        "_outcome",
        "_request",
        "_steps",
        "_wake_up",
    )

    def __init__(self, in_flight: InFlight, request: bytes, limit: int) -> None:
        self._in_flight = in_flight
        self._loop = in_flight.loop
        self._request = request
        self._limit = limit
        self._connection: Connection | None = None
        self._steps: Steps | None = None
        self._lookup: asyncio.Task[Addresses] | None = None
        self._wake_up: Callable[[Call], object] | None = None
        self._outcome: Response | BaseException | None = None

    def __await__(self) -> Generator[Call, None, Response]:
        in_flight = self._in_flight
        in_flight.deadlines[self] = in_flight.time() + in_flight.timeout
        try:
            self._connection = in_flight.connections.take(
                self._request, self._limit, in_flight.idle
            )
            if self._connection is None:
                self._open()
            else:
                self._next: Callable[[], Step] = self._connection.proceed
            self.advance()
            if self._outcome is None:
                # Only now, while OPA decides.
                if in_flight.timer is None:
                    in_flight.set_timer()
                self._asyncio_future_blocking = True
                yield self
            if isinstance(self._outcome, Response):
                return self._outcome
            raise self._outcome or _ENDED
        finally:
            if type(self._outcome) is not Response:
                self._close()
            del in_flight.deadlines[self]
            if not in_flight.deadlines:
                in_flight.end()

    def add_done_callback(self, callback: Callable[[Call], object], *, context: Context) -> None:
        """Keep the callback with which asyncio wakes the task up."""
        self._wake_up = callback
        self._context = context

    def result(self) -> None:
        """Return to the task: `__await__` has the response, or raises the error."""

    def cancel(self, msg: object = None) -> bool:
        """End with a cancellation; asyncio calls this where the task is cancelled."""
        if self._outcome is not None:
            return False
        self._outcome = asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg)
        # Another task is running, so this one has to wait for its turn.
        self._loop.call_soon(self._resume)
        return True

    def advance(self) -> None:
        """Take the next step, unless the call has an outcome."""
        if self._outcome is not None:
            return
        try:
            step = self._next()
            if isinstance(step, Wait):
                watched = self._in_flight.watched
                watch = watched.get(step) or _Watch(self._loop, step, watched)
                watch.call = self
                return
            if isinstance(step, Lookup):
                self._look_up(step)
                return
            if self._connection is not None:
                self._in_flight.connections.keep(self._connection, step, self._in_flight.idle)
        except NoResponseError as error:
            if self._connection is None:
                self.end(error)
            else:
                self._open()
                self.advance()
        except Exception as error:  # noqa: BLE001 - the task gets it
            self.end(error)
        else:
            self._outcome = step
            if self._wake_up is not None:
                self._context.run(self._wake_up, self)

    def end(self, outcome: Response | Exception) -> None:
        """End with this outcome, unless there is one; runs the task up to its next wait."""
        if self._outcome is None:
            self._outcome = outcome
            self._resume()

    def _resume(self) -> None:
        if self._wake_up is not None:
            self._context.run(self._wake_up, self)

    def _open(self) -> None:
        self._connection = None
        self._steps = self._in_flight.connections.ask(
            self._request, self._limit, self._in_flight.idle
        )
        self._next = self._steps.__next__

    def _look_up(self, step: Lookup) -> None:
        self._lookup = self._loop.create_task(
            self._loop.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM)
        )
        self._lookup.add_done_callback(lambda lookup: self._resolve(step, lookup))

    def _resolve(self, step: Lookup, lookup: asyncio.Task[Addresses]) -> None:
        if lookup.cancelled():
            return
        try:
            step.resolve(lookup.result())
        except OSError as error:
            self.end(step.error(error))
        else:
            self.advance()

    def _close(self) -> None:
        # The outcome has a traceback, which has this call.
        self._outcome = _ENDED
        if self._connection is not None:
            self._connection.close()
        if self._steps is not None:
            self._steps.close()
        if self._lookup is not None:
            self._lookup.cancel()


_ENDED: Final = asyncio.CancelledError()


class _Watch:
    """A descriptor that the event loop watches, and the call that waits for it, if one does."""

    __slots__ = ("_loop", "_pid", "_wait", "_watched", "call")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, wait: Wait, watched: dict[Wait, _Watch]
    ) -> None:
        self._loop = loop
        self._wait = wait
        self._watched = watched
        self._pid = os.getpid()
        self.call: Call | None = None
        if wait.write:
            loop.add_writer(wait.fd, self._ready)
        else:
            loop.add_reader(wait.fd, self._ready)
        watched[wait] = self
        wait.unwatch = self.end

    def _ready(self) -> None:
        call, self.call = self.call, None
        # An idle connection that can be read has ended, or has an unrequested byte: the next call
        # finds that out. A connection can nearly always be written.
        if call is None or self._wait.write:
            self.end()
        if call is not None:
            call.advance()

    def end(self) -> None:
        """Stop watching: the descriptor will be closed, or belong to no loop."""
        del self._watched[self._wait]
        self._wait.unwatch = None
        # A forked child shares the selector with its parent, and must not change it. A closed loop
        # has none.
        if self._pid != os.getpid() or self._loop.is_closed():
            return
        if self._wait.write:
            self._loop.remove_writer(self._wait.fd)
        else:
            self._loop.remove_reader(self._wait.fd)
