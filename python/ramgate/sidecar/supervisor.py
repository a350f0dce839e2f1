"""Run a command that ends no later than the process that started it, even after SIGKILL.

`Supervised` runs this file as a small supervisor process in a session of its own, and writes one
line to its stdin pipe: `{"command": [TEXT, …], "env": {NAME: VALUE, …}, "grace": SECONDS,
"folder": PATH, "files": [PATH, …]}`. The supervisor runs the command and stops it (SIGTERM, the
seconds of grace, SIGKILL) as soon as the pipe delivers another byte or is closed. On every POSIX
system the kernel closes the pipe when the parent exits, even after SIGKILL; the supervisor then
removes the files at once and the folder at the end, since nothing else is left to do that. Linux's
`PR_SET_PDEATHSIG` is not enough: it ends a child with the *thread* that started it, and macOS has
no equivalent.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import IO

__all__ = ["GRACE", "Supervised"]

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL, unless the caller sets others."""

_KEPT_LINES = 100
_MOST_WAITING = 64 * 1024 * 1024
_LOST = "lines of OPA, such as entries of its decision log, are lost: their reader was too slow"


class Supervised:
    """A running command that ends with this process, and the lines that it printed.

    The command has exactly the environment `env`, an empty stdin, no terminal, and creates files
    that only their owner can use. A thread passes each line of its stdout and stderr to `report`.
    The command never waits for `report`: 64 MiB of lines wait instead, and later ones are lost,
    which a line with their number tells. If this process ends without `stop`, `files` are removed,
    and `folder` with the files in it. Raises `OSError` if Python cannot be started.
    """

    def __init__(  # noqa: PLR0913 - all but the first three by name
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        report: Callable[[str], object] | None = None,
        *,
        grace: float = GRACE,
        folder: Path | None = None,
        files: Sequence[Path] = (),
    ) -> None:
        self._grace = grace
        self._tail: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._reports = None if report is None else _Reports(report)
        self._process = subprocess.Popen(  # noqa: S603 - a list, without a shell
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._stdin = cast("IO[str]", self._process.stdin)
        self._stdout = cast("IO[str]", self._process.stdout)
        self._reader = threading.Thread(target=self._read, name="ramgate-output", daemon=True)
        self._reader.start()
        job = {
            "command": list(command),
            "env": dict(env),
            "grace": grace,
            "folder": None if folder is None else str(folder),
            "files": list(map(str, files)),
        }
        self._send(json.dumps(job))

    @property
    def pid(self) -> int:
        """The process id of the supervisor, which is also the id of its session."""
        return self._process.pid

    @property
    def lines(self) -> tuple[str, ...]:
        """The last hundred lines that the command printed."""
        return tuple(self._tail.copy())

    def running(self) -> bool:
        """Return True if the command still runs; after False, `lines` has all of its last lines."""
        if self._process.poll() is None:
            return True
        self._collect()
        return False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the command to end, at most `timeout` seconds; return True if it has ended."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        self._collect()
        return True

    def stop(self) -> None:
        """Stop the command and wait for its end: SIGTERM, `grace` seconds, SIGKILL."""
        self._send("")  # a byte, since a fork of this process may keep the pipe open
        try:
            self._process.wait(self._grace + GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def _send(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._stdin.write(line + "\n")
            self._stdin.flush()

    def _read(self) -> None:
        for line in self._stdout:
            self._tail.append(line.rstrip("\n"))
            if self._reports is not None:
                self._reports.put(line)

    def _collect(self) -> None:
        if self._process.returncode < 0:
            # The supervisor was killed, so its command is all that is left of the session.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._reader.join(GRACE)
        if self._reports is not None:
            self._reports.end()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()


class _Reports:
    """Passes lines to a function in a thread of its own, so that nobody waits for the function."""

    def __init__(self, report: Callable[[str], object]) -> None:
        self._report = report
        self._waiting: collections.deque[str] = collections.deque()
        self._size = 0
        self._lost = 0
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="ramgate-report", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Pass a line on soon, or count it as lost."""
        with self._changed:
            if self._size + len(line) > _MOST_WAITING:
                self._lost += 1
                return
            self._tell_lost()
            self._add(line)

    def end(self) -> None:
        """Wait until the lines are passed on, `GRACE` seconds at most."""
        with self._changed:
            self._tell_lost()
            self._ended = True
            self._changed.notify()
        self._thread.join(GRACE)

    def _tell_lost(self) -> None:
        if self._lost:
            self._add(json.dumps({"level": "error", "msg": f"{self._lost} {_LOST}"}) + "\n")
            self._lost = 0

    def _add(self, line: str) -> None:
        self._waiting.append(line)
        self._size += len(line)
        self._changed.notify()

    def _run(self) -> None:
        while line := self._next():
            with contextlib.suppress(Exception):  # one line must not end all others
                self._report(line)

    def _next(self) -> str:
        """Wait for a line; return an empty text at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            line = self._waiting.popleft() if self._waiting else ""
            self._size -= len(line)
            return line


def _supervise() -> int:
    # Unbuffered: the byte that stops the command may be in the pipe already.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as pipe:
        job_line = pipe.readline()
    if not job_line.endswith(b"\n"):
        return 0
    job = json.loads(job_line)
    try:
        command = subprocess.Popen(  # noqa: S603 - the command of the process at the other end of the pipe
            job["command"], env=job["env"], stdin=subprocess.DEVNULL, umask=0o077
        )
    except OSError as error:
        sys.stdout.write(f"error: {error}\n")
        return 127
    signal.signal(signal.SIGTERM, lambda *_: command.terminate())
    orphaned = threading.Event()
    arguments = (command, job["grace"], job.get("files", []), orphaned)
    threading.Thread(target=_stop_on_byte_or_end, args=arguments, daemon=True).start()
    status = command.wait()
    if orphaned.is_set() and (folder := job.get("folder")):
        _remove(folder)
    return status if status >= 0 else 128 - status


def _stop_on_byte_or_end(
    command: subprocess.Popen[bytes], grace: float, files: list[str], orphaned: threading.Event
) -> None:
    if not os.read(sys.stdin.fileno(), 1):
        orphaned.set()
        _remove_files(files)  # at once: another process may soon want these names
    command.terminate()
    try:
        command.wait(grace)
    except subprocess.TimeoutExpired:
        command.kill()


def _remove_files(files: list[str]) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            os.unlink(file)  # noqa: PTH108 - pathlib would take longer to import


def _remove(folder: str) -> None:
    from pathlib import Path  # noqa: PLC0415 - rarely needed

    with contextlib.suppress(OSError):
        for file in Path(folder).iterdir():
            file.unlink()
        Path(folder).rmdir()


if __name__ == "__main__":
    sys.exit(_supervise())
