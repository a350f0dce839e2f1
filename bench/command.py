"""Measure the times that a person waits for: `ramgate check`, imports, and OPA's start in tests."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from bench import questions
from bench.report import Figure, Section, Table
from bench.run import RAMGATE
from bench.server import SHIPPED, Opa, WrongAnswerError
from ramgate import Sidecar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.run import Run

__all__ = ["measure"]

_TIMES: Final = 15
_SECONDS: Final = 30
_SIDECAR: Final = "`Sidecar`, from `start()` to the first decision"
_PYTEST: Final = "a session of pytest with one test"
_ASKED: Final = ("acs:ram::1234567890123456:user/alice", "alikafka:ListTopic", "*")
_TEST: Final = f"""\
def test_one(ramgate_client):
    assert ramgate_client.decide(*{_ASKED!r})
"""
_PYTEST_OPTIONS: Final = ("-q", "-p", "no:cacheprovider", "-p", "ramgate.pytest_plugin")
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
            _SIDECAR: _sidecar_seconds,
            _PYTEST: lambda: _pytest_seconds(run.folder),
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
        "process, with the start of Python. The time of an import is measured inside its process. "
        "The sidecar is started in this process, for the shipped example; the session of pytest "
        "is a process with one test, which decides once, without the plugins of other packages.",
    )
    return Section(
        "command",
        (table,),
        {
            "check": Figure(medians["`ramgate check --url`"], SHIPPED),
            "import": Figure(medians["`import ramgate`"]),
            "sidecar": Figure(medians[_SIDECAR], SHIPPED),
            "pytest": Figure(medians[_PYTEST], SHIPPED),
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


def _sidecar_seconds() -> float:
    sidecar = Sidecar()
    began = time.perf_counter()
    with sidecar, sidecar.client() as client:
        client.require(*_ASKED)
        return time.perf_counter() - began


def _pytest_seconds(folder: Path) -> float:
    tests = folder / "tests"
    tests.mkdir(exist_ok=True)
    (tests / "test_one.py").write_text(_TEST)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", *_PYTEST_OPTIONS, str(tests)],
        cwd=tests,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=_SECONDS,
    )
    return time.perf_counter() - began
