"""Measure the cost of access: `python -m bench.access`.

The same question over a unix socket, over TCP with authorization and without, and with a token, all
in one run. Apart from `make bench`, whose OPA runs without authorization.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench import questions
from bench.clients import on_the_load_core
from bench.report import Table, page
from bench.run import Run
from bench.server import processor_seconds
from ramgate import Sidecar
from ramgate.bundle import builder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate import Client

__all__ = ["main", "measure"]

_ROUNDS: Final = 7
_CALLS: Final = 250
_TURNS: Final = 4
_TCP: Final = ["127.0.0.1:0"]
_TOKEN: Final = "bench-token-of-32-characters-000"  # noqa: S105 - of an OPA that lives for the run
_UNIX: Final = "unix socket, no authorization"
_WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    _UNIX: {},
    "unix socket beside TCP, authorized": {"addresses": ["unix://SOCKET", *_TCP]},
    "TCP, open (`--open`)": {"addresses": _TCP, "open": True},
    "TCP, authorized, no token": {"addresses": _TCP},
    "TCP, token": {"addresses": _TCP, "token": _TOKEN},
}


def measure(run: Run) -> Table:
    """Ask one question by `Client`, of an OPA for each way to connect, all in turns."""
    accounts = run.build("mix", questions.write).accounts
    question, *_ = questions.mix()
    times: dict[str, list[float]] = {name: [] for name in _WAYS}
    loads: dict[str, list[float]] = {name: [] for name in _WAYS}
    with contextlib.ExitStack() as stack:
        stack.enter_context(_one_core())
        bundle = builder.build(accounts)
        opas = {
            name: _start(stack, run.folder / f"access-{number}.sock", bundle, options)
            for number, (name, options) in enumerate(_WAYS.items())
        }
        stack.enter_context(on_the_load_core())
        run.log(f"access, {run.rounds} rounds")
        names = ("principal", "action", "resource")
        principal, action, resource = (str(question.request[name]) for name in names)
        for _ in range(run.rounds * _TURNS):
            for name, (client, url) in opas.items():
                began, before = time.perf_counter(), processor_seconds(url)
                for _ in range(_CALLS):
                    if client.decide(principal, action, resource).effect != question.effect:
                        raise SystemExit(f"access: a wrong decision: {name}")
                times[name].append(1e6 * (time.perf_counter() - began) / _CALLS)
                loads[name].append(1e6 * (processor_seconds(url) - before) / _CALLS)
    micros = {name: statistics.median(found) for name, found in times.items()}
    # The system counts a process's time in ticks of 10 ms: means, not medians.
    load = {name: statistics.fmean(found) for name, found in loads.items()}
    return Table(
        "Access",
        ("way to connect", "median µs", "over the unix socket", "OPA's processor, µs"),
        tuple(
            (
                name,
                f"{micros[name]:.0f}",
                f"{micros[name] / micros[_UNIX]:.2f}",
                f"{load[name]:.0f}",
            )
            for name in _WAYS
        ),
        f"`{question.name}`, one at a time by `Client`, {_CALLS} calls in a turn; each OPA has one "
        "core. With `--authorization=basic` OPA evaluates `system.authz` before each request. A "
        "sidecar that listens on TCP too is authorized on its unix socket as well.",
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="ramgate-bench-") as folder:
        run = Run(Path(folder), rounds=_ROUNDS, seconds=1, largest=0)
        sys.stdout.write(page(measure(run)) + "\n")


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Let each OPA that starts in the block use one processor."""
    before = os.environ.get("GOMAXPROCS")
    os.environ["GOMAXPROCS"] = "1"
    try:
        yield
    finally:
        del os.environ["GOMAXPROCS"]
        if before is not None:
            os.environ["GOMAXPROCS"] = before


def _start(
    stack: contextlib.ExitStack,
    socket: Path,
    bundle: builder.Bundle,
    options: Mapping[str, Any],
) -> tuple[Client, str]:
    """Start an OPA; return a client of its first address, and that address."""
    given = dict(options)
    if "addresses" in given:
        given["addresses"] = [one.replace("SOCKET", str(socket)) for one in given["addresses"]]
    sidecar = stack.enter_context(Sidecar(bundle=bundle, **given))
    return stack.enter_context(sidecar.client()), sidecar.url


if __name__ == "__main__":
    main()
