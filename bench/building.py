"""From a folder of accounts to an answer: the build, OPA's start, and a change of one user."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import scale, worlds
from bench.ground import RAMGATE
from bench.report import Figure, Section, Table
from bench.server import SHIPPED, Opa
from ramgate import Client, RamgateError
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from pathlib import Path

    from bench.ground import Ground

__all__ = ["measure"]

_SIZES: Final = (10_000, 100_000)
_STARTS: Final = 3
_CHANGES: Final = 4
_READY_SECONDS: Final = 1800.0
_CHANGE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.002


def measure(ground: Ground) -> Section:
    """The three at both sizes."""
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Figure] = {}
    for size in _SIZES:
        if size > ground.largest:
            continue
        built = ground.built(f"roles-{size}", partial(scale.write, roles=size))
        content = built.content
        ground.say(f"build: {size:,} roles, OPA's start")
        start = statistics.median(_start(content, ground.folder) for _ in range(_STARTS))
        ground.say(f"build: {size:,} roles, a change under `ramgate run`")
        change = statistics.median(_changes(built.accounts, ground.folder))
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
        "From a folder of accounts to an answer",
        ("roles", "`ramgate build`", "OPA's start", "a change of one user", "bundle"),
        tuple(rows),
        "Ten grants a role, a hundred roles a file. The start of an OPA with one core is the "
        f"median of {_STARTS}: from the process's start until it has the bundle from loopback. "
        f"The change, the median of {_CHANGES}, is made in his file under `ramgate run`, "
        "and counts until OPA answers with it: noticing, building, sending and activating are "
        "in it.",
    )
    return Section("build", (table,), figures)


def _start(content: bytes, folder: Path) -> float:
    with Opa(content, folder, has_floor=False) as opa:
        return opa.ready_after


def _changes(accounts: Path, folder: Path) -> list[float]:
    """The seconds that each change took: the first account's user loses his policy, or gets it."""
    file, socket = worlds.file(accounts, 0), folder / "run.sock"
    text = file.read_text()
    holding = f"{worlds.OPERATOR}: {{policies: [policy-0]}}"
    if holding not in text:
        raise ValueError(f"`{file.name}` has no `{holding}`")
    texts = (text.replace(holding, f"{worlds.OPERATOR}: {{}}"), text)
    process = Supervised(
        [RAMGATE, "run", "--accounts", str(accounts), "--addr", f"unix://{socket}"],
        {name: value for name, value in os.environ.items() if name != "GOMAXPROCS"},
    )
    try:
        with Client(f"unix://{socket}", timeout=_CHANGE_SECONDS) as client:
            _until(client, process, _READY_SECONDS, allowed=True)
            taken = []
            for change in range(_CHANGES):
                began = time.monotonic()
                _replace(file, texts[change % 2])
                _until(client, process, _CHANGE_SECONDS, allowed=bool(change % 2))
                taken.append(time.monotonic() - began)
    finally:
        process.stop()
        _replace(file, text)
    return taken


def _replace(file: Path, text: str) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(text)
    beside.replace(file)


def _until(client: Client, process: Supervised, seconds: float, *, allowed: bool) -> None:
    """Wait until the user's decision is that one."""
    grant = worlds.grant(0, 1)
    user = f"{grant.principal.partition('role/')[0]}user/{worlds.OPERATOR}"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.running():
        with contextlib.suppress(RamgateError):
            decision = client.decide(user, grant.action, grant.resource)
            if decision.allow == allowed and decision.reason != "unknown_principal":
                return
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"no decision with `allow` {allowed} within {seconds:g} s")
