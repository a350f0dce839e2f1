"""Measure `ramgate publish` with 1,000 OPAs that wait for a change: its time and its memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.building import replace, resident
from bench.fan import Fan
from bench.report import Figure, Section, Table
from bench.run import RAMGATE
from ramgate.bundle.builder import build
from ramgate.sidecar.certificate import Certificate

if TYPE_CHECKING:
    from bench.run import Run
    from ramgate.bundle.builder import Bundle

__all__ = ["measure"]

_OPAS: Final = 1_000
_FILES_FOR_EACH: Final = 4
_CHANGES: Final = 5
_SETTLE_SECONDS: Final = 2.0
_STOP_SECONDS: Final = 30.0
_TOKEN: Final = "a-token-for-the-benchmark"  # noqa: S105
_DATA: Final = Path(__file__).parents[1] / "tests/data"
_CERTIFICATE: Final = Certificate(_DATA / "tls.crt", _DATA / "tls.key")
_TEXT: Final = "accounts: {{'1234567890123456': {{users: {{{}: {{}}}}}}}}"


class _Waiting(NamedTuple):
    """The median and most seconds of a change, and resident bytes: waiting, and at most."""

    median: float
    most: float
    waiting: int
    peak: int
    size: int


def measure(run: Run) -> Section:
    """Measure changes for all of them, with TLS and without."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES_FOR_EACH * _OPAS, hard), hard))
    run.log(f"fleet: {_OPAS:,} OPAs wait for `ramgate publish`")
    tls, plain = (_waiting(run.folder, certificate) for certificate in (_CERTIFICATE, None))
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
        f"The bundle has {tls.size / 1e3:.0f} KB. From the replacement of the accounts file until "
        f"the last of the waiting programs has the whole bundle; median and most of {_CHANGES} "
        "changes. The programs are connections of one process. Memory: resident, of "
        "`ramgate publish`.",
    )
    return Section(
        "fleet", (table,), {"fleet": Figure(tls.median), "fleet_memory": Figure(tls.peak)}
    )


def _built(accounts: Path, text: str) -> Bundle:
    replace(accounts, text)
    return build(accounts)


def _waiting(folder: Path, certificate: Certificate | None) -> _Waiting:
    accounts, token = folder / "fleet.yaml", folder / "fleet.token"
    texts = [_TEXT.format(f"user-{number}") for number in range(_CHANGES + 1)]
    bundles = [_built(accounts, text) for text in texts]
    replace(accounts, texts[0])
    token.touch(mode=0o600)
    token.write_text(_TOKEN)
    command = [RAMGATE, "publish", "--accounts", str(accounts), "--token-file", str(token)]
    command += ["--listen", "127.0.0.1:0"]
    context = None
    if certificate is not None:
        command += ["--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key)]
        context = certificate.trust(also_expired=True)
    taken = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        port = int(process.stdout.readline().split()[0].rpartition(":")[2])  # type: ignore[union-attr]
        for before, after, text in zip(bundles, bundles[1:], texts[1:], strict=False):
            with Fan(port, _OPAS, _TOKEN, f'"{before.revision}"', context) as fan:
                time.sleep(_SETTLE_SECONDS)
                waiting = resident(process.pid, "VmRSS")
                began = time.monotonic()
                replace(accounts, text)
                if fan.answered(after.content) != _OPAS:
                    raise TimeoutError("a waiting program did not get the bundle")
                taken.append(time.monotonic() - began)
        peak = resident(process.pid, "VmHWM")
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_SECONDS)
    size = len(bundles[0].content)
    return _Waiting(statistics.median(taken), max(taken), waiting, peak, size)
