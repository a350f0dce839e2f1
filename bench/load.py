"""Load over TCP: wrk in a closed loop, where there is wrk."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.server import WrongAnswerError, pinned

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CONNECTIONS", "Slice", "bodies", "generator", "read", "slice_of"]

CONNECTIONS: Final = 4
_SPARE_SECONDS: Final = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """One slice of load: answers a second, and p50, p90, p99, p99.9 of their latency in µs."""

    rate: float
    latency: tuple[float, ...]


def generator() -> str:
    """What makes the load, in words for the tables."""
    if shutil.which("wrk"):
        return f"wrk, {CONNECTIONS} connections"
    return f"no wrk here: a loop in Python, {CONNECTIONS} connections, which flatters every ratio"


def bodies(folder: Path, name: str, asked: Iterable[bytes]) -> Path:
    """A file of that name in the folder, with these bodies in it, one a line."""
    file = folder / f"{name}.bodies"
    file.write_bytes(b"".join(body + b"\n" for body in asked))
    return file


def slice_of(url: str, file: Path, seconds: int, connections: int = CONNECTIONS) -> Slice:
    """Post the bodies of the file to that URL in turn, whole seconds long.

    Raises `WrongAnswerError` where anything but a 200 came back.
    """
    wrk = shutil.which("wrk")
    if wrk:
        command = [wrk, "--threads=1", f"--connections={connections}", f"--duration={seconds}s"]
        command += ["--timeout=60s", f"--script={Path(__file__).with_name('load.lua')}"]
        command += [url, "--", str(file)]
    else:
        command = [sys.executable, str(Path(__file__).with_name("loop.py"))]
        command += [url, str(file), str(seconds), str(connections)]
    done = subprocess.run(
        pinned(command),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + _SPARE_SECONDS,
    )
    return read(done.stdout)


def read(printed: str) -> Slice:
    """The slice that a generator printed last. Raises as `slice_of`."""
    figures = json.loads(printed.rpartition("figures ")[2])
    if figures["failed"] or not figures["requests"]:
        raise WrongAnswerError(f"{figures['failed']} of {figures['requests']} were no answers")
    return Slice(1e6 * figures["requests"] / figures["micros"], tuple(figures["latency"]))
