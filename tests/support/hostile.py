"""A scripted server, and a common interface of both clients for tests that ask it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate.client.async_client import AsyncClient
from ramgate.client.client import Client
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from ramgate.model.decision import Context, Decision, Decisions, Policy, Request, Simulation
    from ramgate.model.explanation import Explanation
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Usage

BOUND = 10.0
"""Seconds after which a test stops waiting and fails."""

FOREVER = BOUND / 2
"""A timeout in seconds that no test may reach."""

DATA = Path(__file__).parents[1] / "data"
BEARER = "s3cret"

ASKED = (
    "acs:ram::1234567890123456:role/AliyunServiceRoleForAlikafka",
    "ecs:CreateNetworkInterface",
    "*",
)
ALLOW: dict[str, object] = {
    "allow": True,
    "effect": "Allow",
    "policy_type": "AccountLevelIdentityBasedPolicy",
    "reason": "statement_allows",
    "statements": [{"index": 2, "policy": "AliyunServiceRolePolicyForAlikafka"}],
}
DENY: dict[str, object] = {
    "allow": False,
    "effect": "ImplicitDeny",
    "policy_type": "AccountLevelIdentityBasedPolicy",
    "reason": "no_statement_matches",
    "statements": [],
}
MALFORMED: dict[str, object] = {
    "allow": False,
    "effect": "ImplicitDeny",
    "errors": ["action: is missing"],
    "policy_type": None,
    "reason": "malformed_request",
    "statements": [],
}


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return one HTTP response with its `Content-Length`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def result(value: object) -> bytes:
    """Return the response with which OPA answers a query of a rule of this value."""
    return response(json.dumps({"result": value}).encode(), "200 OK")


ALLOWED, DENIED = result(ALLOW), result(DENY)


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: Hostile, sock: socket.socket) -> None:
        self._server = server
        self._pending = b""
        self.socket = sock

    def question(self) -> bytes:
        """Read and record one request; return its body. Raises `ConnectionError` at the end."""
        while b"\r\n\r\n" not in self._pending:
            self._pending += self._receive()
        head, _, rest = self._pending.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: ([0-9]+)$", head, re.MULTILINE)
        assert length, head
        pieces, have = [rest], len(rest)
        while have < int(length[1]):
            pieces.append(self._receive())
            have += len(pieces[-1])
        body = b"".join(pieces)
        assert len(body) == int(length[1]), "a question came before the answer"
        self._pending = b""
        self._server.heads.append(head)
        self._server.questions.append(body)
        return body

    def receive_head(self) -> None:
        """Read one request without a body, and do not record it."""
        while b"\r\n\r\n" not in self._pending:
            self._pending += self._receive()
        self._pending = self._pending.partition(b"\r\n\r\n")[2]

    def _receive(self) -> bytes:
        data = self.socket.recv(1024 * 1024)
        if not data:
            raise ConnectionResetError
        return data

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def linger(self) -> None:
        """Send nothing until the client closes the connection."""
        with contextlib.suppress(ConnectionError):
            while self._receive():
                pass

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Hostile:
    """A server that runs one script for each connection, the last script for all others."""

    def __init__(
        self,
        *scripts: Callable[[Peer], None],
        unix: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._scripts = scripts
        self._tls = tls
        self._peers: list[Peer] = []
        self._threads = ThreadPoolExecutor(256)
        self._serving: list[Future[None]] = []
        self._stopping = False
        self.heads: list[bytes] = []
        self.questions: list[bytes] = []
        if unix is None:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
            self.port: int = self._listener.getsockname()[1]
            self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(unix))
            self._listener.listen(128)
            self.url = f"unix://{unix}"

    @property
    def connections(self) -> int:
        return len(self._peers)

    def __enter__(self) -> Self:
        self._accepting = self._threads.submit(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        family, address = self._listener.family, self._listener.getsockname()
        with socket.socket(family) as waker:
            waker.settimeout(BOUND)
            waker.connect(address)
        self._accepting.result(BOUND)
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer.socket.shutdown(socket.SHUT_RDWR)
        for serving in self._serving:
            serving.result(BOUND)
        self._threads.shutdown()

    def _accept(self) -> None:
        with self._listener:
            while True:
                sock, _ = self._listener.accept()
                if self._stopping:
                    sock.close()
                    return
                sock.settimeout(BOUND)
                peer = Peer(self, sock)
                script = self._scripts[min(self.connections, len(self._scripts) - 1)]
                self._peers.append(peer)
                self._serving.append(self._threads.submit(self._serve, peer, script))

    def _serve(self, peer: Peer, script: Callable[[Peer], None]) -> None:
        try:
            if self._tls:
                peer.socket = self._tls.wrap_socket(peer.socket, server_side=True)
            script(peer)
        except OSError:  # the client closed the connection, as some tests intend
            pass
        finally:
            peer.socket.close()


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """Return a script that answers each request in turn, and repeats the last answer."""

    def script(peer: Peer) -> None:
        for index in range(1_000_000):
            peer.question()
            peer.say(answers[min(index, len(answers) - 1)])

    return script


def echoed(question: bytes) -> bytes:
    """Return an allow by a policy named as the action, or the answer that `_echo` has for it."""
    body = json.loads(question)["input"]
    return result([_echo(one) for one in body["requests"]] if "requests" in body else _echo(body))


def _echo(request: Mapping[str, str]) -> Mapping[str, object]:
    action = request["action"]
    allow = ALLOW | {"statements": [{"policy": action, "index": 0}]}
    return {"a:Deny": DENY, "a:Malformed": MALFORMED}.get(action, allow)


def echo(peer: Peer) -> None:
    """Answer every request and every batch with `echoed`."""
    while True:
        peer.say(echoed(peer.question()))


def answered(peer: Peer, question: bytes) -> None:
    peer.say(echoed(question))
    echo(peer)


class Gate:
    """A script that answers once `open` is set; it sets `came` when a request has arrived."""

    def __init__(self, then: Callable[[Peer, bytes], None] = answered) -> None:
        self._then = then
        self.came = threading.Event()
        self.open = threading.Event()

    def __call__(self, peer: Peer) -> None:
        question = peer.question()
        self.came.set()
        assert self.open.wait(BOUND)
        self._then(peer, question)


def saying(data: bytes) -> Callable[[Peer], None]:
    """Return a script that answers one request with these bytes, and closes the connection."""

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(data)

    return script


async def wait_for(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, BOUND)


class Awaited:
    """An `AsyncClient` with the synchronous methods of a `Client`."""

    def __init__(self, client: AsyncClient) -> None:
        self._runner = asyncio.Runner()
        self._client = client

    def decide(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        asked = self._client.decide(principal, action, resource, context, session_policies)
        return self._runner.run(asked)

    def require(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        asked = self._client.require(principal, action, resource, context, session_policies)
        return self._runner.run(asked)

    def decide_all(self, requests: Sequence[Request]) -> Decisions:
        return self._runner.run(self._client.decide_all(requests))

    def simulate(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Decision:
        asked = self._client.simulate(principal, action, resource, context, policies=policies)
        return self._runner.run(asked)

    def simulate_all(self, simulations: Sequence[Simulation]) -> Decisions:
        return self._runner.run(self._client.simulate_all(simulations))

    def explain(
        self, principal: str, action: str, resource: str, context: Context = NO_CONTEXT
    ) -> Explanation:
        return self._runner.run(self._client.explain(principal, action, resource, context))

    def explain_simulation(
        self, principal: str, action: str, resource: str, *, policies: Mapping[str, Policy]
    ) -> Explanation:
        asked = self._client.explain_simulation(principal, action, resource, policies=policies)
        return self._runner.run(asked)

    def creation(
        self, principal: str, service_name: str, context: Context = NO_CONTEXT
    ) -> Creation:
        return self._runner.run(self._client.creation(principal, service_name, context))

    def feature(self, principal: str, feature: str, context: Context = NO_CONTEXT) -> Feature:
        return self._runner.run(self._client.feature(principal, feature, context))

    def require_feature(
        self, principal: str, feature: str, context: Context = NO_CONTEXT
    ) -> Feature:
        return self._runner.run(self._client.require_feature(principal, feature, context))

    def deletion(
        self,
        principal: str,
        role: str,
        usages: Sequence[Usage] = (),
        context: Context = NO_CONTEXT,
    ) -> Deletion:
        return self._runner.run(self._client.deletion(principal, role, usages, context))

    def close(self) -> None:
        self._runner.run(self._client.close())

    def __repr__(self) -> str:
        return repr(self._client)

    def end(self) -> None:
        """Close the client and its event loop."""
        self.close()
        self._runner.close()


Asker = Client | Awaited


@pytest.fixture(params=["sync", "async", "batches"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Asker]]:
    """Return a function that creates a client of this kind; the client is closed after the test."""
    batches = 1 if request.param == "batches" else None
    clients: list[Asker] = []

    def make(
        url: str,
        *,
        timeout: float = FOREVER,
        token: str | None = None,
        max_body: int = 30_000_000,
        tls: ssl.SSLContext | None = None,
    ) -> Asker:
        client: Asker
        if request.param == "sync":
            client = Client(url, timeout=timeout, token=token, tls=tls, max_body=max_body)
        else:
            asking = AsyncClient(
                url, timeout=timeout, token=token, tls=tls, batches=batches, max_body=max_body
            )
            client = Awaited(asking)
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


def ask(client: Asker, action: str) -> Decision:
    principal, _, resource = ASKED
    return client.decide(principal, action, resource)
