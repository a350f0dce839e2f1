from __future__ import annotations

import contextlib

from processes import eventually
from ramgate.sidecar.address import Address
from ramgate.sidecar.process import Process
from ramgate.sidecar.runtime import Runtime
from ramgate.sidecar.settings import Settings
from tiny_bundle import tiny_bundle


def test_a_process_is_a_runtime_which_becomes_ready() -> None:
    runtime: Runtime = Process(Settings((Address.parse("127.0.0.1:0"),)), tiny_bundle())
    with contextlib.ExitStack() as stack:
        stack.callback(runtime.stop)
        members = {name for name in vars(Runtime) if not name.startswith("_")}
        assert members <= set(dir(runtime))
        assert "ready" in members
        eventually(runtime.ready)
        assert runtime.supervised.running()
        assert not runtime.refused
        [address] = runtime.addresses
        assert address.port > 0
    assert not runtime.ready()
    assert not runtime.supervised.running()
