"""A Litestar application about Kafka instances, in which ramgate decides about every request.

- `GET /health`: public;
- `DELETE /instances/{instance}`: needs `alikafka:ReleaseInstance`;
- `POST /topics`: needs `alikafka:CreateTopic` on the instance that the body names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from litestar import Litestar, delete, get, post
from litestar.params import Body, FromPath

from ramgate import AsyncClient
from ramgate.middleware.asgi import require
from ramgate.middleware.litestar import RamgatePlugin, requires
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from ramgate.middleware.asgi import Scope

__all__ = ["NewTopic", "create"]

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}


@dataclass
class NewTopic:
    """The body of `POST /topics`."""

    instance: str
    topic: str


def arn_of(scope: Scope) -> str | None:
    """Return the ARN of the caller, or `None`. A real application verifies a signed token here."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return None
    user = TOKENS.get(given[0].decode("latin-1").removeprefix("Bearer "))
    return user and USER.format(user)


@get("/health")
async def health() -> str:
    """Answer without a decision: the path is public."""
    return "ok"


@delete(
    "/instances/{instance:str}",
    guards=[requires("alikafka:ReleaseInstance", INSTANCE)],
    status_code=200,
)
async def release(instance: FromPath[str]) -> dict[str, str]:
    """Release an instance."""
    return {"released": instance}


@post("/topics")
async def create_topic(data: Annotated[NewTopic, Body()]) -> NewTopic:
    """Create a topic on the instance that the body names."""
    await require("alikafka:CreateTopic", Template(INSTANCE).fill({"instance": data.instance}))
    return data


def create(url: str | None = None) -> Litestar:
    """Return the application; the URL of OPA is `url`, else `$RAMGATE_URL`."""
    client = AsyncClient(url or os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181"), batches=1)

    async def close() -> None:
        await client.close()

    return Litestar(
        [health, release, create_topic],
        plugins=[RamgatePlugin(client=client, principal=arn_of, public={"/health"})],
        on_shutdown=[close],
        openapi_config=None,
    )
