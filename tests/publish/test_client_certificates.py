"""Clients with certificates: none gets in without one of the authority."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authority import Authority
from command_line import SECONDS, written
from processes import eventually
from ramgate import Client
from ramgate.bundle.builder import build
from ramgate.errors import SidecarError
from ramgate.publish.server import PublishServer
from ramgate.sidecar.address import Address
from ramgate.sidecar.certificate import Certificate
from stock_opa import CONFIGS, faster, opa
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = Address.parse("127.0.0.1:0")
ONE, TWO = tiny_bundle("1"), tiny_bundle("2")


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(ours: Authority) -> Iterator[PublishServer]:
    """Serve one bundle to the certificates of `shop`, another to those of `bank`."""
    with PublishServer(LOOPBACK, ours.server, ours.cert) as started:
        for name, bundle in (("shop", ONE), ("bank", TWO)):
            served = started.serve(name)
            served.admit_certificate(f"CN:{name}")
            served.put(bundle)
        yield started


def trusting(authority: Authority, shown: Certificate | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.cert)
    if shown is not None:
        context.load_cert_chain(shown.cert, shown.key)
    return context


def get(
    url: str, context: ssl.SSLContext, path: str = "/bundle.tar.gz", **headers: str
) -> tuple[int, bytes]:
    host = url.rpartition("/")[2]
    connection = http.client.HTTPSConnection(host, timeout=SECONDS, context=context)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()


def is_refused(url: str, context: ssl.SSLContext, path: str = "/bundle.tar.gz") -> bool:
    """Return True if the server ends the connection: TLS 1.3 tells a client when it reads."""
    try:
        get(url, context, path)
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def has_ended(connection: http.client.HTTPConnection) -> bool:
    assert connection.sock is not None
    try:
        return connection.sock.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_each_certificate_gets_its_own_bundle(server: PublishServer, ours: Authority) -> None:
    assert get(server.url, trusting(ours, ours.sign("shop"))) == (200, ONE.content)
    assert get(server.url, trusting(ours, ours.sign("bank"))) == (200, TWO.content)
    assert get(server.url, trusting(ours, ours.sign("other"))) == (401, b"")


def test_a_token_does_not_stand_in_for_a_certificate(
    server: PublishServer, ours: Authority
) -> None:
    server.serve("both").admit("s3cret")
    shop = trusting(ours, ours.sign("shop"))
    assert get(server.url, shop, Authorization="Bearer s3cret")[0] == 503
    assert get(server.url, shop, Authorization="Bearer other")[0] == 401
    with pytest.raises(OSError, match=r"(?i)certificate|handshake|reset|closed"):
        get(server.url, trusting(ours), Authorization="Bearer s3cret")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shown", ["none", "stranger", "expired", "a server's", "itself"])
def test_nobody_gets_in_without_a_certificate_of_the_authority(
    server: PublishServer, ours: Authority, tmp_path: Path, shown: str, version: ssl.TLSVersion
) -> None:
    stranger = Authority.at(tmp_path / "stranger")
    made: dict[str, Callable[[], Certificate | None]] = {
        "none": lambda: None,
        "stranger": lambda: stranger.sign("shop"),
        "expired": lambda: ours.sign("shop", days=-1),
        "a server's": lambda: ours.sign("shop", purpose="serverAuth"),
        "itself": lambda: Certificate(stranger.cert, stranger.cert.with_suffix(".key")),
    }
    context = trusting(ours, made[shown]())
    context.minimum_version = context.maximum_version = version
    for path in ("/bundle.tar.gz", "/health"):
        assert is_refused(server.url, context, path)
    good = trusting(ours, ours.sign("shop"))
    good.minimum_version = good.maximum_version = version
    assert not is_refused(server.url, good)


def test_another_authority_ends_the_connections_of_the_one_before(
    server: PublishServer, ours: Authority, tmp_path: Path
) -> None:
    shop = trusting(ours, ours.sign("shop"))
    host = server.url.rpartition("/")[2]
    kept = http.client.HTTPSConnection(host, timeout=SECONDS, context=shop)
    with contextlib.closing(kept):
        kept.request("GET", "/bundle.tar.gz")
        assert kept.getresponse().read() == ONE.content
        assert server.refresh() is None
        next_one = Authority.at(tmp_path / "next")
        root = trusting(ours, next_one.sign("shop"))
        ours.cert.write_text("no certificate")
        error = server.refresh()
        assert error is not None
        assert re.match(r"cannot use the client CA `.*`: .*; the authority before stays", error)
        kept.request("GET", "/bundle.tar.gz")
        assert kept.getresponse().read() == ONE.content
        ours.cert.write_bytes(next_one.cert.read_bytes())
        assert server.refresh() is None
        assert has_ended(kept)
    assert is_refused(server.url, shop)
    assert get(server.url, root) == (200, ONE.content)


def test_a_handshake_that_began_with_the_authority_before_gets_nothing(
    server: PublishServer, ours: Authority, tmp_path: Path
) -> None:
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    shop = trusting(ours, ours.sign("shop")).wrap_bio(
        received, to_send, server_hostname="localhost"
    )
    with socket.create_connection(address, SECONDS) as connection:
        with pytest.raises(ssl.SSLWantReadError):
            shop.do_handshake()
        connection.sendall(to_send.read())
        while True:
            received.write(connection.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                shop.do_handshake()
                break
        ours.cert.write_bytes(Authority.at(tmp_path / "next").cert.read_bytes())
        assert server.refresh() is None
        shop.write(b"GET /bundle.tar.gz HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.sendall(to_send.read())
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                received.write(data)
        with contextlib.suppress(ssl.SSLError):
            assert b"HTTP" not in shop.read(65536)


def test_a_request_that_waits_gets_nothing_once_its_certificate_has_expired(
    server: PublishServer, ours: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = trusting(ours, ours.sign("shop"))
    headers = {"If-None-Match": f'"{ONE.revision}"', "Prefer": "wait=60"}
    assert get(server.url, shop)[0] == 200
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, server.url, shop, **headers)
        eventually(lambda: any(one.busy for one in server._http._connections.values()))  # noqa: SLF001
        monkeypatch.setattr("ramgate.publish.clients.time.time", lambda: 1e11)
        server._served[0].put(TWO)  # noqa: SLF001 - the first one is that of the shop
        assert waiting.result(SECONDS) == (401, b"")


def test_another_authority_beside_a_faulty_certificate_lets_nobody_in(
    server: PublishServer, ours: Authority, tmp_path: Path
) -> None:
    next_one = Authority.at(tmp_path / "next")
    before, after = trusting(ours, ours.sign("shop")), trusting(ours, next_one.sign("shop"))
    assert not is_refused(server.url, before)
    key = ours.server.key.read_bytes()
    ours.server.key.write_bytes((tmp_path / "shop.key").read_bytes())
    error = server.refresh()
    assert error is not None
    assert error.endswith("; the certificate before stays in use")
    assert not is_refused(server.url, before)
    ours.cert.write_bytes(next_one.cert.read_bytes())
    error = server.refresh()
    assert error is not None
    assert error.endswith("; nobody gets in until it can be used")
    assert server.refresh() is None
    assert is_refused(server.url, before)
    assert is_refused(server.url, after)
    ours.server.key.write_bytes(key)
    assert server.refresh() is None
    assert is_refused(server.url, before)
    assert get(server.url, after) == (200, ONE.content)


def test_an_authority_that_cannot_be_read_in_passing_is_read_again(
    server: PublishServer, ours: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = trusting(ours, ours.sign("shop"))
    ours.cert.write_bytes(Authority.at(tmp_path / "next").cert.read_bytes())
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.read_text", no_descriptor)
        error = server.refresh()
        assert error is not None
        assert "Too many open files" in error
        assert server.refresh() is None
    assert not is_refused(server.url, shop)
    assert server.refresh() is None
    assert is_refused(server.url, shop)


def no_descriptor(*_: object, **__: object) -> str:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_an_authority_may_have_comments_in_any_language(ours: Authority) -> None:
    ours.cert.write_bytes("# 内部 CA\n".encode() + ours.cert.read_bytes())
    with PublishServer(LOOPBACK, ours.server, ours.cert) as server:
        served = server.serve("shop")
        served.admit_certificate("CN:shop")
        served.put(ONE)
        shop = ssl.create_default_context(cadata=ours.cert.read_text("ascii", "ignore"))
        shown = ours.sign("shop")
        shop.load_cert_chain(shown.cert, shown.key)
        assert get(server.url, shop) == (200, ONE.content)


def test_another_authority_of_the_same_time_is_noticed(
    server: PublishServer, ours: Authority, tmp_path: Path
) -> None:
    shop = trusting(ours, ours.sign("shop"))
    before = ours.cert.stat()
    other = Authority.at(tmp_path / "next").cert
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(ours.cert)
    assert server.refresh() is None
    assert is_refused(server.url, shop)


def test_an_authority_that_cannot_be_used_is_an_error(ours: Authority, tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match="cannot use the client CA"):
        PublishServer(LOOPBACK, ours.server, tmp_path / "none")
    (tmp_path / "empty").touch()
    with pytest.raises(SidecarError, match="cannot use the client CA"):
        PublishServer(LOOPBACK, ours.server, tmp_path / "empty")
    with pytest.raises(ValueError, match="--client-ca needs TLS"):
        PublishServer(LOOPBACK, None, ours.cert)


def environment(server: PublishServer, ours: Authority, shown: Certificate) -> dict[str, str]:
    return {
        "RAMGATE_BUNDLE_URL": server.url,
        "RAMGATE_CLIENT_CERT_FILE": str(shown.cert),
        "RAMGATE_CLIENT_KEY_FILE": str(shown.key),
        "SSL_CERT_FILE": str(ours.cert),
    }


def test_a_real_opa_follows_the_bundle_of_its_certificate(ours: Authority, tmp_path: Path) -> None:
    first, second = build(), tiny_bundle("later")
    with PublishServer(LOOPBACK, ours.server, ours.cert) as server:
        served = server.serve("shop")
        served.admit_certificate("DNS:opa.example.com")
        served.put(first)
        given = environment(server, ours, ours.sign("any"))
        config = faster(CONFIGS / "mtls.yaml", tmp_path)
        with opa(config, given, tmp_path) as url, Client(url) as client:
            assert client.revision() == first.revision
            served.put(second)
            eventually(lambda: client.revision() == second.revision, SECONDS)


def test_a_real_opa_with_a_strange_certificate_gets_no_bundle(
    server: PublishServer, ours: Authority, tmp_path: Path
) -> None:
    stranger = Authority.at(tmp_path / "stranger").sign("shop")
    config = faster(CONFIGS / "mtls.yaml", tmp_path)
    text = "--ready-timeout=2"  # OPA ends if it has no bundle by then
    with (
        pytest.raises(AssertionError),
        opa(config, environment(server, ours, stranger), tmp_path, [text]),
    ):
        pytest.fail("OPA has a bundle")


def test_publish_gives_each_certificate_its_accounts(ours: Authority, tmp_path: Path) -> None:
    text = "accounts: {'1234567890123456': {users: {%s: {}}}}"
    sets = {name: written(tmp_path / f"{name}.yaml", text % name) for name in ("shop", "bank")}
    declared = [f"--client-cert=CN:{name}={path}" for name, path in sets.items()]
    declared.append(f"--client-cert=URI:spiffe://example.com/shop={sets['shop']}")
    with publishing(ours, *declared, lines=2) as url:
        for name, path in sets.items():
            shown = trusting(ours, ours.sign(name))
            assert get(url, shown) == (200, build(Path(path)).content)
        also = trusting(ours, ours.sign("also", alternatives="URI:spiffe://example.com/shop"))
        assert get(url, also) == (200, build(Path(sets["shop"])).content)
        assert get(url, trusting(ours, ours.sign("other")))[0] == 401


def test_publish_gives_the_one_set_of_accounts_to_each_certificate(
    ours: Authority, tmp_path: Path
) -> None:
    accounts = written(tmp_path / "a.yaml", "accounts: {'1234567890123456': {}}")
    with publishing(ours, "--accounts", accounts, lines=1) as url:
        shown = trusting(ours, ours.sign("any"))
        assert get(url, shown) == (200, build(Path(accounts)).content)
        assert is_refused(url, trusting(ours))


def test_with_a_token_a_certificate_alone_gets_nothing(ours: Authority, tmp_path: Path) -> None:
    accounts = written(tmp_path / "a.yaml", "accounts: {'1234567890123456': {}}")
    token = Path(written(tmp_path / "token", "s3cret"))
    token.chmod(0o600)
    with publishing(ours, "--accounts", accounts, "--token-file", str(token), lines=1) as url:
        shown = trusting(ours, ours.sign("any"))
        assert get(url, shown)[0] == 401
        assert get(url, shown, Authorization="Bearer s3cret")[0] == 200


@contextlib.contextmanager
def publishing(ours: Authority, *given: str, lines: int) -> Iterator[str]:
    """Run `ramgate publish` until the end of the block; yield its URL once all is served."""
    ramgate = Path(sys.executable).with_name("ramgate")
    command = [str(ramgate), "publish", "--listen", "127.0.0.1:0", "--client-ca", str(ours.cert)]
    command += ["--tls-cert", str(ours.server.cert), "--tls-key", str(ours.server.key), *given]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        told = [process.stdout.readline() for _ in range(lines)]
        yield told[0].split()[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 0
