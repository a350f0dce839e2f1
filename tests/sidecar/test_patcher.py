"""Patches of a running OPA: who may send them, and the answers meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from processes import BOUND, eventually
from ramgate import Sidecar
from ramgate.bundle.builder import Builder
from ramgate.sidecar import patcher as patchers
from ramgate.sidecar.address import Address
from ramgate.sidecar.certificate import Certificate
from ramgate.sidecar.patcher import Patcher
from ramgate.sidecar.settings import Settings
from sidecars import TOKEN, ask, recorded
from tiny_bundle import tiny_bundle, tiny_change

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle

DATA = Path(__file__).parent.parent / "data"
CERT, KEY = DATA / "tls.crt", DATA / "tls.key"
ACCOUNT = "1234567890123456"
ALICE = f"acs:ram::{ACCOUNT}:user/alice"
DENY = {
    "Effect": "Deny",
    "Action": "ecs:*",
    "Resource": "*",
    "Condition": {"NumericLessThan": {"ecs:n": "5"}},
}
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
CHANGES = 20


class Accounts:
    """An accounts file, and the bundles of its revisions."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "accounts.json"
        self._builder = Builder()

    def bundle(self, number: int) -> Bundle:
        """Return a bundle in which the user with this number exists, and Alice's Deny holds."""
        policies = {"mixed": {"Version": "1", "Statement": [DENY, ALLOW]}}
        users = {"alice": {"policies": ["mixed"]}, f"user-{number}": {}}
        account = {"policies": policies, "users": users}
        self._file.write_text(json.dumps({"accounts": {ACCOUNT: account}}))
        return self._builder.build(self._file)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bool | None]:
    """The outcomes of the patches that are sent."""
    found: list[bool | None] = []
    send = Patcher.send

    def noted(self: Patcher, body: bytes) -> bool | None:
        found.append(send(self, body))
        return found[-1]

    monkeypatch.setattr(Patcher, "send", noted)
    return found


@pytest.mark.ramgate_unknown
@pytest.mark.parametrize("options", [{}, {"token": TOKEN}, {"tls": (CERT, KEY)}])
def test_an_opa_that_checks_authorization_is_patched(
    options: dict[str, Any], tmp_path: Path, sent: list[bool | None]
) -> None:
    accounts = Accounts(tmp_path)
    with Sidecar(bundle=accounts.bundle(0), addresses=["127.0.0.1:0"], **options) as sidecar:
        for number in range(1, 4):
            sidecar.publish(accounts.bundle(number))
            assert sidecar.state().settled
            if "tls" in options:
                continue
            with sidecar.client() as client:
                user = f"acs:ram::{ACCOUNT}:user/user-{number}"
                assert client.decide(user, "a:b", "*").reason == "no_statement_matches"
                gone = f"acs:ram::{ACCOUNT}:user/user-{number - 1}"
                assert client.decide(gone, "a:b", "*").reason == "unknown_principal"
    assert sent == [True] * 3


def test_a_unix_socket_with_a_token_is_patched(tmp_path: Path, sent: list[bool | None]) -> None:
    accounts = Accounts(tmp_path)
    with Sidecar(bundle=accounts.bundle(0), token=TOKEN) as sidecar:
        sidecar.publish(accounts.bundle(1))
    assert sent == [True]


def test_an_opa_that_checks_no_authorization_is_not_patched(
    tmp_path: Path, sent: list[bool | None]
) -> None:
    accounts = Accounts(tmp_path)
    with Sidecar(bundle=accounts.bundle(0)) as sidecar:
        sidecar.publish(accounts.bundle(1))
        assert sidecar.state().settled
    assert sent == []


def test_a_patch_that_is_too_large_for_opa_is_not_sent(
    tmp_path: Path, sent: list[bool | None]
) -> None:
    accounts = Accounts(tmp_path)
    with Sidecar(bundle=accounts.bundle(0), addresses=["127.0.0.1:0"], max_body=100) as sidecar:
        sidecar.publish(accounts.bundle(1))
        assert sidecar.state().settled
    assert sent == []


