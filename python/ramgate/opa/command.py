"""Run a command for a limited time and return its output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["last_line", "run", "version_output"]

_VERSION_SECONDS = 20.0
_MOST_OUTPUT = 1_000_000
_CHUNK = 65536
_LONGEST_LINE = 200


def run(
    command: Sequence[str],
    *,
    seconds: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Return the exit status of a command and its output, stdout and stderr together.

    Raises `OSError` if the command cannot be started, and `TimeoutError` if it does not end within
    `seconds` or prints more than a megabyte. On every exception, Ctrl-C included, the command and
    all processes that it started are killed.
    """
    deadline = time.monotonic() + seconds
    printed = b""
    with (
        subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            process_group=0,
        ) as process,
        selectors.DefaultSelector() as ready,
        contextlib.suppress(subprocess.TimeoutExpired),
    ):
        output = cast("IO[bytes]", process.stdout)
        ready.register(output, selectors.EVENT_READ)
        try:
            while len(printed) < _MOST_OUTPUT and ready.select(max(0, deadline - time.monotonic())):
                chunk = output.read(_CHUNK)
                if not chunk:
                    status = process.wait(max(0, deadline - time.monotonic()))
                    return status, printed.decode(errors="replace")
                printed += chunk
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    raise TimeoutError(f"it did not end within {seconds:g} s and {_MOST_OUTPUT} bytes of output")


def version_output(
    program: Path, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Return the output of `PROGRAM version`, which has 20 seconds.

    Raises `OSError` as `run` does.
    """
    _, output = run(
        [str(program), "version"], seconds=_VERSION_SECONDS, folder=folder, environment=environment
    )
    return output


def last_line(output: str) -> str:
    """Return the last line of an output for a message: at most 200 printable characters."""
    line = (output.strip().splitlines() or [""])[-1][:_LONGEST_LINE]
    return "".join(character if character.isprintable() else "?" for character in line)
