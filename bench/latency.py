"""Measure latency: in a closed loop at the highest rate, and at half of that at fixed times."""

from __future__ import annotations

import base64
import csv
import io
import json
import statistics
import subprocess
from typing import TYPE_CHECKING, Final, TypeAlias

from bench import floor, load, questions
from bench.measure import percentile
from bench.report import Figure, Section, Table
from bench.run import VEGETA
from bench.server import DECISION, SHIPPED, Opa, WrongAnswerError, pin
from ramgate.sidecar.collector import variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bench.run import Run

__all__ = ["latencies_from_due", "measure", "ratio_of_p99"]

_PERCENTILES: Final = (50, 90, 99, 99.9)
_FIXED_SECONDS: Final = 5
_TURNS: Final = 3
_CONNECTIONS: Final = 16
_FLOOR, _MIX, _TCP = "floor", "the mix", "TCP"
_REQUESTS: Final = {_FLOOR: floor.ALLOW, _MIX: DECISION}
_COLLECTORS: Final[Mapping[str, Mapping[str, str] | None]] = {
    "p99": None,
    "p99_go": {"GOGC": "100"},
}
"""The settings of the garbage collector by goal key; None are those that `ramgate run` chooses."""

_TIMEOUT: Final = 60
_TIMESTAMP, _STATUS, _LATENCY, _NUMBER = 0, 1, 2, 8  # the columns of `vegeta encode --to csv`
_OK: Final = "200"


def measure(run: Run) -> Section:
    """Measure the mix and the floor, with the collector that `run` chooses and with Go's own."""
    asked = questions.mix()
    content = run.build("mix", questions.write).content
    file = load.write_bodies(run.folder, "latency", [question.body for question in asked])
    bodies = [question.body for question in asked]
    figures: dict[str, Figure] = {}
    rows: list[tuple[str, ...]] = []
    for key, collector in _COLLECTORS.items():
        chosen = variables(len(content)) if collector is None else collector
        settings = " ".join(f"{name}={value}" for name, value in chosen.items()) or "from outside"
        with Opa(content, run.folder, collector=collector) as opa:
            opa.check(asked)
            run.log(f"latency, {settings}")
            floor_rows, rate = _closed_loop(run, opa, file)
            rows += [(settings, *row) for row in floor_rows]
            if not VEGETA.exists():
                continue
            half = max(1, int(rate / 2))
            run.log(f"latency, {settings}: {half:,} a second")
            taken = _at_fixed_times(opa, bodies, half)
            rows += [
                (settings, *_row(name, f"{kind}, fixed times", half, _medians(found)))
                for (name, kind), found in taken.items()
            ]
            figures[key] = Figure(ratio_of_p99(taken), SHIPPED)
    table = Table(
        "Latency, µs",
        (
            *("collector", "request", "load", "answers /s"),
            *(f"p{percent:g}" for percent in _PERCENTILES),
        ),
        tuple(rows),
        f"The {SHIPPED} store; OPA runs on one core, the load on another. The collector is set as "
        "`ramgate run` does, then as Go does by default. Closed loop: "
        f"{load.generator()}, medians of {run.rounds} slices. Fixed times: vegeta, {_TURNS} turns "
        f"of {_FIXED_SECONDS} s at half the rate of the mix in the closed loop, medians of the "
        f"turns. It has at most {_CONNECTIONS} connections: without a bound it opens a new one for "
        "each request that waits, and measures that. There a latency starts when the request was "
        "due, so it contains the wait behind slow answers. The goal is the median of the turns' "
        "ratios, over TCP.",
    )
    return Section("latency", (table,), figures)


