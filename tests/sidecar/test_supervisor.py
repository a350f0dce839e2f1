from __future__ import annotations

import io
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from processes import BOUND, alive, eventually
from ramgate.sidecar import supervisor
from ramgate.sidecar.supervisor import GRACE, Supervised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Prints its process id, then stays.
STAY = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAY}"


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", program, *arguments]


def pid_of(running: Supervised) -> int:
    eventually(lambda: bool(running.lines))
    return int(running.lines[0])


@pytest.fixture
def supervise() -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(
        program: str, *, grace: float = GRACE, report: Callable[[str], object] | None = None
    ) -> Supervised:
        started.append(Supervised(python(program), {}, report, grace=grace))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def test_a_command_runs_until_it_is_stopped(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STAY)
    command = pid_of(running)
    assert running.running()
    running.stop()
    assert not running.running()
    assert not alive(command)


def test_waiting_ends_with_its_time(supervise: Callable[..., Supervised]) -> None:
    assert not supervise(STAY).wait(0)


def test_stopping_twice_and_after_the_end_does_nothing(
    supervise: Callable[..., Supervised],
) -> None:
    running = supervise("print('done')")
    running.wait()
    running.stop()
    running.stop()
    assert running.lines == ("done",)


def test_waiting_ends_when_its_time_is_over(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STAY)
    assert not running.wait(0.01)
    running.stop()
    assert running.wait(0.01)


def test_stopping_at_once_stops_the_command(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STAY, grace=0.0)
    started = time.monotonic()
    running.stop()
    assert time.monotonic() - started < supervisor.GRACE


def test_a_command_that_ignores_sigterm_is_killed(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STUBBORN, grace=0.1)
    command = pid_of(running)
    running.stop()
    assert not alive(command)


def test_the_lines_of_a_command_are_kept_and_passed_on(
    supervise: Callable[..., Supervised],
) -> None:
    log = io.StringIO()
    running = supervise(
        "import sys; print('out', flush=True); print('err', file=sys.stderr)", report=log.write
    )
    running.wait()
    assert running.lines == ("out", "err")
    assert log.getvalue() == "out\nerr\n"


def test_only_the_last_lines_are_kept(supervise: Callable[..., Supervised]) -> None:
    running = supervise("for n in range(1000): print(n)")
    running.wait()
    assert running.lines == tuple(str(n) for n in range(900, 1000))


def test_a_log_that_nobody_reads_does_not_block_the_command(
    supervise: Callable[..., Supervised], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_MOST_WAITING", 100)
    is_read, reported = threading.Event(), list[str]()

    def report(line: str) -> None:
        is_read.wait(BOUND)
        reported.append(line)

    program = f"for n in range(100_000): print(n)\nprint('end', flush=True); {STAY}"
    running = supervise(program, report=report)
    eventually(lambda: "end" in running.lines)
    is_read.set()
    running.stop()
    lost = [int(json.loads(line)["msg"].split()[0]) for line in reported if "lost" in line]
    assert sum(lost) > 99_000
    assert len(reported) - len(lost) + sum(lost) == 100_002
    assert reported[0] == "0\n"


def test_lines_after_lost_ones_are_passed_on_after_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "_MOST_WAITING", 10)
    is_read, reported = threading.Semaphore(0), list[str]()

    def report(line: str) -> None:
        is_read.acquire()
        reported.append(line)

    reports = supervisor._Reports(report)  # noqa: SLF001
    for line in ("one\n", "two\n", "three\n", "four is longer\n"):
        reports.put(line)
    is_read.release(2)
    eventually(lambda: reported[1:] != [])
    reports.put("five\n")
    is_read.release(100)
    reports.end()
    assert [line.split()[0] for line in reported if "lost" not in line][-1] == "five"
    assert "lost" in reported[-2]


def test_a_report_that_never_returns_delays_the_end_by_the_grace_alone(
    supervise: Callable[..., Supervised], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.2)
    is_over = threading.Event()
    running = supervise("print('done')", report=lambda _: is_over.wait(BOUND))
    assert running.wait(BOUND)
    assert not is_over.is_set()
    is_over.set()


def test_a_broken_log_does_not_block_the_command(
    supervise: Callable[..., Supervised],
) -> None:
    log = io.StringIO()
    log.close()
    running = supervise("for n in range(100_000): print(n)", report=log.write)
    running.wait()
    assert running.lines[-1] == "99999"


def test_a_line_that_cannot_be_passed_on_ends_no_other(
    supervise: Callable[..., Supervised],
) -> None:
    passed: list[str] = []

    def report(line: str) -> None:
        if line == "0\n":
            raise RecursionError
        passed.append(line)

    running = supervise("for n in range(3): print(n)", report=report)
    running.wait()
    eventually(lambda: passed == ["1\n", "2\n"])


def test_a_command_has_exactly_the_environment_of_the_call() -> None:
    program = "import json, os; print(json.dumps(sorted(os.environ)))"
    running = Supervised(python(program), {"ONLY": "this"})
    running.wait()
    # Python sets LC_CTYPE itself (PEP 538)
    assert set(json.loads(running.lines[0])) - {"LC_CTYPE"} == {"ONLY"}


