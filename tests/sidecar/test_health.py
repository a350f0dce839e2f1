from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from hostile import Hostile, response, saying
from ramgate.sidecar import health
from ramgate.sidecar.address import Address
from ramgate.sidecar.health import active_revision, is_healthy
from sidecars import TOKEN

if TYPE_CHECKING:
    from ramgate.sidecar.sidecar import Sidecar


def test_a_ready_opa_is_healthy(unguarded: Sidecar) -> None:
    assert is_healthy(Address.parse(unguarded.url.removeprefix("http://")))


def test_opa_tells_the_revision_that_it_decides_by(unguarded: Sidecar, guarded: Sidecar) -> None:
    assert active_revision(Address.parse(unguarded.url.removeprefix("http://"))) == "tiny-1"
    address = Address.parse(guarded.url.removeprefix("http://"))
    assert active_revision(address, TOKEN) == "tiny-1"
    assert active_revision(address) is None


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "1", "{", '{"result": 1}', '{"result": null}', '{"result": ["x"]}']
)
def test_any_other_answer_has_no_revision(body: str) -> None:
    with Hostile(saying(response(body.encode()))) as server:
        assert active_revision(Address.parse(server.url.removeprefix("http://"))) is None


def test_without_an_answer_an_address_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PROBE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Address("127.0.0.1", silent.getsockname()[1])
        assert not is_healthy(address)
    assert not is_healthy(address)
