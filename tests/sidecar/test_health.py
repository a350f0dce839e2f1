from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from ramgate.sidecar import health
from ramgate.sidecar.address import Address
from ramgate.sidecar.health import is_healthy

if TYPE_CHECKING:
    import pytest

    from ramgate.sidecar.sidecar import Sidecar


def test_a_ready_opa_is_healthy(unguarded: Sidecar) -> None:
    assert is_healthy(Address.parse(unguarded.url.removeprefix("http://")))


def test_without_an_answer_an_address_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PROBE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Address("127.0.0.1", silent.getsockname()[1])
        assert not is_healthy(address)
    assert not is_healthy(address)