def test_an_opa_that_refuses_a_patch_gets_the_bundle(sent: list[bool | None]) -> None:
    with Sidecar(bundle=tiny_bundle("first"), addresses=["127.0.0.1:0"]) as sidecar:
        sidecar.publish(tiny_change("first", "second"))  # tiny bundles are not patchable
        assert sidecar.state().settled
        assert sidecar.revision == "second"
    assert sent == [False]


def test_an_opa_that_is_killed_comes_back_with_the_patched_revision(
    tmp_path: Path, sent: list[bool | None]
) -> None:
    accounts = Accounts(tmp_path)
    opa, pid = recorded(tmp_path)
    with Sidecar(bundle=accounts.bundle(0), addresses=["127.0.0.1:0"], opa=opa) as sidecar:
        sidecar.publish(accounts.bundle(1))
        assert sent == [True]
        os.kill(int(pid.read_text()), signal.SIGKILL)
        eventually(lambda: sidecar.state().restarts == 1 and sidecar.state().settled)
        sidecar.publish(accounts.bundle(2))
        assert sidecar.state().settled


def test_no_answer_is_wrong_while_patches_arrive(tmp_path: Path, sent: list[bool | None]) -> None:
    accounts, reasons = Accounts(tmp_path), set[str]()
    over = threading.Event()
    with Sidecar(bundle=accounts.bundle(0), addresses=["127.0.0.1:0"]) as sidecar:

        def ask_on() -> None:
            with sidecar.client() as client:
                while not over.is_set():
                    decision = client.decide(ALICE, "ecs:Run", "*", context={"ecs:n": 1})
                    reasons.add(decision.reason)

        askers = [threading.Thread(target=ask_on) for _ in range(3)]
        for asker in askers:
            asker.start()
        for number in range(1, CHANGES):
            sidecar.publish(accounts.bundle(number))
        over.set()
        for asker in askers:
            asker.join(BOUND)
    assert reasons == {"statement_denies"}
    assert sent == [True] * (CHANGES - 1)


@pytest.mark.parametrize("headers", [{}, {"token": "wrong"}, {"token": TOKEN}])
def test_nobody_else_can_patch(headers: dict[str, Any], tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    bundle = accounts.bundle(0)
    roots = "/system/bundles/ramgate/manifest/roots"
    steal = [{"op": "replace", "path": roots, "value": ["ram"]}]
    with Sidecar(bundle=bundle, addresses=["127.0.0.1:0"], token=TOKEN) as sidecar:
        for target in ("/v1/data", "/v1/data/system/bundles"):
            reply = ask(sidecar.url, "PATCH", target, steal, **headers)
            assert reply.status == 401
        reply = ask(sidecar.url, "PUT", "/v1/data/store/x", {}, **headers)
        assert reply.status == 401


def answering(reply: bytes | None) -> tuple[Address, threading.Thread]:
    """Return the address of a program that reads a request, answers so, and ends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            if reply is not None:
                connection.sendall(reply)

    thread = threading.Thread(target=serve)
    thread.start()
    return Address("127.0.0.1", listener.getsockname()[1]), thread


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"nonsense\r\n", None),
        (None, None),
    ],
)
def test_the_outcome_of_a_patch(reply: bytes | None, outcome: bool | None) -> None:  # noqa: FBT001
    address, thread = answering(reply)
    assert Patcher(address, Settings(), "t").send(b"[]") is outcome
    thread.join(BOUND)


def test_an_opa_that_cannot_be_reached_has_no_patch() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
    assert Patcher(address, Settings(), "t").send(b"[]") is False


def test_a_program_with_another_certificate_gets_no_token() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(DATA / "expired.crt", DATA / "expired.key")
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        with listener, listener.accept()[0] as connection, contextlib.suppress(OSError):
            connection.settimeout(BOUND)
            heard.append(context.wrap_socket(connection, server_side=True).recv(65536))

    thread = threading.Thread(target=serve)
    thread.start()
    address = Address("127.0.0.1", listener.getsockname()[1], secure=True)
    settings = Settings(certificate=Certificate(CERT, KEY))
    assert Patcher(address, settings, "t").send(b"[]") is False
    thread.join(BOUND)
    assert b"".join(heard) == b""


def test_an_opa_that_does_not_answer_may_have_the_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchers, "_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
        assert Patcher(address, Settings(), "t").send(b"[]") is None
