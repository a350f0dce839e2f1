"""The server of `ramgate publish`: each token gets its bundle, OPAs wait for changes, TLS."""

from __future__ import annotations

import http.client
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.fan import Fan
from bench.server import resident
from command_line import SECONDS, written
from processes import eventually
from ramgate import Client
from ramgate.bundle.builder import build
from ramgate.bundle.bundle_file import read_bundle
from ramgate.errors import SidecarError
from ramgate.publish import server as publish_server
from ramgate.publish.server import PublishServer, Served
from ramgate.sidecar import http_server
from ramgate.sidecar.address import Address
from ramgate.sidecar.certificate import Certificate
from stock_opa import CONFIGS, faster, opa
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.bundle.builder import Bundle

DATA = Path(__file__).parents[1] / "data"
CERT, KEY = DATA / "tls.crt", DATA / "tls.key"
LOOPBACK = Address.parse("127.0.0.1:0")
ONE, TWO, THREE = (tiny_bundle(str(number)) for number in (1, 2, 3))
OPAS = 1000
NAME = "one"


class Asked:
    """A response to a request for the bundle."""

    def __init__(self, connection: http.client.HTTPConnection, target: str, **given: str) -> None:
        headers = {name.replace("_", "-"): value for name, value in given.items()}
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        self.status, self.etag = response.status, response.headers["ETag"]
        self.media_type = response.headers["Content-Type"]
        self.body = response.read()


@pytest.fixture
def server() -> Iterator[PublishServer]:
    with PublishServer(LOOPBACK) as started:
        yield started


def connect(server: PublishServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.url.rpartition("/")[2], timeout=SECONDS)


def ask(
    server: PublishServer, token: str | None = NAME, target: str = "/bundle.tar.gz", **given: str
) -> Asked:
    connection = connect(server)
    if token is not None:
        given["Authorization"] = f"Bearer {token}"
    try:
        return Asked(connection, target, **given)
    finally:
        connection.close()


def served(server: PublishServer, token: str, bundle: Bundle | None) -> Served:
    place = server.serve(token)
    place.admit(token)
    if bundle is not None:
        place.put(bundle)
    return place


def test_each_token_gets_its_own_bundle(server: PublishServer) -> None:
    served(server, "one", ONE)
    served(server, "two", TWO).admit("too")
    assert ask(server, "one").body == ONE.content
    for token in ("two", "too"):
        found = ask(server, token)
        assert (found.status, found.body, found.etag) == (200, TWO.content, '"2"')
        assert found.media_type == "application/vnd.openpolicyagent.bundles"


@pytest.mark.parametrize("given", [None, "", "x", "one ", "ONE", "\xff"])
def test_without_a_token_nothing_is_given(server: PublishServer, given: str | None) -> None:
    served(server, "one", ONE)
    assert ask(server, given).status == 401
    assert ask(server, None, Authorization="Basic one").status == 401
    assert ask(server, target="/other").status == 404


def test_it_is_healthy_once_there_is_a_bundle_for_everyone(server: PublishServer) -> None:
    served(server, "one", ONE)
    place = served(server, "two", None)
    assert ask(server, None, target="/health").status == 503
    place.put(TWO)
    found = ask(server, None, target="/health")
    assert (found.status, found.body) == (200, b"{}\n")


def test_a_token_file_is_followed(tmp_path: Path, server: PublishServer) -> None:
    place = server.serve("the accounts")
    place.put(ONE)
    token = Path(written(tmp_path / "token", "before"))
    token.chmod(0o600)
    place.admit_token_file(token)
    assert ask(server, "before").status == 200
    token.write_text("another")
    assert server.refresh() is None
    assert (ask(server, "before").status, ask(server, "another").status) == (401, 200)
    token.write_text("")
    assert server.refresh() == f"the token file `{token}` is empty; its token does not count"
    assert server.refresh() is None
    assert ask(server, "another").status == 401


