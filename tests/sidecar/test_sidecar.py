from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from processes import BOUND, alive, eventually
from ramgate.bundle import builder as bundles
from ramgate.client.async_client import AsyncClient
from ramgate.client.client import Client
from ramgate.errors import AnswerError, InvalidFiles, SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.process import Process
from ramgate.sidecar.sidecar import Sidecar
from sidecars import DECISION_PATH, REQUEST, TOKEN, ask, executable, gone, recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.runtime import Runtime


def test_a_started_sidecar_answers(unguarded: Sidecar) -> None:
    assert unguarded.url.startswith("http://127.0.0.1:")
    assert unguarded.revision == unguarded.bundle.revision == "tiny-1"
    with unguarded.client() as client:
        assert client.decide(*REQUEST)


def test_a_sidecar_can_be_started_again(unguarded: Sidecar) -> None:
    with pytest.raises(SidecarError, match=r"^the sidecar is already running$"):
        unguarded.start()
    again = Sidecar(bundle=tiny_bundle())
    again.start().stop()
    with again:
        assert ask(again.url).status == 200


def test_a_sidecar_that_is_not_running_has_no_url() -> None:
    sidecar = Sidecar(bundle=tiny_bundle())
    sidecar.stop()
    for question in (lambda: sidecar.url, lambda: sidecar.revision, sidecar.client, sidecar.wait):
        with pytest.raises(SidecarError, match=r"^the sidecar is not running: call `start`"):
            question()


def test_the_bundle_is_built_from_the_accounts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    requested: list[Path | None] = []

    class Builder:
        def build(self, accounts: Path | None) -> Bundle:
            requested.append(accounts)
            return tiny_bundle("built")

    monkeypatch.setattr(bundles, "Builder", Builder)
    with Sidecar(str(tmp_path)) as sidecar:
        assert sidecar.revision == "built"
    with Sidecar():
        pass
    assert requested == [tmp_path, None]


def user(path: Path, policy: str) -> Path:
    """An accounts file whose one user holds that policy."""
    account = {"users": {"u": {"policies": [policy]}}}
    path.write_text(json.dumps({"accounts": {"1234567890123456": account}}))
    return path


def test_loaded_accounts_are_decided_by_when_load_returns(tmp_path: Path) -> None:
    request = ("acs:ram::1234567890123456:user/u", "alikafka:DeleteTopic", "*")
    path = tmp_path / "accounts.json"
    policies = ("AliyunKafkaReadOnlyAccess", "AliyunKafkaFullAccess")
    with Sidecar(user(path, policies[0])) as sidecar, sidecar.client() as client:
        for policy in policies * 2:
            sidecar.load(str(user(path, policy)))
            assert bool(client.decide(*request)) is (policy == policies[1])
            assert client.revision() == sidecar.revision == bundles.build(path).revision


def test_accounts_that_come_back_are_decided_by_at_once(tmp_path: Path) -> None:
    """A bundle that OPA had before was taken for a refused one, and sent after up to 30 seconds."""
    path = tmp_path / "accounts.json"
    with Sidecar(user(path, "AliyunKafkaFullAccess")) as sidecar:
        for _ in range(4):
            for policy in ("AliyunKafkaReadOnlyAccess", "AliyunKafkaFullAccess"):
                sidecar.load(user(path, policy), timeout=3)
                assert sidecar.state().settled


def test_faulty_accounts_leave_the_ones_before(tmp_path: Path) -> None:
    path = user(tmp_path / "accounts.json", "AliyunKafkaFullAccess")
    with Sidecar(path) as sidecar, sidecar.client() as client:
        before = sidecar.revision
        with pytest.raises(InvalidFiles) as faults:
            sidecar.load(user(path, "gone"))
        with pytest.raises(InvalidFiles) as expected:
            bundles.build(path)
        assert faults.value.faults == expected.value.faults
        assert sidecar.state().faults == 1
        assert not sidecar.state().settled
        assert client.revision() == sidecar.revision == before
        assert client.decide("acs:ram::1234567890123456:user/u", "alikafka:DeleteTopic", "*")


def test_simultaneous_loads_wait_for_each_other(tmp_path: Path) -> None:
    paths = [
        user(tmp_path / f"{policy}.json", policy)
        for policy in ("AliyunKafkaFullAccess", "AdministratorAccess", "AliyunKafkaReadOnlyAccess")
    ]
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        loaders = [threading.Thread(target=sidecar.load, args=(path,)) for path in paths]
        for loader in loaders:
            loader.start()
        for loader in loaders:
            loader.join(BOUND)
        with sidecar.client() as client:
            assert client.revision() == sidecar.revision
        assert sidecar.revision in {bundles.build(path).revision for path in paths}


