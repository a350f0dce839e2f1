"""Load over TCP in a closed loop: by wrk, or by `loop.py` if wrk is not installed."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.server import WrongAnswerError, pin

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CONNECTIONS", "Slice", "generator", "read", "slice_of", "write_bodies"]

CONNECTIONS: Final = 4
_SPARE_SECONDS: Final = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """One slice of load: answers a second, and p50, p90, p99 and p99.9 of their latency in µs."""

    rate: float
    latency: tuple[float, ...]


def generator() -> str:
    """Return a description of the load generator, for the tables."""
    if shutil.which("wrk"):
        return f"wrk, {CONNECTIONS} connections"
    return (
        f"a loop in Python, {CONNECTIONS} connections (wrk is not installed; without it all "
        "ratios are too good)"
    )


def write_bodies(folder: Path, name: str, asked: Iterable[bytes]) -> Path:
    """Write the bodies to `folder/name.bodies`, one on each line, and return that file."""
    file = folder / f"{name}.bodies"
    file.write_bytes(b"".join(body + b"\n" for body in asked))
    return file


def slice_of(url: str, file: Path, seconds: int, connections: int = CONNECTIONS) -> Slice:
    """Post the bodies of the file to the URL in turn for `seconds`, and return the slice.

    Raises `WrongAnswerError` if a request failed or had a status other than 200.
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
        pin(command),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + _SPARE_SECONDS,
    )
    return read(done.stdout)


def read(printed: str) -> Slice:
    """Parse the last slice that a generator printed.

    Raises `WrongAnswerError` if a request failed or none was answered.
    """
    figures = json.loads(printed.rpartition("figures ")[2])
    if figures["failed"]:
        raise WrongAnswerError(f"{figures['failed']} requests failed")
    if not figures["requests"]:
        raise WrongAnswerError("no request was answered within the slice: make it longer")
    return Slice(1e6 * figures["requests"] / figures["micros"], tuple(figures["latency"]))