def test_a_token_that_is_revoked_while_a_bundle_is_built_does_not_get_it(
    tmp_path: Path, server: PublishServer
) -> None:
    place = server.serve("the accounts")
    place.put(ONE)
    token = Path(written(tmp_path / "token", "before"))
    token.chmod(0o600)
    place.admit_token_file(token)
    assert ask(server, "before").status == 200
    token.write_text("another")
    place.put(TWO)
    assert ask(server, "before").status == 401
    token.write_text("")
    place.put(TWO)
    assert server.refresh() is not None


@pytest.mark.parametrize(
    ("limits", "expected", "most"),
    [
        ((1024, 524288), [(4352, 524288)], 4096),
        ((1024, 2000), [(2000, 2000)], 1744),
        ((1024, resource.RLIM_INFINITY), [(4352, resource.RLIM_INFINITY)], 4096),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), [], 4096),
        ((8192, 8192), [], 4096),
        ((100, 100), [], 1),
    ],
)
def test_the_limit_of_descriptors_is_raised_and_leaves_some_for_the_accounts(
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[int, int],
    expected: list[tuple[int, int]],
    most: int,
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: given.append(limit))
    assert publish_server.most_connections() == most
    assert given == expected


def test_a_limit_of_descriptors_that_cannot_be_raised_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 524288))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert publish_server.most_connections() == 768


def test_a_token_is_that_of_one_client(server: PublishServer) -> None:
    place = served(server, "one", ONE)
    with pytest.raises(ValueError, match="two clients have one token"):
        place.admit("one")


def test_a_bundle_that_is_known_is_not_sent_again(server: PublishServer) -> None:
    served(server, "one", ONE)
    found = ask(server, If_None_Match='"1"')
    assert (found.status, found.body, found.etag) == (304, b"", '"1"')
    assert ask(server, If_None_Match='"0"').status == 200


def test_before_the_first_bundle_there_is_none(server: PublishServer) -> None:
    served(server, "one", None)
    assert ask(server).status == 503
    assert ask(server, Prefer="wait=0").status == 503


def test_a_request_waits_for_a_change(server: PublishServer) -> None:
    place = served(server, "one", ONE)
    found: list[Asked] = []
    waiting = threading.Thread(
        target=lambda: found.append(
            ask(server, If_None_Match='"1"', Prefer="modes=snapshot,delta;wait=60")
        )
    )
    waiting.start()
    other = served(server, "two", TWO)
    other.put(THREE)
    waiting.join(0.2)
    assert found == []
    place.put(TWO)
    waiting.join(SECONDS)
    assert found[0].body == TWO.content


def test_a_request_waits_no_longer_than_it_says(server: PublishServer) -> None:
    served(server, "one", ONE)
    begun = time.monotonic()
    assert ask(server, If_None_Match='"1"', Prefer="wait=1").status == 304
    assert 1 <= time.monotonic() - begun < SECONDS


def test_a_bundle_that_opa_refuses_is_sent_again_after_a_pause(server: PublishServer) -> None:
    """OPA asks again at once: without a pause it would load the same bundle without an end."""
    place = served(server, "one", ONE)
    connection = connect(server)
    given = {"Authorization": "Bearer one", "Prefer": "wait=60", "If_None_Match": '"0"'}
    for pause in (0, 1, 2):
        begun = time.monotonic()
        assert Asked(connection, "/bundle.tar.gz", **given).status == 200
        assert time.monotonic() - begun >= pause
    place.put(TWO)
    begun = time.monotonic()
    assert Asked(connection, "/bundle.tar.gz", **given).body == TWO.content
    assert time.monotonic() - begun < 4  # the next pause of the first bundle
    connection.close()


def test_the_end_answers_those_who_wait() -> None:
    found: list[Asked] = []
    with PublishServer(LOOPBACK) as server:
        served(server, "one", ONE)
        waiting = threading.Thread(
            target=lambda: found.append(ask(server, If_None_Match='"1"', Prefer="wait=60"))
        )
        waiting.start()
        waiting.join(0.2)
    waiting.join(SECONDS)
    assert found[0].status == 304


