from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from asgi_calls import ACCOUNT, CountingClient, arn_of, call
from ramgate import AccessDenied
from ramgate.middleware.asgi import RamgateMiddleware, require
from ramgate.middleware.errors import InvalidTemplate
from ramgate.middleware.starlette import requires

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asgi_calls import Answer
    from ramgate import Sidecar

may_list = requires("alikafka:ListTopic", f"acs:alikafka:cn-hangzhou:{ACCOUNT}:{{instance}}")


async def listing(request: Request) -> Response:
    decision = await may_list(request)
    return PlainTextResponse(decision.effect)


async def streaming(_: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await require("ecs:StopInstance", "*")
        yield b"second"

    await require("alikafka:ListTopic", "*")
    return StreamingResponse(parts())


async def redirecting(_: Request) -> Response:
    return RedirectResponse("https://bucket.example/secret?signature=x")


async def pass_on(request: Request, call_next: Any) -> Response:  # noqa: ANN401 - Starlette's
    response: Response = await call_next(request)
    return response


def run(url: str, *targets: str, user: str | None = "alice") -> list[Answer]:
    async def main() -> list[Answer]:
        async with CountingClient(url) as client:
            app = Starlette(
                routes=[
                    Route("/instances/{instance}", listing),
                    Route("/numbers/{instance:int}", listing),
                    Route("/redirect", redirecting),
                    Route("/stream", streaming),
                    Mount("/mounted/{instance}", routes=[Route("/topics", listing)]),
                ],
                middleware=[
                    Middleware(RamgateMiddleware, client=client, principal=arn_of),
                    Middleware(BaseHTTPMiddleware, dispatch=pass_on),
                ],
            )
            return [await call(app, target, user) for target in targets]

    return asyncio.run(main())


def test_an_endpoint_awaits_its_requirement(ramgate_sidecar: Sidecar) -> None:
    targets = ("/instances/x", "/numbers/007", "/mounted/x/topics")
    assert [one.body for one in run(ramgate_sidecar.url, *targets)] == [b"Allow"] * 3
    assert [one.status for one in run(ramgate_sidecar.url, *targets, user="carol")] == [403] * 3
    assert [one.status for one in run(ramgate_sidecar.url, *targets, user=None)] == [401] * 3


def test_a_redirection_without_a_decision_is_held_back(ramgate_sidecar: Sidecar) -> None:
    found, slash = run(ramgate_sidecar.url, "/redirect", "/instances/x/")
    assert (found.status, slash.status) == (500, 500)
    assert "location" not in found.headers


def test_a_denial_in_a_streamed_body_goes_on(ramgate_sidecar: Sidecar) -> None:
    # a denial is a `PermissionError`, and Starlette takes every `OSError` here for a lost client
    with pytest.raises(ClientDisconnect) as caught:
        run(ramgate_sidecar.url, "/stream")
    assert isinstance(caught.value.__context__, AccessDenied)


def test_a_background_task_asks_again_and_its_denial_goes_on(ramgate_sidecar: Sidecar) -> None:
    async def background() -> None:
        await require("alikafka:ListTopic", "*")
        await require("ecs:StopInstance", "*")

    async def endpoint(_: Request) -> Response:
        await require("alikafka:ListTopic", "*")
        return PlainTextResponse("topics", background=BackgroundTask(background))

    async def main() -> list[str]:
        async with CountingClient(ramgate_sidecar.url) as client:
            protection = Middleware(RamgateMiddleware, client=client, principal=arn_of)
            app = Starlette(routes=[Route("/", endpoint)], middleware=[protection])
            with pytest.raises(AccessDenied):
                await call(app, "/", "alice")
            return [action for _, action, _ in client.asked]

    asked = asyncio.run(main())
    assert asked == ["alikafka:ListTopic", "alikafka:ListTopic", "ecs:StopInstance"]


def test_a_faulty_template_is_refused_when_the_application_starts() -> None:
    with pytest.raises(InvalidTemplate):
        requires("alikafka:ListTopic", "{instance}")