def test_waiting_ends_when_its_time_is_over(unguarded: Sidecar) -> None:
    unguarded.wait(0.01)
    assert ask(unguarded.url).status == 200


@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_revision_and_the_health_are_seen_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    async def seen(url: str) -> tuple[str, bool]:
        async with AsyncClient(url, token=token) as client:
            return await client.revision(), await client.healthy()

    monkeypatch.chdir(tmp_path)
    addresses = ["unix://s.sock", "127.0.0.1:0"]
    accounts = user(tmp_path / "accounts.json", "AliyunKafkaFullAccess")
    with Sidecar(accounts, addresses=addresses, token=token) as sidecar:
        for url in sidecar.urls:
            with Client(url, token=token) as client:
                assert (client.revision(), client.healthy()) == (sidecar.revision, True)
            assert asyncio.run(seen(url)) == (sidecar.revision, True)


def test_the_revision_is_that_of_the_provenance(tmp_path: Path) -> None:
    with Sidecar(user(tmp_path / "accounts.json", "AliyunKafkaFullAccess")) as sidecar:
        reply = ask(sidecar.url, target=f"{DECISION_PATH}?provenance=true", body={})
        provenance = json.loads(reply.body)["provenance"]["bundles"]["ramgate"]
        assert provenance == {"revision": sidecar.revision}
        with sidecar.client() as client:
            assert client.revision() == sidecar.revision


def test_without_the_token_the_revision_is_not_seen(guarded: Sidecar) -> None:
    with Client(guarded.url) as client:
        with pytest.raises(AnswerError, match=r"HTTP 401.*check the `token`"):
            client.revision()
        assert client.healthy()


def test_a_port_taken_meanwhile_is_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        claimed = Address.claim
        answers = [Address("127.0.0.1", taken.getsockname()[1])]
        monkeypatch.setattr(
            Address, "claim", lambda self: answers.pop() if answers else claimed(self)
        )
        with Sidecar(bundle=tiny_bundle()) as sidecar:
            assert ask(sidecar.url).status == 200


def test_a_port_taken_every_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(Address, "claim", lambda _: Address("127.0.0.1", port))
        with pytest.raises(
            SidecarError,
            match=f"^OPA did not start: Listener failed: listen tcp 127.0.0.1:{port}: "
            "bind: address already in use$",
        ):
            Sidecar(bundle=tiny_bundle()).start()


def test_an_opa_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    opa = executable(tmp_path / "opa", "raise SystemExit('error: this is\\tno OPA')")
    with pytest.raises(SidecarError, match=r"^OPA did not start: this is no OPA$"):
        Sidecar(bundle=tiny_bundle(), opa=opa).start()


def test_an_opa_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match=f"^OPA did not start: .*'{tmp_path}/missing'$"):
        Sidecar(bundle=tiny_bundle(), opa=tmp_path / "missing").start()


def test_an_opa_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    opa = executable(
        tmp_path / "opa",
        f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n",
    )
    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa, startup_timeout=1)
    with pytest.raises(SidecarError, match=r"^OPA was not ready within 1 s: it printed no error$"):
        sidecar.start()
    assert not alive(int(pid.read_text()))


def test_an_opa_that_does_not_listen_is_not_ready(tmp_path: Path) -> None:
    program = """
import os, time, urllib.request
request = urllib.request.Request(os.environ["RAMGATE_BUNDLE_URL"] + "/bundle.tar.gz")
token = open(os.environ["RAMGATE_BUNDLE_TOKEN_FILE"]).read()
request.add_header("Authorization", "Bearer " + token)
request.add_header("If-None-Match", '"tiny-1"')
try:
    urllib.request.urlopen(request, timeout=10)
except urllib.error.HTTPError as error:
    print("error:", error, flush=True)
time.sleep(60)
"""
    opa = executable(tmp_path / "opa", program)
    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa, startup_timeout=2)
    with pytest.raises(SidecarError, match=r"not ready within 2 s: HTTP Error 304: Not Modified$"):
        sidecar.start()


