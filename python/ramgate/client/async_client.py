"""The asyncio client of an OPA that decides with ramgate's rules.

A separate module, so that synchronous callers never import asyncio, which would take about half of
the total import time.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from ramgate.client import decoding, encoding, queries
from ramgate.client.async_calls import AsyncCalls
from ramgate.client.base import DEFAULT_MAX_BODY, DEFAULT_TIMEOUT, DEFAULT_URL
from ramgate.client.batches import Batches
from ramgate.client.http import response_limit
from ramgate.client.pending_call import pending_call
from ramgate.model.decision import NO_CONTEXT, Request, Simulation
from ramgate.model.denials import denial, feature_denial
from ramgate.model.service_linked_role import CreationQuestion, DeletionQuestion, FeatureQuestion

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from ramgate.client.queries import Query
    from ramgate.model.decision import Context, Decision, Decisions, Policy
    from ramgate.model.explanation import Explained, Explanation
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Usage

__all__ = ["AsyncClient"]


class AsyncClient(AsyncCalls):
    """Asks one OPA for decisions, from any number of tasks: `Client` with `await`.

    The client keeps its connections and uses them again, in whichever event loop makes the next
    call; after a `fork`, parent and child each open their own. A cancelled call closes its
    connection. The event loop must be able to watch descriptors (`add_reader`): asyncio's own loops
    on Linux and macOS and uvloop's can.

    The methods and their errors are those of `Client`. Each call is a coroutine: await it, or give
    it to `asyncio.create_task` or `gather`. It has no truth value, so `if client.decide(…)` without
    `await` raises `TypeError`; a call that is never awaited warns.

    >>> import asyncio
    >>> from ramgate import AsyncClient
    >>> async def main():
    ...     alice = "acs:ram::1234567890123456:user/alice"
    ...     instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    ...     async with AsyncClient(sidecar.url) as client:
    ...         return await client.decide(alice, "alikafka:ListTopic", instance)
    >>> asyncio.run(main()).reason
    'statement_allows'
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
        tracing: bool = False,
        batches: int | None = None,
    ) -> None:
        """Create a client as `Client` does; `batches` is for applications with many tasks.

        `batches` limits `decide` and `require` to this many HTTP requests in flight. Calls made
        meanwhile are combined into the next request, which is a batch like that of `decide_all`:
        OPA decides two to three times as many a second, and writes one log entry for each batch.
        Set it to the number of cores that OPA may use.

        Each caller gets the answer, the error and the `timeout` of its own call, but waits until
        its whole batch is decided. With `tracing`, a batch passes a span on only if it is that of
        all its callers. With `batches`, the client belongs to the event loop that uses it first.

        Raises `ValueError` for a value that cannot be used.

        Both calls go to OPA in one HTTP request:

        >>> async def main():
        ...     instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
        ...     async with AsyncClient(sidecar.url, batches=1) as client:
        ...         return await asyncio.gather(*(
        ...             client.decide(
        ...                 f"acs:ram::1234567890123456:user/{name}", "alikafka:ListTopic", instance
        ...             )
        ...             for name in ("alice", "carol")
        ...         ))
        >>> [decision.allow for decision in asyncio.run(main())]
        [True, False]
        """
        super().__init__(
            url,
            timeout=timeout,
            token=token,
            tls=tls,
            plain_http=plain_http,
            max_body=max_body,
            tracing=tracing,
        )
        if batches is not None and batches < 1:
            raise ValueError(f"`batches` is `{batches}`: it must be at least 1")
        self._in_flight = {}
        self._batches = (
            Batches(batches, self._decide_batch, timeout, self._late, max_body) if batches else None
        )

    @pending_call
    async def decide(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Decide whether `principal` may do `action` on `resource`; parameters as in `Request`."""
        request = Request(principal, action, resource, context, session_policies)
        if self._batches is not None:
            return await self._decide_together(self._batches, request)
        # `_ask`, without the coroutine
        response = await self._begin(queries.DECISION, request)
        return self._finish(queries.DECISION, request, response)

    @pending_call
    async def require(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Return the decision if it allows. Raises `AccessDenied`, with the decision, if not."""
        request = Request(principal, action, resource, context, session_policies)
        if self._batches is not None:
            decision = await self._decide_together(self._batches, request)
        else:
            decision = await self._ask(queries.DECISION, request)
        if not decision:
            raise denial(request, decision)
        return decision

    @pending_call
    async def decide_all(self, requests: Sequence[Request]) -> Decisions:
        """Return a decision for each request, in their order, with one call to OPA.

        A malformed request does not raise here: its decision denies, and has `errors`. Raises
        `TypeError` if `requests` is not a sequence, and `ValueError` if it is empty.
        """
        return await self._ask_all(queries.DECISIONS, requests)

    @pending_call
    async def simulate(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Decision:
        """Decide as if `policies`, name to translated document, were the principal's own.

        `principal` is a user, a role, a role session or an account owner.
        """
        request = Simulation(principal, action, resource, context, policies=policies)
        return await self._ask(queries.SIMULATED_DECISION, request)

    @pending_call
    async def simulate_all(self, simulations: Sequence[Simulation]) -> Decisions:
        """Return a decision for each simulation, as `decide_all` does for requests."""
        return await self._ask_all(queries.SIMULATED_DECISIONS, simulations)

    @pending_call
    async def explain(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Explanation:
        """Explain the decision of `decide`: its cause, every layer, the nearest statements."""
        request = Request(principal, action, resource, context, session_policies)
        return await self._explain(queries.EXPLANATION, request)

    @pending_call
    async def explain_simulation(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Explanation:
        """Explain the decision of `simulate`, as `explain` does that of `decide`."""
        request = Simulation(principal, action, resource, context, policies=policies)
        return await self._explain(queries.SIMULATED_EXPLANATION, request)

    @pending_call
    async def creation(
        self, principal: str, service_name: str, context: Context = NO_CONTEXT
    ) -> Creation:
        """Answer whether `service_name` may create its role on behalf of `principal`."""
        return await self._ask(queries.CREATION, CreationQuestion(principal, service_name, context))

    @pending_call
    async def feature(self, principal: str, feature: str, context: Context = NO_CONTEXT) -> Feature:
        """Answer whether `principal` may use `feature`: its role exists, or may be created."""
        return await self._ask(queries.FEATURE, FeatureQuestion(principal, feature, context))

    @pending_call
    async def require_feature(
        self, principal: str, feature: str, context: Context = NO_CONTEXT
    ) -> Feature:
        """Return the answer if it allows. Raises `FeatureDenied`, with the remedy, if not."""
        question = FeatureQuestion(principal, feature, context)
        answer = await self._ask(queries.FEATURE, question)
        if not answer:
            raise feature_denial(question, answer)
        return answer

    @pending_call
    async def deletion(
        self,
        principal: str,
        role: str,
        usages: Sequence[Usage] = (),
        context: Context = NO_CONTEXT,
    ) -> Deletion:
        """Answer whether `principal` may delete the service-linked role that `usages` still use."""
        return await self._ask(queries.DELETION, DeletionQuestion(principal, role, usages, context))

    @pending_call
    async def revision(self) -> str:
        """Return the revision of the bundle that OPA decides with."""
        request = encoding.request_without_input(self._head(queries.REVISION))
        response = await self._send(request)
        return decoding.read_revision(response)

    @pending_call
    async def serial(self) -> int | None:
        """Return the serial of the bundle that OPA decides with, None if it has none."""
        request = encoding.request_without_input(self._head(queries.SERIAL))
        response = await self._send(request)
        return decoding.read_serial(response)

    @pending_call
    async def healthy(self) -> bool:
        """Return true if OPA reports that its bundles are active."""
        response = await self._send(self._health_request)
        return response.status == HTTPStatus.OK

    @pending_call
    async def close(self) -> None:
        """Close every connection; a second call does nothing."""
        in_flight = self._in_flight.get(asyncio.get_running_loop())
        self._connections.close(in_flight.idle if in_flight else None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _decide_together(self, batches: Batches, request: Request) -> Decision:
        trace = b"" if self._tracing is None else self._tracing.headers()
        decision = await batches.decide(encoding.to_json(request), trace)
        decoding.raise_if_malformed(decision)
        self._observe(request, decision)
        return decision

    async def _decide_batch(self, batch: Sequence[bytes], trace: bytes) -> Sequence[Decision]:
        if len(batch) == 1:
            head = self._heads[queries.DECISION] + trace
            request = encoding.encode_json(head, batch[0], self._max_body)
            return [decoding.read(queries.DECISION, await self._send(request))]
        head = self._heads[queries.DECISIONS] + trace
        request = encoding.encode_all_json(head, batch, self._max_body)
        response = await self._send(request, response_limit(len(batch)))
        return decoding.read_all(queries.DECISIONS, len(batch), response)

    async def _explain(self, query: Query[Explained], request: Request) -> Explanation:
        answer = await self._ask(query, request)
        # the catalog is read from files
        return await asyncio.to_thread(self._complete, request, answer)
