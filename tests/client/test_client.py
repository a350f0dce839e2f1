"""Requests and answers of both clients, with a scripted server and with a real OPA."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from hostile import (
    ALLOW,
    ALLOWED,
    ASKED,
    BEARER,
    BOUND,
    DATA,
    DENIED,
    DENY,
    MALFORMED,
    Asker,
    Hostile,
    Peer,
    answering,
    ask,
    client_tls,
    result,
    server_tls,
)
from processes import eventually
from ramgate.client.async_client import AsyncClient
from ramgate.client.client import Client
from ramgate.errors import AnswerError, InvalidRequest, TransportError
from ramgate.model.decision import Request, Simulation
from ramgate.model.denials import AccessDenied
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_a_decision_is_one_request(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED, DENIED)) as server:
        client = connect(server.url, token=BEARER)
        allowed = client.decide(*ASKED, {"acs:SourceIp": "192.0.2.1"})
        denied = client.decide(*ASKED, session_policies=[{"format": 2}])
    assert allowed
    assert allowed.statements[0].index == 2
    assert not denied
    assert server.heads[0].startswith(b"POST /v1/data/ram/authz/decision HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer s3cret\r\n" in server.heads[0]
    principal, action, resource = ASKED
    plain = {"principal": principal, "action": action, "resource": resource}
    assert [json.loads(question) for question in server.questions] == [
        {"input": plain | {"context": {"acs:SourceIp": "192.0.2.1"}}},
        {"input": plain | {"session_policies": [{"format": 2}]}},
    ]
    assert server.connections == 1


def test_a_required_decision_that_denies_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED, DENIED)) as server:
        client = connect(server.url)
        assert client.require(*ASKED).allow
        with pytest.raises(AccessDenied, match="may not `ecs:CreateNetworkInterface` on") as caught:
            client.require(*ASKED)
    assert caught.value.decision.reason == "no_statement_matches"
    assert isinstance(caught.value, PermissionError)


def test_a_batch_is_one_request(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result([ALLOW, DENY, MALFORMED]))) as server:
        client = connect(server.url)
        decisions = client.decide_all([Request(*ASKED) for _ in range(3)])
    assert [bool(decision) for decision in decisions] == [True, False, False]
    assert server.heads[0].startswith(b"POST /v1/data/ram/authz/decisions HTTP/1.1\r\n")
    assert len(json.loads(server.questions[0])["input"]["requests"]) == 3


def test_a_simulation_is_marked_as_one(connect: Callable[..., Asker]) -> None:
    simulated = ALLOW | {"simulated": True}
    with Hostile(answering(result(simulated), result([simulated]), ALLOWED)) as server:
        client = connect(server.url)
        policies = {"mine": {"format": 2}}
        assert client.simulate(*ASKED, {"k": 1}, policies=policies).simulated
        (decision,) = client.simulate_all([Simulation(*ASKED, policies=policies)])
        assert decision.simulated
        with pytest.raises(AnswerError, match="returned a decision, not a simulation"):
            client.simulate(*ASKED, policies=policies)
    assert server.heads[0].startswith(b"POST /v1/data/ram/simulate/decision HTTP/1.1\r\n")
    assert server.heads[1].startswith(b"POST /v1/data/ram/simulate/decisions HTTP/1.1\r\n")
    assert json.loads(server.questions[0])["input"]["policies"] == policies


def test_a_malformed_request_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result(MALFORMED), result({"errors": ["no list"]}))) as server:
        client = connect(server.url)
        with pytest.raises(InvalidRequest, match="action: is missing"):
            client.decide(*ASKED)
        with pytest.raises(InvalidRequest, match="no list"):
            client.decide_all([Request(*ASKED)])
        with pytest.raises(InvalidRequest, match="`context` at `k` is `nan`"):
            client.decide(*ASKED, {"k": float("nan")})
    assert len(server.questions) == 2


def test_a_client_connects_to_a_unix_socket(connect: Callable[..., Asker], tmp_path: Path) -> None:
    with Hostile(answering(ALLOWED), unix=tmp_path / "opa.sock") as server:
        client = connect(server.url)
        assert client.decide(*ASKED)
        assert client.decide(*ASKED)
    assert b"\r\nHost: localhost\r\n" in server.heads[0]
    assert server.connections == 1


def test_a_host_name_is_looked_up(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED)) as server:
        assert connect(f"http://localhost:{server.port}").decide(*ASKED)
    assert b"\r\nHost: localhost:%d\r\n" % server.port in server.heads[0]


def test_a_client_connects_over_tls(connect: Callable[..., Asker]) -> None:
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
def test_a_request_may_be_larger_than_the_sockets_buffers(
    connect: Callable[..., Asker], *, secure: bool
) -> None:
    with Hostile(answering(ALLOWED), tls=server_tls() if secure else None) as server:
        client = connect(server.url, tls=client_tls() if secure else None)
        assert client.decide(*ASKED, {"k": "x" * 20_000_000})
    assert len(server.questions[0]) > 20_000_000


def test_the_repr_of_a_client_has_its_url_and_not_its_token(connect: Callable[..., Asker]) -> None:
    client = connect("http://127.0.0.1:8181", token=BEARER)
    assert re.fullmatch(r"(Async)?Client\('http://127\.0\.0\.1:8181'\)", repr(client))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"url": "http://127.0.0.1:8181/v1"}, "is not a valid url"),
        ({"timeout": 0}, "`timeout` is `0`"),
        ({"timeout": -1}, "`timeout` is `-1`"),
        ({"timeout": float("nan")}, "`timeout` is `nan`"),
        ({"timeout": float("inf")}, "`timeout` is `inf`"),
        ({"token": "s3cret\r\n"}, "`token` must be"),
        ({"tls": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, "`tls` needs an `https` url"),
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)
def test_a_parameter_that_cannot_be_used_is_refused(
    kind: Callable[..., object], arguments: dict[str, object], text: str
) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        kind(**arguments)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_token_does_not_leave_this_machine_in_clear_text(
    kind: type[Client | AsyncClient],
) -> None:
    """Everyone on the way could read the token, and send requests as the application does."""
    with pytest.raises(ValueError, match="would carry the token in clear text") as caught:
        kind("http://opa.example:8181", token="s3cret")  # noqa: S106 - a test's own
    assert str(caught.value) == (
        "`http://opa.example:8181` would carry the token in clear text: use `https://`, or pass "
        "`plain_http=True` (`--plain-http`) where the network is trusted"
    )
    assert "s3cret" not in str(caught.value)
    kind("http://opa.example:8181", token="s3cret", plain_http=True)  # noqa: S106
    kind("http://opa.example:8181")
    kind("http://localhost:8181", token="s3cret")  # noqa: S106
    kind("https://opa.example", token="s3cret")  # noqa: S106


def test_a_closed_client_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(ALLOWED)) as server:
        client = connect(server.url)
        assert client.decide(*ASKED)
        client.close()
        client.close()
        with pytest.raises(RuntimeError, match="this client is closed"):
            client.decide(*ASKED)


def test_a_client_closes_its_connections() -> None:
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
AUTHZ = f"""package system.authz

