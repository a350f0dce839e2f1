"""Measure the time that Python clients add to a raw socket: ramgate's and opa-python-client's."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import statistics
import time
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from opa_client import AsyncOpaClient, OpaClient
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from bench import floor, questions
from bench.report import Figure, Section, Table
from bench.server import CORES, DECISION, SHIPPED, Opa, WrongAnswerError
from ramgate import AsyncClient, Client, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from bench.questions import Question
    from bench.run import Run

__all__ = ["Raw", "measure", "on_the_load_core"]

# Many short turns, so that a disturbance of the machine falls on all clients alike.
_TURNS: Final = 4
_CALLS: Final = 250
_SLOW_CALLS: Final = 50
_BULK_CALLS: Final = 1
_BULK: Final = 100
_TASKS: Final = 50
_CALLS_OF_A_TASK: Final = 100
_DISTINCT: Final = 1000
_BATCHES: Final = "batches=1"
_TIMEOUT: Final = 30.0
_SPAN: Final = NonRecordingSpan(SpanContext(1, 1, is_remote=True, trace_flags=TraceFlags(1)))
_THEIRS: Final = "opa-python-client, TCP"
_PACKAGE, _RULE = "ram.authz", "decision"
_CHUNK: Final = 65536


class Raw:
    """A connection that sends one request again and again, and reads without parsing.

    Each call reads as many bytes as the first response had, which must contain `expected`.
    """

    def __init__(
        self, connection: socket.socket, path: str, body: bytes, expected: bytes = b""
    ) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        self._request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self._connection = connection
        connection.settimeout(_TIMEOUT)
        connection.sendall(self._request)
        first = connection.recv(_CHUNK)
        if expected not in first:
            first += connection.recv(_CHUNK)
        if expected not in first:
            raise WrongAnswerError(f"`{path}` was answered with {first.decode(errors='replace')}")
        self._size = len(first)

    def __call__(self) -> None:
        """Send the request, and wait for the whole response."""
        self._connection.sendall(self._request)
        left = self._size
        while left > 0:
            received = len(self._connection.recv(_CHUNK))
            if not received:
                raise WrongAnswerError("the connection ended within a response")
            left -= received


def measure(run: Run) -> Section:
    """Measure each client with one request at a time, then with fifty concurrent tasks."""
    plain, conditional = questions.mix()[:2]
    content = run.build("mix", questions.write).content
    with Opa(content, run.folder) as opa, on_the_load_core():
        opa.check([plain, conditional])
        run.log(f"clients, {run.rounds} rounds")
        medians = _one_at_a_time(opa, run.rounds, plain, conditional)
        run.log(f"clients, {_TASKS} tasks at once, {run.rounds} rounds")
        with use_span(_SPAN):
            found = asyncio.run(_concurrently(opa, run.rounds))
        rates = {name: [one.rate for one in many] for name, many in found.items()}
        loads = {name: [one.rate / one.load for one in many] for name, many in found.items()}
    least = medians["floor, raw, unix"]

    def middle(name: str, over: str) -> float:
        return statistics.median(
            one / other for one, other in zip(medians[name], medians[over], strict=True)
        )

    added = max(
        statistics.median(
            (ours - raw) / trip
            for ours, raw, trip in zip(
                medians[f"Client, unix{kind}"], medians[f"raw, unix{kind}"], least, strict=True
            )
        )
        for kind in ("", ", context")
    )

    def over_theirs(name: str, of: Mapping[str, Sequence[float]]) -> float:
        return statistics.median(
            ours / other for ours, other in zip(of[name], of[_THEIRS], strict=True)
        )

    tables = (
        Table(
            "Python clients, one request at a time",
            ("client", "median µs", "over the raw round trip to the floor on a unix socket"),
            tuple(
                (
                    name,
                    f"{statistics.median(found):,.0f}",
                    f"{middle(name, 'floor, raw, unix'):.2f}",
                )
                for name, found in medians.items()
            ),
            f"The {SHIPPED} store. Python runs on one core, OPA on another. *Raw* sends and reads "
            "bytes without parsing them. opa-python-client does not support unix sockets.",
        ),
        Table(
            f"Python clients, {_TASKS} tasks in one event loop",
            ("client", "decisions /s", "decisions per second of Python's CPU time"),
            tuple(
                (
                    name,
                    f"{statistics.median(rates[name]):,.0f}",
                    f"{statistics.median(loads[name]):,.0f}",
                )
                for name in rates
            ),
            "The tasks ask the mix for one account after the other, so no two requests of a batch "
            "are equal. With `tracing`, each request carries the current span. If the first figure "
            "is less than the second, Python waits for OPA, whose one core is then the limit.",
        ),
    )
    figures = {
        "client": added,
        "opa_client": middle(_THEIRS, "Client, unix"),
        "opa_client_tcp": middle(_THEIRS, "Client, TCP"),
        "async": over_theirs(f"AsyncClient, {_BATCHES}, TCP", rates),
        "async_each": over_theirs("AsyncClient, TCP", rates),
        "async_load": over_theirs("AsyncClient, TCP", loads),
        "async_processor": 1 / over_theirs("AsyncClient, TCP", loads),
    }
    return Section("clients", tables, {key: Figure(one, SHIPPED) for key, one in figures.items()})


@contextlib.contextmanager
def on_the_load_core() -> Iterator[None]:
    """Run this process on the load's core during the block, if the system can do that."""
    if CORES[1:]:
        os.sched_setaffinity(0, CORES[1:2])
    try:
        yield
    finally:
        if CORES[1:]:
            os.sched_setaffinity(0, CORES)


