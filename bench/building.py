"""Measure `ramgate build`, the start of OPA, and the time until a change of one user is live."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import scale, worlds
from bench.report import Figure, Section, Table
from bench.run import RAMGATE
from bench.server import SHIPPED, Opa
from ramgate import Client, RamgateError
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from pathlib import Path

    from bench.run import Run

__all__ = ["measure"]

_SIZES: Final = (10_000, 100_000)
_STARTS: Final = 3
_CHANGES: Final = 4
_READY_SECONDS: Final = 1800.0
_CHANGE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.002


def measure(run: Run) -> Section:
    """Measure build, start and change at both sizes."""
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Figure] = {}
    for size in _SIZES:
        if size > run.largest:
            continue
        built = run.build(f"roles-{size}", partial(scale.write, roles=size))
        content = built.content
        run.log(f"build: {size:,} roles, OPA's start")
        start = statistics.median(_start_seconds(content, run.folder) for _ in range(_STARTS))
        run.log(f"build: {size:,} roles, a change under `ramgate run`")
        change = statistics.median(_change_seconds(built.accounts, run.folder))
        del content
        suffix = "" if size == _SIZES[0] else "_large"
        figures |= {
            f"build{suffix}": Figure(built.seconds),
            f"start{suffix}": Figure(start, SHIPPED),
            f"change{suffix}": Figure(change, SHIPPED),
        }
        rows.append(
            (
                f"{size:,}",
                f"{built.seconds:.1f} s",
                f"{start:.2f} s",
                f"{change:.2f} s",
                f"{built.file.stat().st_size / 2**20:.1f} MiB",
            )
        )
    table = Table(
        "Build, start and change",
        ("roles", "`ramgate build`", "start of OPA", "change of one user", "size of the bundle"),
        tuple(rows),
        "Each role has ten grants; a file has a hundred roles. Start of OPA: from the start of "
        "the process until the bundle, downloaded over loopback, is active; one core, median of "
        f"{_STARTS}. Change: from the write to the user's file, under `ramgate run`, until OPA "
        "answers accordingly, so it contains noticing, building, sending and activating; median "
        f"of {_CHANGES}.",
    )
    return Section("build", (table,), figures)


def _start_seconds(content: bytes, folder: Path) -> float:
    with Opa(content, folder, has_floor=False) as opa:
        return opa.ready_after


def _change_seconds(accounts: Path, folder: Path) -> list[float]:
    """Return the seconds of each change: the first account's user loses or regains the policy."""
    file, socket = worlds.file(accounts, 0), folder / "run.sock"
    text = file.read_text()
    attached = f"{worlds.OPERATOR}: {{policies: [policy-0]}}"
    if attached not in text:
        raise ValueError(f"`{file.name}` has no line `{attached}`")
    texts = (text.replace(attached, f"{worlds.OPERATOR}: {{}}"), text)
    process = Supervised(
        [RAMGATE, "run", "--accounts", str(accounts), "--addr", f"unix://{socket}"],
        {name: value for name, value in os.environ.items() if name != "GOMAXPROCS"},
    )
    try:
        with Client(f"unix://{socket}", timeout=_CHANGE_SECONDS) as client:
            _wait_for_decision(client, process, _READY_SECONDS, allowed=True)
            taken = []
            for change in range(_CHANGES):
                began = time.monotonic()
                _replace(file, texts[change % 2])
                _wait_for_decision(client, process, _CHANGE_SECONDS, allowed=bool(change % 2))
                taken.append(time.monotonic() - began)
    finally:
        process.stop()
        _replace(file, text)
    return taken


def _replace(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def _wait_for_decision(
    client: Client, process: Supervised, seconds: float, *, allowed: bool
) -> None:
    """Wait until the decision about the user has `allow` equal to `allowed`."""
    grant = worlds.grant(0, 1)
    user = f"{grant.principal.partition('role/')[0]}user/{worlds.OPERATOR}"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.running():
        with contextlib.suppress(RamgateError):
            decision = client.decide(user, grant.action, grant.resource)
            if decision.allow == allowed and decision.reason != "unknown_principal":
                return
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"no decision with `allow` equal to {allowed} within {seconds:g} s")
