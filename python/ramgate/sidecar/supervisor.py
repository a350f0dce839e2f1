"""A command that lives no longer than the process that wanted it, whatever becomes of that one.

`Supervised` starts this file as a small process of its own, in a session of its own, and hands it
one line, a JSON object `{"command": [TEXT, …], "env": {NAME: VALUE, …}, "grace": SECONDS}`, on a
pipe. The small process runs the command and stops it (SIGTERM, the seconds of grace, SIGKILL) as
soon as anything more comes down that pipe, or nothing more can: a pipe ends with whoever holds it,
by SIGKILL as well. So it is on every POSIX system, while Linux's `PR_SET_PDEATHSIG` ends a child
with the *thread* that started it, and macOS has nothing of the kind.
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
    from typing import IO

__all__ = ["GRACE", "Supervised"]

GRACE = 5.0
"""Seconds that a command has between SIGTERM and SIGKILL, unless told otherwise."""

_KEPT_LINES = 100


class Supervised:
    """A running command whose life hangs on this process's, and what it has printed.

    The command has `env` for its whole environment, nothing on its stdin, no terminal, and makes
    files that only their owner can use. A thread gives `report` what it prints, on stdout and
    stderr alike, line by line. Raises `OSError` where Python cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        report: Callable[[str], object] | None = None,
        *,
        grace: float = GRACE,
    ) -> None:
        self._grace = grace
        self._tail: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._report = report
        self._process = subprocess.Popen(  # noqa: S603 - a list, and no shell reads it
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
        self._tell(json.dumps({"command": list(command), "env": dict(env), "grace": grace}))

    @property
    def pid(self) -> int:
        """The process id of the supervisor, which is the id of its session as well."""
        return self._process.pid

    @property
    def lines(self) -> tuple[str, ...]:
        """The last hundred lines that the command printed."""
        return tuple(self._tail.copy())

    def running(self) -> bool:
        """Whether the command still runs; where it does not, all that it printed is in `lines`."""
        if self._process.poll() is None:
            return True
        self._bury()
        return False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the command has ended, at most `timeout` seconds; tell whether it has."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        self._bury()
        return True

    def stop(self) -> None:
        """Stop the command and wait until it is gone: SIGTERM, `grace` seconds, SIGKILL."""
        self._tell("")  # a byte, not only the end: a fork of this process may hold the pipe open
        try:
            self._process.wait(self._grace + GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._stdin.write(line + "\n")
            self._stdin.flush()

    def _read(self) -> None:
        for line in self._stdout:
            self._tail.append(line.rstrip("\n"))
            if self._report is not None:
                with contextlib.suppress(OSError, ValueError):  # the command must not block on it
                    self._report(line)

    def _bury(self) -> None:
        if self._process.returncode < 0:
            # Somebody killed the supervisor. What it ran is all that is left of its session.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._reader.join(GRACE)
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()


def _supervise() -> int:
    # Unbuffered: the byte that tells to stop may be in the pipe already.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as pipe:
        order = pipe.readline()
    if not order.endswith(b"\n"):
        return 0
    job = json.loads(order)
    try:
        command = subprocess.Popen(  # noqa: S603 - what the other end of the pipe asked for
            job["command"], env=job["env"], stdin=subprocess.DEVNULL, umask=0o077
        )
    except OSError as error:
        sys.stdout.write(f"error: {error}\n")
        return 127
    signal.signal(signal.SIGTERM, lambda *_: command.terminate())
    threading.Thread(target=_stop_when_told, args=(command, job["grace"]), daemon=True).start()
    status = command.wait()
    return status if status >= 0 else 128 - status


def _stop_when_told(command: subprocess.Popen[bytes], grace: float) -> None:
    os.read(sys.stdin.fileno(), 1)
    command.terminate()
    try:
        command.wait(grace)
    except subprocess.TimeoutExpired:
        command.kill()


if __name__ == "__main__":
    sys.exit(_supervise())
