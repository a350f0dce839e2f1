"""Measure the time that the middleware adds to a request of a FastAPI application."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import socket
import statistics
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastapi import Depends, FastAPI

from bench.clients import Raw, on_the_load_core
from bench.measure import percentile
from bench.report import Figure, Section, Table
from bench.server import DECISION, SHIPPED, Opa, WrongAnswerError
from ramgate import AsyncClient
from ramgate.middleware.asgi import RamgateMiddleware
from ramgate.middleware.fastapi import requires

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from bench.run import Run
    from ramgate.middleware.asgi import App, Message

__all__ = ["CONCURRENT", "application", "call", "measure"]

CONCURRENT = 1_000
"""The requests that are sent at once, and those in flight at a rate."""

_WAVES: Final = 4
_RATE: Final = 250
_SECONDS: Final = 4
_TIMEOUT: Final = 60.0
_ACTION: Final = "alikafka:ListTopic"
_ALICE: Final = "acs:ram::1234567890123456:user/alice"
_RESOURCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
_ACCOUNTS: Final = """
accounts:
  "1234567890123456":
    users: {alice: {policies: [AliyunKafkaFullAccess]}}
"""
_PERCENTILES: Final = (50, 90, 99)
_PLAIN: Final = "without"
_PROTECTED: Final = "with"
_RAW: Final = "without, a question over a raw socket"


class _Found(NamedTuple):
    """The times of one slice, in ms."""

    each: float
    """The time of the whole slice, for each of its requests."""
    processor: float
    """The processor time of the application's process, for each request."""
    latencies: Sequence[float]
    """For each request, the time until its response, without the wait of its function."""


def write(folder: Path) -> None:
    """Write accounts in which Alice may list topics."""
    folder.mkdir(parents=True)
    (folder / "accounts.yaml").write_text(_ACCOUNTS)


def application(asked: AsyncClient | Raw | None, wait: float, waited: dict[str, float]) -> App:
    """Return a FastAPI application with one route: protected, with a raw question, or plain.

    Its function waits, as functions that ask a database do. `waited` gets the seconds that each
    instance waited. The raw question blocks the event loop: no client waits for OPA less.
    """
    app = FastAPI(openapi_url=None)
    dependencies = []
    if isinstance(asked, AsyncClient):
        app.add_middleware(RamgateMiddleware, client=asked, principal=lambda _: _ALICE)
        dependencies = [Depends(requires(_ACTION, _RESOURCE))]
    elif asked is not None:

        async def ask() -> None:
            asked()

        dependencies = [Depends(ask)]

    @app.get("/instances/{instance}/topics", dependencies=dependencies)
    async def topics(instance: str) -> dict[str, str]:
        began = time.perf_counter()
        await asyncio.sleep(wait)
        waited[instance] = time.perf_counter() - began
        return {"instance": instance}

    return app


def measure(run: Run) -> Section:
    """Measure the application without and with the middleware in turn: at once, then at a rate."""
    content = run.build("middleware", write).content
    with Opa(content, run.folder) as opa, on_the_load_core():
        run.log(f"middleware, {run.rounds} rounds")
        at_once, paced = asyncio.run(_measure(opa, run.rounds))
    return _section(run, at_once, paced)


def _section(
    run: Run, at_once: Mapping[str, Sequence[_Found]], paced: Mapping[str, Sequence[_Found]]
) -> Section:
    rows = [
        (name, kind, *_row(many))
        for kind, found in (("all at once", at_once), (f"{_RATE} a second", paced))
        for name, many in found.items()
    ]
    table = Table(
        f"Middleware, {CONCURRENT:,} concurrent requests to a FastAPI application",
        (
            "middleware",
            "arrival",
            "ms for each",
            "processor ms for each",
            *(f"p{percent} of the response time, ms" for percent in _PERCENTILES),
        ),
        tuple(rows),
        f"The {SHIPPED} store, OPA on a unix socket and one core, `AsyncClient(batches=1)`. The "
        "application is called in one event loop, without an HTTP server, on another core. *A "
        "question over a raw socket* has ready bytes, takes the place of the middleware, and "
        "blocks the event loop until the response is there: no client waits for OPA less. The "
        "applications take turns, medians of "
        f"{run.rounds * _WAVES} slices at once and of {run.rounds} at a rate. *At once*: "
        f"{CONCURRENT:,} tasks start together, so a response waits for the others, and the time "
        "of the slice divided by its requests is the time of each. At a rate, a function waits "
        f"{_SECONDS} s, so {CONCURRENT:,} requests are in flight; the response time is without "
        "this wait.",
    )
    added = _added(at_once, lambda one: one.each)
    paced_added = _added(paced, lambda one: percentile(one.latencies, 50))
    figures = {
        "middleware": added,
        "middleware_processor": _added(at_once, lambda one: one.processor),
        "middleware_paced": paced_added,
    }
    return Section("middleware", (table,), {key: Figure(one) for key, one in figures.items()})


