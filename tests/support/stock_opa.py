"""Stock OPAs with the configurations of deploy/opa/."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import servers
from processes import eventually
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["BOUND", "CONFIGS", "faster", "opa"]

BOUND = 60.0  # other tests run at the same time
CONFIGS = Path(__file__).parents[2] / "deploy/opa"


@contextlib.contextmanager
def opa(
    config: Path, environment: Mapping[str, str], folder: Path, given: Sequence[str] = ()
) -> Iterator[str]:
    """Run OPA as the comment of a configuration says; yield its URL."""
    socket = folder / "opa.sock"
    command = [
        *(str(find_opa()), "run", "--server", f"--config-file={config}"),
        *(f"--addr=unix://{socket}", "--unix-socket-perm=660", "--ready-timeout=30"),
        *("--skip-version-check", "--log-level=error"),
        f"--diagnostic-addr=127.0.0.1:{servers.free_port()}",
        *given,
    ]
    process = subprocess.Popen(command, env={**environment, "HOME": str(folder)}, cwd=folder)
    try:
        eventually(lambda: servers.is_listening(socket) or process.poll() is not None, BOUND)
        assert process.poll() is None
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(10)


def faster(config: Path, folder: Path) -> Path:
    """Return a copy of a configuration that polls each second."""
    text = re.sub(r"(m(?:in|ax)_delay_seconds): \d+", r"\1: 1", config.read_text())
    copy = folder / "opa.yaml"
    copy.write_text(text)
    return copy
