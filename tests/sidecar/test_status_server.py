from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from hostile import Hostile
from processes import BOUND
from ramgate.errors import AnswerError, SidecarError, TransportError
from ramgate.sidecar.address import Address
from ramgate.sidecar.state import State
from ramgate.sidecar.status import status_beside, status_of
from ramgate.sidecar.status_server import StatusServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STATE = State("wanted", "active", 42.0, 3)


def ended() -> State:
    raise SidecarError("OPA ended unexpectedly: it printed no error")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., StatusServer]]:
    servers: list[StatusServer] = []

    def start(
        address: str = f"unix://{tmp_path}/s.status", state: Callable[[], State] = lambda: STATE
    ) -> StatusServer:
        servers.append(StatusServer(Address.parse(address), state))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def get(address: Address, target: str, method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = address.connect(BOUND)
    try:
        connection.request(method, target)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", None])
def test_the_state_is_told_as_json_and_to_prometheus(
    serve: Callable[..., StatusServer], address: str | None
) -> None:
    server = serve(address) if address else serve()
    status, media_type, body = get(server.address, "/status")
    assert (status, media_type) == (200, "application/json")
    assert json.loads(body)["wanted"] == "wanted"
    status, media_type, body = get(server.address, "/metrics")
    assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert body == STATE.to_metrics().decode()
    assert status_of(str(server.address)) == STATE


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [("GET", "/", 404), ("GET", "/status?x", 404), ("HEAD", "/status", 400), ("PUT", "/x", 400)],
)
def test_nothing_else_is_told(
    serve: Callable[..., StatusServer], method: str, target: str, status: int
) -> None:
    assert get(serve().address, target, method)[0] == status


def test_a_sidecar_that_has_ended_is_told_with_its_error(
    serve: Callable[..., StatusServer],
) -> None:
    address = str(serve(state=ended).address)
    with pytest.raises(AnswerError) as raised:
        status_of(address)
    assert str(raised.value) == f"`{address}`: OPA ended unexpectedly: it printed no error"


def test_the_socket_is_its_owners_alone_and_gone_at_the_end(
    serve: Callable[..., StatusServer], tmp_path: Path
) -> None:
    path = tmp_path / "s.status"
    with socket.socket(socket.AF_UNIX) as leftover:
        leftover.bind(str(path))
    mask = os.umask(0)
    try:
        server = serve()
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SidecarError, match=r"another process is listening there$"):
        serve()
    server.close()
    assert not path.exists()


def test_a_full_disk_is_an_error_and_leaves_nothing(
    serve: Callable[..., StatusServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.chmod", full)
    with pytest.raises(SidecarError) as raised:
        serve()
    monkeypatch.undo()
    assert str(raised.value) == (
        f"cannot listen on `unix://{tmp_path}/s.status`: No space left on device"
    )
    assert list(tmp_path.iterdir()) == []


def test_where_no_server_answers_is_a_transport_error(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match=r"No such file or directory$"):
        status_of(f"unix://{tmp_path}/none")
    with pytest.raises(ValueError, match="is not an address"):
        status_of("nowhere")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    with pytest.raises(TransportError, match=r"Connection refused$"):
        status_of(f"127.0.0.1:{port}")


def test_another_server_is_not_a_sidecar() -> None:
    with Hostile(lambda peer: peer.say(b"220 mail\r\n\r\n")) as server:
        address = server.url.removeprefix("http://")
        with pytest.raises(AnswerError, match=r"is not the status server of a sidecar$"):
            status_of(address)


def test_the_address_beside_a_unix_socket_has_its_name() -> None:
    assert status_beside("unix:///run/opa.sock") == "unix:///run/opa.sock.status"
    assert status_beside("https://opa.example") is None
