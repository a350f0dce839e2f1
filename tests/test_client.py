"""Both clients, against servers that misbehave and against a real OPA."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import os
import re
import select
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from hostile import (
    ALLOW,
    ASKED,
    BOUND,
    DENY,
    MALFORMED,
    Asker,
    Awaited,
    Hostile,
    Peer,
    answering,
    response,
    result,
    saying,
)
from ramgate import opa, wire
from ramgate.client import AsyncClient, Client
from ramgate.connection import Connections, Steps, Wait
from ramgate.decision import Decision, Request, Simulation
from ramgate.errors import (
    AccessDenied,
    AnswerError,
    InvalidRequest,
    RamgateError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

_T = TypeVar("_T")

Connect = "Callable[..., Asker]"

DATA = Path(__file__).parent / "data"
ALLOWED, DENIED = result(ALLOW), result(DENY)
FOREVER = BOUND / 2
"""A deadline that no test may reach."""


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Asker]]:
    """Make a client, sync or async, that is closed when the test is over."""
    clients: list[Asker] = []

    def make(
        url: str,
        *,
        timeout: float = FOREVER,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Asker:
        client: Asker
        if request.param == "sync":
            client = Client(url, timeout=timeout, token=token, tls=tls)
        else:
            client = Awaited(AsyncClient(url, timeout=timeout, token=token, tls=tls))
        clients.append(client)
        return client

    yield make
    for client in clients:
        if isinstance(client, Awaited):
            client.end()
        else:
            client.close()


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "tls.crt", DATA / "tls.key")
    return context


def client_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(DATA / "tls.crt"))


def eventually(state: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND
    while not state():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def asked(server: Hostile) -> list[str]:
    """The actions that the server was asked for, one after the other."""
    return [json.loads(question)["input"]["action"] for question in server.questions]


def ask(client: Asker, action: str) -> Decision:
    principal, _, resource = ASKED
    return client.decide(principal, action, resource)


# --- what works -------------------------------------------------------------------------------


def test_a_decision_is_asked_for(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED, DENIED)) as server:
        client = connect(server.url, token="t0ken")
        allowed = client.decide(*ASKED, {"acs:SourceIp": "192.0.2.1"})
        denied = client.decide(*ASKED, session_policies=[{"format": 1}])
    assert allowed
    assert allowed.statements[0].index == 2
    assert not denied
    assert server.heads[0].startswith(b"POST /v1/data/ram/authz/decision HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer t0ken\r\n" in server.heads[0]
    principal, action, resource = ASKED
    plain = {"principal": principal, "action": action, "resource": resource}
    assert [json.loads(question) for question in server.questions] == [
        {"input": plain | {"context": {"acs:SourceIp": "192.0.2.1"}}},
        {"input": plain | {"session_policies": [{"format": 1}]}},
    ]
    assert server.connections == 1


def test_what_is_required_and_denied_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED, DENIED)) as server:
        client = connect(server.url)
        assert client.require(*ASKED).allow
        with pytest.raises(AccessDenied, match="may not `ecs:CreateNetworkInterface` on") as caught:
            client.require(*ASKED)
    assert caught.value.decision.reason == "no_statement_matches"
    assert isinstance(caught.value, PermissionError)


def test_a_batch_is_one_question(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result([ALLOW, DENY, MALFORMED]), result([]))) as server:
        client = connect(server.url)
        decisions = client.decide_all(Request(*ASKED) for _ in range(3))
        assert client.decide_all([]) == []
    assert [bool(decision) for decision in decisions] == [True, False, False]
    assert server.heads[0].startswith(b"POST /v1/data/ram/authz/decisions HTTP/1.1\r\n")
    assert len(json.loads(server.questions[0])["input"]["requests"]) == 3
    assert json.loads(server.questions[1]) == {"input": {"requests": []}}


def test_a_simulation_is_asked_for_and_says_so(connect: Callable[..., Asker]) -> None:
    simulated = ALLOW | {"simulated": True}
    with Hostile(answering(result(simulated), result([simulated]), ALLOWED)) as server:
        client = connect(server.url)
        policies = {"mine": {"format": 1}}
        assert client.simulate(*ASKED, {"k": 1}, policies=policies).simulated
        (decision,) = client.simulate_all([Simulation(*ASKED, policies=policies)])
        assert decision.simulated
        with pytest.raises(AnswerError, match="gave a decision, not a simulation"):
            client.simulate(*ASKED, policies=policies)
    assert server.heads[0].startswith(b"POST /v1/data/ram/simulate/decision HTTP/1.1\r\n")
    assert server.heads[1].startswith(b"POST /v1/data/ram/simulate/decisions HTTP/1.1\r\n")
    assert json.loads(server.questions[0])["input"]["policies"] == policies


def test_a_malformed_request_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result(MALFORMED), result({"errors": ["no list"]}))) as server:
        client = connect(server.url)
        with pytest.raises(InvalidRequest, match="`action` is no action"):
            client.decide(*ASKED)
        with pytest.raises(InvalidRequest, match="no list"):
            client.decide_all([Request(*ASKED)])
        with pytest.raises(InvalidRequest, match="`context` at `k` is `nan`"):
            client.decide(*ASKED, {"k": float("nan")})
    assert len(server.questions) == 2


def test_a_unix_socket_works_as_well(connect: Callable[..., Asker], tmp_path: Path) -> None:
    with Hostile(answering(ALLOWED), unix=tmp_path / "opa.sock") as server:
        client = connect(server.url)
        assert client.decide(*ASKED)
        assert client.decide(*ASKED)
    assert b"\r\nHost: localhost\r\n" in server.heads[0]
    assert server.connections == 1


def test_a_name_is_looked_up(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED)) as server:
        assert connect(f"http://localhost:{server.port}").decide(*ASKED)
    assert b"\r\nHost: localhost:%d\r\n" % server.port in server.heads[0]


def test_tls_works_as_well(connect: Callable[..., Asker]) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = ALLOWED.partition(b"\r\n\r\n")[2]

    def script(peer: Peer) -> None:
        for _ in range(3):
            peer.question()
            peer.say(chunked)
            peer.say(b"%x\r\n%b\r\n" % (len(body), body))
            peer.say(b"0\r\n\r\n")
        peer.linger()

    with Hostile(script, tls=server_tls()) as server:
        client = connect(server.url, tls=client_tls())
        for _ in range(3):
            assert client.decide(*ASKED)
        client.close()
    assert server.connections == 1


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_question_may_be_larger_than_the_sockets_buffers(
    connect: Callable[..., Asker], *, secure: bool
) -> None:
    with Hostile(answering(ALLOWED), tls=server_tls() if secure else None) as server:
        client = connect(server.url, tls=client_tls() if secure else None)
        assert client.decide(*ASKED, {"k": "x" * 20_000_000})
    assert len(server.questions[0]) > 20_000_000


def test_a_client_shows_where_it_asks_and_no_token(connect: Callable[..., Asker]) -> None:
    client = connect("http://127.0.0.1:8181", token="s3cret")
    assert re.fullmatch(r"(Async)?Client\('http://127\.0\.0\.1:8181'\)", repr(client))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"url": "http://127.0.0.1:8181/v1"}, "is not one of"),
        ({"timeout": 0}, "`timeout` is `0`"),
        ({"timeout": -1}, "`timeout` is `-1`"),
        ({"timeout": float("nan")}, "`timeout` is `nan`"),
        ({"timeout": float("inf")}, "`timeout` is `inf`"),
        ({"token": "s3cret\r\n"}, "`token` must be"),
        ({"tls": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, "is no `https` url"),
    ],
    ids=str,
)
def test_a_client_that_cannot_work_is_not_made(
    kind: Callable[..., object], arguments: dict[str, object], text: str
) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        kind(**arguments)
    assert "s3cret" not in str(caught.value)


def test_a_closed_client_says_so(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED)) as server:
        client = connect(server.url)
        assert client.decide(*ASKED)
        client.close()
        client.close()
        with pytest.raises(RuntimeError, match="this client is closed"):
            client.decide(*ASKED)


def test_a_client_closes_what_it_opened() -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        peer.linger()
        gone.set()

    async def leave() -> None:
        async with AsyncClient(server.url) as client:
            assert await client.decide(*ASKED)

    with Hostile(script) as server:
        with Client(server.url) as client:
            assert client.decide(*ASKED)
        assert gone.wait(BOUND)
        gone.clear()
        asyncio.run(leave())
        assert gone.wait(BOUND)


# --- what fails -------------------------------------------------------------------------------


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
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        peer.say(b" ")


def reads_no_question(peer: Peer) -> None:
    peer.socket.settimeout(BOUND)
    select.select([], [], [peer.socket], FOREVER)


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
NO_DECISION = {
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
    "an allow that nobody grants": changed({"reason": "account_owner"}),
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


def refused(client: Asker, error: type[RamgateError], text: str) -> None:
    """Hold every kind of question to raising just that error, in one printable line."""
    questions: list[Callable[[], object]] = [
        lambda: client.decide(*ASKED),
        lambda: client.require(*ASKED),
        lambda: client.decide_all([Request(*ASKED)]),
        lambda: client.simulate(*ASKED, policies={}),
        lambda: client.simulate_all([Simulation(*ASKED, policies={})]),
    ]
    for question in questions:
        with pytest.raises(error, match=text) as caught:
            question()
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("data", OTHER_STATUS.values(), ids=OTHER_STATUS)
def test_an_http_error_is_no_answer(connect: Callable[..., Asker], data: bytes) -> None:
    with Hostile(saying(data)) as server:
        refused(connect(server.url), AnswerError, r"was answered with HTTP [1-5]")
    assert len(server.questions) == server.connections == 5


@pytest.mark.parametrize("data", NO_DECISION.values(), ids=NO_DECISION)
def test_what_is_no_decision_is_no_answer(connect: Callable[..., Asker], data: bytes) -> None:
    with Hostile(saying(data)) as server:
        client = connect(server.url)
        for question in (client.decide, client.require):
            with pytest.raises(AnswerError) as caught:
                question(*ASKED)
            assert str(caught.value).isprintable()
    assert len(server.questions) == 2


@pytest.mark.parametrize("data", CUT_OFF.values(), ids=CUT_OFF)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_an_answer_that_is_cut_off_is_none(
    connect: Callable[..., Asker], data: bytes, *, secure: bool
) -> None:
    with Hostile(saying(data), tls=server_tls() if secure else None) as server:
        client = connect(server.url, tls=client_tls() if secure else None)
        refused(client, TransportError, r"(gave no answer|broke off): ")
    assert len(server.questions) == server.connections == 5


@pytest.mark.parametrize("script", RESETS)
def test_a_reset_is_no_answer(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script) as server:
        refused(connect(server.url), TransportError, r"(gave no answer|broke off): ")
    assert len(server.questions) == server.connections == 5


@pytest.mark.parametrize("script", LATE)
def test_an_answer_that_is_late_is_none(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script) as server:
        begun = time.monotonic()
        refused(connect(server.url, timeout=0.1), TransportError, r"did not answer within 0\.1 s$")
        assert time.monotonic() - begun < BOUND
    assert len(server.questions) == 5


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_question_that_nobody_reads_is_late(
    connect: Callable[..., Asker], *, secure: bool
) -> None:
    with Hostile(reads_no_question, tls=server_tls() if secure else None) as server:
        client = connect(server.url, timeout=0.3, tls=client_tls() if secure else None)
        with pytest.raises(TransportError, match="did not answer within"):
            client.decide(*ASKED, {"k": "x" * 20_000_000})


def test_a_tls_handshake_that_stalls_is_late(connect: Callable[..., Asker]) -> None:
    with Hostile(Peer.linger) as server:
        client = connect(server.url.replace("http", "https"), timeout=0.1, tls=client_tls())
        with pytest.raises(TransportError, match="did not answer within"):
            client.decide(*ASKED)


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_answer_is_refused(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script) as server:
        refused(connect(server.url), AnswerError, r"has more than 1114112 bytes")


@pytest.mark.parametrize(
    "value",
    [[], [ALLOW], [ALLOW] * 3, [ALLOW, None], [ALLOW, ALLOW | {"simulated": True}], ALLOW, None],
    ids=lambda value: str(value)[:30],
)
def test_a_batch_of_another_length_or_shape_is_no_answer(
    connect: Callable[..., Asker], value: object
) -> None:
    with Hostile(answering(result(value))) as server, pytest.raises(AnswerError):
        connect(server.url).decide_all([Request(*ASKED)] * 2)


def test_a_batch_may_have_an_answer_of_its_size(connect: Callable[..., Asker]) -> None:
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


def test_nobody_there_is_said(connect: Callable[..., Asker], tmp_path: Path) -> None:
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
        refused(connect(url), TransportError, rf"^cannot reach `{re.escape(url)}`: {text}$")


def test_a_server_that_accepts_nobody_is_late_or_refuses(
    connect: Callable[..., Asker], tmp_path: Path
) -> None:
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
            refused(connect(f"unix://{path}"), TransportError, "^cannot reach `unix://")
        for sock in waiting:
            sock.close()


def test_a_name_that_nobody_knows_is_said(
    connect: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = connect("http://opa.invalid:8181")
    refused(client, TransportError, r"^cannot look `opa.invalid` up: Name or service not known$")


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


def test_a_name_without_an_address_is_said(
    connect: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    client = connect("http://opa.invalid:8181")
    with pytest.raises(TransportError, match="it has no address$"):
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


# --- connections ------------------------------------------------------------------------------


def closes_after(answer: bytes, *more: bytes) -> Callable[[Peer], None]:
    """Answer one question; at the next one say `more`, then close."""

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(answer)
        peer.question()
        for data in more:
            peer.say(data)

    return script


def test_a_question_is_sent_again_when_a_reused_connection_ends_before_a_byte(
    connect: Callable[..., Asker],
) -> None:
    with Hostile(closes_after(DENIED), answering(ALLOWED)) as server:
        client = connect(server.url)
        assert not ask(client, "a:First")
        assert ask(client, "a:Second")
        assert ask(client, "a:Third")
    assert asked(server) == ["a:First", "a:Second", "a:Second", "a:Third"]
    assert server.connections == 2


@pytest.mark.parametrize("script", [saying(b""), resets])
def test_a_question_is_sent_again_only_once(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(closes_after(ALLOWED), script) as server:
        client = connect(server.url)
        assert ask(client, "a:First")
        with pytest.raises(TransportError, match="gave no answer"):
            ask(client, "a:Second")
    assert asked(server) == ["a:First", "a:Second", "a:Second"]
    assert server.connections == 2


def test_a_question_is_not_sent_again_after_a_byte(connect: Callable[..., Asker]) -> None:
    with Hostile(closes_after(ALLOWED, b"H"), answering(ALLOWED)) as server:
        client = connect(server.url)
        assert ask(client, "a:First")
        with pytest.raises(TransportError, match="broke off"):
            ask(client, "a:Second")
    assert asked(server) == ["a:First", "a:Second"]


@pytest.mark.parametrize("script", [saying(b""), resets])
def test_a_question_is_not_sent_again_on_a_new_connection(
    connect: Callable[..., Asker], script: Callable[[Peer], None]
) -> None:
    with Hostile(script, answering(ALLOWED)) as server:
        client = connect(server.url)
        with pytest.raises(TransportError, match="gave no answer"):
            ask(client, "a:First")
    assert asked(server) == ["a:First"]


def test_a_question_is_not_sent_again_when_it_is_late(connect: Callable[..., Asker]) -> None:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        stalls(peer)

    with Hostile(script, answering(ALLOWED)) as server:
        client = connect(server.url, timeout=0.3)
        assert ask(client, "a:First")
        with pytest.raises(TransportError, match="did not answer within"):
            ask(client, "a:Second")
    assert asked(server) == ["a:First", "a:Second"]


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_a_question_that_is_answered_before_it_is_read_is_not_sent_again(
    connect: Callable[..., Asker], tmp_path: Path, *, unix: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        assert peer.socket.recv(1)
        peer.say(b"HTTP/1.1 413 Too Large\r\n")

    path = tmp_path / "opa.sock" if unix else None
    with Hostile(script, answering(ALLOWED), unix=path) as server:
        client = connect(server.url)
        assert client.decide(*ASKED)
        with pytest.raises(TransportError):
            client.decide(*ASKED, {"k": "x" * 20_000_000})
    assert len(server.questions) == 1
    assert server.connections == 1


@pytest.mark.parametrize(
    "last", [response(b"{}", "200 OK", "Connection: close"), response(b"{}", "500 Oh")]
)
def test_a_connection_is_not_used_after_its_last_answer(
    connect: Callable[..., Asker], last: bytes
) -> None:
    with Hostile(answering(last), answering(ALLOWED)) as server:
        client = connect(server.url)
        with pytest.raises(AnswerError):
            client.decide(*ASKED)
        assert client.decide(*ASKED)
    assert server.connections == 2


@pytest.mark.parametrize("end", [Peer.reset, lambda _: None], ids=["reset", "end"])
def test_a_connection_that_ended_while_idle_is_not_used(
    connect: Callable[..., Asker], end: Callable[[Peer], None]
) -> None:
    idle, ended = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(DENIED)
        assert idle.wait(BOUND)
        end(peer)
        peer.socket.close()
        ended.set()

    with Hostile(script, answering(ALLOWED)) as server:
        client = connect(server.url)
        assert not ask(client, "a:First")
        idle.set()
        assert ended.wait(BOUND)
        assert ask(client, "a:Second")
    assert asked(server) == ["a:First", "a:Second"]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("unasked", [ALLOWED, b"\r\n", b"x"], ids=["allow", "blank", "byte"])
def test_an_answer_that_nobody_asked_for_answers_nothing(
    connect: Callable[..., Asker], unasked: bytes, *, secure: bool
) -> None:
    idle, said = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        assert idle.wait(BOUND)
        peer.say(unasked)
        said.set()
        peer.linger()

    with Hostile(script, answering(DENIED), tls=server_tls() if secure else None) as server:
        client = connect(server.url, tls=client_tls() if secure else None)
        assert ask(client, "a:First")
        idle.set()
        assert said.wait(BOUND)
        assert not ask(client, "a:Second")
        client.close()
    assert asked(server) == ["a:First", "a:Second"]
    assert server.connections == 2


def step_through(steps: Steps[_T], before_each: Callable[[], None]) -> _T:
    """Run steps as a client does, at a pace."""
    try:
        step = next(steps)
        while True:
            assert isinstance(step, Wait)
            before_each()
            assert step.poll(BOUND * 1000)
            step = steps.send(())
    except StopIteration as stop:
        value: _T = stop.value
        return value


def test_an_answer_before_the_first_question_is_refused() -> None:
    said = threading.Event()

    def script(peer: Peer) -> None:
        peer.say(ALLOWED)
        said.set()
        peer.linger()

    with Hostile(script) as server:
        connections = Connections(wire.Endpoint.parse(server.url), None)
        steps = connections.ask(b"question", 1000)
        with pytest.raises(AnswerError, match="answered before it was asked"):
            step_through(steps, lambda: assert_(said.wait(BOUND)))
    assert server.questions == []


def assert_(held: object) -> None:
    assert held


def test_a_connection_that_is_given_back_after_the_close_is_closed() -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        peer.linger()
        gone.set()

    with Hostile(script) as server:
        endpoint = wire.Endpoint.parse(server.url)
        connections = Connections(endpoint, None)
        question = wire.encode(wire.head(wire.DECISION, endpoint, None), Request(*ASKED))
        answer = step_through(connections.ask(question, wire.room(1)), connections.close)
        assert answer.status == 200
        assert gone.wait(BOUND)


def echo(peer: Peer) -> None:
    """Name the policy in the answer as the action in the question."""
    while True:
        request = json.loads(peer.question())["input"]
        statements = [{"policy": request["action"], "index": 0}]
        peer.say(result(ALLOW | {"statements": statements}))


def test_threads_share_a_client_and_get_their_own_answers() -> None:
    def work(worker: int) -> None:
        for number in range(50):
            action = f"a:W{worker}N{number}"
            assert ask(client, action).statements[0].policy == action

    with (
        Hostile(echo) as server,
        Client(server.url, timeout=FOREVER) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        for done in [threads.submit(work, worker) for worker in range(8)]:
            done.result(BOUND)
    assert len(server.questions) == 400
    assert server.connections <= 8


def test_fifty_tasks_share_a_client_and_get_their_own_answers() -> None:
    async def work(client: AsyncClient, number: int) -> None:
        action = f"a:N{number}"
        principal, _, resource = ASKED
        assert (await client.decide(principal, action, resource)).statements[0].policy == action

    async def main() -> None:
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            for _ in range(3):
                await asyncio.gather(*(work(client, number) for number in range(50)))

    with Hostile(echo) as server:
        asyncio.run(main())
    assert len(server.questions) == 150
    assert server.connections == 50


def test_no_more_than_64_connections_are_kept() -> None:
    async def main() -> None:
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            for _ in range(2):
                await asyncio.gather(*(client.decide(*ASKED) for _ in range(70)))

    together = threading.Barrier(70)

    def script(peer: Peer) -> None:
        while True:
            peer.question()
            together.wait(BOUND)
            peer.say(ALLOWED)

    with Hostile(script) as server:
        asyncio.run(main())
    assert server.connections == 70 + 6


def test_a_cancelled_question_takes_its_connection_with_it() -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(DENIED)
        peer.question()
        peer.say(ALLOWED[:-1])
        peer.linger()
        gone.set()

    async def main() -> None:
        async with AsyncClient(server.url, timeout=FOREVER) as client:
            assert not await client.decide(*ASKED)
            asking = asyncio.create_task(client.decide(*ASKED))
            while len(server.questions) < 2:
                await asyncio.sleep(0.001)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await asyncio.to_thread(gone.wait, BOUND)
            assert not await client.decide(*ASKED)

    with Hostile(script, answering(DENIED)) as server:
        asyncio.run(main())
    assert server.connections == 2


def test_a_question_that_a_signal_interrupts_takes_its_connection_with_it() -> None:
    class Interruption(BaseException):
        pass

    def interrupt() -> None:
        if len(server.questions) == 1:
            raise Interruption

    with Hostile(stalls) as server:
        endpoint = wire.Endpoint.parse(server.url)
        connections = Connections(endpoint, None)
        question = wire.encode(wire.head(wire.DECISION, endpoint, None), Request(*ASKED))
        steps = connections.ask(question, wire.room(1))
        next(steps)
        steps.send(())
        eventually(lambda: len(server.questions) == 1)
        with pytest.raises(Interruption):
            steps.throw(Interruption())
        # the server lingers until the client's side is closed
    assert server.connections == 1


def test_an_async_client_works_in_one_event_loop_after_the_other() -> None:
    with Hostile(answering(ALLOWED)) as server:
        client = AsyncClient(server.url, timeout=FOREVER)
        for _ in range(3):
            assert asyncio.run(client.decide(*ASKED))
        asyncio.run(client.close())
    assert len(server.questions) == 3


def test_an_answer_that_is_there_at_the_deadline_is_taken() -> None:
    answered = threading.Event()

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(ALLOWED)
        answered.set()
        peer.linger()

    async def main() -> Decision:
        loop = asyncio.get_running_loop()
        async with AsyncClient(server.url, timeout=0.3) as client:
            asking = asyncio.create_task(client.decide(*ASKED))
            deadline = loop.time() + 0.4
            while not server.questions:
                await asyncio.sleep(0)
            # hold the event loop until the answer and the deadline are both there
            assert answered.wait(BOUND)
            while loop.time() < deadline:
                pass
            return await asking

    with Hostile(script) as server:
        assert asyncio.run(main())


def in_child(work: Callable[[], bool]) -> None:
    """Fork, and hold the child to `work`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_after_a_fork_each_side_uses_its_own_connection(*, secure: bool) -> None:
    with Hostile(answering(ALLOWED), tls=server_tls() if secure else None) as server:
        tls = client_tls() if secure else None
        with Client(server.url, timeout=FOREVER, tls=tls) as client:
            assert client.decide(*ASKED)
            in_child(lambda: bool(client.decide(*ASKED)) and bool(client.decide(*ASKED)))
            assert client.decide(*ASKED)
        assert len(server.questions) == 4
        assert server.connections == 2
        asking = AsyncClient(server.url, timeout=FOREVER, tls=tls)
        assert asyncio.run(asking.decide(*ASKED))
        in_child(lambda: bool(asyncio.run(asking.decide(*ASKED))))
        assert asyncio.run(asking.decide(*ASKED))
        asyncio.run(asking.close())
        assert len(server.questions) == 7
        assert server.connections == 4


# --- a real OPA -------------------------------------------------------------------------------

REGO = """package ram.authz

allow := {
    "allow": true, "effect": "Allow", "reason": "statement_allows",
    "policy_type": "AccountLevelIdentityBasedPolicy",
    "statements": [{"policy": "AliyunServiceRolePolicyForAlikafka", "index": 2}],
}

deny := {
    "allow": false, "effect": "ImplicitDeny", "reason": "no_statement_matches",
    "policy_type": "AccountLevelIdentityBasedPolicy", "statements": [],
}

decide(request) := allow if {
    request.action == "ecs:CreateNetworkInterface"
} else := deny

decision := decide(input)

decisions := [decide(request) | some request in input.requests]
"""


class Opa:
    """A real OPA on a unix socket and a TCP port, over TLS where asked."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        (folder / "decision.rego").write_text(REGO)
        self.unix = folder / "opa.sock"
        self._process = subprocess.Popen(
            [
                opa.find(),
                "run",
                "--server",
                "--skip-version-check",
                "--log-level=info",
                "--addr=127.0.0.1:0",
                *arguments,
                folder / "decision.rego",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
