"""Measure `ramgate publish` with 1,000 OPAs that wait for a change: its time and its memory."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.building import replace
from bench.fan import Fan
from bench.report import Figure, Section, Table
from bench.run import RAMGATE, TOKEN, write_token
from bench.server import resident
from ramgate.bundle.builder import build
from ramgate.sidecar.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.run import Run
    from ramgate.bundle.builder import Bundle

__all__ = ["measure"]

_OPAS: Final = 1_000
_FILES_FOR_EACH: Final = 4
_CHANGES: Final = 5
_SETTLE_SECONDS: Final = 2.0
_STOP_SECONDS: Final = 30.0
_DATA: Final = Path(__file__).parents[1] / "tests/data"
_CERTIFICATE: Final = Certificate(_DATA / "tls.crt", _DATA / "tls.key")
_TEXT: Final = "accounts: {{'1234567890123456': {{users: {{{}: {{}}}}}}}}"


class _Waiting(NamedTuple):
    """The median and most seconds of a change, and resident bytes: waiting, and at most."""

    median: float
    most: float
    waiting: int
    peak: int


def measure(run: Run) -> Section:
    """Measure changes for all of them, with TLS and without."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES_FOR_EACH * _OPAS, hard), hard))
    run.log(f"fleet: {_OPAS:,} OPAs wait for `ramgate publish`")
    accounts = run.folder / "fleet.yaml"
    states = [_state(accounts, f"user-{number}") for number in range(_CHANGES + 1)]
    tls, plain = (_waiting(accounts, states, certificate) for certificate in (_CERTIFICATE, None))
    rows = tuple(
        (
            name,
            f"{one.median:.2f} s",
            f"{one.most:.2f} s",
            f"{one.waiting / 1e6:,.0f} MB",
            f"{one.peak / 1e6:,.0f} MB",
        )
        for name, one in (("TLS", tls), ("none", plain))
    )
    table = Table(
        f"{_OPAS:,} OPAs that wait for a change",
        ("encryption", "the last has it", "at most", "memory while they wait", "at most"),
        rows,
        f"The bundle has {len(states[0].bundle.content) / 1e3:.0f} KB. From the replacement of the "
        "accounts file until the last of the waiting programs has the whole bundle; median and "
        f"most of {_CHANGES} changes. The programs are connections of one process. Memory: "
        "resident, of `ramgate publish`.",
    )
    return Section(
        "fleet", (table,), {"fleet": Figure(tls.median), "fleet_memory": Figure(tls.peak)}
    )


class _State(NamedTuple):
    """The text of the accounts file, and its bundle."""

    text: str
    bundle: Bundle


def _state(accounts: Path, user: str) -> _State:
    text = _TEXT.format(user)
    replace(accounts, text)
    return _State(text, build(accounts))


def _waiting(accounts: Path, states: Sequence[_State], certificate: Certificate | None) -> _Waiting:
    replace(accounts, states[0].text)
    token = write_token(accounts.parent)
    command = [RAMGATE, "publish", "--accounts", str(accounts), "--token-file", str(token)]
    command += ["--listen", "127.0.0.1:0"]
    context = None
    if certificate is not None:
        command += ["--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key)]
        context = certificate.trust(also_expired=True)
    taken = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline().split()[0].rpartition(":")[2])  # type: ignore[union-attr]
        for before, after in pairwise(states):
            with Fan(port, _OPAS, TOKEN, f'"{before.bundle.revision}"', context) as fan:
                time.sleep(_SETTLE_SECONDS)
                waiting = resident(process.pid)
                began = time.monotonic()
                replace(accounts, after.text)
                if fan.answered(after.bundle.content) != _OPAS:
                    raise TimeoutError("a waiting program did not get the bundle")
                taken.append(time.monotonic() - began)
        peak = resident(process.pid, "VmHWM")
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_SECONDS)
    return _Waiting(statistics.median(taken), max(taken), waiting, peak)
