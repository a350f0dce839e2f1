"""The headers `traceparent` and `tracestate`, which a client with `tracing=True` passes on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Any, cast

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from hostile import ASKED, FOREVER, Gate, Hostile, answering, echo, result, wait_for
from ramgate import AnswerError, AsyncClient, Client, Request
from ramgate.client.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ramgate import Sidecar

TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@contextlib.contextmanager
def span(number: int = SPAN, state: dict[str, str] | None = None) -> Iterator[None]:
    """Make a span current that another process has begun."""
    its_context = SpanContext(
        TRACE,
        number,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
        trace_state=TraceState(list((state or {}).items())),
    )
    with trace.use_span(NonRecordingSpan(its_context)):
        yield


class Foreign(NonRecordingSpan):
    """A span of a library that gives any values for its context, or raises."""

    def __init__(self, **values: object) -> None:
        self._values = values

    def get_span_context(self) -> SpanContext:
        if not self._values:
            raise RuntimeError("no trace today")
        own = {"trace_id": TRACE, "span_id": SPAN, "trace_flags": 1, "is_valid": True}
        context: Any = types.SimpleNamespace(**{**own, "trace_state": None, **self._values})
        return cast("SpanContext", context)


class ForeignState:
    """A trace state that gives any header."""

    def __init__(self, header: object) -> None:
        self._header = header

    def to_header(self) -> object:
        return self._header


def traces(server: Hostile) -> list[dict[str, str]]:
    """Return the trace headers of each request, by their names."""
    found = [
        re.findall(rb"^(trace[a-z]+|baggage): ([^\r]*)\r$", head, re.MULTILINE)
        for head in server.heads
    ]
    return [{name.decode(): value.decode() for name, value in one} for one in found]


ALL_CALLS: dict[str, Callable[[Any], Any]] = {
    "decide": lambda client: client.decide(*ASKED),
    "require": lambda client: client.require(*ASKED),
    "decide_all": lambda client: client.decide_all([Request(*ASKED)]),
    "simulate": lambda client: client.simulate(*ASKED, policies={}),
    "feature": lambda client: client.feature(ASKED[0], "alikafka.connector"),
    "revision": lambda client: client.revision(),
    "serial": lambda client: client.serial(),
}


@pytest.mark.parametrize("call", ALL_CALLS.values(), ids=ALL_CALLS)
def test_each_request_of_both_clients_carries_the_current_span(call: Callable[[Any], Any]) -> None:
    async def main(url: str) -> None:
        async with AsyncClient(url, timeout=FOREVER, tracing=True) as client:
            await call(client)

    with (
        Hostile(answering(result({}))) as server,
        span(state={"rojo": "1", "congo": "a b"}),
        Client(server.url, timeout=FOREVER, tracing=True) as client,
    ):
        with pytest.raises(AnswerError):
            call(client)
        with pytest.raises(AnswerError):
            asyncio.run(main(server.url))
    assert traces(server) == [{"traceparent": PARENT, "tracestate": "rojo=1,congo=a b"}] * 2


def test_a_client_carries_nothing_without_tracing_or_without_a_span() -> None:
    with Hostile(echo) as server:
        with span(), Client(server.url, timeout=FOREVER) as client:
            assert client.decide(*ASKED)
        with Client(server.url, timeout=FOREVER, tracing=True) as client:
            assert client.decide(*ASKED)
    assert traces(server) == [{}, {}]


def test_each_task_carries_its_own_span() -> None:
    async def decide(client: AsyncClient, number: int) -> None:
        with span(number):
            decision = await client.decide(ASKED[0], f"a:N{number}", ASKED[2])
        assert decision.statements[0].policy == f"a:N{number}"

    async def main(url: str) -> None:
        async with AsyncClient(url, timeout=FOREVER, tracing=True) as client:
            await asyncio.gather(*(decide(client, number) for number in (1, 2, 3)))

    with Hostile(echo, echo, echo) as server:
        asyncio.run(main(server.url))
    for head, question in zip(server.heads, server.questions, strict=True):
        [number] = re.findall(rb'"a:N(\d)"', question)
        assert b"traceparent: 00-%032x-%016x-01\r\n" % (TRACE, int(number)) in head


def test_a_batch_carries_a_span_only_if_it_is_that_of_all_its_callers() -> None:
    first = Gate()

    async def decide(client: AsyncClient, number: int) -> None:
        with span(number) if number else contextlib.nullcontext():
            assert await client.decide(*ASKED)

    async def main(url: str) -> None:
        async with AsyncClient(url, timeout=FOREVER, tracing=True, batches=1) as client:
            alone = asyncio.create_task(decide(client, 1))
            await wait_for(first.came)
            waiting = asyncio.gather(decide(client, 2), decide(client, 2))
            await asyncio.sleep(0)
            first.open.set()
            await asyncio.gather(alone, waiting)
            await asyncio.gather(decide(client, 3), decide(client, 4))
            await asyncio.gather(decide(client, 5), decide(client, 0))
            await decide(client, 0)

    with Hostile(first) as server:
        asyncio.run(main(server.url))
    parents = [one.get("traceparent", "-" * 35) for one in traces(server)]
    assert [int("0" + parent[36:52], 16) for parent in parents] == [1, 2, 0, 0, 0]


def test_a_batch_that_is_sent_again_one_by_one_carries_each_callers_span() -> None:
    def script(peer: Any) -> None:  # noqa: ANN401
        peer.question()
        peer.say(result("not a list"))
        echo(peer)

    async def decide(client: AsyncClient, number: int) -> None:
        with span(number):
            await client.decide(*ASKED)

    async def main(url: str) -> None:
        async with AsyncClient(url, timeout=FOREVER, tracing=True, batches=1) as client:
            await asyncio.gather(decide(client, 1), decide(client, 2))

    with Hostile(script, echo) as server:
        asyncio.run(main(server.url))
    together, *apart = traces(server)
    assert together == {}
    assert [int(one["traceparent"][36:52], 16) for one in apart] == [1, 2]


def test_baggage_is_not_passed_on() -> None:
    token = context.attach(baggage.set_baggage("customer", "4711"))
    try:
        with span():
            assert Tracing().headers() == f"traceparent: {PARENT}\r\n".encode()
    finally:
        context.detach(token)


def test_a_span_that_is_not_sampled_is_passed_on_as_such() -> None:
    with trace.use_span(NonRecordingSpan(SpanContext(TRACE, SPAN, is_remote=False))):
        assert Tracing().headers() == f"traceparent: {PARENT[:-2]}00\r\n".encode()


WRONG_PARENTS: list[dict[str, object]] = [
    {"trace_id": 1 << 128},
    {"trace_id": -1},
    {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736\r\nX-Split: 1"},
    {"span_id": 1 << 64},
    {"span_id": None},
    {"trace_flags": 256},
    {"trace_flags": "01\r\n\r\n"},
    {"is_valid": False},
]
WRONG_STATES: list[object] = [
    "",
    "a=1\r\nX-Split: 1",
    "a=1\r\n\r\n",
    "a=1\n",
    "a=1\r",
    "a=1\x00",
    "a=1\x7f",
    "a=\u00fc",
    "a=\u2028",
    "a=\ud800",
    "a=" + 511 * "x",
]


def decided_twice(foreign: Foreign) -> Hostile:
    """Decide two times in a span, on one connection; return the server that was asked."""
    with (
        trace.use_span(foreign),
        Hostile(echo) as server,
        Client(server.url, timeout=FOREVER, tracing=True) as client,
    ):
        assert client.decide(*ASKED)
        assert not client.decide(ASKED[0], "a:Deny", ASKED[2])
    assert server.connections == 1
    assert not any(b"X-Split" in head for head in server.heads)
    return server


@pytest.mark.parametrize("values", WRONG_PARENTS, ids=repr)
def test_a_span_without_a_valid_traceparent_is_left_out(values: dict[str, object]) -> None:
    assert traces(decided_twice(Foreign(**values))) == [{}, {}]


@pytest.mark.parametrize("value", WRONG_STATES, ids=repr)
def test_a_wrong_tracestate_is_left_out_and_the_request_is_whole(value: object) -> None:
    server = decided_twice(Foreign(trace_state=ForeignState(value)))
    assert traces(server) == [{"traceparent": PARENT}] * 2


@pytest.mark.parametrize("value", [None, b"a=1", 5], ids=repr)
def test_a_tracestate_that_is_no_text_leaves_the_trace_out(value: object) -> None:
    assert traces(decided_twice(Foreign(trace_state=ForeignState(value)))) == [{}, {}]


def test_a_tracestate_of_512_characters_is_passed_on() -> None:
    longest = "a=" + 510 * "x"
    with trace.use_span(Foreign(trace_state=ForeignState(longest))):
        assert Tracing().headers().endswith(f"tracestate: {longest}\r\n".encode())


@pytest.mark.parametrize("batches", [None, 1])
def test_an_error_of_the_library_changes_no_decision_and_is_logged_once(
    batches: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(url: str) -> None:
        async with AsyncClient(url, timeout=FOREVER, tracing=True, batches=batches) as client:
            assert await client.decide(*ASKED)
            assert not await client.decide(ASKED[0], "a:Deny", ASKED[2])

    with caplog.at_level(logging.WARNING), trace.use_span(Foreign()), Hostile(echo) as server:
        asyncio.run(main(server.url))
    assert traces(server) == [{}, {}]
    assert caplog.messages == [
        "requests are sent without their trace: RuntimeError: no trace today"
    ]


def python(program: str) -> str:
    """Run a program in a new interpreter, and return its output."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_no_client_imports_opentelemetry_without_tracing() -> None:
    program = (
        "import sys, ramgate; ramgate.Client(); ramgate.AsyncClient()\n"
        "print([one for one in sys.modules if 'telemetry' in one or one.endswith('.tracing')])"
    )
    assert python(program) == "[]\n"


def test_tracing_without_the_package_says_which_extra_to_install() -> None:
    program = (
        "import sys, ramgate\n"
        "sys.modules['opentelemetry'] = None\n"
        "try: ramgate.Client(tracing=True)\n"
        "except ImportError as error: print(error)\n"
    )
    expected = "`tracing=True` needs opentelemetry-api: run `pip install 'ramgate[otel]'`\n"
    assert python(program) == expected


def test_a_package_that_fails_costs_the_trace_and_not_the_decision(
    ramgate_sidecar: Sidecar, tmp_path: Path
) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry/trace.py").write_text("raise RuntimeError('broken')")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"import ramgate; client = ramgate.Client({ramgate_sidecar.url!r}, tracing=True)\n"
        "root = 'acs:ram::1234567890123456:root'\n"
        "print(client.decide(root, 'alikafka:ListInstance', '*').reason)\n"
    )
    assert python(program) == (
        "account_owner\nrequests are sent without their trace: RuntimeError: broken\n"
    )
