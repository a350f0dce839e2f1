from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import socket
import stat
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from processes import BOUND, alive, eventually
from ramgate.bundle.builder import Bundle
from ramgate.errors import OpaUnavailable, SidecarError
from ramgate.sidecar import process
from ramgate.sidecar.address import Address
from ramgate.sidecar.bundle_server import BundleServer
from ramgate.sidecar.http_server import MOST_CONNECTIONS
from ramgate.sidecar.long_poll import RESOURCE
from ramgate.sidecar.patcher import writing
from ramgate.sidecar.private_folder import PrivateFolder
from ramgate.sidecar.sidecar import Sidecar
from ramgate.sidecar.state import State
from sidecars import ALLOW, REQUEST, TOKEN, ask, executable, gone, recorded
from tiny_bundle import tiny_bundle


def test_the_opa_to_run_can_be_chosen(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle(), opa=str(opa)):
        assert alive(int(pid.read_text()))
    assert not alive(int(pid.read_text()))


def test_opa_knows_nothing_of_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    monkeypatch.setenv("GOMAXPROCS", "1")
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        reply = ask(sidecar.url, target="/v1/query", body={"query": "x := opa.runtime().env"})
    known = reply.result[0]["x"]  # type: ignore[index]
    assert set(known) - {"GOGC", "TZ"} == {
        "GOMAXPROCS",
        "RAMGATE_BUNDLE_TOKEN_FILE",
        "RAMGATE_BUNDLE_URL",
    }


def test_no_token_is_in_opas_environment_or_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle server's token was in /proc/PID/environ, and so in `opa.runtime().env`."""
    tokens: list[str] = []
    written: list[str] = []

    class Server(BundleServer):
        def __init__(self, bundle: Bundle, *, is_patchable: bool) -> None:
            super().__init__(bundle, is_patchable=is_patchable)
            tokens.append(self.token)

    def noted(token: str) -> dict[str, str]:
        written.append(token)
        return writing(token)

    monkeypatch.setattr(process, "BundleServer", Server)
    monkeypatch.setattr(process, "writing", noted)
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle(), opa=opa, token=TOKEN):
        proc = Path(f"/proc/{pid.read_text()}")
        seen = proc.joinpath("environ").read_text() + proc.joinpath("cmdline").read_text()
        variables = dict(
            line.split("=", 1) for line in proc.joinpath("environ").read_text().split("\0")[:-1]
        )
        file = Path(variables["RAMGATE_BUNDLE_TOKEN_FILE"])
        assert [file.read_text()] == tokens
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert TOKEN not in seen
        assert tokens[0] not in seen
        assert written[0] not in seen
    assert not file.parent.exists()


def test_without_addresses_opa_listens_on_a_socket_in_a_private_folder() -> None:
    """Any local user could connect to the loopback port that was the default."""
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        assert len(sidecar.urls) == 1
        path = Path(sidecar.url.removeprefix("unix://"))
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert ask(sidecar.url, "GET", "/v1/data/store").status == 200
    assert not path.parent.exists()


def test_opa_is_quiet_while_all_is_well() -> None:
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), log=log) as sidecar:
        ask(sidecar.url)
    assert log.getvalue() == ""  # not even the warning to root


def test_the_decision_log_leaves_policy_documents_out() -> None:
    log = io.StringIO()
    body = {"input": {"principal": "alice", "session_policies": [{"Hidden": "document"}]}}
    with Sidecar(bundle=tiny_bundle(), decision_log=True, log=log) as sidecar:
        ask(sidecar.url, body=body)
        eventually(lambda: "decision_id" in log.getvalue())
    (entry,) = [line for line in log.getvalue().splitlines() if "decision_id" in line]
    logged = json.loads(entry)
    assert logged["input"] == {"principal": "alice"}
    assert logged["erased"] == ["/input/session_policies"]
    assert logged["bundles"] == {"ramgate": {"revision": "tiny-1"}}


