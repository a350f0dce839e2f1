"""The calls in flight in one event loop: the descriptors it watches for them, and their timer."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import pytest

from hostile import (
    ALLOWED,
    ASKED,
    BOUND,
    FOREVER,
    Gate,
    Hostile,
    Peer,
    echo,
    echoed,
    wait_for,
)
from processes import eventually
from ramgate.client.async_client import AsyncClient
from ramgate.client.http import Response
from ramgate.client.in_flight import Call, InFlight
from ramgate.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ramgate.client.connections import Connections

PRINCIPAL, _, RESOURCE = ASKED


async def assert_allowed(client: AsyncClient, action: str) -> None:
    """Decide, and assert that the answer belongs to this request."""
    decision = await client.decide(PRINCIPAL, action, RESOURCE)
    assert decision.statements[0].policy == action


def run(
    server: Hostile,
    main: Callable[[AsyncClient], Coroutine[None, None, None]],
    timeout: float = FOREVER,
) -> None:
    async def whole() -> None:
        async with AsyncClient(server.url, timeout=timeout) as client:
            await main(client)

    asyncio.run(whole())


def counted(patch: pytest.MonkeyPatch, *names: str) -> dict[str, list[object]]:
    """Record the first argument of each call of these methods of the running event loop."""
    loop = asyncio.get_running_loop()
    found: dict[str, list[object]] = {name: [] for name in names}

    def note(name: str) -> Callable[..., object]:
        method = getattr(loop, name)

        def noted(first: object, *others: object) -> object:
            found[name].append(first)
            return method(first, *others)

        return noted

    for name in names:
        patch.setattr(loop, name, note(name))
    return found


def test_a_descriptor_is_watched_once_while_calls_are_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()

    async def work(client: AsyncClient, task: int) -> None:
        for number in range(20):
            await assert_allowed(client, f"a:T{task}N{number}")

    async def main(client: AsyncClient) -> None:
        first = asyncio.create_task(assert_allowed(client, "a:First"))
        await wait_for(gate.came)
        found = counted(monkeypatch, "add_reader", "remove_reader", "call_at")
        await asyncio.gather(*(work(client, task) for task in range(5)))
        assert len(found["add_reader"]) == 5
        assert found["remove_reader"] == []
        assert found["call_at"] == []
        gate.open.set()
        await first
        assert len(found["remove_reader"]) == 6
        assert set(found["add_reader"]) < set(found["remove_reader"])

    with Hostile(gate, echo) as server:
        run(server, main)
    assert server.connections == 6


def test_a_byte_on_an_idle_connection_ends_its_use_while_others_are_in_flight() -> None:
    gate, idle, said = Gate(), threading.Event(), threading.Event()

    def says_more(peer: Peer) -> None:
        peer.say(echoed(peer.question()))
        assert idle.wait(BOUND)
        peer.say(ALLOWED)
        said.set()
        peer.linger()

    async def main(client: AsyncClient) -> None:
        first, second = (
            asyncio.create_task(assert_allowed(client, f"a:{one}")) for one in ("First", "Second")
        )
        await second
        idle.set()
        await wait_for(said)
        await assert_allowed(client, "a:Third")
        gate.open.set()
        await first

    with Hostile(gate, says_more, echo) as server:
        run(server, main)
    assert server.connections == 3


def test_each_call_is_late_at_its_own_deadline() -> None:
    gates = [Gate(), Gate()]

    async def main(client: AsyncClient) -> None:
        loop = asyncio.get_running_loop()
        first = asyncio.create_task(client.decide(*ASKED))
        await wait_for(gates[0].came)
        began = loop.time()
        await asyncio.sleep(0.7)
        second = asyncio.create_task(client.decide(*ASKED))
        await wait_for(gates[1].came)
        with pytest.raises(TransportError, match="did not answer within 1 s"):
            await first
        assert not second.done()
        with pytest.raises(TransportError, match="did not answer within 1 s"):
            await second
        assert loop.time() >= began + 1.7

    with Hostile(*gates) as server:
        run(server, main, timeout=1)
        for gate in gates:
            gate.open.set()


def test_a_task_may_ask_again_when_its_call_was_late() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        with pytest.raises(TransportError, match="did not answer"):
            await client.decide(*ASKED)
        gate.open.set()
        await assert_allowed(client, "a:Again")

    with Hostile(gate, echo) as server:
        run(server, main, timeout=0.5)


@pytest.mark.parametrize("event", ["the response arrives", "the deadline is over"])
def test_a_cancelled_call_stays_cancelled_though(event: str) -> None:
    said, gone = threading.Event(), threading.Event()

    def then(peer: Peer, question: bytes) -> None:
        peer.say(echoed(question))
        said.set()
        peer.linger()
        gone.set()

    gate = Gate(then)

    async def main(client: AsyncClient) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 1.2
        asking = asyncio.create_task(client.decide(*ASKED))
        await wait_for(gate.came)
        # Both happen in one turn of the loop, the cancellation first.
        loop.call_soon(asking.cancel)
        if event == "the response arrives":
            gate.open.set()
            assert said.wait(BOUND)
        else:
            while loop.time() < deadline:
                pass
        with pytest.raises(asyncio.CancelledError):
            await asking
        gate.open.set()
        await wait_for(gone)
        await assert_allowed(client, "a:After")

    with Hostile(gate, echo) as server:
        run(server, main, timeout=1)
    assert server.connections == 2


def test_a_cancellation_keeps_its_message() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        asking = asyncio.create_task(client.decide(*ASKED))
        await wait_for(gate.came)
        asking.cancel("no longer wanted")
        with pytest.raises(asyncio.CancelledError, match="no longer wanted"):
            await asking
        assert not asking.cancel()
        gate.open.set()

    with Hostile(gate) as server:
        run(server, main)


def test_a_closed_client_closes_its_idle_connections_while_a_call_is_in_flight() -> None:
    gate, gone = Gate(), threading.Event()

    def waits(peer: Peer) -> None:
        peer.say(echoed(peer.question()))
        peer.linger()
        gone.set()

    async def main(client: AsyncClient) -> None:
        first = asyncio.create_task(assert_allowed(client, "a:First"))
        await wait_for(gate.came)
        await assert_allowed(client, "a:Second")
        await client.close()
        await wait_for(gone)
        with pytest.raises(RuntimeError, match="this client is closed"):
            await client.decide(*ASKED)
        gate.open.set()
        await first

    with Hostile(gate, waits) as server:
        run(server, main)


def test_event_loops_in_threads_share_a_client_and_get_their_own_answers() -> None:
    async def work(worker: int, task: int) -> None:
        for number in range(10):
            await assert_allowed(client, f"a:W{worker}T{task}N{number}")

    async def main(worker: int) -> None:
        await asyncio.gather(*(work(worker, task) for task in range(5)))

    with Hostile(echo) as server, ThreadPoolExecutor(4) as threads:
        client = AsyncClient(server.url, timeout=FOREVER)
        for done in [threads.submit(asyncio.run, main(worker)) for worker in range(4)]:
            done.result(BOUND)
        asyncio.run(client.close())
    assert len(server.questions) == 200
    assert server.connections <= 20


def test_a_call_whose_event_loop_was_closed_closes_its_connection() -> None:
    gone = threading.Event()

    def waits(peer: Peer) -> None:
        peer.question()
        peer.linger()
        gone.set()

    with Hostile(waits) as server:
        client = AsyncClient(server.url, timeout=FOREVER)
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # it reports that the task is pending
        call = client.decide(*ASKED)
        task = loop.create_task(call)
        loop.run_until_complete(asyncio.to_thread(eventually, lambda: len(server.questions) == 1))
        loop.close()
        call.close()
        assert gone.wait(BOUND)
        assert not task.done()
        asyncio.run(client.close())


def run_in_child(work: Callable[[], object]) -> None:
    """Fork, run `work` in the child, and assert that it raises nothing there."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_leaves_the_calls_of_its_parent_alone() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        asked = client.decide(PRINCIPAL, "a:First", RESOURCE)
        first = asyncio.create_task(asked)
        await wait_for(gate.came)
        # The child has a copy of the call, and shares the loop's selector with its parent.
        run_in_child(asked.close)
        run_in_child(lambda: asyncio.run(assert_allowed(client, "a:Child")))
        await assert_allowed(client, "a:Second")
        gate.open.set()
        assert (await first).statements[0].policy == "a:First"

    with Hostile(gate, echo) as server:
        run(server, main)


