"""Call the server from a terminal: `instances_client.py TOKEN METHOD [INSTANCE [TOPIC…]]`."""

from __future__ import annotations

import os
import sys
from typing import Any

import grpc

__all__ = ["call", "main"]

messages, services = grpc.protos_and_services("instances.proto")


def call(target: str, token: str, method: str, *given: str) -> list[str]:
    """Return the texts of the responses. Raises `grpc.RpcError`."""
    metadata = (("authorization", f"Bearer {token}"),)
    with grpc.insecure_channel(target) as channel:
        stub: Any = services.InstancesStub(channel)
        match method, *given:
            case "Health", *_:
                responses = [stub.Health(messages.Nothing(), metadata=metadata)]
            case "ListTopics", instance:
                responses = stub.ListTopics(messages.Instance(instance=instance), metadata=metadata)
            case "CreateTopics", instance, *topics:
                new = (messages.Topic(instance=instance, topic=topic) for topic in topics)
                responses = [stub.CreateTopics(new, metadata=metadata)]
            case _, instance, *_:
                request = messages.Instance(instance=instance)
                responses = [getattr(stub, method)(request, metadata=metadata)]
        return [response.text for response in responses]


def main() -> None:
    """Print the responses, or the status of an error."""
    target = os.environ.get("TARGET", "127.0.0.1:50051")
    try:
        lines = call(target, *sys.argv[1:])
    except grpc.RpcError as error:
        status: Any = error
        lines = [f"{status.code().name}: {status.details()}"]
    print(*lines, sep="\n")  # noqa: T201 - the result


if __name__ == "__main__":
    main()