def test_other_machines_need_tls() -> None:
    with pytest.raises(ValueError, match=r"`0\.0\.0\.0:0` needs TLS"):
        PublishServer(Address.parse("0.0.0.0:0"))
    with PublishServer(Address.parse("0.0.0.0:0"), plain_http=True) as server:
        assert server.url.startswith("http://0.0.0.0:")


def test_an_address_that_is_taken_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(SidecarError, match="cannot listen on"):
            PublishServer(address)
        monkeypatch.setattr(Address, "claim", lambda self: self)
        with pytest.raises(SidecarError, match="cannot listen on"):
            PublishServer(address)


def test_a_certificate_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match="cannot use the certificate"):
        PublishServer(LOOPBACK, Certificate(tmp_path / "none", KEY))


def test_a_changed_certificate_is_used_and_a_faulty_one_is_not(tmp_path: Path) -> None:
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    shutil.copy(CERT, cert)
    shutil.copy(KEY, key)
    with PublishServer(LOOPBACK, Certificate(cert, key)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        port = int(server.url.rpartition(":")[2])

        def shown() -> str:
            return ssl.get_server_certificate(("127.0.0.1", port))

        before = shown()
        assert server.refresh() is None
        new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=new"]
        command = [*new, "-keyout", str(key), "-out", str(cert)]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
        assert server.refresh() is None
        after = shown()
        assert after != before
        cert.write_text("no certificate")
        error = server.refresh()
        assert error is not None
        assert error.endswith("; the certificate before stays in use")
        assert server.refresh() is None
        cert.unlink()
        assert server.refresh() is not None
        assert shown() == after
    with PublishServer(LOOPBACK) as plain:
        assert plain.refresh() is None


def test_a_connection_without_a_tls_handshake_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_HEAD_SECONDS", 1)
    with PublishServer(LOOPBACK, Certificate(CERT, KEY)) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with socket.create_connection(address, SECONDS) as silent:
            assert silent.recv(1) == b""
        with socket.create_connection(address, SECONDS) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            assert not plain.recv(64).startswith(b"HTTP")


@pytest.mark.parametrize("tls", [False, True])
def test_a_thousand_opas_have_a_change_within_seconds_in_200_mb(
    tmp_path: Path,
    tls: bool,  # noqa: FBT001
) -> None:
    """The time and the memory that it takes are in docs/fleet.md."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * OPAS:
        pytest.skip(f"a process may open {hard} files here, and the test needs {4 * OPAS}")
    text = "accounts: {'1234567890123456': {users: {%s: {}}}}"
    accounts = Path(written(tmp_path / "a.yaml", text % "one"))
    Path(written(tmp_path / "token", "one")).chmod(0o600)
    given = ["--accounts", str(accounts), "--token-file", str(tmp_path / "token")]
    if tls:
        given += ["--tls-cert", str(CERT), "--tls-key", str(KEY)]
    command = ["publish", "--listen", "127.0.0.1:0", *given]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4 * OPAS), hard))
    ramgate = Path(sys.executable).with_name("ramgate")
    # as a shell starts it
    limited = ["/bin/sh", "-c", 'ulimit -S -n 1024; exec "$0" "$@"', str(ramgate), *command]
    with subprocess.Popen(limited, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().split()[0].rpartition(":")[2])
            context = Certificate(CERT, KEY).trust(also_expired=True) if tls else None
            with Fan(port, OPAS, "one", f'"{build(accounts).revision}"', context) as fan:
                accounts.write_text(text % "two")
                assert process.stdout.readline()
                begun = time.monotonic()
                assert fan.answered(build(accounts).content) == OPAS
                took = time.monotonic() - begun
            assert most_megabytes(process.pid) <= 200
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert took < 10, took  # a machine that others use; alone it takes less than one second


def most_megabytes(pid: int) -> float:
    """Return the most memory that a process has taken so far, 0 where Linux does not tell."""
    return resident(pid, "VmHWM") / 1e6 if Path("/proc/self/status").exists() else 0.0


def test_publish_gives_each_client_its_accounts(tmp_path: Path) -> None:
    sets = {}
    for name, user in (("shop", "one"), ("bank", "two")):
        text = f"accounts: {{'1234567890123456': {{users: {{{user}: {{}}}}}}}}"
        sets[name] = Path(written(tmp_path / f"{name}.yaml", text))
        Path(written(tmp_path / name, f"{name}-token")).chmod(0o600)
    clients = [f"--client={tmp_path / name}={path}" for name, path in sets.items()]
    ramgate = Path(sys.executable).with_name("ramgate")
    command = [str(ramgate), "publish", "--listen", "127.0.0.1:0", *clients]
    command += ["--tls-cert", str(CERT), "--tls-key", str(KEY)]
    command += ["--accounts", str(sets["shop"]), "--to", str(tmp_path / "b.tar.gz")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    urls = {line.split()[0] for line in lines if line.startswith("https://127.0.0.1:")}
    assert len(urls) == 1
    host = urls.pop().removeprefix("https://")

    def get(name: str, **given: str) -> bytes:
        context = Certificate(CERT, KEY).trust(also_expired=True)
        connection = http.client.HTTPSConnection(host, timeout=SECONDS, context=context)
        try:
            token = {"Authorization": f"Bearer {name}-token"}
            return Asked(connection, "/bundle.tar.gz", **token, **given).body
        finally:
            connection.close()

    for name, path in sets.items():
        assert get(name) == build(path).content
    sets["bank"].write_text(sets["shop"].read_text())
    revision = build(sets["shop"]).revision
    assert process.stdout.readline().endswith("users 1\n")
    assert read_bundle(get("bank"), "b").revision == revision
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=SECONDS) == ("", "")


def test_a_real_opa_follows_the_server_at_once(tmp_path: Path) -> None:
    first, second = build(), tiny_bundle("later")
    token = tmp_path / "token"
    token.write_text("one")
    with PublishServer(LOOPBACK) as server:
        place = served(server, "one", first)
        environment = {
            "RAMGATE_BUNDLE_URL": server.url,
            "RAMGATE_BUNDLE_TOKEN_FILE": str(token),
        }
        config = faster(CONFIGS / "https.yaml", tmp_path)
        with opa(config, environment, tmp_path) as url, Client(url) as client:
            assert client.revision() == first.revision
            place.put(second)
            eventually(lambda: client.revision() == second.revision, SECONDS)


def test_a_certificate_that_becomes_faulty_is_told_and_the_bundle_is_still_served(
    tmp_path: Path,
) -> None:
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    shutil.copy(CERT, cert)
    shutil.copy(KEY, key)
    accounts = written(tmp_path / "a.yaml", "accounts: {'1234567890123456': {}}")
    Path(written(tmp_path / "token", "one")).chmod(0o600)
    given = ["--accounts", accounts, "--listen", "127.0.0.1:0", "--token-file"]
    given += [str(tmp_path / "token"), "--tls-cert", str(cert), "--tls-key", str(key)]
    ramgate = Path(sys.executable).with_name("ramgate")
    process = subprocess.Popen(
        [str(ramgate), "publish", *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    host = process.stdout.readline().split()[0].removeprefix("https://")
    cert.write_text("no certificate")
    assert "the certificate before stays in use" in process.stderr.readline()
    context = Certificate(CERT, KEY).trust(also_expired=True)
    connection = http.client.HTTPSConnection(host, timeout=SECONDS, context=context)
    assert Asked(connection, "/bundle.tar.gz", Authorization="Bearer one").status == 200
    connection.close()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)
