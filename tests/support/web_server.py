"""A web application in a process of its own, as uvicorn runs it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ROOT", "serving"]

ROOT = Path(__file__).parents[2]
_STARTED = re.compile(r"Uvicorn running on http://(127\.0\.0\.1):(\d+)")
_SECONDS = 20


@contextlib.contextmanager
def serving(arguments: Sequence[str], opa: str, log: Path) -> Iterator[tuple[str, int]]:
    """Run uvicorn with these arguments; yield its host and port, and end it at the end."""
    command = [sys.executable, "-m", "uvicorn", *arguments, "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"RAMGATE_URL": opa}, stderr=output
        )
        try:
            eventually(lambda: bool(_STARTED.search(log.read_text())) or process.poll() is not None)
            found = _STARTED.search(log.read_text())
            assert found, log.read_text()
            yield found[1], int(found[2])
        finally:
            process.terminate()
            process.wait(_SECONDS)
