"""Wait in an event loop until a descriptor is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from ramgate.client.connection import Wait

__all__ = ["is_ready"]


async def is_ready(loop: asyncio.AbstractEventLoop, wait: Wait, deadline: float) -> bool:
    """Wait for the descriptor; return false at the deadline.

    Measured over a unix socket, one request at a time: 118 µs this way, 158 µs with an
    `asyncio.Protocol`; `asyncio.timeout` would add 10 µs. With 50 requests at once, polling before
    watching gains nothing.
    """
    event: asyncio.Future[Wait | None] = loop.create_future()
    timer = loop.call_at(deadline, _finish, event, None)
    if wait.write:
        watch, unwatch = loop.add_writer, loop.remove_writer
    else:
        watch, unwatch = loop.add_reader, loop.remove_reader
    watch(wait.fd, _finish, event, wait)
    try:
        return await event is wait
    finally:
        unwatch(wait.fd)
        timer.cancel()


def _finish(event: asyncio.Future[Wait | None], cause: Wait | None) -> None:
    if not event.done():
        event.set_result(cause)
