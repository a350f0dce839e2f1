"""OPA starts while its bundle is built, and nothing is open before."""

from __future__ import annotations

import http.client
import io
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hammer import NOT_AUTHORIZED, NOT_WRITTEN, WRITES, Hammer
from processes import BOUND, alive, eventually
from ramgate.bundle.builder import Builder
from ramgate.errors import InvalidFiles, OpaUnavailable, SidecarError
from ramgate.sidecar import early_launch
from ramgate.sidecar.address import Address
from ramgate.sidecar.early_launch import EarlyLaunch
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.sidecar import Sidecar
from sidecars import REQUEST, TOKEN, ask, gone, recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.bundle.builder import Bundle

ENOUGH = 100
BUNDLE = tiny_bundle("built")
OWN = {
    "/v1/policies/mine": 'package ram.authz\n\ndecision := {"allow": true}\n',
    "/v1/policies/ramgate/ram/authz/authz.rego": "package ram.authz\n\nmine := true\n",
    "/v1/data/store": '{"mine": true}',
}
"""Writes inside the bundle's roots."""


def put(url: str, target: str, body: str) -> int:
    """Return the status of a PUT."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = Address.parse(url).connect(BOUND)
    try:
        connection.request("PUT", target, body)
        return connection.getresponse().status
    finally:
        connection.close()


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


@pytest.mark.ramgate_unknown
def test_in_its_private_folder_nothing_stays_of_the_writes_before_the_bundle(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OPA listens there before it has the bundle, where a program of the same user can find it."""
    folder = tmp_path_factory.mktemp("t")  # a short name: it is part of a socket's path
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    found: list[str] = []

    def written() -> bool:
        found[:] = [f"unix://{path}" for path in folder.glob("ramgate-*/opa.sock")]
        if not found or gone(found[0]):
            return False
        assert ask(found[0]).result is None  # undefined: no decision, which no client takes
        for target, body in OWN.items():
            assert put(found[0], target, body) in {200, 204}
        return bool(ask(found[0]).result == {"allow": True})

    build_after(monkeypatch, written)
    with Sidecar() as sidecar, sidecar.client() as client:
        assert [sidecar.url] == found
        assert client.decide(*REQUEST).reason == "account_owner"
        assert not client.decide("acs:ram::1234567890123456:user/mine", *REQUEST[1:])
        assert ask(sidecar.url, target="/v1/data/store/mine").result is None
        policies = ask(sidecar.url, "GET", "/v1/policies").result
        assert isinstance(policies, list)
        assert all(policy["id"].startswith("ramgate/") for policy in policies)
        for target, body in OWN.items():
            assert put(sidecar.url, target, body) in NOT_WRITTEN


def test_in_its_private_folder_an_opa_with_a_token_takes_nothing_before_the_bundle(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    refused: list[int] = []

    def attacked() -> bool:
        urls = [f"unix://{path}" for path in folder.glob("ramgate-*/opa.sock")]
        if not urls or gone(urls[0]):
            return False
        refused.extend(put(urls[0], target, body) for target, body in OWN.items())
        refused.append(ask(urls[0], token=TOKEN).status)
        return True

    build_after(monkeypatch, attacked)
    with Sidecar(token=TOKEN) as sidecar, sidecar.client() as client:
        assert client.decide(*REQUEST).reason == "account_owner"
    assert refused
    assert set(refused) == {500}  # the rule of access is undefined


@pytest.mark.parametrize(
    ("arguments", "is_first_checked"),
    [
        ({}, False),
        ({"decision_log": True, "log": io.StringIO()}, True),
        ({"addresses": []}, True),
        ({"diagnostic_address": ""}, True),
    ],
    ids=["private", "logged", "known", "diagnostic"],
)
def test_opa_listens_at_once_only_where_nobody_else_knows_its_socket(
    tmp_path: Path, arguments: dict[str, Any], *, is_first_checked: bool
) -> None:
    """Its clients know the socket of an OPA that is started again; a log has the first probes."""
    if "addresses" in arguments:
        arguments = {"addresses": [f"unix://{tmp_path}/opa.sock"]}
    if "diagnostic_address" in arguments:
        arguments = {"diagnostic_address": f"unix://{tmp_path}/diagnostic.sock"}
    opa, pid = recorded(tmp_path)

    def is_checked() -> bool:
        return "--ready-timeout" in Path("/proc", pid.read_text(), "cmdline").read_text()

    with Sidecar(bundle=BUNDLE, opa=opa, **arguments) as sidecar:
        assert is_checked() == is_first_checked
        os.kill(int(pid.read_text()), signal.SIGKILL)
        eventually(lambda: sidecar.state().restarts == 1)
        eventually(lambda: sidecar.state().settled)
        assert is_checked()


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
    monkeypatch.setattr(early_launch, "BUILD_SECONDS", 0.0)
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
