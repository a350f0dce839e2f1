"""A FastAPI application about Kafka instances, in which ramgate decides about every request.

- `GET /health`: public;
- `GET /instances/{instance}/topics`: needs `alikafka:ListTopic`, and tells the address of the
  caller to the policies;
- `DELETE /instances/{instance}`: needs `alikafka:ReleaseInstance`;
- `POST /topics`: needs `alikafka:CreateTopic` on the instance that the body names.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel

from ramgate import AsyncClient
from ramgate.middleware.asgi import RamgateMiddleware, require
from ramgate.middleware.fastapi import requires
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ramgate.middleware.asgi import Scope

__all__ = ["NewTopic", "create"]

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}


class NewTopic(BaseModel):
    """The body of `POST /topics`."""

    instance: str
    topic: str


def arn_of(scope: Scope) -> str | None:
    """Return the ARN of the caller, or `None`.

    A real application verifies a signed token here. Two headers are no principal: a proxy might
    have read the other one.
    """
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return None
    scheme, _, token = given[0].decode("latin-1").partition(" ")
    user = TOKENS.get(token) if scheme.lower() == "bearer" else None
    return user and USER.format(user)


def address_of(scope: Scope) -> dict[str, str]:
    """Return the condition key for the address that the request came from."""
    return {"acs:SourceIp": scope["client"][0]}


def create(url: str | None = None) -> FastAPI:
    """Return the application; the URL of OPA is `url`, else `$RAMGATE_URL`."""
    url = url or os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181")
    client = AsyncClient(url, batches=1)  # `batches`: many requests at the same time
    topics = {"alikafka_post-cn-x": ["orders"], "alikafka_post-cn-y": []}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await client.close()

    app = FastAPI(lifespan=lifespan, redirect_slashes=False)
    app.add_middleware(
        RamgateMiddleware,
        client=client,
        principal=arn_of,
        public={"/health", "/docs", "/openapi.json"},
    )

    @app.get("/health")
    async def health() -> str:
        return "ok"

    may_list = requires("alikafka:ListTopic", INSTANCE, address_of)
    may_release = requires("alikafka:ReleaseInstance", INSTANCE)

    @app.get("/instances/{instance}/topics", dependencies=[Depends(may_list)])
    async def list_topics(instance: str) -> list[str]:
        if instance not in topics:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return topics[instance]

    @app.delete("/instances/{instance}", dependencies=[Depends(may_release)])
    async def release(instance: str) -> dict[str, str]:
        if topics.pop(instance, None) is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return {"released": instance}

    @app.post("/topics", status_code=HTTPStatus.CREATED)
    async def create_topic(new: NewTopic) -> list[str]:
        resource = Template(INSTANCE).fill({"instance": new.instance})
        await require("alikafka:CreateTopic", resource)
        if new.instance not in topics:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        topics[new.instance].append(new.topic)
        return topics[new.instance]

    return app
