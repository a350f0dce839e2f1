"""The asyncio client of the rules for AuthZEN and for HTTP requests (`rego/authzen`).

Its answers are passed on to other programs as they are, so they stay JSON values: what a decision
needs is checked, and a caller adds nothing.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias

import msgspec

from ramgate.client import decoding, encoding
from ramgate.client.async_calls import AsyncCalls
from ramgate.client.base import DEFAULT_MAX_BODY, DEFAULT_TIMEOUT, DEFAULT_URL
from ramgate.client.http import Url, response_limit
from ramgate.client.queries import Envelope, Query
from ramgate.errors import AnswerError

if TYPE_CHECKING:
    import ssl

__all__ = ["AuthzenClient", "Endpoint", "Reply"]

Endpoint: TypeAlias = Literal[
    "evaluation",
    "evaluations",
    "subject_search",
    "resource_search",
    "action_search",
    "metadata",
    "route",
]
"""The name of a package of `rego/authzen` that answers."""

_ENDPOINTS: tuple[Endpoint, ...] = (
    "evaluation",
    "evaluations",
    "subject_search",
    "resource_search",
    "action_search",
    "metadata",
    "route",
)
_MOST_RESULTS: Final = 10_000
_OK: Final = 200
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer of a rule: an HTTP status, and the JSON value of the body.

    >>> Reply(200, {"decision": True}).allows, Reply(403, {"decision": False}).allows
    (True, False)
    """

    status: Literal[200, 400, 403]
    body: dict[str, object] | str

    @property
    def allows(self) -> bool:
        """True if this is one decision, and it allows."""
        return (
            self.status == _OK and isinstance(self.body, dict) and self.body.get("decision") is True
        )


class _Batch(msgspec.Struct, frozen=True):
    """The fields of a question that say how many decisions its answer has."""

    evaluations: tuple[msgspec.Raw, ...] = ()
    options: object = None


_decode = msgspec.json.Decoder(Envelope[Reply]).decode
_decode_batch = msgspec.json.Decoder(_Batch, float_hook=str).decode

_LAST: Final = {"deny_on_first_deny": False, "permit_on_first_permit": True}
"""The first decision with this value is the last one of an answer, for each semantic."""


class AuthzenClient(AsyncCalls):
    """Asks an OPA the questions of AuthZEN; parameters as those of `AsyncClient`.

    >>> import asyncio
    >>> async def main():
    ...     async with AuthzenClient(sidecar.url) as client:
    ...         return await client.ask("evaluation", b'{"subject": {"type": "user"}}')
    >>> asyncio.run(main()).status
    400
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        plain_http: bool = False,
        max_body: int = DEFAULT_MAX_BODY,
    ) -> None:
        """Create a client as `AsyncClient` does."""
        super().__init__(
            url, timeout=timeout, token=token, tls=tls, plain_http=plain_http, max_body=max_body
        )
        self._in_flight = {}
        self._questions: dict[str, tuple[Query[Reply], bytes]] = {}
        for name in _ENDPOINTS:
            query = Query(f"authzen/{name}/answer", _decode)
            self._questions[name] = query, encoding.request_head(query, Url.parse(url), token)

    async def ask(self, endpoint: Endpoint, question: bytes) -> Reply:
        """Return the answer to a question, which is JSON.

        Raises `InvalidRequest` for a question that is too long for OPA, `TransportError` if OPA is
        not to be had, and `AnswerError` for an answer that is not one.
        """
        query, head = self._questions[endpoint]
        request = encoding.encode_json(head, question, self._max_body)
        limit = response_limit(_MOST_RESULTS if endpoint != "route" else 1)
        response = await self._send(request, limit)
        reply = decoding.read_reply(query, response)
        if not _is_answer(endpoint, question, reply):
            raise AnswerError(f"`{query.path}` returned no valid answer")
        return reply

    async def ready(self) -> bool:
        """Return true if OPA reports that its bundle is active."""
        response = await self._send(self._health_request)
        return response.status == HTTPStatus.OK

    def close(self) -> None:
        """Close every connection, in the event loop that used them."""
        in_flight = self._in_flight.get(asyncio.get_running_loop())
        self._connections.close(in_flight.idle if in_flight else None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


def _is_answer(endpoint: Endpoint, question: bytes, reply: Reply) -> bool:
    """Tell whether a reply has the shape that an answer to the question has."""
    body = reply.body
    if endpoint == "route":
        allowed = {_OK: True, _FORBIDDEN: False}.get(reply.status)
        return allowed is not None and isinstance(body, dict) and body.get("decision") is allowed
    if reply.status != _OK or isinstance(body, str):
        return reply.status == _BAD_REQUEST and isinstance(body, str)
    if endpoint == "metadata":
        return isinstance(body.get("access_evaluation_endpoint"), str)
    if endpoint.endswith("_search"):
        return isinstance(body.get("results"), list)
    if endpoint == "evaluations":
        return _answers_batch(question, body)
    return _is_decision(body)


def _answers_batch(question: bytes, body: dict[str, object]) -> bool:
    """Tell whether an answer has a decision for each item, up to the one that ends the batch."""
    try:
        batch = _decode_batch(question)
    except msgspec.DecodeError:  # the rules refuse such a batch
        return False
    if not batch.evaluations:
        return _is_decision(body)
    items = body.get("evaluations")
    if not isinstance(items, list) or not all(map(_is_decision, items)):
        return False
    decisions = [item["decision"] for item in items]
    options = batch.options if isinstance(batch.options, dict) else {}
    last = _LAST.get(str(options.get("evaluations_semantic")))
    count = decisions.index(last) + 1 if last in decisions else len(batch.evaluations)
    return len(items) == count <= len(batch.evaluations)


def _is_decision(body: object) -> bool:
    return isinstance(body, dict) and isinstance(body.get("decision"), bool)
