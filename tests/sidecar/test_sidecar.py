from __future__ import annotations

import asyncio
import hashlib
import http.client
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from processes import BOUND, alive, eventually
from ramgate.bundle import builder as bundles
from ramgate.bundle.builder import Bundle
from ramgate.client.async_client import AsyncClient
from ramgate.client.client import Client
from ramgate.errors import AnswerError, InvalidFiles, OpaUnavailable, SidecarError
from ramgate.opa.find import find_opa
from ramgate.sidecar.address import Address
from ramgate.sidecar.process import environment, flags, last_words
from ramgate.sidecar.sidecar import Sidecar, read_token
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALLOW = json.dumps(
    {
        "allow": True,
        "effect": "Allow",
        "reason": "account_owner",
        "policy_type": None,
        "statements": [],
    }
)
REQUEST = ("acs:ram::1234567890123456:root", "alikafka:ListInstance", "*")
TOKEN = "a-token.of_visible~characters!"  # noqa: S105 - a test's own
DECISION_PATH = "/v1/data/ram/authz/decision"


class Reply:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.body = response.read()

    @property
    def result(self) -> object:
        return json.loads(self.body).get("result")


def ask(
    url: str,
    method: str = "POST",
    target: str = DECISION_PATH,
    body: object = None,
    token: str | None = None,
    **headers: str,
) -> Reply:
    """One request, its target as it stands."""
    connection = http.client.HTTPConnection("localhost", timeout=BOUND)
    address = Address.parse(url.removeprefix("http://"))
    connection.sock = address.connect(BOUND)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    content = None if method in {"GET", "HEAD"} else json.dumps(body)
    try:
        connection.request(method, target, content, headers)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def gone(url: str) -> bool:
    try:
        Address.parse(url.removeprefix("http://")).connect(1).close()
    except OSError:
        return True
    return False


def executable(path: Path, program: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{program}")
    path.chmod(0o755)
    return path


def recorded(tmp_path: Path) -> tuple[Path, Path]:
    """The real OPA under a name of its own, and the file that it leaves its process id in."""
    pid = tmp_path / "pid"
    program = (
        "import os, sys\n"
        f"open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        f"os.execv({str(find_opa())!r}, ['opa', *sys.argv[1:]])\n"
    )
    return executable(tmp_path / "opa", program), pid


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    with Sidecar(bundle=tiny_bundle(decision=ALLOW)) as sidecar:
        yield sidecar


@pytest.fixture(scope="module")
def guarded() -> Iterator[Sidecar]:
    with Sidecar(bundle=tiny_bundle(decision=ALLOW), token=TOKEN) as sidecar:
        yield sidecar


# Starting and asking


def test_a_started_sidecar_answers(sidecar: Sidecar) -> None:
    assert sidecar.url.startswith("http://127.0.0.1:")
    assert sidecar.revision == sidecar.bundle.revision == "tiny-1"
    with sidecar.client() as client:
        assert client.decide(*REQUEST)


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


def test_a_sidecar_can_be_started_again(sidecar: Sidecar) -> None:
    with pytest.raises(SidecarError, match=r"^the sidecar is started already$"):
        sidecar.start()
    again = Sidecar(bundle=tiny_bundle())
    again.start().stop()
    with again:
        assert ask(again.url).status == 200


def test_what_is_not_started_has_no_url() -> None:
    sidecar = Sidecar(bundle=tiny_bundle())
    sidecar.stop()
    for question in (lambda: sidecar.url, lambda: sidecar.revision, sidecar.client, sidecar.wait):
        with pytest.raises(SidecarError, match=r"^the sidecar is not started$"):
            question()


def test_the_bundle_is_built_from_the_accounts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Path | None] = []

    class Builder:
        def build(self, accounts: Path | None) -> Bundle:
            asked.append(accounts)
            return tiny_bundle("built")

    monkeypatch.setattr(bundles, "Builder", Builder)
    with Sidecar(str(tmp_path)) as sidecar:
        assert sidecar.revision == "built"
    with Sidecar():
        pass
    assert asked == [tmp_path, None]


def test_the_opa_to_run_may_be_named(tmp_path: Path) -> None:
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
    assert set(known) - {"TZ"} == {"GOMAXPROCS", "RAMGATE_BUNDLE_TOKEN", "RAMGATE_BUNDLE_URL"}


