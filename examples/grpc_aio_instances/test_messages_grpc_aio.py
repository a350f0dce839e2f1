from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from messages_client import call
from messages_server import create

from ramgate import AsyncClient

if TYPE_CHECKING:
    from ramgate import Sidecar

HERE = Path(__file__).parent
X = "alikafka_post-cn-x"
SECONDS = 60


def ask(url: str, *words: str) -> list[str]:
    """Call a new server, which asks the OPA at `url`; return the texts and the code of an error."""
    texts = []

    def asking(target: str) -> None:
        try:
            for text in call(target, *words):
                texts.append(text)  # noqa: PERF402 - those before an error count, too
        except grpc.RpcError as error:
            status: Any = error
            texts.append(status.code().name)

    async def main() -> None:
        async with AsyncClient(url) as client:
            server, port = create(client, "127.0.0.1:0")
            await server.start()
            await asyncio.wait_for(asyncio.to_thread(asking, f"127.0.0.1:{port}"), SECONDS)
            await server.stop(None)

    asyncio.run(main())
    return texts


@pytest.mark.parametrize(
    ("user", "found"),
    [("alice", f"released {X}"), ("bob", "PERMISSION_DENIED"), ("carol", "PERMISSION_DENIED")],
)
def test_alice_alone_releases_an_instance(ramgate_sidecar: Sidecar, user: str, found: str) -> None:
    assert ask(ramgate_sidecar.url, f"{user}-token", "Release", X) == [found]


def test_a_stranger_may_ask_for_the_health_only(ramgate_sidecar: Sidecar) -> None:
    assert ask(ramgate_sidecar.url, "", "Health") == ["ok"]
    assert ask(ramgate_sidecar.url, "", "Release", X) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("instance", ["*", "x:y", "../x", ""])
def test_a_field_names_one_instance(ramgate_sidecar: Sidecar, instance: str) -> None:
    for method, *more in (("Release",), ("Send", "one")):
        found = ask(ramgate_sidecar.url, "alice-token", method, instance, *more)
        assert found == ["INVALID_ARGUMENT"]


def test_each_message_is_decided(ramgate_world: Any) -> None:  # noqa: ANN401 - a fixture
    resource = "acs:alikafka:*:*:alikafka_post-cn-x"
    statement = {"Effect": "Allow", "Action": "alikafka:SendMessage", "Resource": resource}
    document = {"Version": "1", "Statement": [statement]}
    ramgate_world(users={"carol": {"policies": ["send"]}}, policies={"send": document})
    found = ask(ramgate_world.url, "carol-token", "Send", X, "one", "two")
    assert found == ["sent one", "sent two"]
    assert ask(ramgate_world.url, "carol-token", "Send", "y", "one") == ["PERMISSION_DENIED"]


def test_without_opa_nothing_is_allowed() -> None:
    for method, *more in (("Release",), ("Send", "one")):
        found = ask("unix:///nowhere/opa.sock", "alice-token", method, X, *more)
        assert found == ["UNAVAILABLE"]


def test_the_programs_start_as_the_readme_shows(ramgate_sidecar: Sidecar) -> None:
    text = (HERE / "README.md").read_text()
    [commands, shown] = re.findall(r"^```(?:sh|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[
        -2:
    ]
    server = [sys.executable, "messages_server.py", "127.0.0.1:0"]
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