def test_tcp_and_a_unix_socket_serve_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sidecar = Sidecar(
        bundle=tiny_bundle(decision=ALLOW), addresses=["unix://a, b%20.sock", "127.0.0.1:0"]
    )
    with sidecar:
        unix, tcp = sidecar.urls
        assert sidecar.url == unix == f"unix://{tmp_path}/a, b%20.sock"
        assert ask(unix).status == ask(tcp).status == 200
        with sidecar.client() as client:
            assert client.decide(*REQUEST)
        socket_file = tmp_path / "a, b%20.sock"
        assert stat.S_IMODE(socket_file.stat().st_mode) == 0o600
    assert gone(unix)
    assert gone(tcp)
    assert not socket_file.exists()


def test_a_leftover_socket_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as leftover:
        leftover.bind("s.sock")
    with Sidecar(bundle=tiny_bundle(), addresses=["unix://s.sock"]) as sidecar:
        assert ask(sidecar.url).status == 200


def test_a_published_bundle_is_live_when_publish_returns() -> None:
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar:
        assert ask(sidecar.url).result == 1
        for number in range(2, 6):
            sidecar.publish(tiny_bundle(f"number-{number}", str(number)))
            assert ask(sidecar.url).result == number
            assert sidecar.revision == f"number-{number}"


def test_a_refused_bundle_stays_wanted_while_opa_decides_by_the_one_before() -> None:
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar:
        with pytest.raises(SidecarError, match=r"^OPA refused the bundle: Bundle load failed: .*"):
            sidecar.publish(tiny_bundle("bad", "{"))
        state = sidecar.state()
        assert (state.wanted, state.active, state.settled) == ("bad", "one", False)
        assert state.seconds > 0
        assert ask(sidecar.url).result == 1
        sidecar.publish(tiny_bundle("three", "3"))
        assert ask(sidecar.url).result == 3
        assert sidecar.state() == State("three", "three")


def test_a_bundle_that_a_stopped_opa_gets_late_is_not_taken_back(tmp_path: Path) -> None:
    """OPA was stopped for 40 s, and the revocation was taken back a moment after it went on."""
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle("allows", "1"), opa=opa) as sidecar:
        os.kill(int(pid.read_text()), signal.SIGSTOP)
        try:
            with pytest.raises(SidecarError, match=r"^OPA did not activate the bundle within 1 s$"):
                sidecar.publish(tiny_bundle("revokes", "2"), timeout=1)
            assert sidecar.revision == "revokes"
            assert sidecar.state().active is None
        finally:
            os.kill(int(pid.read_text()), signal.SIGCONT)
        eventually(lambda: sidecar.state().settled)
        first = time.monotonic()
        while time.monotonic() - first < 2:
            assert ask(sidecar.url).result == 2
            time.sleep(0.05)


def test_a_stranger_with_the_token_cannot_claim_that_opa_has_activated_a_bundle(
    tmp_path: Path,
) -> None:
    """An `If-None-Match` with the new revision made `publish` return before OPA had it."""
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle("allows", "1"), opa=opa) as sidecar:
        server = sidecar._keeper.runtime._server  # type: ignore[union-attr]  # noqa: SLF001
        os.kill(int(pid.read_text()), signal.SIGSTOP)
        try:
            sidecar.want(tiny_bundle("revokes", "2"))
            request = urllib.request.Request(  # noqa: S310 - loopback
                server.url + RESOURCE,
                headers={
                    "Authorization": f"Bearer {server.token}",
                    "If-None-Match": '"revokes"',
                },
            )
            with pytest.raises(urllib.error.HTTPError, match="304"):
                urllib.request.urlopen(request, timeout=BOUND)  # noqa: S310
            assert not sidecar.state().settled
            with pytest.raises(SidecarError, match="did not activate"):
                sidecar.publish(tiny_bundle("revokes", "2"), timeout=0)
        finally:
            os.kill(int(pid.read_text()), signal.SIGCONT)
        eventually(lambda: sidecar.state().settled)


def test_a_stranger_at_the_address_does_not_pass_for_an_opa_that_has_not_fetched_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "active_revision", lambda *_: "tiny-1")
    monkeypatch.setattr(process, "is_healthy", lambda *_: True)
    opa = executable(tmp_path / "opa", "import time\ntime.sleep(60)\n")
    with pytest.raises(SidecarError, match=r"^OPA was not ready within 1 s"):
        Sidecar(bundle=tiny_bundle(), opa=opa, startup_timeout=1).start()


