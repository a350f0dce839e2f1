"""Failures of the server and of the connection: both clients raise, and never allow."""

from __future__ import annotations

import asyncio
import os
import re
import select
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from hostile import (
    ALLOW,
    ALLOWED,
    ASKED,
    BOUND,
    DENY,
    FOREVER,
    Asker,
    Hostile,
    Peer,
    answering,
    client_tls,
    response,
    result,
    saying,
    server_tls,
)
from ramgate.client.async_client import AsyncClient
from ramgate.errors import AnswerError, RamgateError, TransportError
from ramgate.model.decision import Request, Simulation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import NoReturn


def stalls(peer: Peer) -> None:
    peer.question()
    peer.linger()


def stalls_in_the_middle(peer: Peer) -> None:
    peer.question()
    peer.say(ALLOWED[:-10])
    peer.linger()


def drips(peer: Peer) -> None:
    peer.question()
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        peer.say(b" ")
        select.select([], [], [], 0.02)


def pours(peer: Peer) -> None:
    peer.question()
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        peer.say(b" ")


def resets(peer: Peer) -> None:
    peer.question()
    peer.reset()


def resets_in_the_middle(peer: Peer) -> None:
    peer.question()
    peer.say(ALLOWED[:-10])
    peer.reset()


def goes_on_forever(start: bytes, more: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(start)
        while True:
            peer.say(more)

    return script


def changed(change: dict[str, object]) -> bytes:
    return result(ALLOW | change)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OTHER_STATUS = {
    "answers 204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "answers 100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "answers 302": response(b"", "302 Found", "Location: http://127.0.0.1:1/"),
    "answers 401": response(b'{"code": "unauthorized", "message": "no"}', "401 Unauthorized"),
    "answers 404": response(b"404 page not found\n", "404 Not Found"),
    "answers 500": response(b'{"code": "internal_error", "message": "eh"}', "500 Oh"),
    "answers 500, with an allow": response(ALLOWED.partition(b"\r\n\r\n")[2], "500 Oh"),
}
OTHER_BODIES = {
    "undefined": response(b"{}"),
    "true": result(value=True),
    "null": result(None),
    "a string": result("Allow"),
    "an empty body": response(b""),
    "HTML": response(b"<html>It works!</html>"),
    "a list": result([ALLOW]),
    "an errors object": result({"errors": ["no"]}),
    "an allow that denies": changed({"effect": "ExplicitDeny"}),
    "a deny that allows": result(DENY | {"allow": True}),
    "an allow for a deny's reason": changed({"reason": "statement_denies"}),
    "a deny for an allow's reason": changed({"allow": False, "effect": "ImplicitDeny"}),
    "an allow for no statement": changed({"statements": []}),
    "an allow with errors": changed({"errors": ["no"]}),
    "an allow that no statement grants": changed({"reason": "account_owner"}),
    "a malformed request without errors": result(DENY | {"reason": "malformed_request"}),
    "a simulation": changed({"simulated": True}),
    "an unknown reason": changed({"reason": "because"}),
    "an unknown field": changed({"more": 1}),
    "a truthy allow": changed({"allow": 1}),
    "two allows": response(
        ALLOWED.partition(b"\r\n\r\n")[2].replace(
            b'{"allow": true', b'{"allow": false, "allow": true'
        )
    ),
    "invalid UTF-8": ALLOWED.replace(b"Aliyun", b"\xff\xff\xff\xff\xff\xff"),
    "deep nesting": response(b'{"result":' + b"[" * 400_000 + b"]" * 400_000 + b"}"),
    "5 MB": response(b'{"x": "' + b"x" * 5_000_000 + b'", ' + ALLOWED.partition(b"\r\n\r\n{")[2]),
    "a length that is too short": ALLOWED.replace(b"Content-Length: 2", b"Content-Length: 1"),
    "two lengths": ALLOWED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n", 1),
    "two answers": ALLOWED + ALLOWED,
    "an answer after an interim one": b"HTTP/1.1 100 Continue\r\n\r\n" + ALLOWED,
    "garbage": b"\0\1\2\3",
    "an answer and garbage": ALLOWED + b"garbage",
    "another protocol": b"220 mail.example ESMTP\r\n",
    "a bad chunk": CHUNKED + b"xyz\r\n",
}
CUT_OFF = {
    "before a byte": b"",
    "in the status": b"HTTP/1.1 2",
    "in the head": ALLOWED.partition(b"\r\n\r\n")[0],
    "in the body": ALLOWED[:-1],
    "in a chunk": CHUNKED + b"ff\r\n{",
    "between two chunks": CHUNKED + b"1\r\n{\r\n",
    "without a length": b"HTTP/1.1 200 OK\r\n\r\n" + ALLOWED.partition(b"\r\n\r\n")[2],
    "with a length that is too long": ALLOWED.replace(b"Content-Length: ", b"Content-Length: 9"),
}
QUESTIONS = 9
LATE = [stalls, stalls_in_the_middle, drips, pours]
RESETS = [resets, resets_in_the_middle]
ENDLESS = {
    "headers": goes_on_forever(b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n" * 1000),
    "one header": goes_on_forever(b"HTTP/1.1 200 OK\r\nX-More: ", b"more" * 10_000),
    "a body": goes_on_forever(
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b" " * 10_000
    ),
    "chunks": goes_on_forever(CHUNKED, b"1\r\n \r\n" * 1000),
    "blank lines": goes_on_forever(b"\r\n", b"\r\n" * 1000),
}


def assert_refused(client: Asker, error: type[RamgateError], text: str) -> None:
    """Assert that every method raises this error, in one printable line."""
    questions: list[Callable[[], object]] = [
        lambda: client.decide(*ASKED),
        lambda: client.require(*ASKED),
        lambda: client.decide_all([Request(*ASKED)]),
        lambda: client.simulate(*ASKED, policies={}),
        lambda: client.simulate_all([Simulation(*ASKED, policies={})]),
        lambda: client.creation("p", "alikafka.aliyuncs.com"),
        lambda: client.feature("p", "alikafka.connector"),
        lambda: client.require_feature("p", "alikafka.connector"),
        lambda: client.deletion("p", "AliyunServiceRoleForAlikafka"),
    ]
    assert len(questions) == QUESTIONS
    for question in questions:
        with pytest.raises(error, match=text) as caught:
            question()
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("data", OTHER_STATUS.values(), ids=OTHER_STATUS)
def test_an_http_error_is_an_answer_error(connect: Callable[..., Asker], data: bytes) -> None:
    with Hostile(saying(data)) as server:
        assert_refused(connect(server.url), AnswerError, r"was answered with HTTP [1-5]")
    assert len(server.questions) == server.connections == QUESTIONS


@pytest.mark.parametrize("data", OTHER_BODIES.values(), ids=OTHER_BODIES)
def test_a_body_other_than_a_decision_is_an_answer_error(
    connect: Callable[..., Asker], data: bytes
) -> None:
    with Hostile(saying(data)) as server:
        client = connect(server.url)
        for question in (client.decide, client.require):
            with pytest.raises(AnswerError) as caught:
                question(*ASKED)
            assert str(caught.value).isprintable()
    assert len(server.questions) == 2


@pytest.mark.parametrize("data", CUT_OFF.values(), ids=CUT_OFF)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_response_that_is_cut_off_is_a_transport_error(
    connect: Callable[..., Asker], data: bytes, *, secure: bool
) -> None:
    with Hostile(saying(data), tls=server_tls() if secure else None) as server:
        client = connect(server.url, tls=client_tls() if secure else None)
        assert_refused(client, TransportError, r"(gave no answer|broke off): ")
    assert len(server.questions) == server.connections == QUESTIONS


@pytest.mark.parametrize("script", RESETS)
def test_a_reset_is_a_transport_error(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script) as server:
        assert_refused(connect(server.url), TransportError, r"(gave no answer|broke off): ")
    assert len(server.questions) == server.connections == QUESTIONS


@pytest.mark.parametrize("script", LATE)
def test_a_late_response_is_a_transport_error(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script) as server:
        begun = time.monotonic()
        assert_refused(
            connect(server.url, timeout=0.1), TransportError, r"did not answer within 0\.1 s$"
        )
        assert time.monotonic() - begun < BOUND
    assert len(server.questions) == QUESTIONS


def test_a_response_that_never_pauses_is_late(connect: Callable[..., Asker]) -> None:
    # each byte is a TLS record of its own, so there is always exactly one record to read
    with Hostile(pours, tls=server_tls()) as server:
        begun = time.monotonic()
        client = connect(server.url, timeout=0.3, tls=client_tls())
        with pytest.raises(TransportError, match=r"did not answer within 0\.3 s$"):
            client.decide(*ASKED)
        assert time.monotonic() - begun < FOREVER


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_request_that_the_server_does_not_read_is_late(
    connect: Callable[..., Asker], *, secure: bool
) -> None:
    given_up = threading.Event()

    def script(_: Peer) -> None:
        assert given_up.wait(BOUND)

    with Hostile(script, tls=server_tls() if secure else None) as server:
        client = connect(server.url, timeout=0.3, tls=client_tls() if secure else None)
        with pytest.raises(TransportError, match="did not answer within"):
            client.decide(*ASKED, {"k": "x" * 20_000_000})
        given_up.set()


def test_a_tls_handshake_that_stalls_is_late(connect: Callable[..., Asker]) -> None:
    with Hostile(Peer.linger) as server:
        client = connect(server.url.replace("http", "https"), timeout=0.1, tls=client_tls())
        with pytest.raises(TransportError, match="did not answer within"):
            client.decide(*ASKED)


def test_a_tls_response_with_a_forged_record_is_a_transport_error(
    connect: Callable[..., Asker],
) -> None:
    def script(peer: Peer) -> None:
        peer.question()
        with socket.socket(fileno=os.dup(peer.socket.fileno())) as under_tls:
            under_tls.sendall(ALLOWED)
        peer.linger()

    with Hostile(script, tls=server_tls()) as server:
        client = connect(server.url, tls=client_tls())
        assert_refused(client, TransportError, r"^the connection to `.*` failed: ")
        client.close()
    assert server.connections == QUESTIONS


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_response_is_refused(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script) as server:
        assert_refused(connect(server.url), AnswerError, r"has more than 1114112 bytes")


@pytest.mark.parametrize(
    "value",
    [[], [ALLOW], [ALLOW] * 3, [ALLOW, None], [ALLOW, ALLOW | {"simulated": True}], ALLOW, None],
    ids=lambda value: str(value)[:30],
)
def test_a_batch_of_another_length_or_shape_is_an_answer_error(
    connect: Callable[..., Asker], value: object
) -> None:
    with Hostile(answering(result(value))) as server, pytest.raises(AnswerError):
        connect(server.url).decide_all([Request(*ASKED)] * 2)


def test_the_limit_of_a_response_grows_with_its_batch(connect: Callable[..., Asker]) -> None:
    large = DENY | {
        "effect": "ExplicitDeny",
        "reason": "statement_denies",
        "statements": [{"policy": "p" * 60_000, "index": 0}],
    }
    with Hostile(answering(result([large] * 50))) as server:
        client = connect(server.url)
        assert len(client.decide_all([Request(*ASKED)] * 50)) == 50
        with pytest.raises(AnswerError, match="has more than"):
            client.decide(*ASKED)


def test_an_address_without_a_server_is_named(
    connect: Callable[..., Asker], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (tmp_path / "file").write_text("")
    for url, text in {
        f"http://127.0.0.1:{port}": "Connection refused",
        f"http://localhost:{port}": "Connection refused",
        f"https://127.0.0.1:{port}": "Connection refused",
        f"unix://{tmp_path}/none.sock": "No such file or directory",
        f"unix://{tmp_path}/file": "Connection refused",
        f"unix://{tmp_path}": "Connection refused",
        f"unix://{tmp_path}/{'x' * 200}": "AF_UNIX path too long",
    }.items():
        assert_refused(connect(url), TransportError, rf"^cannot reach `{re.escape(url)}`: {text}$")


def test_a_full_backlog_is_a_transport_error(connect: Callable[..., Asker], tmp_path: Path) -> None:
    path = str(tmp_path / "opa.sock")
    waiting: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        try:
            while True:
                waiting.append(socket.socket(socket.AF_UNIX))
                waiting[-1].settimeout(0)
                waiting[-1].connect(path)
        except OSError:
            assert_refused(connect(f"unix://{path}"), TransportError, r"^cannot reach `unix://")
        for sock in waiting:
            sock.close()


def test_an_unknown_host_name_is_named(
    connect: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = connect("http://opa.invalid:8181")
    assert_refused(
        client, TransportError, r"^cannot look `opa.invalid` up: Name or service not known$"
    )


def test_a_slow_lookup_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    known = threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        assert known.wait(BOUND)
        return []

    async def late() -> None:
        async with AsyncClient("http://opa.invalid:8181", timeout=0.1) as client:
            try:
                await client.decide(*ASKED)
            finally:
                known.set()

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(TransportError, match=r"did not answer within 0\.1 s"):
            asyncio.run(late())


def test_a_host_name_without_address_is_a_transport_error(
    connect: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    client = connect("http://opa.invalid:8181")
    with pytest.raises(TransportError, match=r"the host name has no address$"):
        client.decide(*ASKED)


@pytest.mark.parametrize("tls", [None, ssl.create_default_context()], ids=["default", "given"])
def test_a_certificate_that_is_not_trusted_is_refused(
    connect: Callable[..., Asker], tls: ssl.SSLContext | None
) -> None:
    with Hostile(answering(ALLOWED), tls=server_tls()) as server:
        client = connect(server.url, tls=tls)
        with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            client.decide(*ASKED)
    assert server.questions == []


def test_a_certificate_of_another_host_is_refused(
    connect: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hostile(answering(ALLOWED), tls=server_tls()) as server:
        found = socket.getaddrinfo("127.0.0.1", server.port, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        client = connect(f"https://opa.invalid:{server.port}", tls=client_tls())
        with pytest.raises(TransportError, match="Hostname mismatch"):
            client.decide(*ASKED)
    assert server.questions == []
