"""Measure latency: in a closed loop at the highest rate, and at a fixed rate."""

from __future__ import annotations

import base64
import csv
import io
import json
import statistics
import subprocess
from typing import TYPE_CHECKING, Final

from bench import floor, load, questions
from bench.measure import percentile
from bench.report import Section, Table
from bench.run import VEGETA
from bench.server import DECISION, SHIPPED, Opa, WrongAnswerError, pin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.run import Run

__all__ = ["latencies_from_due", "measure"]

_PERCENTILES: Final = (50, 90, 99, 99.9)
_FIXED_SECONDS: Final = 10
_TIMEOUT: Final = 60
_TIMESTAMP, _STATUS, _LATENCY, _NUMBER = 0, 1, 2, 8  # the columns of `vegeta encode --to csv`
_OK: Final = "200"


def measure(run: Run) -> Section:
    """Measure the mix and the floor in a closed loop, then at half of the mix's rate."""
    asked = questions.mix()
    content = run.build("mix", questions.write).content
    file = load.write_bodies(run.folder, "latency", [question.body for question in asked])
    rows = []
    with Opa(content, run.folder) as opa:
        opa.check(asked)
        run.log("latency")
        rate = 0.0
        for name, path in (("floor", floor.ALLOW), ("the mix", DECISION)):
            slices = [
                load.slice_of(f"{opa.url}{path}", file, run.seconds) for _ in range(run.rounds)
            ]
            rate = statistics.median(one.rate for one in slices)
            latency = [
                statistics.median(one.latency[at] for one in slices)
                for at in range(len(_PERCENTILES))
            ]
            rows.append(_row(name, "TCP, closed loop", rate, latency))
        if VEGETA.exists():
            half = max(1, int(rate / 2))
            for name, path, socket in (
                ("floor", floor.ALLOW, None),
                ("the mix", DECISION, None),
                ("the mix", DECISION, opa.socket),
            ):
                run.log(f"latency: {name}, {half:,} a second")
                bodies = [question.body for question in asked]
                taken = _latencies_at(f"{opa.url}{path}", bodies, half, socket)
                latency = [percentile(taken, percent) for percent in _PERCENTILES]
                kind = "unix socket" if socket else "TCP"
                rows.append(_row(name, f"{kind}, fixed rate", half, latency))
    table = Table(
        "Latency, µs",
        ("request", "load", "answers /s", *(f"p{percent:g}" for percent in _PERCENTILES)),
        tuple(rows),
        f"The {SHIPPED} store; OPA runs on one core, the load on another. Closed loop: "
        f"{load.generator()}, medians of {run.rounds} slices. Fixed rate: vegeta for "
        f"{_FIXED_SECONDS} s at half the rate of the mix in the closed loop. There a latency "
        "starts when the request was due, so it contains the wait behind slow answers.",
    )
    return Section("latency", (table,), {})


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
