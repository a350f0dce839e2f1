"""Measure `ramgate build`, the start of OPA, and a change of one user: its time, OPA's memory."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bench import scale, worlds
from bench.report import Figure, Section, Table
from bench.run import RAMGATE, TOKEN, write_token
from bench.server import SHIPPED, Opa, resident
from ramgate import Client, RamgateError
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from bench.run import Run

__all__ = ["measure", "replace"]

_SIZES: Final = (10_000, 100_000)
_STARTS: Final = 3
_CHANGES: Final = 8
_READY_SECONDS: Final = 1800.0
_CHANGE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.002
_BETWEEN_SECONDS: Final = 1.0
_FORGET_THE_PEAK: Final = "5"


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
        changes = _changes(built.accounts, run.folder)
        del content
        suffix = "" if size == _SIZES[0] else "_large"
        figures |= {
            f"build{suffix}": Figure(built.seconds),
            f"start{suffix}": Figure(start, SHIPPED),
            f"change{suffix}": Figure(changes.seconds, SHIPPED),
            f"change_memory{suffix}": Figure(changes.peak / changes.resting, SHIPPED),
        }
        rows.append(
            (
                f"{size:,}",
                f"{built.seconds:.1f} s",
                f"{start:.2f} s",
                f"{changes.seconds:.2f} s",
                f"{changes.resting / 2**20:,.0f} MiB",
                f"{changes.peak / 2**20:,.0f} MiB",
                f"{built.file.stat().st_size / 2**20:.1f} MiB",
            )
        )
    table = Table(
        "Build, start and change",
        (
            "roles",
            "`ramgate build`",
            "start of OPA",
            "change of one user",
            "memory of OPA before",
            "at most",
            "size of the bundle",
        ),
        tuple(rows),
        "Each role has ten grants; a file has a hundred roles. Start of OPA: from the start of "
        "the process until the bundle, downloaded over loopback, is active; one core, median of "
        f"{_STARTS}. Change: from the replacement of the user's file, under `ramgate run` with a "
        "token, until OPA answers accordingly, so it contains noticing, building, sending and "
        f"activating; median of {_CHANGES}. Memory of OPA: resident, in the same run, before the "
        "first change, and the most until the last one.",
    )
    return Section("build", (table,), figures)


def _start_seconds(content: bytes, folder: Path) -> float:
    with Opa(content, folder, has_floor=False) as opa:
        return opa.ready_after


class _Changes(NamedTuple):
    """The median seconds of a change, and OPA's resident bytes: before, and at most."""

    seconds: float
    resting: int
    peak: int


def _changes(accounts: Path, folder: Path) -> _Changes:
    """Change the first account's user a few times: it loses or regains the policy."""
    file, socket, token = worlds.file(accounts, 0), folder / "run.sock", write_token(folder)
    text = file.read_text()
    attached = f"{worlds.OPERATOR}: {{policies: [policy-0]}}"
    if attached not in text:
        raise ValueError(f"`{file.name}` has no line `{attached}`")
    texts = (text.replace(attached, f"{worlds.OPERATOR}: {{}}"), text)
    where = ["--addr", f"unix://{socket}", "--token-file", str(token)]
    process = Supervised(
        [RAMGATE, "run", "--accounts", str(accounts), *where],
        {name: value for name, value in os.environ.items() if name != "GOMAXPROCS"},
    )
    try:
        with Client(f"unix://{socket}", timeout=_CHANGE_SECONDS, token=TOKEN) as client:
            _wait_for_decision(client, process, _READY_SECONDS, allowed=True)
            opa = _opa_below(process.pid)
            resting = resident(opa)
            Path(f"/proc/{opa}/clear_refs").write_text(_FORGET_THE_PEAK)
            taken = []
            for change in range(_CHANGES):
                began = time.monotonic()
                replace(file, texts[change % 2])
                _wait_for_decision(client, process, _CHANGE_SECONDS, allowed=bool(change % 2))
                taken.append(time.monotonic() - began)
                time.sleep(_BETWEEN_SECONDS)
            peak = resident(opa, "VmHWM")
    finally:
        process.stop()
        replace(file, text)
    return _Changes(statistics.median(taken), resting, peak)


def _opa_below(root: int) -> int:
    """Return the process of OPA among the descendants of a process."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition(" (")[2].rpartition(") ")
            parents[int(stat.parent.name)] = (int(rest.split()[1]), name)
    for pid, (parent, name) in parents.items():
        above = parent
        while name.startswith("opa") and above in parents:
            if above == root:
                return pid
            above = parents[above][0]
    raise ProcessLookupError(f"process {root} has no OPA")


def replace(file: Path, text: str) -> None:
    """Replace a file in one step."""
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
