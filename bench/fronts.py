"""Measure AuthZEN over the native decision: the rules in OPA, nginx, and `ramgate authzen`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.clients import Raw, on_the_load_core
from bench.report import Figure, Section, Table
from bench.run import RAMGATE
from bench.server import DECISION, SHIPPED, Opa, WrongAnswerError, pin
from ramgate.bundle import builder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.run import Run

__all__ = ["measure"]

_ROOT: Final = Path(__file__).parents[1]
_SCENARIO: Final = _ROOT / "tests/cases/authzen"
_NATIVE, _RULE = "the native decision, unix socket", "`authzen/evaluation`, unix socket"
_NGINX: Final = "nginx before OPA's unix socket, TCP"
_WEB: Final = "`ramgate authzen` before OPA's unix socket, TCP"
_KEYS: Final = {_RULE: "authzen", _NGINX: "authzen_nginx", _WEB: "authzen_web"}
_EVALUATION: Final = "/access/v1/evaluation"
_TURNS: Final = 4
_CALLS: Final = 250
_SECONDS: Final = 20.0
_ASKED: Final = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "read"},
    "resource": {"type": "record", "id": "record-1", "properties": {"status": "active"}},
}
_SAME: Final = {
    "principal": "acs:ram::1000000000000001:user/alice",
    "action": "record:read",
    "resource": "acs:record::1000000000000001:record-1",
    "context": {"record:status": "active"},
}


def measure(run: Run) -> Section:
    """Ask the same question in each way, one request at a time, all in turns."""
    content = builder.build(_SCENARIO / "accounts.yaml", _SCENARIO / "authzen.yaml").content
    native, evaluation = (_json({"input": one}) for one in (_SAME, _ASKED))
    with contextlib.ExitStack() as stack:
        opa = stack.enter_context(Opa(content, run.folder))
        ways = {
            _NATIVE: Raw(_unix(stack, opa.socket), DECISION, native, b'"allow":true'),
            _RULE: Raw(
                _unix(stack, opa.socket),
                "/v1/data/authzen/evaluation/answer",
                evaluation,
                b'"decision":true',
            ),
        }
        ports = {_WEB: stack.enter_context(_ramgate(opa.socket))}
        if nginx := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
            ports = {_NGINX: stack.enter_context(_nginx(nginx, run.folder, opa.socket)), **ports}
        for name, port in ports.items():
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ways[name] = Raw(connection, _EVALUATION, _json(_ASKED), b'"decision":true')
        stack.enter_context(on_the_load_core())
        run.log(f"authzen, {run.rounds} rounds")
        times = _in_turns(ways, run.rounds)
    return _section(times)


def _in_turns(ways: Mapping[str, Raw], rounds: int) -> dict[str, list[float]]:
    """Return the µs of a call, for each way and turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds * _TURNS):
        for name, ask in ways.items():
            began = time.perf_counter()
            for _ in range(_CALLS):
                ask()
            times[name].append(1e6 * (time.perf_counter() - began) / _CALLS)
    return times


def _section(times: Mapping[str, list[float]]) -> Section:
    over = {
        name: statistics.median(
            one / other for one, other in zip(found, times[_NATIVE], strict=True)
        )
        for name, found in times.items()
    }
    table = Table(
        "AuthZEN",
        ("way to ask", "median µs", "over the native decision"),
        tuple(
            (name, f"{statistics.median(found):,.0f}", f"{over[name]:.2f}")
            for name, found in times.items()
        ),
        f"The {SHIPPED} store; one question, asked one at a time on a kept connection, by a client "
        "that reads bytes without parsing them. OPA runs on one core, the client and the fronts on "
        "another, and no way is encrypted.",
    )
    figures = {key: Figure(over[name], SHIPPED) for name, key in _KEYS.items() if name in over}
    return Section("authzen", (table,), figures)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _unix(stack: contextlib.ExitStack, path: Path) -> socket.socket:
    connection = stack.enter_context(socket.socket(socket.AF_UNIX))
    connection.connect(str(path))
    return connection


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    with subprocess.Popen(pin(command), stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + _SECONDS
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise WrongAnswerError(f"{command[0]} does not listen")
                time.sleep(0.01)
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _ramgate(opa: Path) -> contextlib.AbstractContextManager[int]:
    port = _free_port()
    listen = ["--listen", f"127.0.0.1:{port}"]
    return _running([RAMGATE, "authzen", "--url", f"unix://{opa}", *listen], port)


def _nginx(nginx: str, folder: Path, opa: Path) -> contextlib.AbstractContextManager[int]:
    port = _free_port()
    text = (_ROOT / "deploy/nginx/authzen.conf").read_text()
    text = text.replace("unix:/run/ramgate/opa.sock", f"unix:{opa}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    text = "\n".join(line for line in text.splitlines() if "ssl_certificate" not in line)
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in temporary)
    file = folder / "nginx.conf"
    file.write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/nginx.log; events {{}}\n"
        f"http {{ access_log off; keepalive_requests 1000000;\n{paths}\n{text}\n}}\n"
    )
    return _running([nginx, "-p", str(folder), "-c", str(file)], port)
