"""The diagnostic address: OPA's metrics, for programs with access."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

import servers
from processes import eventually
from ramgate.errors import SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.sidecar import Sidecar
from sidecars import ALLOW, REQUEST, TOKEN, ask, gone, recorded
from tiny_bundle import tiny_bundle

DATA = Path(__file__).parents[1] / "data"
TLS = (DATA / "tls.crt", DATA / "tls.key")
BUNDLE = tiny_bundle(decision=ALLOW)


def status(url: str, target: str = "/metrics", token: str | None = None, **headers: str) -> int:
    return ask(url, "GET", target, None, token, **headers).status


@pytest.mark.parametrize("tls", [None, TLS], ids=["plain", "TLS"])
def test_metrics_need_the_token_and_no_tls(tls: tuple[Path, Path] | None) -> None:
    told = f"127.0.0.1:{servers.free_port()}"
    with Sidecar(
        bundle=BUNDLE, addresses=["127.0.0.1:0"], token=TOKEN, tls=tls, diagnostic_address=told
    ) as sidecar:
        with sidecar.client() as client:
            assert client.decide(*REQUEST)
        assert status(told, "/health") == 200
        assert status(told) == status(told, token="wrong") == 401  # noqa: S106
        assert status(told, token=TOKEN) == 200
        assert status(told, "/metrics?name[]=go_info", TOKEN) == 401
        for target in ("/v1/data", "/v1/policies", "/v1/status", "/v1/config"):
            assert status(told, target, TOKEN) == 401
        assert ask(told, body={}, token=TOKEN).status != 200
    assert gone(told)


def test_on_loopback_any_program_sees_metrics_and_no_web_page() -> None:
    told = f"127.0.0.1:{servers.free_port()}"
    with Sidecar(bundle=BUNDLE, addresses=["127.0.0.1:0"], diagnostic_address=told) as sidecar:
        for address in (told, sidecar.url):
            assert status(address) == 200
            assert status(address, Origin="http://page.example") == 401


def test_without_a_diagnostic_address_tcp_has_no_metrics(guarded: Sidecar) -> None:
    assert status(guarded.url, token=TOKEN) == 401


def test_a_diagnostic_socket_is_its_owners_and_outlives_an_opa(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    told = tmp_path / "diagnostic"
    with Sidecar(bundle=BUNDLE, opa=opa, diagnostic_address=f"unix://{told}") as sidecar:
        assert stat.S_IMODE(told.stat().st_mode) == 0o600
        assert status(f"unix://{told}") == 200
        os.kill(int(pid.read_text()), signal.SIGKILL)
        eventually(lambda: sidecar.state().restarts == 1 and sidecar.state().settled)
        assert status(f"unix://{told}") == 200
    assert not told.exists()


def test_a_diagnostic_address_that_is_taken_starts_no_opa(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SidecarError, match=f"cannot listen on `{told}`"):
            Sidecar(bundle=BUNDLE, opa=opa, diagnostic_address=told).start()
    assert not pid.exists()


def test_the_flag_for_a_diagnostic_address_keeps_it_without_tls() -> None:
    assert Address.parse("[::1]:8282").plain_flag == "http://[::1]:8282"
    assert Address.parse("unix:///run/a b").plain_flag == "unix:///run/a%20b"
