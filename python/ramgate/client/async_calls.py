"""The calls of the asyncio client: send a question, wait, read the answer."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, TypeVar

from ramgate.client import decoding, encoding, queries
from ramgate.client.base import BaseClient
from ramgate.client.connection import Lookup
from ramgate.client.http import Response, response_limit
from ramgate.client.readiness import is_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from ramgate.client.connection import Steps
    from ramgate.client.queries import BatchAnswer, Query
    from ramgate.model.decision import Decisions, Request

__all__ = ["AsyncCalls"]

_A = TypeVar("_A", bound=queries.Answer)


class AsyncCalls(BaseClient):
    """The base of `AsyncClient`: its calls, each within the time limit."""

    async def _ask(self, query: Query[_A], question: msgspec.Struct) -> _A:
        request = encoding.encode(self._heads[query], question, self._max_body)
        answer = await self._send(query, request)
        self._observe(question, answer)
        return answer

    async def _ask_all(self, query: Query[BatchAnswer], questions: Sequence[Request]) -> Decisions:
        request = encoding.encode_all(self._heads[query], questions, self._max_body)
        decisions = await self._send_all(query, len(questions), request)
        self._observe_all(questions, decisions)
        return decisions

    async def _send(self, query: Query[_A], request: bytes) -> _A:
        response = await self._run(self._connections.ask(request, response_limit(1)))
        return decoding.read(query, response)

    async def _send_all(self, query: Query[BatchAnswer], count: int, request: bytes) -> Decisions:
        response = await self._run(self._connections.ask(request, response_limit(count)))
        return decoding.read_all(query, count, response)

    async def _run(self, steps: Steps) -> Response:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        try:
            while True:
                step = next(steps)
                if isinstance(step, Response):
                    return step
                if isinstance(step, Lookup):
                    await self._look_up(step, deadline)
                # If a timer and a descriptor are due in the same iteration, asyncio runs the
                # callback of the descriptor first.
                elif loop.time() >= deadline or not await is_ready(loop, step, deadline):
                    raise self._late()
        finally:
            steps.close()

    async def _look_up(self, step: Lookup, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                step.resolve(await loop.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM))
        except TimeoutError as error:
            raise self._late() from error
        except OSError as error:
            raise step.error(error) from error
