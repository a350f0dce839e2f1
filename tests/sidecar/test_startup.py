"""OPA is attacked from before it listens until after its bundle is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from hammer import EVERYTHING, NOT_AUTHORIZED, NOT_WRITTEN, WRITES, Hammer
from processes import eventually
from ramgate.sidecar.sidecar import Sidecar
from sidecars import DECISION_PATH, TOKEN, ask, recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from pathlib import Path

DENY = json.dumps({"allow": False, "effect": "ImplicitDeny"})
STARTS = 2
RULES = 2_000
ENOUGH = 100


def unused_port() -> int:
    """Return a port that no outgoing connection takes: a hammer could connect to itself there."""
    for port in range(21000, 32000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@pytest.mark.parametrize("mode", ["loopback", "token", "unix", "unix beside loopback"])
def test_nothing_is_written_and_nothing_but_decisions_is_answered_at_any_moment(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OPA listened before the bundle owned its roots, and took a policy that allowed everything."""
    monkeypatch.chdir(tmp_path)
    tcp, unix = f"127.0.0.1:{unused_port()}", "unix://opa.sock"
    addresses = {"unix": [unix], "unix beside loopback": [tcp, unix]}.get(mode, [tcp])
    token = TOKEN if mode == "token" else None
    attacks, refused = (WRITES, NOT_WRITTEN) if mode == "unix" else (EVERYTHING, NOT_AUTHORIZED)
    # Without --ready-timeout OPA would listen while it compiles these.
    bundle = tiny_bundle("one", DENY, other_rules=RULES)
    opa, pid = recorded(tmp_path)
    sidecar = Sidecar(bundle=bundle, addresses=addresses, token=token, opa=opa)

    def is_attacked_in_vain() -> None:
        before = [hammer.answers for hammer in hammers]
        eventually(
            lambda: all(
                hammer.answers > count + ENOUGH
                for hammer, count in zip(hammers, before, strict=True)
            )
        )
        for url in sidecar.urls:
            reply = ask(url, target=DECISION_PATH, body={}, token=token)
            assert reply.result == json.loads(DENY)
        if mode == "unix":
            policies = ask(sidecar.url, "GET", "/v1/policies").result
            assert isinstance(policies, list)
            assert all(policy["id"].startswith("ramgate/") for policy in policies)

    with contextlib.ExitStack() as stack:
        hammers = [
            stack.enter_context(Hammer(address, attacks, refused, token or ""))
            for address in addresses
        ]
        for _ in range(STARTS):
            with sidecar:
                is_attacked_in_vain()
                sidecar.publish(tiny_bundle("two", DENY, other_rules=RULES))
                is_attacked_in_vain()
                os.kill(int(pid.read_text()), signal.SIGKILL)
                eventually(lambda: sidecar.state().restarts == 1)
                eventually(lambda: sidecar.state().active == "two")
                is_attacked_in_vain()
    for hammer in hammers:
        assert hammer.accepted == []
        assert hammer.unreachable
