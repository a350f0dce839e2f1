"""The rules for using a connection again, and for sending a request again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from hostile import (
    ALLOWED,
    ASKED,
    BOUND,
    DENIED,
    FOREVER,
    Asker,
    Gate,
    Hostile,
    Peer,
    answering,
    ask,
    client_tls,
    echo,
    response,
    saying,
    server_tls,
)
from processes import eventually
from ramgate.client import encoding
from ramgate.client.async_client import AsyncClient
from ramgate.client.client import Client
from ramgate.client.connection import Connection, Steps, Wait
from ramgate.client.connections import Connections
from ramgate.client.http import Response, Url, response_limit
from ramgate.client.queries import DECISION
from ramgate.errors import AnswerError, TransportError
from ramgate.model.decision import Decision, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import NoReturn


def actions(server: Hostile) -> list[str]:
    """Return the action of each request that the server received, in order."""
    return [json.loads(question)["input"]["action"] for question in server.questions]


def resets(peer: Peer) -> None:
    peer.question()
    peer.reset()


def stalls(peer: Peer) -> None:
    peer.question()
    peer.linger()


def close_after(answer: bytes, *more: bytes) -> Callable[[Peer], None]:
    """Return a script: answer one request, send `more` to the next one, then close."""

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(answer)
        peer.question()
        for data in more:
            peer.say(data)

    return script


def test_a_request_is_sent_again_when_a_reused_connection_ends_before_a_byte(
    connect: Callable[..., Asker],
) -> None:
    with Hostile(close_after(DENIED), answering(ALLOWED)) as server:
        client = connect(server.url)
        assert not ask(client, "a:First")
        assert ask(client, "a:Second")
        assert ask(client, "a:Third")
    assert actions(server) == ["a:First", "a:Second", "a:Second", "a:Third"]
    assert server.connections == 2


@pytest.mark.parametrize("script", [saying(b""), resets])
def test_a_request_is_sent_again_only_once(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(close_after(ALLOWED), script) as server:
        client = connect(server.url)
        assert ask(client, "a:First")
        with pytest.raises(TransportError, match="gave no answer"):
            ask(client, "a:Second")
    assert actions(server) == ["a:First", "a:Second", "a:Second"]
    assert server.connections == 2


def test_a_request_is_not_sent_again_after_a_byte(connect: Callable[..., Asker]) -> None:
    with Hostile(close_after(ALLOWED, b"H"), answering(ALLOWED)) as server:
        client = connect(server.url)
        assert ask(client, "a:First")
        with pytest.raises(TransportError, match="broke off"):
            ask(client, "a:Second")
    assert actions(server) == ["a:First", "a:Second"]


@pytest.mark.parametrize("script", [saying(b""), resets])
def test_a_request_is_not_sent_again_on_a_new_connection(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script, answering(ALLOWED)) as server:
        client = connect(server.url)
        with pytest.raises(TransportError, match="gave no answer"):
            ask(client, "a:First")
    assert actions(server) == ["a:First"]


def test_a_request_is_not_sent_again_when_it_is_late(connect: Callable[..., Asker]) -> None:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        stalls(peer)

    with Hostile(script, answering(ALLOWED)) as server:
        client = connect(server.url, timeout=0.3)
        assert ask(client, "a:First")
        with pytest.raises(TransportError, match="did not answer within"):
            ask(client, "a:Second")
    assert actions(server) == ["a:First", "a:Second"]


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_a_request_that_is_answered_before_it_is_read_is_not_sent_again(
    connect: Callable[..., Asker], tmp_path: Path, *, unix: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        assert peer.socket.recv(1)
        peer.say(b"HTTP/1.1 413 Too Large\r\n")

    path = tmp_path / "opa.sock" if unix else None
    with Hostile(script, answering(ALLOWED), unix=path) as server:
        client = connect(server.url)
        assert client.decide(*ASKED)
        with pytest.raises(TransportError):
            client.decide(*ASKED, {"k": "x" * 20_000_000})
    assert len(server.questions) == 1
    assert server.connections == 1


@pytest.mark.parametrize(
    "last", [response(b"{}", "200 OK", "Connection: close"), response(b"{}", "500 Oh")]
)
def test_a_connection_is_not_used_after_its_final_response(
    connect: Callable[..., Asker], last: bytes
) -> None:
    with Hostile(answering(last), answering(ALLOWED)) as server:
        client = connect(server.url)
        with pytest.raises(AnswerError):
            client.decide(*ASKED)
        assert client.decide(*ASKED)
    assert server.connections == 2


@pytest.mark.parametrize("end", [Peer.reset, lambda _: None], ids=["reset", "end"])
def test_a_connection_that_ended_while_idle_is_not_used(
    connect: Callable[..., Asker], end: Callable[[Peer], None]
) -> None:
    idle, ended = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(DENIED)
        assert idle.wait(BOUND)
        end(peer)
        peer.socket.close()
        ended.set()

    with Hostile(script, answering(ALLOWED)) as server:
        client = connect(server.url)
        assert not ask(client, "a:First")
        idle.set()
        assert ended.wait(BOUND)
        assert ask(client, "a:Second")
    assert actions(server) == ["a:First", "a:Second"]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("unasked", [ALLOWED, b"\r\n", b"x"], ids=["allow", "blank", "byte"])
def test_an_unrequested_response_is_never_used(
    connect: Callable[..., Asker], unasked: bytes, *, secure: bool
) -> None:
    idle, said = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        assert idle.wait(BOUND)
        peer.say(unasked)
        said.set()
        peer.linger()

    with Hostile(script, answering(DENIED), tls=server_tls() if secure else None) as server:
        client = connect(server.url, tls=client_tls() if secure else None)
        assert ask(client, "a:First")
        idle.set()
        assert said.wait(BOUND)
        assert not ask(client, "a:Second")
        client.close()
    assert actions(server) == ["a:First", "a:Second"]
    assert server.connections == 2


def step_through(steps: Steps, before_each: Callable[[], object]) -> Response:
    """Run the steps as a client does, and call `before_each` before each wait."""
    while not isinstance(step := next(steps), Response):
        assert isinstance(step, Wait)
        before_each()
        assert step.poll(BOUND * 1000)
    return step


def test_a_step_that_is_taken_too_early_is_taken_again() -> None:
    gate = Gate()
    with Hostile(gate) as server:
        endpoint = Url.parse(server.url)
        connections = Connections(endpoint, None)
        question = encoding.encode(encoding.request_head(DECISION, endpoint, None), Request(*ASKED))
        steps = connections.ask(question, response_limit(1))
        while not gate.came.is_set():
            step = next(steps)
            assert isinstance(step, Wait)
            step.poll(10)
        for _ in range(3):
            assert isinstance(next(steps), Wait)
        gate.open.set()
        assert step_through(steps, lambda: None).status == 200
        connections.close()


def test_a_connection_that_another_thread_took_is_not_used() -> None:
    class Taken(list[Connection]):
        def pop(self, *_: object) -> NoReturn:
            raise IndexError

        def __bool__(self) -> bool:
            return True

    connections = Connections(Url.parse("http://127.0.0.1:1"), None)
    assert connections.take(b"question", 1000, Taken()) is None


def test_a_response_before_the_first_request_is_refused() -> None:
    said = threading.Event()

    def script(peer: Peer) -> None:
        peer.say(ALLOWED)
        said.set()
        peer.linger()

    with Hostile(script) as server:
        connections = Connections(Url.parse(server.url), None)
        steps = connections.ask(b"question", 1000)
        with pytest.raises(AnswerError, match="answered before the first request"):
            step_through(steps, lambda: said.wait(BOUND))
    assert server.questions == []


def test_a_connection_in_use_is_closed_after_its_response_once_the_client_is_closed() -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        peer.linger()
        gone.set()

    with Hostile(script) as server:
        endpoint = Url.parse(server.url)
        connections = Connections(endpoint, None)
        question = encoding.encode(encoding.request_head(DECISION, endpoint, None), Request(*ASKED))
        answer = step_through(connections.ask(question, response_limit(1)), connections.close)
        assert answer.status == 200
        assert gone.wait(BOUND)


def test_threads_share_a_client_and_get_their_own_answers() -> None:
    def work(worker: int) -> None:
        for number in range(50):
            action = f"a:W{worker}N{number}"
            assert ask(client, action).statements[0].policy == action

    with (
        Hostile(echo) as server,
        Client(server.url, timeout=FOREVER) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        for done in [threads.submit(work, worker) for worker in range(8)]:
            done.result(BOUND)
    assert len(server.questions) == 400
    assert server.connections <= 8


def test_fifty_tasks_share_a_client_and_get_their_own_answers() -> None:
    async def work(client: AsyncClient, number: int) -> None:
        action = f"a:N{number}"
        principal, _, resource = ASKED
        assert (await client.decide(principal, action, resource)).statements[0].policy == action

    async def main() -> None:
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            for _ in range(3):
                await asyncio.gather(*(work(client, number) for number in range(50)))

    with Hostile(echo) as server:
        asyncio.run(main())
    assert len(server.questions) == 150
    assert server.connections == 50


def test_no_more_than_64_connections_are_kept() -> None:
    async def main() -> None:
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            for _ in range(2):
                await asyncio.gather(*(client.decide(*ASKED) for _ in range(70)))

    together = threading.Barrier(70)

    def script(peer: Peer) -> None:
        while True:
            peer.question()
            together.wait(BOUND)
            peer.say(ALLOWED)

    with Hostile(script) as server:
        asyncio.run(main())
    assert server.connections == 70 + 6


def test_a_cancelled_call_closes_its_connection() -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(DENIED)
        peer.question()
        peer.say(ALLOWED[:-1])
        peer.linger()
        gone.set()

    async def main() -> None:
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            assert not await client.decide(*ASKED)
            asking = asyncio.create_task(client.decide(*ASKED))
            await asyncio.to_thread(eventually, lambda: len(server.questions) == 2)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await asyncio.to_thread(gone.wait, BOUND)
            assert not await client.decide(*ASKED)

    with Hostile(script, answering(DENIED)) as server:
        asyncio.run(main())
    assert server.connections == 2


def test_a_call_that_a_signal_interrupts_closes_its_connection() -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(*_: object) -> NoReturn:
        raise Interrupted

    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        os.kill(os.getpid(), signal.SIGUSR1)
        peer.linger()
        gone.set()

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with Hostile(script) as server, Client(server.url, timeout=FOREVER) as client:
            with pytest.raises(Interrupted):
                client.decide(*ASKED)
            assert gone.wait(BOUND)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_an_async_client_works_in_one_event_loop_after_the_other() -> None:
    with Hostile(answering(ALLOWED)) as server:
        client = AsyncClient(server.url, timeout=FOREVER)
        for _ in range(3):
            assert asyncio.run(client.decide(*ASKED))
        asyncio.run(client.close())
    assert len(server.questions) == 3


def test_a_response_that_arrives_with_the_deadline_is_used() -> None:
    arrived, released, answered = threading.Event(), threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        arrived.set()
        assert released.wait(BOUND)
        peer.say(ALLOWED)
        answered.set()
        peer.linger()

    faults: list[object] = []

    async def main() -> Decision:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, fault: faults.append(fault))
        async with AsyncClient(server.url, timeout=1) as client:
            asking = asyncio.create_task(client.decide(*ASKED))
            assert await asyncio.to_thread(arrived.wait, BOUND)
            # the event loop is blocked until the response has arrived and the deadline is over
            deadline = loop.time() + 1
            released.set()
            assert answered.wait(BOUND)
            while loop.time() < deadline:
                pass
            return await asking

    with Hostile(script) as server:
        assert asyncio.run(main())
    assert faults == []


def test_an_async_client_leaves_no_timer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[asyncio.TimerHandle] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        call_at = loop.call_at

        def noted(
            when: float, callback: Callable[..., object], *arguments: object
        ) -> asyncio.TimerHandle:
            timers.append(call_at(when, callback, *arguments))
            return timers[-1]

        monkeypatch.setattr(loop, "call_at", noted)
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            assert await client.decide(*ASKED)

    with Hostile(answering(ALLOWED)) as server:
        asyncio.run(main())
    assert timers
    assert all(timer.cancelled() for timer in timers)


def run_in_child(work: Callable[[], bool]) -> None:
    """Fork, run `work` in the child, and assert that it returns true there."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_after_a_fork_each_side_uses_its_own_connection(*, secure: bool) -> None:
    with Hostile(answering(ALLOWED), tls=server_tls() if secure else None) as server:
        tls = client_tls() if secure else None
        with Client(server.url, timeout=FOREVER, tls=tls) as client:
            assert client.decide(*ASKED)
            run_in_child(lambda: bool(client.decide(*ASKED)) and bool(client.decide(*ASKED)))
            assert client.decide(*ASKED)
        assert len(server.questions) == 4
        assert server.connections == 2
        asking = AsyncClient(server.url, timeout=FOREVER, tls=tls)
        assert asyncio.run(asking.decide(*ASKED))
        run_in_child(lambda: bool(asyncio.run(asking.decide(*ASKED))))
        assert asyncio.run(asking.decide(*ASKED))
        asyncio.run(asking.close())
        assert len(server.questions) == 7
        assert server.connections == 4
