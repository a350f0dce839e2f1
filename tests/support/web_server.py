"""A web application in a process of its own, as a server runs it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ROOT", "running", "serving"]

ROOT = Path(__file__).parents[2]
_STARTED = re.compile(r"Uvicorn running on http://(127\.0\.0\.1):(\d+)")
_SECONDS = 20


@contextlib.contextmanager
def serving(arguments: Sequence[str], opa: str, log: Path) -> Iterator[tuple[str, int]]:
    """Run uvicorn with these arguments; yield its host and port, and end it at the end."""
    command = ["uvicorn", *arguments, "--port", "0"]
    with running(command, _STARTED, opa, log) as address:
        yield address


@contextlib.contextmanager
def running(
    command: Sequence[str], started: re.Pattern[str], opa: str, log: Path
) -> Iterator[tuple[str, int]]:
    """Run a server, a module or script of Python; yield the address that it prints, and end it."""
    python = [sys.executable] if command[0].endswith(".py") else [sys.executable, "-m"]
    environment = os.environ | {"RAMGATE_URL": opa, "PYTHONUNBUFFERED": "1"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*python, *command], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            eventually(lambda: bool(started.search(log.read_text())) or process.poll() is not None)
            found = started.search(log.read_text())
            assert found, log.read_text()
            address = found[1], int(found[2])
            eventually(lambda: _listens(address))
            yield address
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, _SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True
