"""Measure with `python -m bench [PART…]`; update the README with `python -m bench readme`."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench import (
    batch,
    big,
    building,
    clients,
    command,
    corpus_mix,
    fleet,
    fronts,
    hostile,
    importing,
    latency,
    machine,
    memory,
    middleware,
    peers,
    proving,
    report,
    scale,
    throughput,
)
from bench.report import Results
from bench.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.report import Section

ROOT: Final = Path(__file__).parents[1]
LATEST: Final = ROOT / "bench/results/latest.json"
"""The committed run, which the README quotes: all parts, at every size."""

_ROUNDS: Final = 7
"""The rounds that a run needs at least to replace `LATEST`."""

PARTIAL: Final = ROOT / "build/bench/partial.json"
README: Final = ROOT / "README.md"
_BLOCK: Final = re.compile(r"(?<=<!-- speed -->\n).*?(?=<!-- /speed -->)", re.DOTALL)

PARTS: Final[Mapping[str, Callable[[Run], Section]]] = {
    "throughput": throughput.measure,
    "corpus": corpus_mix.measure,
    "scale": scale.measure,
    "big": big.measure,
    "batch": batch.measure,
    "clients": clients.measure,
    "authzen": fronts.measure,
    "middleware": middleware.measure,
    "latency": latency.measure,
    "memory": memory.measure,
    "build": building.measure,
    "fleet": fleet.measure,
    "command": command.measure,
    "prove": proving.measure,
    "import": importing.measure,
    "peers": peers.measure,
    "hostile": hostile.measure,
}
"""The parts of a run by name, in the order in which they are measured."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the given parts, or update the README."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"one of {', '.join(PARTS)}; default: all; or readme: update the README",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=_ROUNDS,
        help=f"number of slices for each measurement (default {_ROUNDS})",
    )
    parser.add_argument(
        "--seconds", type=int, default=1, help="length of a slice in seconds (default 1)"
    )
    parser.add_argument(
        "--largest",
        type=int,
        default=100_000,
        metavar="ROLES",
        help="number of roles of the largest world (default 100000)",
    )
    options = parser.parse_args(arguments)
    if options.parts == ["readme"]:
        update_readme()
        return 0
    if unknown := set(options.parts) - set(PARTS):
        listed = ", ".join(f"`{name}`" for name in sorted(unknown))
        parser.error(f"unknown part {listed}: the parts are {', '.join(PARTS)}")
    names = [name for name in PARTS if name in (options.parts or PARTS)]
    with tempfile.TemporaryDirectory(prefix="ramgate-bench-") as folder:
        run = Run(
            Path(folder),
            rounds=options.rounds,
            seconds=options.seconds,
            largest=options.largest,
        )
        results = measure(run, names)
    is_whole = len(names) == len(PARTS) and run.largest >= max(scale.SIZES)
    file = LATEST if is_whole and run.rounds >= _ROUNDS else PARTIAL
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    file.with_suffix(".md").write_text(report.markdown(results))
    sys.stdout.write(report.markdown(results))
    run.log(f"wrote {file}")
    return 0


def measure(run: Run, names: Sequence[str]) -> Results:
    """Measure these parts, and the speed of the machine before and after them."""
    before = machine.calibration(run)
    sections, minutes = [], {}
    for name in names:
        run.log(name)
        began = time.monotonic()
        sections.append(PARTS[name](run))
        minutes[name] = f"{(time.monotonic() - began) / 60:.1f}"
        run.log(f"{name} took {minutes[name]} minutes")
    after = machine.calibration(run)
    drift = {key: f"{before[key]} before, {after[key]} after" for key in before}
    length = {"measured": f"{run.rounds} rounds of {run.seconds} s"}
    length["minutes"] = ", ".join(f"{name} {taken}" for name, taken in minutes.items())
    return Results(machine.describe() | length | drift, tuple(sections))


def latest() -> Results:
    """Return the committed run."""
    return msgspec.json.decode(LATEST.read_bytes(), type=Results)


def update_readme() -> None:
    """Rewrite the README's table of speed from the committed run."""
    text = README.read_text()
    README.write_text(_BLOCK.sub(lambda _: report.readme(latest()), text))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
