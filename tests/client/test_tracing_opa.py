"""A real OPA answers requests with trace headers, and with distributed tracing logs the trace."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, use_span

import servers
from processes import eventually
from ramgate import Client, Sidecar
from ramgate.bundle.builder import Builder
from ramgate.opa.find import find_opa
from stock_opa import BOUND

if TYPE_CHECKING:
    from pathlib import Path

ROOT = ("acs:ram::1234567890123456:root", "alikafka:ListInstance", "*")
SPAN = NonRecordingSpan(
    SpanContext(
        0x4BF92F3577B34DA6A3CE929D0E0E4736,
        0x00F067AA0BA902B7,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
        trace_state=TraceState([("rojo", "x" * 250), ("congo", "y" * 250)]),
    )
)


@pytest.mark.parametrize("addresses", [None, ["127.0.0.1:0"]], ids=["unix", "TCP"])
def test_opa_answers_requests_with_trace_headers(addresses: list[str] | None) -> None:
    with (
        Sidecar(addresses=addresses) as sidecar,
        Client(sidecar.url, timeout=BOUND, tracing=True) as client,
        use_span(SPAN),
    ):
        assert [client.decide(*ROOT).reason for _ in range(3)] == ["account_owner"] * 3
        assert client.revision() == sidecar.revision


def test_with_distributed_tracing_opa_logs_the_trace_of_a_decision(tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_bytes(Builder().build(None).content)
    socket, log = tmp_path / "opa.sock", tmp_path / "log"
    command = [
        *(str(find_opa()), "run", "--server", f"--addr=unix://{socket}", "--ready-timeout=30"),
        *("--skip-version-check", "--log-level=error", "--log-format=json"),
        "--set=decision_logs.console=true",
        "--set=distributed_tracing.type=http",
        f"--set=distributed_tracing.address=127.0.0.1:{servers.free_port()}",  # nobody takes spans
        *("--bundle", str(tmp_path / "bundle.tar.gz")),
    ]

    def logged() -> list[dict[str, str]]:
        whole = log.read_bytes().rpartition(b"\n")[0]
        entries = [json.loads(line) for line in whole.splitlines()]
        return [one for one in entries if one.get("type") == "openpolicyagent.org/decision_logs"]

    with log.open("wb") as output:
        process = subprocess.Popen(command, stderr=output, env={"HOME": str(tmp_path)})
        try:
            eventually(lambda: servers.is_listening(socket) or process.poll() is not None, BOUND)
            with Client(f"unix://{socket}", timeout=BOUND, tracing=True) as client, use_span(SPAN):
                assert client.decide(*ROOT)
            eventually(lambda: bool(logged()), BOUND)
        finally:
            process.terminate()
            process.wait(BOUND)
    [entry] = logged()
    assert entry["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