def _closed_loop(run: Run, opa: Opa, file: Path) -> tuple[list[tuple[str, ...]], float]:
    """Return the rows of the floor and of the mix, and the rate of the mix."""
    rows, rate = [], 0.0
    for name, path in _REQUESTS.items():
        slices = [load.slice_of(f"{opa.url}{path}", file, run.seconds) for _ in range(run.rounds)]
        rate = statistics.median(one.rate for one in slices)
        latency = _medians([one.latency for one in slices])
        rows.append(_row(name, "TCP, closed loop", rate, latency))
    return rows, rate


_Taken: TypeAlias = "dict[tuple[str, str], list[list[float]]]"


def _at_fixed_times(opa: Opa, bodies: Sequence[bytes], rate: int) -> _Taken:
    """Return the percentiles of each turn, by request and kind of connection."""
    taken: _Taken = {}
    for _ in range(_TURNS):
        for name, socket in ((_FLOOR, None), (_MIX, None), (_MIX, opa.socket)):
            found = _latencies_at(f"{opa.url}{_REQUESTS[name]}", bodies, rate, socket)
            latency = [percentile(found, percent) for percent in _PERCENTILES]
            taken.setdefault((name, "unix socket" if socket else _TCP), []).append(latency)
    return taken


def ratio_of_p99(taken: _Taken) -> float:
    """Return the 99th percentile of the mix over that of the floor, the median of the turns."""
    at = _PERCENTILES.index(99)
    pairs = zip(taken[_MIX, _TCP], taken[_FLOOR, _TCP], strict=True)
    return statistics.median(mix[at] / least[at] for mix, least in pairs)


def _medians(turns: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.median(one) for one in zip(*turns, strict=True)]


def _row(name: str, kind: str, rate: float, latency: Iterable[float]) -> tuple[str, ...]:
    return (name, kind, f"{rate:,.0f}", *(f"{one:,.0f}" for one in latency))


def _latencies_at(url: str, bodies: Iterable[bytes], rate: int, socket: Path | None) -> list[float]:
    """Return the latencies in µs of requests sent at `rate` a second."""
    targets = "".join(
        json.dumps(
            {
                "method": "POST",
                "url": url,
                "header": {"Content-Type": ["application/json"]},
                "body": base64.b64encode(body).decode(),
            }
        )
        + "\n"
        for body in bodies
    )
    attack = [str(VEGETA), "attack", "-format=json", f"-rate={rate}/1s", "-max-body=0"]
    attack += [f"-duration={_FIXED_SECONDS}s", f"-timeout={_TIMEOUT}s"]
    attack += [f"-workers={_CONNECTIONS}", f"-max-workers={_CONNECTIONS}"]
    attack += [f"-unix-socket={socket}"] if socket else []
    done = subprocess.run(
        pin(attack),
        input=targets.encode(),
        capture_output=True,
        check=True,
        timeout=_FIXED_SECONDS + 2 * _TIMEOUT,
    )
    encoded = subprocess.run(
        [str(VEGETA), "encode", "-to=csv"],
        input=done.stdout,
        capture_output=True,
        check=True,
        timeout=_TIMEOUT,
    )
    rows = list(csv.reader(io.StringIO(encoded.stdout.decode())))
    failed = sum(row[_STATUS] != _OK for row in rows)
    if failed or not rows:
        raise WrongAnswerError(f"{failed} of {len(rows)} requests failed, at {rate} a second")
    return latencies_from_due(
        [(int(row[_NUMBER]), int(row[_TIMESTAMP]), int(row[_LATENCY])) for row in rows], rate
    )


def latencies_from_due(hits: Sequence[tuple[int, int, int]], rate: float) -> list[float]:
    """Return, for each hit, the µs from the time it was due to its answer.

    A hit is (number from 0, time it was sent in ns, latency in ns). The start of the schedule is
    inferred from the hit that was sent with the least delay.
    """
    due = [round(number * 1e9 / rate) for number, _, _ in hits]
    began = min(sent - at for (_, sent, _), at in zip(hits, due, strict=True))
    return [
        (sent + taken - began - at) / 1e3 for (_, sent, taken), at in zip(hits, due, strict=True)
    ]
