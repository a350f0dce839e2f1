"""A machine that systemd boots: a container with a copy of this machine's files in memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import servers
from processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Machine", "booted", "require_boot"]

SECONDS = 120.0

# The mounts are in a namespace of their own, and gone with the last process in it.
BOOT = """\
mount -t tmpfs tmpfs "$1"
cp -a "$2" "$1/upper"
mkdir "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
printf '%032d\\n' 7 >"$1/root/etc/machine-id"
exec systemd-nspawn --directory="$1/root" --private-network --register=no --keep-unit \
  --link-journal=no --console=pipe --boot -- --unit=basic.target
"""


class Machine:
    """A booted machine, in which commands run as root; nothing reaches it over a network."""

    def __init__(self, pid: int) -> None:
        spaces = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup")
        self._enter = ("nsenter", "--target", str(pid), *spaces, "--")

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._enter, *command],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def run(self, *command: str) -> str:
        """Return what the command printed; it must end with 0."""
        done = self.ask(*command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def is_active(self, unit: str) -> bool:
        return self.ask("systemctl", "is-active", unit).returncode == 0

    def property(self, unit: str, name: str) -> str:
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()


def _leader(parent: int) -> Machine | None:
    """Return the machine whose systemd is a child of this process, or None before it starts."""
    for pid in map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
        with contextlib.suppress(FileNotFoundError):  # it has ended just now
            if Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                return Machine(pid)
    return None


def require_boot() -> str:
    """Skip the test where no machine can be booted; return the path of `unshare`."""
    servers.program("systemd-nspawn", "systemd-container")
    unshare = servers.program("unshare", "util-linux")
    if os.getuid() != 0:
        pytest.skip("only root can boot a machine")
    if subprocess.run([unshare, "--mount", "true"], check=False).returncode != 0:
        pytest.skip("no mount is allowed here")
    return unshare


@contextlib.contextmanager
def booted(folder: Path, layer: Path) -> Iterator[Machine]:
    """Boot a machine with the files of `layer` over those of this machine, until the block ends."""
    unshare = require_boot()
    mounted, log = folder / "machine", folder / "machine.log"
    mounted.mkdir()
    command = [unshare, "--mount", "sh", "-euc", BOOT, "sh", str(mounted), str(layer)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:

        def has_booted() -> bool:
            assert process.poll() is None, log.read_text()
            machine = _leader(process.pid)
            return machine is not None and machine.is_active("basic.target")

        eventually(has_booted, SECONDS)
        machine = _leader(process.pid)
        assert machine is not None
        yield machine
    finally:
        process.terminate()  # systemd-nspawn asks the machine to power off
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
