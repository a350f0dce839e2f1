"""The calls of the asyncio client: send a question, wait, read the answer."""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop
from typing import TYPE_CHECKING, Final, TypeVar

from ramgate.client import decoding, encoding, queries
from ramgate.client.base import BaseClient
from ramgate.client.http import response_limit
from ramgate.client.in_flight import Call, InFlight

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from ramgate.client.http import Response
    from ramgate.client.queries import BatchAnswer, Query
    from ramgate.model.decision import Decisions, Request

__all__ = ["AsyncCalls"]

_A = TypeVar("_A", bound=queries.Answer)
_LIMIT: Final = response_limit(1)


class AsyncCalls(BaseClient):
    """The base of `AsyncClient`: its calls, each within the time limit."""

    _in_flight: dict[AbstractEventLoop, InFlight]

    async def _ask(self, query: Query[_A], question: msgspec.Struct) -> _A:
        return self._finish(query, question, await self._begin(query, question))

    def _begin(self, query: Query[object], question: msgspec.Struct) -> Call:
        head = self._heads[query] if self._tracing is None else self._head(query)
        return self._send(encoding.encode(head, question, self._max_body))

    def _finish(self, query: Query[_A], question: msgspec.Struct, response: Response) -> _A:
        answer = decoding.read(query, response)
        if BaseClient.observer is not None:
            self._observe(question, answer)
        return answer

    async def _ask_all(self, query: Query[BatchAnswer], questions: Sequence[Request]) -> Decisions:
        request = encoding.encode_all(self._head(query), questions, self._max_body)
        response = await self._send(request, response_limit(len(questions)))
        decisions = decoding.read_all(query, len(questions), response)
        self._observe_all(questions, decisions)
        return decisions

    def _send(self, request: bytes, limit: int = _LIMIT) -> Call:
        """Return a call, whose `await` sends the request and returns the response."""
        loop = get_running_loop()
        in_flight = self._in_flight.get(loop)
        if in_flight is None:
            in_flight = self._in_flight[loop] = InFlight(
                self._connections, self._timeout, self._late, self._in_flight.pop
            )
        return Call(in_flight, request, limit)
