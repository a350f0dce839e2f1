"""What a person waits for: `ramgate check`, and the import that every Python program pays."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from bench import questions
from bench.ground import RAMGATE
from bench.report import Figure, Section, Table
from bench.server import SHIPPED, Opa, WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.ground import Ground

__all__ = ["measure"]

_TIMES: Final = 15
_SECONDS: Final = 30
_IMPORT: Final = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def measure(ground: Ground) -> Section:
    """Fresh processes, one after the other."""
    question = questions.mix()[0]
    content = ground.built("mix", questions.write).content
    with Opa(content, ground.folder) as opa:
        ground.say("command")
        check = [RAMGATE, "check", "--url", opa.url]
        check += [question.principal, question.action, question.resource]
        if not _printed(check).startswith(question.effect):
            raise WrongAnswerError(f"{question}: {_printed(check)}")
        ways: dict[str, Callable[[], float]] = {
            "`python -c pass`": lambda: _taken([sys.executable, "-c", "pass"]),
            "`ramgate check --url`": lambda: _taken(check),
            "`import ramgate`": lambda: _imported("import ramgate"),
            "`from ramgate import Client`": lambda: _imported("from ramgate import Client"),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(_TIMES):
            for name, way in ways.items():
                found[name].append(1000 * way())
    medians = {name: statistics.median(times) for name, times in found.items()}
    table = Table(
        "Commands and imports",
        ("", "median ms", "least", "most"),
        tuple(
            (name, f"{medians[name]:.1f}", f"{min(times):.1f}", f"{max(times):.1f}")
            for name, times in found.items()
        ),
        f"{_TIMES} fresh processes each. `check` counts from the process's start to its end, "
        "over TCP, and has Python's own start in it. An import counts within its process.",
    )
    return Section(
        "command",
        (table,),
        {
            "check": Figure(medians["`ramgate check --url`"], SHIPPED),
            "import": Figure(medians["`import ramgate`"]),
        },
    )


def _printed(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    return done.stdout


def _taken(command: list[str]) -> float:
    began = time.perf_counter()
    _printed(command)
    return time.perf_counter() - began


def _imported(statement: str) -> float:
    return float(_printed([sys.executable, "-c", _IMPORT.format(statement)]))
