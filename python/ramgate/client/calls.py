"""The calls of the synchronous client: send a question, wait, read the answer."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, TypeVar

from ramgate.client import decoding, encoding, queries
from ramgate.client.base import BaseClient
from ramgate.client.connection import Lookup, NoResponseError
from ramgate.client.http import Response, response_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import msgspec

    from ramgate.client.connection import Step
    from ramgate.client.queries import BatchAnswer, Query
    from ramgate.model.decision import Decisions, Request

__all__ = ["Calls"]

_A = TypeVar("_A", bound=queries.Answer)


class Calls(BaseClient):
    """The base of `Client`: its calls, each within the time limit."""

    def _ask(self, query: Query[_A], question: msgspec.Struct) -> _A:
        head = self._heads[query] if self._tracing is None else self._head(query)
        request = encoding.encode(head, question, self._max_body)
        response = self._exchange(request, 1)
        answer = decoding.read(query, response)
        self._observe(question, answer)
        return answer

    def _ask_all(self, query: Query[BatchAnswer], questions: Sequence[Request]) -> Decisions:
        request = encoding.encode_all(self._head(query), questions, self._max_body)
        response = self._exchange(request, len(questions))
        decisions = decoding.read_all(query, len(questions), response)
        self._observe_all(questions, decisions)
        return decisions

    def _exchange(self, request: bytes, requests: int) -> Response:
        deadline = time.monotonic() + self._timeout
        limit = response_limit(requests)
        connection = self._connections.take(request, limit)
        if connection is not None:
            try:
                response = self._run(connection.proceed, deadline)
            except NoResponseError:
                pass
            except BaseException:
                connection.close()
                raise
            else:
                self._connections.keep(connection, response)
                return response
        steps = self._connections.ask(request, limit)
        try:
            return self._run(steps.__next__, deadline)
        finally:
            steps.close()

    def _run(self, proceed: Callable[[], Step], deadline: float) -> Response:
        while True:
            step = proceed()
            if isinstance(step, Response):
                return step
            if isinstance(step, Lookup):
                _look_up(step)
            elif (left := deadline - time.monotonic()) <= 0 or not step.poll(left * 1000):
                raise self._late()


def _look_up(step: Lookup) -> None:
    try:
        step.resolve(socket.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM))
    except OSError as error:
        raise step.error(error) from error
