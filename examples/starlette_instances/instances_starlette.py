"""A Starlette application about Kafka instances, in which ramgate decides about every request.

- `GET /health`: public;
- `DELETE /instances/{instance}`: needs `alikafka:ReleaseInstance`;
- `GET /records/{key:path}`: needs `oss:GetObject` on an object whose name may have slashes;
- `WEBSOCKET /instances/{instance}/messages`: needs `alikafka:SendMessage` for each message.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from ramgate import AsyncClient
from ramgate.middleware.asgi import RamgateMiddleware
from ramgate.middleware.starlette import requires

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from ramgate.middleware.asgi import Scope

__all__ = ["create"]

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
RECORD: Final = "acs:oss:oss-cn-hangzhou:1234567890123456:orders/{key:path}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}

may_release = requires("alikafka:ReleaseInstance", INSTANCE)
may_read = requires("oss:GetObject", RECORD)
may_send = requires("alikafka:SendMessage", INSTANCE)


def arn_of(scope: Scope) -> str | None:
    """Return the ARN of the caller, or `None`. A real application verifies a signed token here."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return None
    user = TOKENS.get(given[0].decode("latin-1").removeprefix("Bearer "))
    return user and USER.format(user)


async def health(_: Request) -> Response:
    """Answer without a decision: the path is public."""
    return PlainTextResponse("ok")


async def release(request: Request) -> Response:
    """Release an instance."""
    await may_release(request)
    return JSONResponse({"released": request.path_params["instance"]})


async def read(request: Request) -> Response:
    """Answer with the name of a record."""
    await may_read(request)
    return JSONResponse({"record": request.path_params["key"]})


async def messages(socket: WebSocket) -> None:
    """Acknowledge each message, after a decision about it: a revoked right closes the socket."""
    await may_send(socket)
    await socket.accept()
    async for text in socket.iter_text():
        await may_send(socket)
        await socket.send_text(f"sent {text}")


def create(url: str | None = None) -> Starlette:
    """Return the application; the URL of OPA is `url`, else `$RAMGATE_URL`."""
    client = AsyncClient(url or os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181"), batches=1)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await client.close()

    protection = Middleware(RamgateMiddleware, client=client, principal=arn_of, public={"/health"})
    routes = [
        Route("/health", health),
        Route("/instances/{instance}", release, methods=["DELETE"]),
        Route("/records/{key:path}", read),
        WebSocketRoute("/instances/{instance}/messages", messages),
    ]
    return Starlette(routes=routes, middleware=[protection], lifespan=lifespan)
