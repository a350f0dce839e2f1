"""Whether a process runs, and waiting for a condition."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BOUND = 20.0


def eventually(condition: Callable[[], bool], bound: float = BOUND) -> None:
    """Return once the condition holds; fail if it does not within `bound` seconds."""
    deadline = time.monotonic() + bound
    while not condition():
        assert time.monotonic() < deadline, f"not within {bound} s"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Return True if the process runs; a process that waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # a system without /proc, or gone just now
        return not Path("/proc/self/stat").exists()
