"""OPA has the more time to activate a bundle, the larger the bundle is."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from processes import alive, eventually
from ramgate.errors import SidecarError
from ramgate.opa.find import find_opa
from ramgate.sidecar import patience
from ramgate.sidecar.address import Address
from ramgate.sidecar.early_launch import EarlyLaunch
from ramgate.sidecar.keeper import Keeper
from ramgate.sidecar.patience import activation_seconds
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.sidecar import Sidecar
from sidecars import ask, executable, recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle

ADDRESSES = ["127.0.0.1:0"]
MIB = 2**20
SMALL, LARGE = tiny_bundle("small"), tiny_bundle("large", '"large"', other_rules=500)


def ready_timeout(pid: Path) -> str:
    """Return the limit that the OPA with the process id in the file was started with."""
    found: list[str] = []

    def is_found() -> bool:
        # the arguments are empty for a moment in which the program becomes OPA
        if pid.exists() and pid.read_text():
            arguments = Path(f"/proc/{pid.read_text()}/cmdline").read_text().split("\0")
            found[:] = [one for one in arguments if one.startswith("--ready-timeout=")]
        return bool(found)

    eventually(is_found)
    return found[0].partition("=")[2]


@pytest.mark.parametrize(
    ("size", "seconds"), [(0, 30), (1, 31), (MIB, 40), (28 * MIB, 310), (1_000 * MIB, 10_030)]
)
def test_the_time_grows_with_the_bundle(size: int, seconds: int) -> None:
    bundle = SimpleNamespace(content=range(size))
    assert activation_seconds(bundle) == seconds  # type: ignore[arg-type]
    assert activation_seconds(bundle, 0.5) == 0.5  # type: ignore[arg-type]


def test_an_opa_that_takes_longer_for_a_large_bundle_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 100,000 roles and little processor time, `ramgate run` gave OPA up after 30 s."""
    opa = executable(
        tmp_path / "opa",
        "import os, sys, time\ntime.sleep(2)\n"
        f"os.execv({str(find_opa())!r}, ['opa', *sys.argv[1:]])\n",
    )
    monkeypatch.setattr(patience, "_SECONDS", 1.0)
    monkeypatch.setattr(patience, "_SECONDS_A_MIB", 0.0)
    with pytest.raises(SidecarError, match=r"^OPA was not ready within 1 s"):
        Sidecar(bundle=SMALL, opa=opa).start()
    monkeypatch.setattr(patience, "_SECONDS_A_MIB", 60.0 * MIB / len(SMALL.content))
    with Sidecar(bundle=SMALL, opa=opa) as sidecar:
        assert ask(sidecar.url).result == "tiny"


def test_opa_itself_gets_the_time_that_is_waited_for_it_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_SECONDS_A_MIB", 1_000_000.0)
    small, large = (f"{activation_seconds(one):.0f}" for one in (SMALL, LARGE))
    assert int(small) < int(large)
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=SMALL, opa=opa, addresses=ADDRESSES) as sidecar:
        assert ready_timeout(pid) == small
        sidecar.publish(LARGE)
        number = int(pid.read_text())
        pid.write_text("")
        os.kill(number, signal.SIGKILL)
        assert ready_timeout(pid) == large
        eventually(lambda: sidecar.state().settled)


def test_a_time_that_is_given_is_kept(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=LARGE, opa=opa, addresses=ADDRESSES, startup_timeout=77):
        assert ready_timeout(pid) == "77"


def test_an_opa_that_was_started_before_a_large_bundle_was_built_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)
    monkeypatch.setattr(patience, "_SECONDS_A_MIB", 1_000_000.0)
    early = EarlyLaunch(Settings(opa=opa, addresses=(Address.parse(ADDRESSES[0]),)))
    bundle = early.build(lambda: LARGE)
    assert ready_timeout(pid) == "40"
    first = int(pid.read_text())
    process = early.launch(bundle)
    try:
        assert not alive(first)
        eventually(lambda: pid.read_text() not in {"", str(first)})
        assert int(ready_timeout(pid)) == activation_seconds(LARGE) > 40
        eventually(process.ready)
    finally:
        process.stop()


@pytest.mark.parametrize(("given", "seconds"), [(None, 40.0), (5.0, 5.0)])
def test_a_published_bundle_has_the_same_time(
    given: float | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def publish(_: Keeper, _bundle: Bundle, timeout: float) -> None:
        waited.append(timeout)

    monkeypatch.setattr(Keeper, "publish", publish)
    monkeypatch.setattr(patience, "_SECONDS_A_MIB", 10.0 * MIB / len(SMALL.content))
    with Sidecar(bundle=SMALL) as sidecar:
        sidecar.publish(SMALL, timeout=given)
    assert waited == [seconds]