def test_opa_is_quiet_while_all_is_well() -> None:
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), log=log) as sidecar:
        ask(sidecar.url)
    # but for what it says to root
    lines = [line for line in log.getvalue().splitlines() if "uid or gid 0" not in line]
    assert lines == []


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


# Publishing


def test_a_published_bundle_is_live_when_publish_returns() -> None:
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar:
        assert ask(sidecar.url).result == 1
        for number in range(2, 6):
            sidecar.publish(tiny_bundle(f"number-{number}", str(number)))
            assert ask(sidecar.url).result == number
            assert sidecar.revision == f"number-{number}"


def test_a_refused_bundle_leaves_the_one_before() -> None:
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar:
        with pytest.raises(SidecarError, match=r"^OPA refused the bundle: Bundle load failed: .*"):
            sidecar.publish(tiny_bundle("bad", "{"))
        assert sidecar.revision == "one"
        assert ask(sidecar.url).result == 1
        sidecar.publish(tiny_bundle("three", "3"))
        assert ask(sidecar.url).result == 3


def test_a_bundle_that_is_not_activated_in_time_is_taken_back() -> None:
    with Sidecar(bundle=tiny_bundle("one", "1")) as sidecar:
        with pytest.raises(SidecarError, match=r"^OPA did not activate the bundle within 0 s$"):
            sidecar.publish(tiny_bundle("two", "2"), timeout=0)
        assert sidecar.revision == "one"
        eventually(lambda: ask(sidecar.url).result == 1)


# Loading


def user(path: Path, policy: str) -> Path:
    """An accounts file whose one user holds that policy."""
    account = {"users": {"u": {"policies": [policy]}}}
    path.write_text(json.dumps({"accounts": {"1234567890123456": account}}))
    return path


def test_loaded_accounts_are_decided_by_when_load_returns(tmp_path: Path) -> None:
    asked = ("acs:ram::1234567890123456:user/u", "alikafka:DeleteTopic", "*")
    path = tmp_path / "accounts.json"
    policies = ("AliyunKafkaReadOnlyAccess", "AliyunKafkaFullAccess")
    with Sidecar(user(path, policies[0])) as sidecar, sidecar.client() as client:
        for policy in policies * 2:
            sidecar.load(str(user(path, policy)))
            assert bool(client.decide(*asked)) is (policy == policies[1])
            assert client.revision() == sidecar.revision == bundles.build(path).revision


def test_faulty_accounts_leave_the_ones_before(tmp_path: Path) -> None:
    path = user(tmp_path / "accounts.json", "AliyunKafkaFullAccess")
    with Sidecar(path) as sidecar, sidecar.client() as client:
        before = sidecar.revision
        with pytest.raises(InvalidFiles) as faults:
            sidecar.load(user(path, "gone"))
        with pytest.raises(InvalidFiles) as expected:
            bundles.build(path)
        assert faults.value.faults == expected.value.faults
        assert client.revision() == sidecar.revision == before
        assert client.decide("acs:ram::1234567890123456:user/u", "alikafka:DeleteTopic", "*")


def test_whoever_loads_at_the_same_time_waits_for_the_other(tmp_path: Path) -> None:
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


def test_waiting_ends_when_its_time_is_over(sidecar: Sidecar) -> None:
    sidecar.wait(0.01)
    assert ask(sidecar.url).status == 200


# The revision, seen from outside


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


def test_an_opa_without_ramgates_rules_has_no_revision(sidecar: Sidecar) -> None:
    with sidecar.client() as client:
        with pytest.raises(AnswerError, match="or runs without ramgate's bundle"):
            client.revision()
        assert client.healthy()


