"""Measure a policy with 5,000 statements, and a user with 30 policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bench import cases, load, questions
from bench.measure import against_the_floor
from bench.questions import Question
from bench.report import Figure, Section, Table
from bench.server import SHIPPED, Opa

if TYPE_CHECKING:
    from pathlib import Path

    from bench.run import Run

__all__ = ["measure"]

_ACCOUNT: Final = "3000000000000001"
_POLICIES: Final = 30
_MIX: Final = "**the mix**, in the same OPA"


def measure(run: Run) -> Section:
    """Measure the policy and the user, and the mix for comparison."""
    asked = {question.name: question for question in cases.many_statements()} | {
        "user, 30 policies": Question(
            "user, 30 policies",
            f"acs:ram::{_ACCOUNT}:user/collector",
            "oss:Read15",
            f"acs:oss:*:{_ACCOUNT}:any",
        ),
    }
    mix = questions.mix()
    content = run.build("big", _write).content
    files = {
        name: load.write_bodies(run.folder, f"big-{number}", [question.body])
        for number, (name, question) in enumerate(asked.items())
    }
    files[_MIX] = load.write_bodies(run.folder, "big-mix", [question.body for question in mix])
    with Opa(content, run.folder) as opa:
        opa.check([*asked.values(), *mix])
        run.log(f"big policies, {run.rounds} rounds")
        found = against_the_floor(opa, files, rounds=run.rounds, seconds=run.seconds)
    table = Table(
        "Throughput with big policies",
        ("request", "over the floor", "decisions /s"),
        tuple((name, f"{one.ratio:.4f}", f"{one.rate:,.0f}") for name, one in found.items()),
        f"The {SHIPPED} store.",
    )
    policies = found["user, 30 policies"].ratio / found[_MIX].ratio
    statements = min(one.ratio for name, one in found.items() if name.startswith("5,000"))
    return Section(
        "big",
        (table,),
        {"statements": Figure(statements, SHIPPED), "policies": Figure(policies, SHIPPED)},
    )


def _write(folder: Path) -> None:
    questions.write(folder, accounts=1)
    cases.write(folder)
    few = {
        f"few-{number}": {
            "Version": "1",
            "Statement": [
                {"Effect": "Allow", "Action": [f"oss:Read{number}"], "Resource": "*"},
                {"Effect": "Allow", "Action": [f"oss:Write{number}"], "Resource": "*"},
            ],
        }
        for number in range(_POLICIES)
    }
    account = {
        "policies": few,
        "users": {"collector": {"policies": list(few)}},
    }
    (folder / "big.json").write_text(json.dumps({"accounts": {_ACCOUNT: account}}))