def test_a_command_creates_files_for_its_owner_only(
    supervise: Callable[..., Supervised], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    supervise(f"open({str(file)!r}, 'x').close()").wait()
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_output_of_a_command_that_cannot_be_started_is_the_error(tmp_path: Path) -> None:
    running = Supervised([str(tmp_path / "missing")], {})
    running.wait()
    assert not running.running()
    assert running.lines == (
        f"error: [Errno 2] No such file or directory: '{tmp_path / 'missing'}'",
    )


def test_a_command_is_in_a_session_of_its_own(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STAY)
    assert os.getsid(pid_of(running)) == running.pid != os.getsid(0)


def test_the_command_of_a_killed_supervisor_is_killed(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STAY)
    command = pid_of(running)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    eventually(lambda: not alive(command))


def test_a_supervisor_that_hangs_is_killed_with_its_command(
    supervise: Callable[..., Supervised], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = supervise(STAY, grace=0.1)
    command = pid_of(running)
    os.kill(running.pid, signal.SIGSTOP)
    monkeypatch.setattr(supervisor, "GRACE", 0.1)
    running.stop()
    eventually(lambda: not alive(command))


def test_sigterm_to_the_supervisor_ends_the_command(supervise: Callable[..., Supervised]) -> None:
    running = supervise(STAY)
    command = pid_of(running)
    os.kill(running.pid, signal.SIGTERM)
    running.wait()
    assert not alive(command)


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_command_does_not_outlive_its_parent(end: str) -> None:
    program = f"""
import sys, time
from ramgate.sidecar.supervisor import Supervised
running = Supervised({python(STAY)!r}, {{}}, lambda line: print(line, end='', flush=True))
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout is not None
        command = int(parent.stdout.readline())
        assert alive(command)
        parent.send_signal(getattr(signal, end))
        parent.wait(BOUND)
        eventually(lambda: not alive(command))


def test_a_fork_that_holds_the_pipe_does_not_keep_the_command_from_stopping() -> None:
    program = f"""
import os, sys, time
from ramgate.sidecar.supervisor import Supervised
running = Supervised({python(STAY)!r}, {{}}, lambda line: print(line, end='', flush=True))
while not running.lines:
    time.sleep(0.01)
child = os.fork()
if not child:
    time.sleep(60)
running.stop()
os.kill(child, 9)
os.waitpid(child, 0)
print("stopped")
"""
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        timeout=BOUND,
        check=True,
    )
    command, stopped = finished.stdout.split()
    assert stopped == "stopped"
    assert not alive(int(command))


# The supervisor process's code, run in this process.


@pytest.fixture
def run_job(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    handler = signal.getsignal(signal.SIGTERM)
    read, write = os.pipe()

    def stop_when(ready: Path) -> None:
        eventually(ready.exists)
        os.write(write, b"\n")

    def run(line: str, *, ready: Path | None = None) -> int:
        os.write(write, line.encode())
        teller = threading.Thread(target=stop_when, args=(ready,))
        if ready:
            teller.start()
        with pytest.raises(SystemExit) as exit_:
            runpy.run_path(supervisor.__file__, run_name="__main__")
        if ready:
            teller.join(BOUND)
        assert isinstance(exit_.value.code, int)
        return exit_.value.code

    with open(read, encoding="utf-8") as stdin, open(write, "wb"):  # noqa: PTH123 - descriptors
        monkeypatch.setattr(sys, "stdin", stdin)
        yield run
    signal.signal(signal.SIGTERM, handler)


def job(program: str) -> str:
    return json.dumps({"command": python(program), "env": {}, "grace": 0.1})


def test_the_status_of_a_command_is_passed_on(run_job: Callable[..., int]) -> None:
    assert run_job(job("raise SystemExit(3)") + "\n") == 3


def test_a_stopped_command_ends_by_sigterm(run_job: Callable[..., int]) -> None:
    assert run_job(job(STAY) + "\n\n") == 128 + signal.SIGTERM


def test_a_stopped_command_that_ignores_sigterm_ends_by_sigkill(
    run_job: Callable[..., int], tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    program = f"{deaf}; open({str(ready)!r}, 'x'); {STAY}"
    assert run_job(job(program) + "\n", ready=ready) == 128 + signal.SIGKILL


def test_sigterm_is_passed_on(run_job: Callable[..., int]) -> None:
    tell = f"import os, signal; os.kill({os.getpid()}, signal.SIGTERM); {STAY}"
    assert run_job(job(tell) + "\n") == 128 + signal.SIGTERM


def test_a_command_that_is_not_there_is_127(
    run_job: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps({"command": [str(tmp_path / "x")], "env": {}, "grace": 0})
    assert run_job(line + "\n") == 127
    assert capsys.readouterr().out.startswith("error: [Errno 2]")


@pytest.mark.parametrize("killed", [True, False])
def test_the_folder_of_a_parent_that_has_ended_is_removed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    killed: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    """A parent that stops its command removes them itself."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    file = tmp_path / "file"
    file.touch()
    left = {"folder": str(folder), "files": [str(tmp_path / "gone"), str(file)]}
    line = json.dumps({**json.loads(job(STAY)), **left}) + "\n"
    handler = signal.getsignal(signal.SIGTERM)
    read, write = os.pipe()
    os.write(write, line.encode() + (b"" if killed else b"\n"))
    if killed:
        os.close(write)
    with open(read, encoding="utf-8") as stdin:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(SystemExit):
            runpy.run_path(supervisor.__file__, run_name="__main__")
    signal.signal(signal.SIGTERM, handler)
    if not killed:
        os.close(write)
    assert folder.exists() is file.exists() is not killed


def test_without_a_job_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, encoding="utf-8") as stdin:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(SystemExit) as exit_:
            runpy.run_path(supervisor.__file__, run_name="__main__")
    assert exit_.value.code == 0
