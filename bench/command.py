"""Measure the times that a person waits for: `ramgate check`, and the import in a program."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from bench import questions
from bench.report import Figure, Section, Table
from bench.run import RAMGATE
from bench.server import SHIPPED, Opa, WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.run import Run

__all__ = ["measure"]

_TIMES: Final = 15
_SECONDS: Final = 30
_IMPORT: Final = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def measure(run: Run) -> Section:
    """Measure fresh processes, one after the other."""
    question = questions.mix()[0]
    content = run.build("mix", questions.write).content
    with Opa(content, run.folder) as opa:
        run.log("command")
        check = [RAMGATE, "check", "--url", opa.url]
        check += [question.principal, question.action, question.resource]
        if not _output(check).startswith(question.effect):
            raise WrongAnswerError(f"{question}: {_output(check)}")
        ways: dict[str, Callable[[], float]] = {
            "`python -c pass`": lambda: _seconds([sys.executable, "-c", "pass"]),
            "`ramgate check --url`": lambda: _seconds(check),
            "`import ramgate`": lambda: _import_seconds("import ramgate"),
            "`from ramgate import Client`": lambda: _import_seconds("from ramgate import Client"),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(_TIMES):
            for name, way in ways.items():
                found[name].append(1000 * way())
    medians = {name: statistics.median(times) for name, times in found.items()}
    table = Table(
        "Commands and imports",
        ("command or import", "median ms", "least", "most"),
        tuple(
            (name, f"{medians[name]:.1f}", f"{min(times):.1f}", f"{max(times):.1f}")
            for name, times in found.items()
        ),
        f"{_TIMES} fresh processes each. `check` asks over TCP; its time is that of the whole "
        "process, with the start of Python. The time of an import is measured inside its process.",
    )
    return Section(
        "command",
        (table,),
        {
            "check": Figure(medians["`ramgate check --url`"], SHIPPED),
            "import": Figure(medians["`import ramgate`"]),
        },
    )


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    return done.stdout


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    _output(command)
    return time.perf_counter() - began


def _import_seconds(statement: str) -> float:
    return float(_output([sys.executable, "-c", _IMPORT.format(statement)]))
