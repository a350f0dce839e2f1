"""Measure the time and record the answer for input that is meant to slow OPA down."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Final

from bench import questions
from bench.report import Figure, Section, Table
from bench.server import DECISION, DECISIONS, SHIPPED, Opa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.run import Run

__all__ = ["measure"]

_ACCOUNT: Final = "4000000000000001"
_SLOW: Final = f"acs:ram::{_ACCOUNT}:user/slow"
_MANY: Final = f"acs:ram::{_ACCOUNT}:user/many"
_ACTION: Final = "oss:GetObject"
_STATEMENTS: Final = 10_000
_KEYS: Final = 10_000
_BATCH: Final = 100_000
_MEGABYTES: Final = 10
_TOO_MANY_MEGABYTES: Final = 17


def measure(run: Run) -> Section:
    """Send each bad input in turn, then check that the mix is still answered."""
    content = run.build("hostile", _write).content
    rows, slowest = [], 0.0
    with Opa(content, run.folder) as opa:
        for name, path, body in _bad_inputs():
            run.log(f"bad input: {name}")
            answer = opa.ask(path, body)
            slowest = max(slowest, answer.seconds)
            rows.append((name, str(answer.status), f"{answer.seconds:.3f}", f"`{answer.words}`"))
        opa.check(questions.mix())
    table = Table(
        "Bad input",
        ("input", "HTTP status", "seconds", "answer"),
        tuple(rows),
        f"The {SHIPPED} store, OPA on one core. After all of it, OPA still answered the mix "
        "correctly.",
    )
    return Section("hostile", (table,), {"hostile": Figure(slowest, SHIPPED)})


def _bad_inputs() -> Iterator[tuple[str, str, bytes]]:
    for length in (100, 1_000, 10_000):
        yield f"pattern `*a*a*a*a*b`, {length:,} times `a`", DECISION, _body(_SLOW, "a" * length)
    yield f"{_STATEMENTS:,} statements in one policy", DECISION, _body(_MANY, "bucket/last")
    context = {f"acs:RequestTag/{number}": "x" for number in range(_KEYS)}
    yield f"{_KEYS:,} context keys", DECISION, _body(_SLOW, "b", context)
    huge = _body(_SLOW, "b", {"acs:SourceVpc": 0}).replace(b": 0}", b": 1e999999999}")
    yield "a number `1e999999999`", DECISION, huge
    for megabytes in (_MEGABYTES, _TOO_MANY_MEGABYTES):
        long = "x" * (megabytes << 20)
        yield f"a request of {megabytes} MB", DECISION, _body(_SLOW, "b", {"acs:SourceVpc": long})
    [question, *_] = questions.mix()
    requests = [
        dataclasses.replace(question, resource=f"acs:ecs:*:*:instance/{number}").request
        for number in range(_BATCH)
    ]
    batch = json.dumps({"input": {"requests": requests}}).encode()
    yield f"a batch of {_BATCH:,}, {len(batch) / 2**20:.0f} MB", DECISIONS, batch
    batch = b'{"input": {"requests": [%s]}}' % b", ".join([b"{}"] * _BATCH)
    yield f"a batch of {_BATCH:,} empty requests", DECISIONS, batch


def _body(principal: str, relative: str, context: Mapping[str, object] | None = None) -> bytes:
    request = {
        "principal": principal,
        "action": _ACTION,
        "resource": f"acs:oss:*:{_ACCOUNT}:{relative}",
        "context": context or {},
    }
    return json.dumps({"input": request}).encode()


def _write(folder: Path) -> None:
    questions.write(folder, accounts=1)
    slow = {"Effect": "Allow", "Action": _ACTION, "Resource": f"acs:oss:*:{_ACCOUNT}:*a*a*a*a*b"}
    many = [
        {
            "Effect": "Allow",
            "Action": _ACTION,
            "Resource": f"acs:oss:*:{_ACCOUNT}:bucket/*-{number}-*/end",
        }
        for number in range(_STATEMENTS)
    ]
    account = {
        "policies": {
            "slow": {"Version": "1", "Statement": [slow]},
            "many": {"Version": "1", "Statement": many},
        },
        "users": {"slow": {"policies": ["slow"]}, "many": {"policies": ["many"]}},
    }
    (folder / "hostile.json").write_text(json.dumps({"accounts": {_ACCOUNT: account}}))
