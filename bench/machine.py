"""The context of the figures: the machine, the versions, and their speed today."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import floor, load, questions
from bench.run import PEERS, VEGETA
from bench.server import SHIPPED, Opa
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from bench.run import Run

__all__ = ["calibration", "describe"]

_LOOPS: Final = 1_000_000
_TIMES: Final = 5


def describe() -> dict[str, str]:
    """Return the machine and the versions, as rows of the table."""
    peers = ("opa-python-client", "cedarpy", "casbin", "moto")
    return {
        "CPU": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": f"{_memory() / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "OPA": _version_of_command(str(find_opa()), "version", form=r"^Version: (\S+)"),
        "ramgate": importlib.metadata.version("ramgate"),
        "wrk": _version_of_command("wrk", "-v", form=r"^wrk (\S+)"),
        "vegeta": _vegeta_version() if VEGETA.exists() else "none",
    } | {name: _version(name) for name in peers}


def calibration(run: Run) -> dict[str, str]:
    """Return the present speed of Python and OPA: a loop of a million, and the floor's rate."""
    loops = [_loop_seconds() for _ in range(_TIMES)]
    file = load.write_bodies(run.folder, "calibration", [questions.mix()[0].body])
    content = run.build("mix", questions.write).content
    with Opa(content, run.folder, store=SHIPPED) as opa:
        slices = [load.slice_of(f"{opa.url}{floor.ALLOW}", file, 1).rate for _ in range(_TIMES)]
    return {
        "a loop of a million in Python": f"{1000 * statistics.median(loops):.0f} ms",
        "the floor": f"{statistics.median(slices):,.0f} /s",
    }


def _loop_seconds() -> float:
    began, total = time.perf_counter(), 0
    for number in range(_LOOPS):
        total += number % 7
    return time.perf_counter() - began


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return f"{found[1]} ({platform.machine()})" if found else platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _version_of_command(*command: str, form: str) -> str:
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    found = re.search(form, done.stdout + done.stderr, re.MULTILINE)
    return found[1] if found else "unknown"


def _vegeta_version() -> str:
    text = Path(__file__).with_name("go.mod").read_text()
    return str(re.findall(r"/vegeta/v\d+ v(\S+)", text)[0])


def _version(package: str) -> str:
    places = [*sys.path, str(PEERS)]
    found = importlib.metadata.distributions(name=package, path=places)
    return next((one.version for one in found), "none")
