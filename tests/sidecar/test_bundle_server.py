from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from processes import BOUND, eventually
from ramgate.sidecar.bundle_server import UNBUILT, BundleServer, Patch
from ramgate.sidecar.long_poll import RESOURCE
from tiny_bundle import tiny_bundle, tiny_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ramgate.bundle.builder import Bundle

MEDIA_TYPE = "application/vnd.openpolicyagent.bundles"
FIRST = tiny_bundle("first")
SECOND = tiny_bundle("second")
PATCHED = tiny_change("first", "patched")


@pytest.fixture
def server() -> Iterator[BundleServer]:
    with BundleServer(FIRST) as server:
        yield server


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.etag = response.headers["ETag"]
        self.media_type = response.headers["Content-Type"]
        self.content = response.read()


def ask(
    server: BundleServer,
    *,
    has: str | None = None,
    wait: int | None = None,
    path: str = RESOURCE,
    authorization: str | None = None,
) -> Answer:
    """Send a request as OPA's `v1/download/download.go` does."""
    headers = {
        "Authorization": authorization or f"Bearer {server.token}",
        "Prefer": "modes=snapshot,delta" + ("" if wait is None else f";wait={wait}"),
        "If-None-Match": has or "",
    }
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=BOUND)
    try:
        connection.request("GET", path, headers=headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Waiter(threading.Thread):
    """Send a request whose response the server delays."""

    def __init__(self, server: BundleServer, has: str) -> None:
        super().__init__()
        self.answer: Answer | None = None
        self._server = server
        self._has = has
        self.start()
        eventually(server.heard.is_set)

    def run(self) -> None:
        self.answer = ask(self._server, has=self._has, wait=60)


def test_the_server_listens_on_loopback_only(server: BundleServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_an_opa_without_a_bundle_receives_it(server: BundleServer) -> None:
    answer = ask(server, wait=60)
    assert answer.status == 200
    assert answer.etag == '"first"'
    assert answer.content == FIRST.content


def test_the_media_type_announces_long_polling(server: BundleServer) -> None:
    assert ask(server).media_type == MEDIA_TYPE


@pytest.mark.parametrize("has", ['"first"', '"first", "zeroth"'])
def test_an_opa_with_the_bundle_receives_304(server: BundleServer, has: str) -> None:
    answer = ask(server, has=has)
    assert (answer.status, answer.etag, answer.content) == (304, '"first"', b"")


def test_an_opa_with_another_bundle_receives_this_one(server: BundleServer) -> None:
    assert ask(server, has='"zeroth"', wait=60).status == 200


def test_a_wait_without_a_new_bundle_ends_with_304(server: BundleServer) -> None:
    started = time.monotonic()
    answer = ask(server, has='"first"', wait=1)
    assert answer.status == 304
    assert time.monotonic() - started >= 1


def test_a_waiting_request_receives_the_next_bundle_at_once(server: BundleServer) -> None:
    waiter = Waiter(server, '"first"')
    server.publish(SECOND)
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert waiter.answer.etag == '"second"'
    assert waiter.answer.content == SECOND.content
    assert server.bundle is SECOND


def test_publishing_the_same_bundle_again_ends_no_wait(server: BundleServer) -> None:
    waiter = Waiter(server, '"first"')
    server.publish(FIRST)
    server.publish(SECOND)
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert waiter.answer.status == 200


@pytest.mark.parametrize(
    "authorization", ["Bearer wrong", "Bearer ", "Basic Og==", "bearer {}", "{}", "Bearer {}x", "é"]
)
def test_without_the_token_nothing_is_served(server: BundleServer, authorization: str) -> None:
    answer = ask(server, authorization=authorization.format(server.token))
    assert (answer.status, answer.content) == (401, b"")


def test_each_server_has_a_token_of_its_own(server: BundleServer) -> None:
    with BundleServer(FIRST) as other:
        assert ask(other, authorization=f"Bearer {server.token}").status == 401


@pytest.mark.parametrize("path", ["/", "/bundle.tar.gz/", "/bundle.tar.gz?x", "/bundle"])
def test_only_one_path_is_served(server: BundleServer, path: str) -> None:
    answer = ask(server, path=path)
    assert (answer.status, answer.content) == (404, b"")


def test_a_bundle_is_delivered_once_it_was_sent(server: BundleServer) -> None:
    ask(server, authorization="Bearer wrong")
    assert not server.delivered
    ask(server)
    assert server.delivered
    server.publish(SECOND)
    assert not server.delivered


def test_the_next_request_hints_that_a_bundle_was_refused(server: BundleServer) -> None:
    ask(server, has='"zeroth"')
    assert not server.refused
    ask(server, has='"zeroth"')
    assert server.refused


@pytest.mark.parametrize("another", [BundleServer.forget, lambda server: server.publish(SECOND)])
def test_a_refusal_does_not_carry_over_to_another_bundle_or_opa(
    server: BundleServer, another: Callable[[BundleServer], None]
) -> None:
    ask(server)
    ask(server)
    assert server.refused
    another(server)
    assert not server.refused
    ask(server)
    assert not server.refused


def test_a_refused_bundle_is_sent_again_on_its_connection_after_a_pause(
    server: BundleServer,
) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=BOUND)
    headers = {"Authorization": f"Bearer {server.token}", "Prefer": "wait=60"}
    arrived = []
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("GET", RESOURCE, headers=headers)
            assert Answer(connection.getresponse()).content == FIRST.content
            arrived.append(time.monotonic())
        assert arrived[2] - arrived[1] >= 1
        assert ask(server, wait=60).status == 200  # another connection does not wait
        connection.request("GET", RESOURCE, headers=headers)
        server.publish(SECOND)  # and no pause delays another bundle
        assert Answer(connection.getresponse()).content == SECOND.content


@pytest.fixture
def patchable() -> Iterator[BundleServer]:
    with BundleServer(FIRST, is_patchable=True) as server:
        yield server


def patch_of(server: BundleServer, bundle: Bundle = PATCHED) -> Patch:
    patch = server.patch(bundle)
    assert patch is not None
    return patch


def waiting(server: BundleServer, has: str) -> Waiter:
    """Return an OPA that waits, once the server knows it."""
    server.heard.clear()
    waiter = Waiter(server, has)
    eventually(lambda: server.patch(tiny_change("first", "patched")) is not None)
    return waiter


def test_an_opa_that_waits_is_patched_and_waits_on(patchable: BundleServer) -> None:
    waiter = waiting(patchable, '"first"')
    patch = patch_of(patchable)
    assert {one["path"] for one in json.loads(patch.body)} > {"/store/secrets/one"}
    patchable.patched(patch, is_applied=True)
    assert patchable.bundle is PATCHED
    assert patchable.delivered
    assert not patchable.refused
    assert ask(patchable, has='"first"').status == 304
    patchable.publish(SECOND)
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert (waiter.answer.status, waiter.answer.content) == (200, SECOND.content)
    # a name that no bundle has had before
    assert waiter.answer.etag == '"second/2"'
    assert ask(patchable, has='"second/2"').status == 304
    assert ask(patchable, has='"first"').status == 200


def test_a_patched_opa_can_be_patched_again(patchable: BundleServer) -> None:
    waiter = waiting(patchable, '"first"')
    patchable.patched(patch_of(patchable), is_applied=True)
    third = tiny_change("patched", "third")
    patchable.patched(patch_of(patchable, third), is_applied=True)
    assert patchable.bundle is third
    patchable.close()
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert waiter.answer.status == 304


def test_an_opa_that_refused_a_patch_receives_the_bundle(patchable: BundleServer) -> None:
    waiter = waiting(patchable, '"first"')
    patchable.patched(patch_of(patchable), is_applied=False)
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert (waiter.answer.etag, waiter.answer.content) == ('"patched"', PATCHED.content)


@pytest.mark.parametrize("ended", [None, True])
def test_an_opa_that_may_be_patched_receives_each_bundle(
    patchable: BundleServer,
    ended: bool | None,  # noqa: FBT001
) -> None:
    waiter = waiting(patchable, '"first"')
    patch = patch_of(patchable)
    if ended:
        patchable.forget()  # it was another OPA that took the patch
    patchable.patched(patch, is_applied=ended)
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert (waiter.answer.etag, waiter.answer.content) == ('"patched/1"', PATCHED.content)
    patchable.publish(FIRST)
    # its first name says nothing any more
    assert ask(patchable, has='"first"').etag == '"first/2"'
    assert ask(patchable, has='"first/2"').status == 304


def test_an_opa_that_started_after_a_patch_is_not_taken_for_the_patched_one(
    patchable: BundleServer,
) -> None:
    waiter = waiting(patchable, '"first"')
    patchable.patched(patch_of(patchable), is_applied=True)
    patchable.forget()
    assert ask(patchable, has='"first"').content == PATCHED.content
    patchable.close()
    waiter.join(BOUND)


def test_an_opa_that_does_not_wait_is_not_patched(patchable: BundleServer) -> None:
    assert patchable.patch(PATCHED) is None
    waiter = waiting(patchable, '"first"')
    assert patchable.patch(SECOND) is None  # it is not known how
    patchable.forget()  # that OPA has ended
    assert patchable.patch(PATCHED) is None
    other = waiting(patchable, '"first"')
    third = Waiter(patchable, '"first/0"')
    eventually(lambda: patchable.patch(PATCHED) is None)  # which of the two is it?
    patchable.close()
    for one in (waiter, other, third):
        one.join(BOUND)


def test_a_server_without_patches_has_none(server: BundleServer) -> None:
    waiter = Waiter(server, '"first"')
    assert server.patch(PATCHED) is None
    server.publish(PATCHED)
    waiter.join(BOUND)
    assert waiter.answer is not None
    assert waiter.answer.content == PATCHED.content


def test_closing_the_server_ends_a_waiting_request_at_once() -> None:
    server = BundleServer(FIRST)
    waiter = Waiter(server, '"first"')
    started = time.monotonic()
    server.close()
    waiter.join(BOUND)
    assert time.monotonic() - started < 5
    assert waiter.answer is not None
    assert waiter.answer.status == 304


def test_a_closed_server_accepts_no_connection() -> None:
    server = BundleServer(FIRST)
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server)


def test_a_client_that_disconnects_does_not_disturb_the_server(
    server: BundleServer, capfd: pytest.CaptureFixture[str]
) -> None:
    address = ("127.0.0.1", urlsplit(server.url).port)
    with socket.create_connection(address, BOUND) as asker:
        # Linger 0: the kernel answers everything that the server still sends with a reset.
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        asker.sendall(b"GET /bundle.tar.gz HTTP/1.1\r\nHost:")
    assert ask(server).status == 200
    assert capfd.readouterr().err == ""


def test_a_request_waits_for_the_first_bundle() -> None:
    with BundleServer(UNBUILT) as server:
        waiter = Waiter(server, "")
        assert not server.delivered
        assert waiter.answer is None
        server.publish(FIRST)
        waiter.join(BOUND)
        assert waiter.answer is not None
        assert (waiter.answer.status, waiter.answer.content) == (200, FIRST.content)
        assert server.delivered


def test_without_a_bundle_a_request_that_does_not_wait_is_refused() -> None:
    with BundleServer(UNBUILT) as server:
        for has in ("", '""', '"first"'):
            answer = ask(server, has=has)
            assert (answer.status, answer.content) == (503, b"")
