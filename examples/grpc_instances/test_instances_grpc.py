from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from instances_client import call, messages, services
from instances_server import create

from ramgate import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate import Sidecar

HERE = Path(__file__).parent
X, Y = "alikafka_post-cn-x", "alikafka_post-cn-y"
SECONDS = 60


@contextlib.contextmanager
def served(client: Client) -> Iterator[str]:
    server, port = create(client, "127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.fixture
def target(ramgate_client: Client) -> Iterator[str]:
    with served(ramgate_client) as target:
        yield target


def refusal(target: str, *words: str) -> str:
    """Return the name of the code with which a call fails."""
    with pytest.raises(grpc.RpcError) as caught:
        call(target, *words)
    status: Any = caught.value
    name: str = status.code().name
    return name


def test_alice_releases_an_instance(target: str) -> None:
    assert call(target, "alice-token", "Release", X) == [f"released {X}"]
    assert refusal(target, "alice-token", "Release", X) == "NOT_FOUND"


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_others_do_not(target: str, user: str) -> None:
    assert refusal(target, f"{user}-token", "Release", X) == "PERMISSION_DENIED"


def test_a_stranger_may_ask_for_the_health_only(target: str) -> None:
    assert call(target, "", "Health") == ["ok"]
    assert refusal(target, "", "Release", X) == "UNAUTHENTICATED"


def test_two_tokens_are_no_principal(target: str) -> None:
    metadata = [("authorization", f"Bearer {user}-token") for user in ("carol", "alice")]
    with grpc.insecure_channel(target) as channel:
        release: Any = services.InstancesStub(channel).Release
        with pytest.raises(grpc.RpcError) as caught:
            release(messages.Instance(instance=X), metadata=metadata)
    status: Any = caught.value
    assert status.code() == grpc.StatusCode.UNAUTHENTICATED


def test_bob_is_not_in_the_office(target: str) -> None:
    assert call(target, "alice-token", "ListTopics", X) == ["orders"]
    assert refusal(target, "bob-token", "ListTopics", X) == "PERMISSION_DENIED"


@pytest.mark.parametrize("instance", ["*", "x:y", "../x", ""])
def test_a_field_names_one_instance(target: str, instance: str) -> None:
    for method in ("Release", "ListTopics"):
        assert refusal(target, "alice-token", method, instance) == "INVALID_ARGUMENT"
    assert refusal(target, "alice-token", "CreateTopics", instance, "a") == "INVALID_ARGUMENT"


def test_each_topic_of_a_stream_is_decided(target: str) -> None:
    assert call(target, "alice-token", "CreateTopics", Y, "a", "b") == ["created a, b"]
    assert call(target, "alice-token", "ListTopics", Y) == ["a", "b"]
    assert refusal(target, "bob-token", "CreateTopics", Y, "c") == "PERMISSION_DENIED"
    assert call(target, "alice-token", "ListTopics", Y) == ["a", "b"]


def test_without_opa_nothing_is_allowed() -> None:
    with Client("unix:///nowhere/opa.sock") as client, served(client) as target:
        assert refusal(target, "alice-token", "Release", X) == "UNAVAILABLE"


def test_the_programs_start_as_the_readme_shows(ramgate_sidecar: Sidecar) -> None:
    text = (HERE / "README.md").read_text()
    [commands, shown] = re.findall(r"^```(?:sh|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[
        -2:
    ]
    server = [sys.executable, "instances_server.py", "127.0.0.1:0"]
    environment = os.environ | {"RAMGATE_URL": ramgate_sidecar.url}
    with subprocess.Popen(  # noqa: S603 - Python itself
        server, cwd=HERE, env=environment, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        target = process.stdout.readline().removeprefix("listening on ").strip()
        try:
            done = subprocess.run(  # noqa: S603 - the commands of the README
                ["/bin/sh", "-euc", commands.replace("python ", f"{sys.executable} ")],
                cwd=HERE.parents[1],
                env=environment | {"TARGET": target},
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=True,
            )
        finally:
            process.terminate()
    assert done.stdout == shown
