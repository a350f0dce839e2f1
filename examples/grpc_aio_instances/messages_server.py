"""A gRPC server of asyncio, in which ramgate decides about every call.

`messages.proto` tells which action each method needs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from ramgate import AsyncClient
from ramgate.middleware.grpc_aio import RamgateInterceptor, require, requires
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ramgate.middleware.grpc_aio import ServicerContext

__all__ = ["create", "main"]

messages, services = grpc.protos_and_services("messages.proto")

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}


async def arn_of(context: ServicerContext) -> str | None:
    """Return the ARN of the caller, or `None`. A real server verifies a signed token here."""
    metadata: Any = context.invocation_metadata()
    given = [value for key, value in metadata if key == "authorization"]
    if len(given) != 1:
        return None
    user = TOKENS.get(given[0].removeprefix("Bearer "))
    return user and USER.format(user)


class Messages:
    """The methods of the service."""

    async def Health(self, _: object, __: ServicerContext) -> object:  # noqa: N802 - see the proto
        """Answer everyone."""
        return messages.Text(text="ok")

    @requires("alikafka:ReleaseInstance", INSTANCE)
    async def Release(self, request: Any, _: ServicerContext) -> object:  # noqa: ANN401, N802
        """Release an instance."""
        return messages.Text(text=f"released {request.instance}")

    async def Send(  # noqa: N802
        self, requests: AsyncIterator[Any], _: ServicerContext
    ) -> AsyncIterator[object]:
        """Send messages, each after a decision about it: a revoked right ends the call."""
        async for new in requests:
            resource = Template(INSTANCE).fill({"instance": new.instance})
            await require("alikafka:SendMessage", resource)
            yield messages.Text(text=f"sent {new.text}")


def create(client: AsyncClient, address: str) -> tuple[grpc.aio.Server, int]:
    """Return a server that asks with the client, and its port."""
    interceptor = RamgateInterceptor(
        client=client, principal=arn_of, public={"/messages.Messages/Health"}
    )
    server = grpc.aio.server(interceptors=[interceptor])
    services.add_MessagesServicer_to_server(Messages(), server)
    return server, server.add_insecure_port(address)


async def main(address: str) -> None:
    """Serve until Ctrl-C; the URL of OPA is `$RAMGATE_URL`."""
    url = os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181")
    async with AsyncClient(url, batches=1) as client:
        server, port = create(client, address)
        await server.start()
        print(f"listening on 127.0.0.1:{port}", flush=True)  # noqa: T201 - for the terminal
        await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50052"))
