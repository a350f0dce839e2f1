"""Ask OPA from asyncio: `Client` with `await`.

    async with AsyncClient("http://127.0.0.1:8181") as client:
        if await client.decide(principal, action, resource):
            ...

Apart from `client`, so that who does not use asyncio does not import it: it takes as long as all
the rest.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from ramgate.client import wire
from ramgate.client.batches import Batches
from ramgate.client.client import DEFAULT_TIMEOUT, DEFAULT_URL, BaseClient
from ramgate.client.connection import Lookup
from ramgate.client.wire import Answer
from ramgate.model.decision import NO_CONTEXT, Request, Simulation
from ramgate.model.service_linked_role import CreationQuestion, DeletionQuestion, FeatureQuestion

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    import msgspec

    from ramgate.client.connection import Steps, Wait
    from ramgate.client.wire import Rule, Several
    from ramgate.model.decision import Context, Decision, Policy
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Usage

__all__ = ["AsyncClient"]

_S = TypeVar("_S", bound=wire.Single)


class AsyncClient(BaseClient):
    """Asks one OPA, from any number of tasks; the same as `Client`, with `await`.

    Connections are kept and used again, in whichever event loop asks next; after a `fork` each side
    uses its own. A cancelled question takes its connection with it. The event loop must be able to
    watch descriptors (`add_reader`), as asyncio's own on Linux and macOS and uvloop's are.

    Every question raises `InvalidRequest`, `TransportError` or `AnswerError` when it gets no clean
    answer, and `RuntimeError` once the client is closed.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        batches: int | None = None,
    ) -> None:
        """Make a client as `Client` is made; `batches` is for many decisions at once.

        With it, at most so many questions of `decide` and `require` are on their way at once, and
        what is asked meanwhile goes together as the next one, as by `decide_all`: OPA decides two
        to three times as many a second, and logs a batch as one entry. As many as OPA has cores do.
        Each caller has the answer, the error and the `timeout` of its own question, but waits for
        those that it goes with; and the client belongs to the event loop that asks first.

        Raises `ValueError` for any of them that cannot be used.
        """
        super().__init__(url, timeout=timeout, token=token, tls=tls)
        if batches is not None and batches < 1:
            raise ValueError(f"`batches` is `{batches}`, not at least 1")
        self._batches = Batches(batches, self._send, timeout, self._late) if batches else None

    async def decide(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Decide whether `principal` may do `action` on `resource`, all as in `Request`."""
        return await self._decide(Request(principal, action, resource, context, session_policies))

    async def require(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Give the decision that allows; raises `AccessDenied` with the one that does not."""
        request = Request(principal, action, resource, context, session_policies)
        decision = await self._decide(request)
        if not decision:
            raise wire.denial(request, decision)
        return decision

    async def decide_all(self, requests: Iterable[Request]) -> list[Decision]:
        """Give a decision for each request, in the same order, from one question.

        A malformed request's is its own false decision. An empty list is asked like any other.
        """
        return await self._ask_all(wire.DECISIONS, requests)

    async def simulate(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Decision:
        """Decide as if `policies`, name to translated document, were the principal's own."""
        request = Simulation(principal, action, resource, context, policies=policies)
        return await self._ask(wire.SIMULATED_DECISION, request)

    async def simulate_all(self, simulations: Iterable[Simulation]) -> list[Decision]:
        """Give a decision for each simulation, as `decide_all` does for requests."""
        return await self._ask_all(wire.SIMULATED_DECISIONS, simulations)

    async def creation(
        self, principal: str, service_name: str, context: Context = NO_CONTEXT
    ) -> Creation:
        """Answer whether `service_name` may create its role on behalf of `principal`."""
        return await self._ask(wire.CREATION, CreationQuestion(principal, service_name, context))

    async def feature(self, principal: str, feature: str, context: Context = NO_CONTEXT) -> Feature:
        """Answer whether `principal` may use `feature`: its role is there, or may be created."""
        return await self._ask(wire.FEATURE, FeatureQuestion(principal, feature, context))

    async def require_feature(
        self, principal: str, feature: str, context: Context = NO_CONTEXT
    ) -> Feature:
        """Give the answer that allows; raises `FeatureDenied`, with the remedy, for another."""
        question = FeatureQuestion(principal, feature, context)
        answer = await self._ask(wire.FEATURE, question)
        if not answer:
            raise wire.feature_denial(question, answer)
        return answer

    async def deletion(
        self,
        principal: str,
        role: str,
        usages: Sequence[Usage] = (),
        context: Context = NO_CONTEXT,
    ) -> Deletion:
        """Answer whether `principal` may delete the service-linked role that `usages` still use."""
        return await self._ask(wire.DELETION, DeletionQuestion(principal, role, usages, context))

    async def revision(self) -> str:
        """Give the revision of the bundle that OPA decides by."""
        question = wire.question(self._heads[wire.REVISION])
        return wire.read_revision(await self._run(self._connections.ask(question, wire.room(0))))

    async def healthy(self) -> bool:
        """Tell whether OPA says that it has activated its bundles."""
        answer = await self._run(self._connections.ask(self._probe, wire.room(0)))
        return answer.status == HTTPStatus.OK

    async def close(self) -> None:
        """Close every connection; a second time does nothing."""
        self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _decide(self, request: Request) -> Decision:
        if self._batches is None:
            return await self._ask(wire.DECISION, request)
        return wire.accepted(await self._batches.decide(wire.written(request)))

    async def _send(self, requests: Sequence[bytes]) -> Sequence[Decision]:
        if len(requests) == 1:
            question = wire.encode_written(self._heads[wire.DECISION], requests[0])
            return [await self._one(wire.DECISION, question)]
        question = wire.encode_all_written(self._heads[wire.DECISIONS], requests)
        return await self._several(wire.DECISIONS, len(requests), question)

    async def _ask(self, rule: Rule[_S], request: msgspec.Struct) -> _S:
        return await self._one(rule, wire.encode(self._heads[rule], request))

    async def _ask_all(self, rule: Rule[Several], requests: Iterable[Request]) -> list[Decision]:
        requests = list(requests)
        question = wire.encode_all(self._heads[rule], requests)
        return await self._several(rule, len(requests), question)

    async def _one(self, rule: Rule[_S], question: bytes) -> _S:
        return wire.read(rule, await self._run(self._connections.ask(question, wire.room(1))))

    async def _several(self, rule: Rule[Several], count: int, question: bytes) -> list[Decision]:
        answer = await self._run(self._connections.ask(question, wire.room(count)))
        return wire.read_all(rule, count, answer)

    async def _run(self, steps: Steps) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        try:
            while True:
                step = next(steps)
                if isinstance(step, Answer):
                    return step
                if isinstance(step, Lookup):
                    await self._look_up(step, deadline)
                # Of a timer and a descriptor that are due together, asyncio runs the descriptor's
                # first.
                elif loop.time() >= deadline or not await _ready(loop, step, deadline):
                    raise self._late()
        finally:
            steps.close()

    async def _look_up(self, step: Lookup, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                step.found(await loop.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM))
        except TimeoutError as error:
            raise self._late() from error
        except OSError as error:
            raise step.failed(error) from error


async def _ready(loop: asyncio.AbstractEventLoop, wait: Wait, deadline: float) -> bool:
    # Measured over a unix socket, a question at a time: 118 µs so, 158 µs with an asyncio.Protocol,
    # and asyncio.timeout would cost another 10 µs. At 50 at once, looking before watching gains
    # nothing.
    over: asyncio.Future[Wait | None] = loop.create_future()
    timer = loop.call_at(deadline, _end, over, None)
    if wait.write:
        watch, unwatch = loop.add_writer, loop.remove_writer
    else:
        watch, unwatch = loop.add_reader, loop.remove_reader
    watch(wait.fd, _end, over, wait)
    try:
        return await over is wait
    finally:
        unwatch(wait.fd)
        timer.cancel()


def _end(over: asyncio.Future[Wait | None], by: Wait | None) -> None:
    if not over.done():
        over.set_result(by)