def _one_at_a_time(
    opa: Opa, rounds: int, plain: Question, conditional: Question
) -> dict[str, list[float]]:
    """Return, for each client, the median µs of each turn."""
    host, port = urlsplit(opa.url).hostname, urlsplit(opa.url).port
    with contextlib.ExitStack() as stack:

        def unix() -> socket.socket:
            made = stack.enter_context(socket.socket(socket.AF_UNIX))
            made.connect(str(opa.socket))
            return made

        def tcp() -> socket.socket:
            made = stack.enter_context(socket.create_connection((host, port)))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made

        near = stack.enter_context(Client(f"unix://{opa.socket}", timeout=_TIMEOUT))
        far = stack.enter_context(Client(opa.url, timeout=_TIMEOUT))
        theirs = OpaClient(host=host, port=port, timeout=_TIMEOUT)
        stack.callback(theirs.close_connection)
        many = questions.mixes(_BULK)
        requests = [_request(question) for question in many]
        inputs = [question.request for question in many]
        ways: dict[str, tuple[Callable[[], object], int]] = {
            "floor, raw, unix": (Raw(unix(), floor.ALLOW, plain.body), _CALLS),
            "raw, unix": (Raw(unix(), DECISION, plain.body), _CALLS),
            "Client, unix": (_decide(near, plain), _CALLS),
            "raw, unix, context": (Raw(unix(), DECISION, conditional.body), _CALLS),
            "Client, unix, context": (_decide(near, conditional), _CALLS),
            "floor, raw, TCP": (Raw(tcp(), floor.ALLOW, plain.body), _CALLS),
            "raw, TCP": (Raw(tcp(), DECISION, plain.body), _CALLS),
            "Client, TCP": (_decide(far, plain), _CALLS),
            _THEIRS: (
                lambda: theirs.query_rule(plain.request, _PACKAGE, _RULE),
                _SLOW_CALLS,
            ),
            f"Client, `decide_all` of {_BULK}, TCP": (
                lambda: far.decide_all(requests),
                _BULK_CALLS,
            ),
            f"opa-python-client, `bulk_query_rule` of {_BULK}, TCP": (
                lambda: theirs.bulk_query_rule(inputs, _PACKAGE, _RULE),
                _BULK_CALLS,
            ),
        }
        _check(theirs.query_rule(plain.request, _PACKAGE, _RULE), plain)
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds * _TURNS):
            for name, (ask, calls) in ways.items():
                found[name].append(_median(ask, calls))
    return found


def _request(question: Question) -> Request:
    return Request(question.principal, question.action, question.resource, question.context)


def _decide(client: Client, question: Question) -> Callable[[], object]:
    asked = (question.principal, question.action, question.resource, question.context)
    return lambda: client.decide(*asked)


def _check(answer: Mapping[str, Mapping[str, object]], question: Question) -> None:
    if answer["result"]["effect"] != question.effect:
        raise WrongAnswerError(f"{question}: {answer}")


def _median(ask: Callable[[], object], calls: int) -> float:
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return 1e6 * statistics.median(taken)


class _Rate(NamedTuple):
    """Decisions a second, and the CPU time of the process over the time that passed."""

    rate: float
    load: float


async def _concurrently(opa: Opa, rounds: int) -> dict[str, list[_Rate]]:
    """Return, for each client, the rate of each round."""
    parts = urlsplit(opa.url)
    many = questions.mixes(_DISTINCT)
    found: dict[str, list[_Rate]] = {}
    async with contextlib.AsyncExitStack() as stack:

        async def ours(
            url: str, batches: int | None, *, tracing: bool = False
        ) -> Callable[[], Awaitable[object]]:
            client = AsyncClient(url, timeout=_TIMEOUT, batches=batches, tracing=tracing)
            await stack.enter_async_context(client)
            asked = itertools.cycle(
                (one.principal, one.action, one.resource, one.context) for one in many
            )
            return lambda: client.decide(*next(asked))

        theirs = AsyncOpaClient(host=parts.hostname, port=parts.port, timeout=_TIMEOUT)
        await stack.enter_async_context(theirs)
        inputs = itertools.cycle([question.request for question in many])
        ways = {
            "AsyncClient, unix": await ours(f"unix://{opa.socket}", None),
            "AsyncClient, TCP": await ours(opa.url, None),
            "AsyncClient, `tracing`, TCP": await ours(opa.url, None, tracing=True),
            f"AsyncClient, {_BATCHES}, unix": await ours(f"unix://{opa.socket}", 1),
            f"AsyncClient, {_BATCHES}, TCP": await ours(opa.url, 1),
            _THEIRS: lambda: theirs.query_rule(next(inputs), _PACKAGE, _RULE),
        }
        _check(await theirs.query_rule(many[0].request, _PACKAGE, _RULE), many[0])
        for ask in ways.values():
            await _rate(ask)
        for _ in range(rounds):
            for name, ask in ways.items():
                found.setdefault(name, []).append(await _rate(ask))
    return found


async def _rate(ask: Callable[[], Awaitable[object]]) -> _Rate:
    async def some() -> None:
        for _ in range(_CALLS_OF_A_TASK):
            await ask()

    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(_TASKS)))
    taken, worked = time.perf_counter() - began, time.process_time() - worked
    return _Rate(_TASKS * _CALLS_OF_A_TASK / taken, worked / taken)
