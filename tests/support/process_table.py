"""The processes of a Linux machine, read from /proc, and signals that reach no other process."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

AVAILABLE = Path("/proc/self/stat").exists()
"""True if this system has such a table."""


class Entry(NamedTuple):
    """One process. `started` tells it from a later process with the same id."""

    pid: int
    parent: int
    session: int
    started: int


def entries() -> Iterator[Entry]:
    """Yield the processes that run; one that waits to be reaped does not."""
    for folder in Path("/proc").glob("[0-9]*"):
        if (entry := read(int(folder.name))) is not None:
            yield entry


def read(pid: int) -> Entry | None:
    """Return the process with this id, or None if none runs."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return Entry(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def runs(entry: Entry) -> bool:
    """Return True if this very process runs."""
    now = read(entry.pid)
    return now is not None and now.started == entry.started


def send(entry: Entry, number: int) -> None:
    """Send a signal to this very process; do nothing if it has ended."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(entry.pid)
        try:
            if runs(entry):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def command_line(pid: int) -> str:
    """Return the arguments of a process, each followed by a null; empty if it has ended."""
    return _read(pid, "cmdline")


def environment(pid: int) -> dict[str, str]:
    """Return the variables of a process; empty if it has ended."""
    pairs = (line.partition("=") for line in _read(pid, "environ").split("\0"))
    return {name: value for name, _, value in pairs}


def mentioning(text: str) -> list[Entry]:
    """Return the processes whose arguments or variables contain a text, but this one."""
    return [
        entry
        for entry in entries()
        if entry.pid != os.getpid()
        and (text in command_line(entry.pid) or text in _read(entry.pid, "environ"))
    ]


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    except OSError:
        return ""