def test_256_slow_connections_to_the_bundle_server_do_not_keep_opa_from_its_bundle() -> None:
    """Each of them kept a thread and a descriptor of `ramgate run`, until it had none."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar, contextlib.ExitStack() as stack:
        server = sidecar._keeper.runtime._server  # type: ignore[union-attr]  # noqa: SLF001
        address = Address.parse(server.url.removeprefix("http://"))
        for _ in range(256):
            stranger = stack.enter_context(address.connect(BOUND))
            stranger.sendall(b"GET /bundle.tar.gz HTTP/1.1\r\n")
        sidecar.publish(tiny_bundle("two", "2"))
        assert ask(sidecar.url).result == 2
        opened = len(list(Path("/proc/self/fd").iterdir())) - before - 256
        assert opened < MOST_CONNECTIONS + 32


def test_a_port_in_use_is_named(unguarded: Sidecar) -> None:
    address = unguarded.url.removeprefix("http://")
    second = Sidecar(bundle=tiny_bundle(), addresses=[address])
    with pytest.raises(
        SidecarError, match=f"^cannot listen on `{address}`: Address already in use$"
    ):
        second.start()


def test_a_socket_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Sidecar(bundle=tiny_bundle(), addresses=["unix://s.sock"]) as sidecar:
        second = Sidecar(bundle=tiny_bundle(), addresses=["unix://s.sock"])
        with pytest.raises(SidecarError, match=r"another process is listening there$"):
            second.start()
        assert ask(sidecar.url).status == 200


@pytest.mark.parametrize(
    ("bundle", "error"),
    [
        (tiny_bundle(decision="{"), "rego_parse_error"),
        (tiny_bundle(decision="data.ram.authz.decisions"), "rego_recursion_error"),
        (Bundle(content=b"no archive", revision="x", counts={}), "gzip"),
        (Bundle(content=b"", revision="x", counts={}), "EOF"),
    ],
)
def test_a_bad_bundle_is_refused_with_opas_error_on_one_line(bundle: Bundle, error: str) -> None:
    started = time.monotonic()
    with pytest.raises(SidecarError, match=rf"^OPA refused the bundle: .*{error}") as caught:
        Sidecar(bundle=bundle).start()
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < BOUND


def test_no_opa_at_all_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPA", str(tmp_path / "missing"))
    with pytest.raises(OpaUnavailable):
        Sidecar(bundle=tiny_bundle()).start()


@pytest.mark.parametrize("name", ["mkdtemp", "write"])
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = tempfile if name == "mkdtemp" else PrivateFolder
    monkeypatch.setattr(target, name, full)
    threads = threading.active_count()
    with pytest.raises(SidecarError, match=r"^cannot .*No space left on device"):
        Sidecar(bundle=tiny_bundle()).start()
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_without_descriptors_there_is_no_bundle_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("ramgate.sidecar.bundle_server.socket.create_server", exhausted)
    with pytest.raises(SidecarError, match=r"^cannot serve the bundle: .*Too many open files"):
        Sidecar(bundle=tiny_bundle()).start()
    assert list(tmp_path.iterdir()) == []


def test_without_a_python_for_the_supervisor_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SidecarError, match=r"^cannot start a process: .*missing"):
        Sidecar(bundle=tiny_bundle()).start()
    assert list(tmp_path.iterdir()) == []


def test_without_a_bundle_server_nothing_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_bundle: Bundle, **_: object) -> BundleServer:
        raise OSError("too many open files")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(process, "BundleServer", refuse)
    with pytest.raises(SidecarError, match=r"^cannot serve the bundle: too many open files$"):
        Sidecar(bundle=tiny_bundle()).start()
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_fails_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SidecarError, match=r"^cannot listen on"):
        Sidecar(bundle=tiny_bundle(), addresses=["unix:///no/such/folder/s"]).start()
    assert list(tmp_path.iterdir()) == []
