"""A gRPC server about Kafka instances, in which ramgate decides about every call.

`instances.proto` tells which action each method needs. `ListTopics` also tells the address of the
caller to the policies.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import grpc

from ramgate import Client
from ramgate.middleware.grpc import RamgateInterceptor, require, requires
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["InstancesServicer", "create", "main"]

messages, services = grpc.protos_and_services("instances.proto")

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}


def arn_of(context: grpc.ServicerContext) -> str | None:
    """Return the ARN of the caller, or `None`.

    A real server verifies a signed token here. Two tokens are no principal: a proxy might have read
    the other one.
    """
    given = [str(value) for key, value in context.invocation_metadata() if key == "authorization"]
    if len(given) != 1:
        return None
    scheme, _, token = given[0].partition(" ")
    user = TOKENS.get(token) if scheme.lower() == "bearer" else None
    return user and USER.format(user)


def address_of(context: grpc.ServicerContext) -> dict[str, str]:
    """Return the condition key for the address that the call came from."""
    kind, _, address = context.peer().partition(":")
    return {"acs:SourceIp": address.rpartition(":")[0] if kind == "ipv4" else address}


class InstancesServicer:
    """The methods of the service."""

    def __init__(self) -> None:
        self._topics = {"alikafka_post-cn-x": ["orders"], "alikafka_post-cn-y": []}

    def Health(self, _: object, __: grpc.ServicerContext) -> object:  # noqa: N802 - as in the proto
        """Answer everyone."""
        return messages.Text(text="ok")

    @requires("alikafka:ListTopic", INSTANCE, address_of)
    def ListTopics(self, request: Any, context: grpc.ServicerContext) -> Iterator[object]:  # noqa: ANN401, N802
        """List the topics of an instance."""
        for topic in self._topics_of(request.instance, context):
            yield messages.Text(text=topic)

    @requires("alikafka:ReleaseInstance", INSTANCE)
    def Release(self, request: Any, context: grpc.ServicerContext) -> object:  # noqa: ANN401, N802
        """Release an instance."""
        self._topics_of(request.instance, context)
        del self._topics[request.instance]
        return messages.Text(text=f"released {request.instance}")

    def CreateTopics(self, requests: Iterator[Any], context: grpc.ServicerContext) -> object:  # noqa: N802
        """Create topics, each on the instance that it names."""
        created = []
        for new in requests:
            resource = Template(INSTANCE).fill({"instance": new.instance})
            require("alikafka:CreateTopic", resource)
            self._topics_of(new.instance, context).append(new.topic)
            created.append(new.topic)
        return messages.Text(text=f"created {', '.join(created)}")

    def _topics_of(self, instance: str, context: grpc.ServicerContext) -> list[str]:
        if instance not in self._topics:
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no such instance")
        return self._topics[instance]


def create(client: Client, address: str) -> tuple[grpc.Server, int]:
    """Return a server that asks with the client, and its port."""
    interceptor = RamgateInterceptor(
        client=client, principal=arn_of, public={"/kafka.Instances/Health"}
    )
    server = grpc.server(ThreadPoolExecutor(8), interceptors=[interceptor])
    services.add_InstancesServicer_to_server(InstancesServicer(), server)
    return server, server.add_insecure_port(address)


def main(address: str) -> None:
    """Serve until Ctrl-C; the URL of OPA is `$RAMGATE_URL`."""
    with Client(os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181")) as client:
        server, port = create(client, address)
        server.start()
        print(f"listening on 127.0.0.1:{port}", flush=True)  # noqa: T201 - for the terminal
        server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051")