default allow := false

allow if input.identity == "{BEARER}"
"""


class Opa:
    """A real OPA that listens on a unix socket, and over TLS on a TCP port."""

    def __init__(self, folder: Path) -> None:
        self.unix = f"unix://{folder}/opa.sock"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.tls = f"https://127.0.0.1:{self.port}"
        (folder / "decision.rego").write_text(REGO)
        (folder / "authz.rego").write_text(AUTHZ)
        self._command: list[str | Path] = [
            find_opa(),
            "run",
            "--server",
            "--skip-version-check",
            "--log-level=error",
            "--authentication=token",
            "--authorization=basic",
            f"--addr={self.unix}",
            f"--addr=127.0.0.1:{self.port}",
            f"--tls-cert-file={DATA / 'tls.crt'}",
            f"--tls-private-key-file={DATA / 'tls.key'}",
            folder / "decision.rego",
            folder / "authz.rego",
        ]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            with Client(self.unix, token=BEARER) as plain:
                plain.decide(*ASKED)
            with Client(self.tls, token=BEARER, tls=client_tls()) as secure:
                secure.decide(*ASKED)
        except TransportError:
            assert self._process.poll() is None
            return False
        return True

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(BOUND)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opa]:
    server = Opa(tmp_path_factory.mktemp("opa"))
    yield server
    server.stop()


def test_a_real_opa_decides(connect: Callable[..., Asker], real: Opa) -> None:
    for client in (
        connect(real.unix, token=BEARER),
        connect(real.tls, token=BEARER, tls=client_tls()),
        connect(real.tls.replace("127.0.0.1", "localhost"), token=BEARER, tls=client_tls()),
    ):
        for _ in range(3):
            assert client.decide(*ASKED).statements[0].index == 2
            assert ask(client, "ecs:DeleteInstance").reason == "no_statement_matches"
        requests = [Request(*ASKED), Request("p", "a:B", "*")] * 500
        assert [bool(one) for one in client.decide_all(requests)] == [True, False] * 500
        with pytest.raises(AnswerError, match=r"^`ram/simulate/decision` is undefined: "):
            client.simulate(*ASKED, policies={})


def test_a_real_opa_refuses_a_client_without_its_token(
    connect: Callable[..., Asker], real: Opa
) -> None:
    with pytest.raises(AnswerError, match=r"HTTP 401, `unauthorized`: .*: check the `token`$"):
        connect(real.unix).decide(*ASKED)


@pytest.mark.parametrize("options", [[], ["--authentication=token", "--authorization=basic"]])
def test_a_real_opa_that_waits_for_its_bundle_may_not_be_ready_yet(
    options: list[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        service = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        config = tmp_path / "config.json"
        config.write_text(
            json.dumps({"services": {"s": service}, "bundles": {"b": {"service": "s"}}})
        )
        command = [str(find_opa()), "run", "--server", "--skip-version-check", "--log-level=error"]
        url = f"unix://{tmp_path}/opa.sock"
        process = subprocess.Popen([*command, *options, f"--addr={url}", f"--config-file={config}"])
        try:
            with Client(url, token=BEARER) as client:
                eventually(lambda: answers(client))
                assert not client.healthy()
                for method in (lambda: client.decide(*ASKED), client.revision):
                    with pytest.raises(AnswerError, match="OPA is not ready yet, or runs without"):
                        method()
        finally:
            process.terminate()
            process.wait(BOUND)


def answers(client: Client) -> bool:
    try:
        client.healthy()
    except TransportError:
        return False
    return True


def test_a_client_outlives_its_opa(connect: Callable[..., Asker], real: Opa) -> None:
    client = connect(real.unix, token=BEARER)
    assert client.decide(*ASKED)
    real.stop()
    with pytest.raises(TransportError):
        client.decide(*ASKED)
    real.start()
    assert client.decide(*ASKED)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_max_body_is_at_least_one_byte(kind: type[Client | AsyncClient]) -> None:
    with pytest.raises(ValueError, match="`max_body` is `0`: it must be at least 1 byte"):
        kind(max_body=0)


def test_a_larger_request_is_refused_before_it_is_sent(connect: Callable[..., Asker]) -> None:
    """OPA answered 400 to it, or read it at the cost of a gigabyte."""
    with Hostile(answering(ALLOWED)) as server:
        client = connect(server.url, max_body=1000)
        for ask in (
            lambda: client.decide(*ASKED, {"k": "x" * 1000}),
            lambda: client.decide_all([Request(*ASKED)] * 20),
        ):
            with pytest.raises(InvalidRequest, match="OPA takes at most 1,000"):
                ask()
        assert client.decide(*ASKED)
        assert len(server.questions) == 1
