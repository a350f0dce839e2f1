from __future__ import annotations

import io
import itertools
import logging
import os
import signal
import socket
import stat
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from processes import BOUND, alive, eventually
from ramgate.errors import SidecarError
from ramgate.sidecar import keeper
from ramgate.sidecar.address import Address
from ramgate.sidecar.keeper import Keeper
from ramgate.sidecar.process import Process
from ramgate.sidecar.sidecar import Sidecar
from ramgate.sidecar.state import State
from ramgate.sidecar.status import status_of
from sidecars import ask, recorded
from tiny_bundle import tiny_bundle

AGAIN = "OPA ended unexpectedly: it printed no error; starting it again in {} s (restart {})"


def kill(pid: Path) -> None:
    number = int(pid.read_text())
    pid.write_text("")
    os.kill(number, signal.SIGKILL)
    eventually(lambda: not alive(number))


def test_a_killed_opa_comes_back_with_the_wanted_bundle(tmp_path: Path) -> None:
    """A killed OPA stayed away: `ramgate run` ended, and a `Sidecar` raised on every request."""
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    addresses = ["127.0.0.1:0", f"unix://{tmp_path}/s"]
    with Sidecar(bundle=tiny_bundle("one", "1"), opa=opa, addresses=addresses, log=log) as sidecar:
        urls = sidecar.urls
        sidecar.publish(tiny_bundle("two", "2"))
        kill(pid)
        eventually(lambda: sidecar.state().settled)
        assert sidecar.urls == urls
        assert [ask(url).result for url in urls] == [2, 2]
        assert sidecar.state().restarts == 1
        eventually(lambda: log.getvalue().count("\n") == 2)
        sidecar.wait(0)
        assert log.getvalue().splitlines() == [
            "ramgate: " + AGAIN.format(0, 1),
            "ramgate: OPA answers again, by revision two",
        ]
    assert not alive(int(pid.read_text()))


def test_a_bundle_published_while_opa_is_away_is_the_one_that_it_comes_back_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)
    restart, gate = Process.restart, threading.Event()

    def later(self: Process) -> None:
        assert gate.wait(BOUND)
        restart(self)

    monkeypatch.setattr(Process, "restart", later)
    with Sidecar(bundle=tiny_bundle("one", "1"), opa=opa, log=io.StringIO()) as sidecar:
        kill(pid)
        with pytest.raises(SidecarError, match="did not activate"):
            sidecar.publish(tiny_bundle("two", "2"), timeout=0.1)
        away = sidecar.state()
        assert (away.wanted, away.active) == ("two", None)
        sidecar.want(tiny_bundle("three", "3"))
        gate.set()
        eventually(lambda: sidecar.state().settled)
        assert ask(sidecar.url).result == 3
        assert sidecar.state().seconds == 0


def test_an_opa_that_ends_again_and_again_is_started_with_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(keeper, "_LONGEST_PAUSE", 0.04)
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), opa=opa, log=log) as sidecar:
        for restart in range(1, 6):
            kill(pid)
            eventually(lambda: sidecar.state().settled)
            assert sidecar.state().restarts == restart
            eventually(lambda: bool(pid.read_text()))
        monkeypatch.setattr(keeper, "_STABLE_SECONDS", 0)
        kill(pid)
        eventually(lambda: sidecar.state().restarts == 6 and sidecar.state().settled)
    told = [line for line in log.getvalue().splitlines() if "starting" in line]
    assert told == [
        "ramgate: " + AGAIN.format(pause, number)
        for number, pause in enumerate(["0", "0.01", "0.02", "0.04", "0.04", "0"], 1)
    ]


def test_an_address_that_another_process_has_taken_meanwhile_ends_it_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper, "_TAKEN_SECONDS", 0.3)
    opa, pid = recorded(tmp_path)
    claimed = Address.claim
    with Sidecar(bundle=tiny_bundle(), opa=opa, addresses=["127.0.0.1:0"]) as sidecar:
        host, _, port = sidecar.url.removeprefix("http://").rpartition(":")
        thieves: list[socket.socket] = []

        def claim(self: Address) -> Address:
            thieves.append(thieves[0] if thieves else socket.create_server((host, int(port))))
            return claimed(self)

        monkeypatch.setattr(Address, "claim", claim)
        kill(pid)
        message = (
            r"^OPA ended and another process has taken its address: "
            rf"cannot listen on `{host}:{port}`: Address already in use$"
        )
        with pytest.raises(SidecarError, match=message):
            sidecar.wait(BOUND)
        for question in (sidecar.client, sidecar.state, lambda: sidecar.url):
            with pytest.raises(SidecarError, match=message):
                question()
        thieves[0].close()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "another process has taken its address" in caplog.text