# What cannot start


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accounts": "x", "bundle": tiny_bundle()}, "exclude each other"),
        ({"addresses": []}, "at least one address"),
        ({"addresses": "127.0.0.1:0"}, "must be a list"),
        ({"addresses": ["nonsense"]}, "is not one of `host:port`, `unix://PATH`"),
        ({"addresses": ["127.0.0.1:0", ":0"]}, "^`:0` can be reached from other machines"),
        ({"addresses": ["10.0.0.1:0"]}, "give a `token`"),
        ({"token": ""}, "visible ASCII"),
        ({"token": "two words"}, "visible ASCII"),
        ({"token": "x" * 4097}, "1 to 4096"),
        ({"runtime": "container", "addresses": ["unix:///x"]}, "one loopback address"),
        ({"runtime": "container", "addresses": [":1"], "token": "x"}, "one loopback address"),
        ({"runtime": "container", "addresses": ["127.0.0.1:0"] * 2}, "one loopback address"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sidecar(**arguments)  # type: ignore[arg-type]


def test_a_port_in_use_is_named(sidecar: Sidecar) -> None:
    address = sidecar.url.removeprefix("http://")
    second = Sidecar(bundle=tiny_bundle(), addresses=[address])
    with pytest.raises(
        SidecarError, match=f"^cannot listen on `{address}`: Address already in use$"
    ):
        second.start()


def test_a_socket_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Sidecar(bundle=tiny_bundle(), addresses=["unix://s.sock"]) as sidecar:
        second = Sidecar(bundle=tiny_bundle(), addresses=["unix://s.sock"])
        with pytest.raises(SidecarError, match=r"another process answers there$"):
            second.start()
        assert ask(sidecar.url).status == 200


def test_a_port_taken_meanwhile_is_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        claimed = Address.claimed
        answers = [Address("127.0.0.1", taken.getsockname()[1])]
        monkeypatch.setattr(
            Address, "claimed", lambda self: answers.pop() if answers else claimed(self)
        )
        with Sidecar(bundle=tiny_bundle()) as sidecar:
            assert ask(sidecar.url).status == 200


def test_a_port_taken_every_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(Address, "claimed", lambda _: Address("127.0.0.1", port))
        with pytest.raises(
            SidecarError,
            match=f"^OPA did not start: Listener failed: listen tcp 127.0.0.1:{port}: "
            "bind: address already in use$",
        ):
            Sidecar(bundle=tiny_bundle()).start()


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (tiny_bundle(decision="{"), "rego_parse_error"),
        (tiny_bundle(decision="data.ram.authz.decisions"), "rego_recursion_error"),
        (Bundle(content=b"no archive", revision="x", counts={}), "gzip"),
        (Bundle(content=b"", revision="x", counts={}), "EOF"),
    ],
)
def test_a_bad_bundle_is_refused_in_opas_words_on_one_line(bundle: Bundle, words: str) -> None:
    started = time.monotonic()
    with pytest.raises(SidecarError, match=rf"^OPA refused the bundle: .*{words}") as error:
        Sidecar(bundle=bundle).start()
    assert "\n" not in str(error.value)
    assert time.monotonic() - started < BOUND


def test_an_opa_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    opa = executable(tmp_path / "opa", "raise SystemExit('error: this is\\tno OPA')")
    with pytest.raises(SidecarError, match=r"^OPA did not start: this is no OPA$"):
        Sidecar(bundle=tiny_bundle(), opa=opa).start()


def test_an_opa_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match=f"^OPA did not start: .*'{tmp_path}/missing'$"):
        Sidecar(bundle=tiny_bundle(), opa=tmp_path / "missing").start()


def test_no_opa_at_all_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPA", str(tmp_path / "missing"))
    with pytest.raises(OpaUnavailable):
        Sidecar(bundle=tiny_bundle()).start()


def test_an_opa_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    opa = executable(
        tmp_path / "opa",
        f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n",
    )
    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa, startup_timeout=1)
    with pytest.raises(SidecarError, match=r"^OPA was not ready within 1 s: it said nothing$"):
        sidecar.start()
    assert not alive(int(pid.read_text()))