async def _measure(
    opa: Opa, rounds: int
) -> tuple[dict[str, list[_Found]], dict[str, list[_Found]]]:
    """Return the slices at once and those at a rate, each by the name of the application."""
    asked = {"principal": _ALICE, "action": _ACTION, "resource": _RESOURCE.format(instance="i0")}
    body = json.dumps({"input": asked}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(opa.socket))
        raw = Raw(connection, DECISION, body, b'"allow":true')
        return await _in_turn(f"unix://{opa.socket}", raw, rounds)


async def _in_turn(
    url: str, raw: Raw, rounds: int
) -> tuple[dict[str, list[_Found]], dict[str, list[_Found]]]:
    async with AsyncClient(url, timeout=_TIMEOUT, batches=1) as client:
        quick = _Applications(client, raw, 0.0)
        slow = _Applications(client, raw, float(_SECONDS))
        await quick.each(_at_once)
        at_once = [await quick.each(_at_once) for _ in range(rounds * _WAVES)]
        paced = [await slow.each(_paced) for _ in range(rounds)]
    return _by_name(at_once), _by_name(paced)


class _Applications:
    """The application without and with the middleware, and with a raw question."""

    def __init__(self, client: AsyncClient, raw: Raw, wait: float) -> None:
        self._waited: dict[str, float] = {}
        self._apps = {
            name: application(one, wait, self._waited)
            for name, one in ((_PLAIN, None), (_RAW, raw), (_PROTECTED, client))
        }
        self._numbers = itertools.count()

    async def each(
        self, load: Callable[[Callable[[], Awaitable[float]]], Awaitable[_Found]]
    ) -> dict[str, _Found]:
        """Put the load on one application after the other."""
        return {
            name: await load(functools.partial(self._request, app))
            for name, app in self._apps.items()
        }

    async def _request(self, app: App) -> float:
        """Send one request; return the seconds until its response, without its wait."""
        instance = f"i{next(self._numbers)}"
        began = time.perf_counter()
        await call(app, f"/instances/{instance}/topics")
        return time.perf_counter() - began - self._waited.pop(instance)


async def _at_once(request: Callable[[], Awaitable[float]]) -> _Found:
    began, worked = time.perf_counter(), time.process_time()
    latencies = await asyncio.gather(*(request() for _ in range(CONCURRENT)))
    return _found(began, worked, latencies)


async def _paced(request: Callable[[], Awaitable[float]]) -> _Found:
    """Send requests at a rate; only those count that arrive while others wait in full number."""
    began, worked = time.perf_counter(), time.process_time()
    sent: list[asyncio.Future[float]] = []
    for number in range(2 * CONCURRENT):
        await asyncio.sleep(max(0.0, began + number / _RATE - time.perf_counter()))
        sent.append(asyncio.ensure_future(request()))
    latencies = await asyncio.gather(*sent)
    return _found(began, worked, latencies)


def _found(began: float, worked: float, latencies: Sequence[float]) -> _Found:
    """Return the times since `began` and `worked`; of the latencies, the last ones count."""
    share = 1e3 / len(latencies)
    return _Found(
        share * (time.perf_counter() - began),
        share * (time.process_time() - worked),
        [1e3 * one for one in latencies[-CONCURRENT:]],
    )


async def call(app: App, path: str) -> None:
    """Call an ASGI application as a server does. Raises `WrongAnswerError` for another answer."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"bench")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8_000),
    }
    await app(scope, receive, send)
    if statuses != [HTTPStatus.OK]:
        raise WrongAnswerError(f"{path} was answered with {statuses}")


def _by_name(slices: Sequence[Mapping[str, _Found]]) -> dict[str, list[_Found]]:
    return {name: [one[name] for one in slices] for name in slices[0]}


def _row(slices: Sequence[_Found]) -> tuple[str, ...]:
    each = statistics.median(one.each for one in slices)
    processor = statistics.median(one.processor for one in slices)
    times = (
        statistics.median(percentile(one.latencies, percent) for one in slices)
        for percent in _PERCENTILES
    )
    return (f"{each:.2f}", f"{processor:.2f}", *(f"{one:.2f}" for one in times))


def _added(found: Mapping[str, Sequence[_Found]], value: Callable[[_Found], float]) -> float:
    """Return the median, over the rounds, of the difference that the middleware makes."""
    return statistics.median(
        value(protected) - value(plain)
        for plain, protected in zip(found[_PLAIN], found[_PROTECTED], strict=True)
    )
