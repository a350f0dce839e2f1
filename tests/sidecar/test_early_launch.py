"""OPA starts while its bundle is built, and nothing is open before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hammer import NOT_AUTHORIZED, WRITES, Hammer
from processes import alive, eventually
from ramgate.bundle.builder import Builder
from ramgate.errors import InvalidFiles, OpaUnavailable, SidecarError
from ramgate.sidecar import early_launch
from ramgate.sidecar.address import Address
from ramgate.sidecar.early_launch import EarlyLaunch
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.sidecar import Sidecar
from sidecars import recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ramgate.bundle.builder import Bundle

ENOUGH = 100
BUNDLE = tiny_bundle("built")


def build_after(patch: pytest.MonkeyPatch, condition: Callable[[], bool]) -> None:
    """Let the builder return its bundle only when the condition holds."""
    build = Builder.build

    def late(self: Builder, accounts: Path | None = None) -> Bundle:
        eventually(condition)
        return build(self, accounts)

    patch.setattr(Builder, "build", late)


def test_opa_is_started_before_its_bundle_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)
    build_after(monkeypatch, lambda: pid.exists() and pid.read_text() != "")
    with Sidecar(opa=opa) as sidecar:
        assert sidecar.state().active == sidecar.revision
        assert sidecar.state().restarts == 0


def test_nothing_is_taken_while_the_bundle_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)
    port = Address.parse("127.0.0.1:0").claim().port
    with Hammer(f"127.0.0.1:{port}", WRITES, NOT_AUTHORIZED) as hammer:
        seen: list[int] = []

        def attacked_in_vain() -> bool:
            if not (pid.exists() and pid.read_text()):
                return False
            seen.append(hammer.unreachable)
            assert hammer.answers == 0
            return hammer.unreachable > seen[0] + ENOUGH

        build_after(monkeypatch, attacked_in_vain)
        with Sidecar(opa=opa, addresses=[f"127.0.0.1:{port}"]) as sidecar:
            eventually(lambda: hammer.answers > ENOUGH)
            assert sidecar.state().active == sidecar.revision
    assert hammer.accepted == []


def test_faulty_accounts_leave_no_opa_behind(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text("accounts: {x: {}}")
    with pytest.raises(InvalidFiles):
        Sidecar(accounts, opa=opa).start()
    assert not (pid.exists() and pid.read_text() and alive(int(pid.read_text())))


def test_faults_of_accounts_come_before_a_missing_opa(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(tmp_path / "none"))
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text("accounts: {x: {}}")
    with pytest.raises(InvalidFiles):
        Sidecar(accounts).start()
    accounts.write_text("accounts: {}")
    with pytest.raises(OpaUnavailable):
        Sidecar(accounts).start()


def test_an_opa_that_waited_long_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early_launch, "_LONGEST_BUILD", 0.0)
    opa, pid = recorded(tmp_path)
    first: list[int] = []

    def started() -> bool:
        if pid.exists() and pid.read_text():
            first.append(int(pid.read_text()))
        return bool(first)

    build_after(monkeypatch, started)
    with Sidecar(opa=opa) as sidecar:
        assert sidecar.state().active == sidecar.revision
        assert int(pid.read_text()) != first[0]
        assert not alive(first[0])


def test_an_opa_that_cannot_start_is_told_after_the_build(tmp_path: Path) -> None:
    settings = Settings(addresses=(Address.parse(f"unix://{tmp_path}/none/opa.sock"),))
    early = EarlyLaunch(settings)
    bundle = early.build(lambda: BUNDLE)
    with pytest.raises(SidecarError):
        early.launch(bundle)


def test_another_launch_starts_another_opa() -> None:
    early = EarlyLaunch(Settings())
    bundle = early.build(lambda: BUNDLE)
    first, second = early.launch(bundle), early.launch(bundle)
    try:
        assert first.bundle is second.bundle is bundle
        assert first.supervised.pid != second.supervised.pid
    finally:
        first.stop()
        second.stop()


def test_a_container_is_started_after_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[tuple[Settings, Bundle]] = []
    monkeypatch.setattr(early_launch, "launch", lambda *given: launched.append(given))
    settings = Settings(runtime="container")
    early = EarlyLaunch(settings)
    early.launch(early.build(lambda: BUNDLE))
    assert launched == [(settings, BUNDLE)]


def test_a_build_that_fails_before_a_container_starts_nothing() -> None:
    def fail() -> Bundle:
        raise InvalidFiles([])

    early = EarlyLaunch(Settings(runtime="container"))
    with pytest.raises(InvalidFiles):
        early.build(fail)