def test_an_opa_that_cannot_be_started_again_is_tried_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_FIRST_PAUSE", 0.01)
    opa, pid = recorded(tmp_path)
    restart = Process.restart
    failures = [kind("no space left on device") for kind in (RuntimeError, SidecarError)]

    def full(self: Process) -> None:
        if failures:
            raise failures.pop()
        restart(self)

    monkeypatch.setattr(Process, "restart", full)
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), opa=opa, log=log) as sidecar:
        kill(pid)
        eventually(lambda: sidecar.state().settled)
    assert [line for line in log.getvalue().splitlines() if "cannot" in line] == [
        f"ramgate: cannot start OPA again: no space left on device; trying once more in {pause} s"
        for pause in ("0.01", "0.02")
    ]


def test_an_error_of_the_keeper_itself_is_told_to_everyone_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Process) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Process, "restart", broken)
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle(), opa=opa) as sidecar:
        kill(pid)
        with pytest.raises(SidecarError, match="ZeroDivisionError"):
            sidecar.wait(BOUND)
    assert "ZeroDivisionError(); it is not started again" in caplog.text


def test_stopping_while_opa_is_away_starts_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_FIRST_PAUSE", 60.0)
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle(), opa=opa, log=io.StringIO()) as sidecar:
        kill(pid)
        eventually(lambda: sidecar.state().settled)
        eventually(lambda: bool(pid.read_text()))
        kill(pid)
        eventually(lambda: sidecar.state().restarts == 2)
    assert pid.read_text() == ""


def test_stopping_between_two_starts_starts_none(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa, log=log).start()
    kept = sidecar._keeper  # noqa: SLF001
    assert kept is not None
    with kept._starting:  # noqa: SLF001 - holds the keeper just before the start
        kill(pid)
        eventually(lambda: "starting it again" in log.getvalue())
        kept._stopping.set()  # noqa: SLF001
    sidecar.stop()
    assert pid.read_text() == ""


def test_an_end_during_stop_is_not_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa, restart=False, log=log).start()
    kept = sidecar._keeper  # noqa: SLF001
    assert kept is not None

    def stop_meanwhile(_lines: object) -> str:
        kept._stopping.set()  # noqa: SLF001
        return "killed"

    monkeypatch.setattr(keeper, "last_error", stop_meanwhile)
    kill(pid)
    sidecar.wait(BOUND)
    sidecar.stop()
    assert log.getvalue() == ""


def test_an_opa_that_ends_before_it_answers_again_is_started_once_more(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), opa=opa, log=log) as sidecar:
        program = opa.read_text()
        flag = tmp_path / "flag"
        flag.touch()
        opa.write_text(
            program.replace(
                "import os, sys\n",
                f"import os, sys\nif os.path.exists({str(flag)!r}):\n"
                f"    os.unlink({str(flag)!r})\n    sys.exit('error: no memory')\n",
            )
        )
        kill(pid)
        eventually(lambda: sidecar.state().restarts == 2 and sidecar.state().settled)
    assert "OPA ended unexpectedly: no memory; starting it again in 0.5 s (restart 2)" in (
        log.getvalue()
    )


def test_an_opa_that_does_not_answer_in_time_after_a_restart_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), opa=opa, log=log) as sidecar:
        kept = sidecar._keeper  # noqa: SLF001
        assert kept is not None
        monkeypatch.setattr(kept, "_timeout", 0.0)
        kill(pid)
        eventually(lambda: sidecar.state().settled)
        eventually(lambda: bool(pid.read_text()))
        kill(pid)  # the next end is noticed nevertheless
        eventually(lambda: sidecar.state().restarts == 2 and sidecar.state().settled)
    assert "answers again" not in log.getvalue()


def broken(*_: str) -> int:
    raise OSError("no space left on device")