def test_an_interrupted_start_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)

    def interrupt(_runtime: Runtime, _timeout: float) -> None:
        eventually(lambda: pid.exists() and pid.read_text() != "")
        raise KeyboardInterrupt

    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa)
    monkeypatch.setattr(Process, "await_news", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sidecar.start()
    monkeypatch.undo()
    assert not alive(int(pid.read_text()))


def test_waiting_ends_when_opa_does_and_is_not_started_again(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), opa=opa, restart=False, log=log) as sidecar:
        os.kill(int(pid.read_text()), signal.SIGKILL)
        for question in (sidecar.wait, sidecar.state, lambda: sidecar.url, sidecar.client):
            with pytest.raises(
                SidecarError, match=r"^OPA ended unexpectedly: it printed no error$"
            ):
                question()
    assert log.getvalue() == (
        "ramgate: OPA ended unexpectedly: it printed no error; it is not started again\n"
    )


def test_waiting_ends_in_peace_when_the_sidecar_is_stopped() -> None:
    sidecar = Sidecar(bundle=tiny_bundle()).start()
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            sidecar.wait()
        except SidecarError as error:
            failures.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    eventually(waiter.is_alive)
    sidecar.stop()
    waiter.join(BOUND)
    assert not waiter.is_alive()
    assert failures == []


SCRIPT = """
import os, sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from tiny_bundle import tiny_bundle
from ramgate.sidecar.sidecar import Sidecar
os.chdir({folder!r})
addresses = ["127.0.0.1:0", "unix://s"]
with Sidecar(
    bundle=tiny_bundle(), opa=Path({opa!r}), addresses=addresses, status_address="auto"
) as s:
    print(s.url, flush=True)
    {then}
"""


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    # the path of a socket is short: in a longer folder the sidecar would use another one
    short = tempfile.mkdtemp(prefix="ramgate-")
    (tmp_path / "tmp").symlink_to(short)

    def start(then: str) -> subprocess.Popen[str]:
        opa, _pid = recorded(tmp_path)
        tests = str(Path(__file__).parents[1] / "support")
        program = SCRIPT.format(tests=tests, folder=str(tmp_path), opa=str(opa), then=then)
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program],
            env={**os.environ, "TMPDIR": short},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    yield start
    shutil.rmtree(short)


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
def test_opa_does_not_outlive_its_parent(
    script: Callable[[str], subprocess.Popen[str]], tmp_path: Path, end: str
) -> None:
    with script("time.sleep(60)") as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert ask(url).status == 200
        assert list((tmp_path / "tmp").iterdir())
        assert (tmp_path / "s.status").is_socket()
        # to the whole group, as a terminal does
        os.killpg(parent.pid, getattr(signal, end))
        parent.wait(BOUND)
        eventually(lambda: not alive(int((tmp_path / "pid").read_text())))
        eventually(lambda: gone(url))
        # nor do the token of the bundle server and its folder, nor the sockets
        eventually(lambda: not (tmp_path / "s.status").exists())
        eventually(lambda: not list((tmp_path / "tmp").iterdir()))
    with Sidecar(
        bundle=tiny_bundle(), addresses=[url.removeprefix("http://"), f"unix://{tmp_path}/s"]
    ):
        pass


def test_a_forked_child_does_not_stop_opa(
    script: Callable[[str], subprocess.Popen[str]],
) -> None:
    then = """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        with s.client() as client:
            print(s.revision, flush=True)
            time.sleep(60)
"""
    with script(then.strip()) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        # the child has left the `with` block by now
        assert parent.stdout.readline().strip() == "tiny-1"
        assert ask(url).status == 200
        parent.kill()
        eventually(lambda: gone(url))


def test_opa_python_client_reads_health_and_data(unguarded: Sidecar) -> None:
    with unguarded.opa_client() as client:
        assert client.check_health({"bundles": True})
        assert client.get_data("store") == {"result": {"secret": "grants"}}


def test_without_opa_python_client_the_extra_is_named(
    unguarded: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opa_client.opa", None)
    with pytest.raises(
        SidecarError, match=r"^opa-python-client is missing: .*pip install 'ramgate\[opa\]'`$"
    ):
        unguarded.opa_client()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"open": True},
        {"addresses": ["127.0.0.1:0"]},
        {"addresses": ["127.0.0.1:0"], "token": TOKEN},
    ],
)
def test_opa_python_client_needs_an_open_tcp_address(arguments: dict[str, Any]) -> None:
    with (
        Sidecar(bundle=tiny_bundle(), **arguments) as sidecar,
        pytest.raises(
            SidecarError,
            match=r"needs OPA's whole API on a TCP address: create the sidecar with .*open=True`$",
        ),
    ):
        sidecar.opa_client()