def test_a_lookup_that_ends_with_its_call_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[object] = []
    known = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, fault: faults.append(fault))

        async def slow(*_: object, **__: object) -> list[object]:
            await asyncio.to_thread(known.wait, BOUND)
            return []

        monkeypatch.setattr(loop, "getaddrinfo", slow)
        async with AsyncClient("http://opa.invalid:8181", timeout=FOREVER) as client:
            asking = asyncio.create_task(client.decide(*ASKED))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            known.set()

    asyncio.run(main())
    assert faults == []


def test_a_response_that_is_there_at_once_needs_no_wait() -> None:
    response = Response(200, b"{}", final=False)
    kept: list[object] = []

    class Quick:
        """A connection whose response has arrived by the time the request is sent."""

        def proceed(self) -> Response:
            return response

    class Held:
        """The connections of a client, of which one is idle."""

        def take(self, *_: object) -> Quick:
            return Quick()

        def keep(self, connection: object, *_: object) -> None:
            kept.append(connection)

        def share(self, _: object) -> None:
            pass

    async def main() -> Response:
        late = functools.partial(TransportError, "late")
        ended: list[object] = []
        flight = InFlight(cast("Connections", Held()), FOREVER, late, ended.append)
        found = await Call(flight, b"", 100)
        assert ended == [asyncio.get_running_loop()]
        return found

    assert asyncio.run(main()) is response
    assert len(kept) == 1