@pytest.mark.parametrize("method", ["write", "flush"])
def test_a_log_that_cannot_be_written_does_not_keep_opa_away(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), opa=opa, log=log) as sidecar:
        monkeypatch.setattr(log, method, broken)
        kill(pid)
        eventually(lambda: sidecar.state().settled)
    assert AGAIN.format(0, 1) in caplog.text


def test_a_clock_that_jumps_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the monotonic clock decides when a time is over."""
    wall = itertools.cycle([0.0, 4e9])
    monkeypatch.setattr("time.time", lambda: next(wall))
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar:
        sidecar.publish(tiny_bundle("two", "2"))
        sidecar.wait(0.01)
        assert sidecar.state().settled


def test_the_time_since_when_they_differ_counts_from_the_first_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    with Sidecar(bundle=tiny_bundle("one", "1"), log=io.StringIO()) as sidecar:
        monkeypatch.setattr(keeper, "time", SimpleNamespace(monotonic=lambda: now[0]))
        monkeypatch.setattr(Process, "active", lambda _: "one")
        assert sidecar.state().seconds == 0
        sidecar.want(tiny_bundle("two", "2"))
        now[0] += 40
        sidecar.want(tiny_bundle("three", "3"))
        now[0] += 2
        assert sidecar.state().seconds == 42
        sidecar.want(tiny_bundle("one", "1"))
        assert sidecar.state().seconds == 0
        monkeypatch.setattr(Process, "active", lambda _: None)
        now[0] += 1
        assert sidecar.state().seconds == 0  # first seen now
        now[0] += 1
        assert sidecar.state().seconds == 1
        monkeypatch.undo()


def test_the_constructor_of_a_keeper_raises_what_launch_raises() -> None:
    def launch(_: object) -> Process:
        raise SidecarError("no")

    with pytest.raises(SidecarError, match=r"^no$"):
        Keeper(launch, tiny_bundle(), timeout=1, restart=True, log=None)


@pytest.mark.parametrize("addresses", [None, ["127.0.0.1:0"], ["127.0.0.1:0", "unix://{}/s"]])
def test_the_state_is_told_beside_opas_socket_or_in_a_private_folder(
    tmp_path: Path, addresses: list[str] | None
) -> None:
    given = addresses and [address.format(tmp_path) for address in addresses]
    log = io.StringIO()
    opa, pid = recorded(tmp_path)
    sidecar = Sidecar(
        bundle=tiny_bundle("one"), opa=opa, addresses=given, status_address="auto", log=log
    )
    with sidecar:
        address = sidecar.status_address
        assert address is not None
        beside = [f"{url}.status" for url in sidecar.urls if url.startswith("unix://")]
        assert [address] == beside or not beside
        assert stat.S_IMODE(Path(address.removeprefix("unix://")).stat().st_mode) == 0o600
        assert status_of(address) == State("one", "one")
        sidecar.count_faults(2)
        kill(pid)
        eventually(lambda: status_of(address).active == "one")
        state = status_of(address)
        assert (state.restarts, state.faults, state.settled) == (1, 2, False)
        assert state.seconds > 0
    assert not Path(address.removeprefix("unix://")).exists()


def test_a_name_that_is_too_long_beside_opas_socket_is_one_in_the_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "s" * (103 - len(f"{tmp_path}/"))
    with Sidecar(
        bundle=tiny_bundle(), addresses=[f"unix://{name}"], status_address="auto"
    ) as sidecar:
        assert sidecar.status_address is not None
        assert not sidecar.status_address.startswith(sidecar.url)
        assert status_of(sidecar.status_address).settled


def test_the_status_address_can_be_chosen_or_left_out() -> None:
    with Sidecar(bundle=tiny_bundle(), status_address="127.0.0.1:0") as sidecar:
        assert sidecar.status_address is not None
        assert sidecar.status_address.startswith("127.0.0.1:")
        assert status_of(sidecar.status_address).settled
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        assert sidecar.status_address is None


def test_a_status_address_that_is_taken_leaves_no_opa(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SidecarError, match=rf"^cannot listen on `{address}`: "):
            Sidecar(bundle=tiny_bundle(), opa=opa, status_address=address).start()
    assert not alive(int(pid.read_text()))