def test_an_opa_that_does_not_listen_is_not_ready(tmp_path: Path) -> None:
    program = """
import os, time, urllib.request
request = urllib.request.Request(os.environ["RAMGATE_BUNDLE_URL"] + "/bundle.tar.gz")
request.add_header("Authorization", "Bearer " + os.environ["RAMGATE_BUNDLE_TOKEN"])
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


def test_whatever_interrupts_the_start_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa, pid = recorded(tmp_path)

    def interrupt(_seconds: float) -> None:
        eventually(lambda: pid.exists() and pid.read_text() != "")
        raise KeyboardInterrupt

    sidecar = Sidecar(bundle=tiny_bundle(), opa=opa)
    clock = SimpleNamespace(sleep=interrupt, monotonic=time.monotonic)
    monkeypatch.setattr("ramgate.sidecar.sidecar.time", clock)
    with pytest.raises(KeyboardInterrupt):
        sidecar.start()
    monkeypatch.undo()
    assert not alive(int(pid.read_text()))


def test_without_a_python_to_watch_over_opa_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(SidecarError, match=r"^cannot start a process: .*missing"):
        Sidecar(bundle=tiny_bundle()).start()


# Stopping


def test_waiting_ends_when_opa_does(tmp_path: Path) -> None:
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=tiny_bundle(), opa=opa) as sidecar:
        os.kill(int(pid.read_text()), signal.SIGKILL)
        with pytest.raises(SidecarError, match=r"^OPA stopped: it said nothing$"):
            sidecar.wait()


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
with Sidecar(bundle=tiny_bundle(), opa=Path({opa!r}), addresses=["127.0.0.1:0", "unix://s"]) as s:
    print(s.url, flush=True)
    {then}
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    def start(then: str) -> subprocess.Popen[str]:
        opa, _pid = recorded(tmp_path)
        tests = str(Path(__file__).parents[1] / "support")
        program = SCRIPT.format(tests=tests, folder=str(tmp_path), opa=str(opa), then=then)
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    return start


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
def test_opa_does_not_outlive_whoever_started_it(
    script: Callable[[str], subprocess.Popen[str]], tmp_path: Path, end: str
) -> None:
    with script("time.sleep(60)") as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert ask(url).status == 200
        # to the whole group, as a terminal does
        os.killpg(parent.pid, getattr(signal, end))
        parent.wait(BOUND)
        eventually(lambda: not alive(int((tmp_path / "pid").read_text())))
        eventually(lambda: gone(url))
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


# opa-python-client


def test_opa_python_client_manages_what_is_not_time_critical(sidecar: Sidecar) -> None:
    with sidecar.opa_client() as client:
        assert client.check_health({"bundles": True})
        assert client.get_data("store") == {"result": {"secret": "grants"}}


def test_opa_python_client_has_the_token(guarded: Sidecar) -> None:
    with guarded.opa_client() as client:
        assert client.query_rule({}, "ram.authz", "decision")["result"]["allow"] is True


def test_without_opa_python_client_the_extra_is_named(
    sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opa_client.opa", None)
    with pytest.raises(
        SidecarError, match=r"^opa-python-client is missing: .*pip install 'ramgate\[opa\]'`$"
    ):
        sidecar.opa_client()


def test_opa_python_client_needs_tcp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        Sidecar(bundle=tiny_bundle(), addresses=["unix://s.sock"]) as sidecar,
        pytest.raises(SidecarError, match=r"^opa-python-client speaks TCP only"),
    ):
        sidecar.opa_client()


# Who may ask what


@pytest.mark.parametrize(
    "path", [DECISION_PATH, f"{DECISION_PATH}s", "/v1/data/ram/authz/%64ecision"]
)
def test_the_token_opens_the_public_paths(guarded: Sidecar, path: str) -> None:
    assert ask(guarded.url, target=path, token=TOKEN).status == 200


def test_the_client_has_the_token(guarded: Sidecar) -> None:
    with guarded.client() as client:
        assert client.decide(*REQUEST)


@pytest.mark.parametrize("path", ["/health", "/health?bundles", "/health?bundles=true&plugins"])
@pytest.mark.parametrize("token", [None, "wrong", TOKEN])
def test_health_needs_no_token(guarded: Sidecar, path: str, token: str | None) -> None:
    assert ask(guarded.url, "GET", path, token=token).status == 200


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"bearer {TOKEN}"],
)
def test_nothing_is_answered_without_the_token(guarded: Sidecar, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert ask(guarded.url, **headers).status == 401


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/"),
        ("POST", ""),
        ("POST", "/v1/data"),
        ("POST", "/v1/data/"),
        ("POST", "/v1/data/ram"),
        ("POST", "/v1/data/ram/authz"),
        ("POST", "/v1/data/store"),
        ("POST", "/v1/data/system"),
        ("POST", f"{DECISION_PATH}/"),
        ("POST", f"{DECISION_PATH}/allow"),
        ("POST", f"{DECISION_PATH}/."),
        ("POST", f"{DECISION_PATH}/%2e%2e/decision"),
        ("POST", f"{DECISION_PATH}/../../../store"),
        ("POST", f"/{DECISION_PATH}"),
        ("POST", "/v1//data/ram/authz/decision"),
        ("POST", "/v1/data/ram/authz//decision"),
        ("POST", "/v1/data/./ram/authz/decision"),
        ("POST", "/v1/data/store/%2e%2e/ram/authz/decision"),
        ("POST", "/v1/data/ram%2Fauthz/decision"),
        ("POST", "/v1/data/ram.authz.decision"),
        ("POST", "/V1/data/ram/authz/decision"),
        ("POST", "/v1/data/RAM/authz/decision"),
        ("POST", "/v1/data/ram/authz/Decision"),
        ("POST", f"{DECISION_PATH}%00"),
        ("POST", f"{DECISION_PATH};x=1"),
        ("POST", f"{DECISION_PATH}?explain=full"),
        ("POST", f"{DECISION_PATH}?instrument"),
        ("POST", f"{DECISION_PATH}?pretty=true"),
        ("POST", f"{DECISION_PATH}?metrics"),
        ("POST", f"{DECISION_PATH}?provenance"),
        ("POST", f"{DECISION_PATH}?x"),
        ("GET", DECISION_PATH),
        ("GET", f"{DECISION_PATH}?input=1"),
        ("HEAD", "/health"),
        ("POST", "/health"),
        ("GET", "/health/"),
        ("GET", "/health/live"),
        ("GET", "/"),
        ("GET", "/v1/data"),
        ("GET", "/v1/data/store"),
        ("GET", "/v1/data/system"),
        ("GET", "/v1/policies"),
        ("GET", "/v1/query?q=data"),
        ("GET", "/v1/config"),
        ("GET", "/v1/status"),
        ("GET", "/metrics"),
        ("GET", "/debug/pprof/"),
        ("POST", "/v0/data/ram/authz/decision"),
        ("POST", "/v1/query"),
        ("POST", "/v1/compile"),
        ("POST", "/v1/compile/ram/authz/decision"),
        ("PUT", DECISION_PATH),
        ("PUT", "/v1/data/other"),
        ("PUT", "/v1/policies/x"),
        ("PATCH", "/v1/data/other"),
        ("PATCH", DECISION_PATH),
        ("DELETE", DECISION_PATH),
        ("DELETE", "/v1/policies/x"),
    ],
)
def test_the_token_opens_nothing_else(guarded: Sidecar, method: str, target: str) -> None:
    # 401 is system.authz; OPA itself does not read some, and sends some elsewhere
    reply = ask(guarded.url, method, target, {"query": "x := data", "input": {}}, token=TOKEN)
    assert reply.status in {301, 400, 401, 405}
    assert b"result" not in reply.body


def test_nothing_but_health_is_answered_before_the_bundle_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With a bundle that says nothing of authorization the decision is undefined, as before any.
    monkeypatch.setattr("tiny_bundle.SYSTEM", ())
    sidecar = Sidecar(bundle=tiny_bundle(), token=TOKEN, startup_timeout=1)
    statuses: set[int] = set()
    real = http.client.HTTPConnection.getresponse

    def getresponse(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = real(self)
        statuses.add(response.status)
        return response

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", getresponse)
    with pytest.raises(SidecarError, match=r"^OPA was not ready within 1 s: "):
        sidecar.start()
    assert statuses == {500}


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("PUT", "/v1/data/store", {"mine": True}),
        ("PUT", "/v1/data/store/policies/mine", {}),
        ("PUT", "/v1/data", {}),
        ("PATCH", "/v1/data/store", [{"op": "add", "path": "/mine", "value": 1}]),
        ("PATCH", "/v1/data", [{"op": "add", "path": "/store/mine", "value": 1}]),
        ("DELETE", "/v1/data/store", None),
        ("DELETE", "/v1/data/store/secret", None),
        ("PUT", "/v1/data/ram/authz/decision", True),
        ("PUT", "/v1/data/slr/mine", True),
        ("PUT", "/v1/data/system/authz", {"allow": True}),
        ("PUT", "/v1/data/system/bundles/ramgate/manifest/roots", []),
        ("PUT", "/v1/data/system/bundles", {}),
        ("PATCH", "/v1/data/system", [{"op": "remove", "path": "/bundles"}]),
        ("DELETE", "/v1/data/system/bundles", None),
    ],
)
def test_without_a_token_nobody_writes_grants_or_code_either(
    sidecar: Sidecar, method: str, target: str, body: object
) -> None:
    before = ask(sidecar.url, "GET", "/v1/data").result
    assert ask(sidecar.url, method, target, body).status in {400, 404, 405}
    assert ask(sidecar.url, "GET", "/v1/data").result == before


@pytest.mark.parametrize(
    "package", ["ram.authz", "ram.mine", "ram", "slr", "store", "system.authz", "system.log"]
)
def test_without_a_token_nobody_adds_policies_to_the_bundles_packages(
    sidecar: Sidecar, package: str
) -> None:
    connection = http.client.HTTPConnection(sidecar.url.removeprefix("http://"), timeout=BOUND)
    connection.request("PUT", "/v1/policies/mine", f"package {package}\n\nmine := true\n")
    reply = Reply(connection.getresponse())
    connection.close()
    assert reply.status == 400
    assert b"owned by bundle" in reply.body


# The token's file


def test_a_token_is_read_without_the_space_around_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text(f"\n {TOKEN}\r\n")
    file.chmod(0o600)
    assert read_token(file) == read_token(str(file)) == TOKEN
    assert caplog.messages == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_token_that_others_can_get_at_draws_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(mode)
    assert read_token(file) == TOKEN
    assert caplog.messages == [
        f"not only its owner can use the token file `{file}`: run `chmod 600`"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty$"),
        (b" \n\t\r\n", "is empty$"),
        (b"two words", "does not hold a token"),
        (b"two\nlines", "does not hold a token"),
        (b"\x7fELF\x02\x01\x01\x00", "does not hold a token"),
        ("pässword".encode(), "does not hold a token"),
        (b"x" * 4097, "does not hold a token: 1 to 4096 visible ASCII characters"),
        (b"x" * 1_000_000, "does not hold a token"),
    ],
)
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SidecarError, match=rf"^the token file `{file}` {message}"):
        read_token(file)


def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match=r"^cannot read the token file .*: Is a directory$"):
        read_token(tmp_path)
    with pytest.raises(SidecarError, match=r"^cannot read .*: No such file or directory$"):
        read_token(tmp_path / "missing")


# What OPA is told, and what it says


def test_what_is_not_asked_for_is_not_turned_on() -> None:
    quiet = flags("c", ["a:1", "b:2"], authorization=False, decision_log=False)
    assert [flag for flag in quiet if flag.startswith("--addr")] == ["--addr=a:1", "--addr=b:2"]
    everything = flags("c", ["a:1", "b:2"], authorization=True, decision_log=True)
    assert set(everything) - set(quiet) == {
        "--authentication=token",
        "--authorization=basic",
        "--set=decision_logs.console=true",
    }


def test_opa_is_told_the_tokens_hash_only() -> None:
    assert not [name for name in environment(None) if name.startswith("RAMGATE_")]
    told = environment("abc")
    assert told["RAMGATE_TOKEN_SHA256"] == (hashlib.sha256(b"abc").hexdigest())
    assert "abc" not in told.values()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "it said nothing"),
        (["", "  "], "it said nothing"),
        (['{"level": "warning", "msg": "root"}'], "it said nothing"),
        (['{"level": "error", "msg": "first"}', '{"level": "error", "msg": "last."}'], "last"),
        (['{"level": "error", "msg": "M.", "err": "E"}', '{"level": "info"}'], "M: E"),
        (['{"level": "error", "msg": "a\\n\\tb"}'], "a b"),
        (['{"level": "error", "msg": "x: context canceled"}'], "it said nothing"),
        (["error: bad flag"], "bad flag"),
        (["[1]"], "[1]"),
        (['{"no": "level"}'], '{"no": "level"}'),
        (["x" * 1000], "x" * 600),
    ],
)
def test_the_last_words_are_the_last_error(lines: list[str], words: str) -> None:
    assert last_words(lines) == words
