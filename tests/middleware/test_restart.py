"""OPA is killed under a thousand concurrent requests to a FastAPI application, and comes back."""

from __future__ import annotations

import asyncio
import io
import os
import resource
import signal
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from processes import eventually
from ramgate import Sidecar
from sidecars import executable, recorded
from web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKERS = 1_000
BOUND = 60
TARGET = "/instances/alikafka_post-cn-x/topics"
EXPECTED = {"alice": 200, "carol": 403}


class Answered(NamedTuple):
    user: str
    status: int
    has_retry_after: bool


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Let this process and its children open enough sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4 * WORKERS if hard == resource.RLIM_INFINITY else min(hard, 4 * WORKERS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Worker:
    """One client on one connection, which stays open."""

    def __init__(self, user: str, found: Counter[Answered]) -> None:
        self.user = user
        self._found = found

    async def run(self, address: tuple[str, int], killed: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection(*address)
        try:
            await self._until_decided(reader, writer)
            while not killed.is_set():
                await self._ask(reader, writer)
            await self._until_decided(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    async def _until_decided(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for _ in range(BOUND):
            if await self._ask(reader, writer) != 503:
                return
            await asyncio.sleep(1)  # as `Retry-After` says
        pytest.fail("no decision within a minute")

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        token = f"Authorization: Bearer {self.user}-token"
        writer.write(f"GET {TARGET} HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        _, _, length = head.partition("content-length: ")
        await reader.readexactly(int(length.split()[0]))
        status = int(head.split()[1])
        self._found[Answered(self.user, status, "\r\nretry-after: 1\r\n" in head)] += 1
        return status


async def load(address: tuple[str, int], sidecar: Sidecar, pid: Path) -> Counter[Answered]:
    found: Counter[Answered] = Counter()
    killed = asyncio.Event()

    def kill() -> None:
        eventually(lambda: found.total() >= WORKERS, BOUND)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        eventually(lambda: any(one.status == 503 for one in list(found)), BOUND)
        eventually(lambda: sidecar.state().restarts > 0 and sidecar.state().settled, BOUND)

    workers = [
        asyncio.create_task(Worker(user, found).run(address, killed))
        for user in EXPECTED
        for _ in range(WORKERS // len(EXPECTED))
    ]
    try:
        await asyncio.to_thread(kill)
    finally:
        killed.set()
    await asyncio.wait_for(asyncio.gather(*workers), BOUND)
    return found


@pytest.mark.usefixtures("_many_files")
def test_nothing_is_lost_and_nothing_is_allowed_by_error(tmp_path: Path) -> None:
    recorded_opa, pid = recorded(tmp_path)
    opa = executable(
        tmp_path / "slow-opa",
        "import os, sys, time\n"
        f"time.sleep(os.path.exists({str(pid)!r}) and 'run' in sys.argv)\n"
        f"os.execv({str(recorded_opa)!r}, sys.argv)\n",
    )
    arguments = ["--app-dir", "examples/fastapi_instances", "--factory", "instances_fastapi:create"]
    with (
        Sidecar(opa=opa, log=io.StringIO()) as sidecar,
        serving([*arguments, "--no-access-log"], sidecar.url, tmp_path / "log") as address,
    ):
        found = asyncio.run(load(address, sidecar, pid))
        assert sidecar.state().restarts == 1
    # chance decides which user's requests fall into the time without an OPA
    decided = {(one.user, one.status) for one in found if one.status != 503}
    assert decided == set(EXPECTED.items())
    assert any(one.status == 503 for one in found)
    assert all(one.has_retry_after == (one.status == 503) for one in found)
    assert found.total() >= 2 * WORKERS
    assert "Traceback" not in (tmp_path / "log").read_text()
