"""Call the server from a terminal: `messages_client.py TOKEN METHOD [INSTANCE [TEXT…]]`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["call", "main"]

messages, services = grpc.protos_and_services("messages.proto")


def call(target: str, token: str, method: str, *given: str) -> Iterator[str]:
    """Yield the texts of the responses. Raises `grpc.RpcError`."""
    metadata = (("authorization", f"Bearer {token}"),)
    with grpc.insecure_channel(target) as channel:
        stub: Any = services.MessagesStub(channel)
        match method, *given:
            case "Health", *_:
                responses = [stub.Health(messages.Nothing(), metadata=metadata)]
            case "Release", instance:
                responses = [stub.Release(messages.Instance(instance=instance), metadata=metadata)]
            case _, instance, *texts:
                new = (messages.Message(instance=instance, text=text) for text in texts)
                responses = stub.Send(new, metadata=metadata)
        for response in responses:
            yield response.text


def main() -> None:
    """Print the responses, and the status of an error."""
    target = os.environ.get("TARGET", "127.0.0.1:50052")
    try:
        for line in call(target, *sys.argv[1:]):
            print(line)  # noqa: T201 - the result
    except grpc.RpcError as error:
        status: Any = error
        print(f"{status.code().name}: {status.details()}")  # noqa: T201 - the result


if __name__ == "__main__":
    main()
