"""`python -m bench [PART…]` measures, prints and writes; `python -m bench readme` renews a text."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench import (
    batch,
    big,
    building,
    clients,
    command,
    hostile,
    latency,
    machine,
    memory,
    peers,
    report,
    scale,
    throughput,
)
from bench.ground import Ground
from bench.report import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.report import Section

ROOT: Final = Path(__file__).parents[1]
LATEST: Final = ROOT / "bench/results/latest.json"
"""The run that the README speaks of: one of all parts, at every size."""

_ROUNDS: Final = 7
"""The rounds that such a run has at least."""

PARTIAL: Final = ROOT / "build/bench/partial.json"
README: Final = ROOT / "README.md"
_BLOCK: Final = re.compile(r"(?<=<!-- speed -->\n).*?(?=<!-- /speed -->)", re.DOTALL)

PARTS: Final[Mapping[str, Callable[[Ground], Section]]] = {
    "throughput": throughput.measure,
    "scale": scale.measure,
    "big": big.measure,
    "batch": batch.measure,
    "clients": clients.measure,
    "latency": latency.measure,
    "memory": memory.measure,
    "build": building.measure,
    "command": command.measure,
    "peers": peers.measure,
    "hostile": hostile.measure,
}
"""What is measured, in this order."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or renew the README."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or readme"
    )
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, help=f"slices of each (default {_ROUNDS})"
    )
    parser.add_argument("--seconds", type=int, default=1, help="seconds of a slice (default 1)")
    parser.add_argument(
        "--largest", type=int, default=100_000, metavar="ROLES", help="of a world (default 100000)"
    )
    options = parser.parse_args(arguments)
    if options.parts == ["readme"]:
        renew()
        return 0
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    names = [name for name in PARTS if name in (options.parts or PARTS)]
    with tempfile.TemporaryDirectory(prefix="ramgate-bench-") as folder:
        ground = Ground(
            Path(folder),
            rounds=options.rounds,
            seconds=options.seconds,
            largest=options.largest,
        )
        results = run(ground, names)
    is_whole = len(names) == len(PARTS) and ground.largest >= max(scale.SIZES)
    file = LATEST if is_whole and ground.rounds >= _ROUNDS else PARTIAL
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    file.with_suffix(".md").write_text(report.markdown(results))
    sys.stdout.write(report.markdown(results))
    ground.say(f"written: {file}")
    return 0


def run(ground: Ground, names: Sequence[str]) -> Results:
    """Measure these parts, with the machine before and after."""
    before = machine.calibration(ground)
    sections = []
    for name in names:
        ground.say(name)
        sections.append(PARTS[name](ground))
    after = machine.calibration(ground)
    drift = {key: f"{before[key]} before, {after[key]} after" for key in before}
    measured = {"measured": f"{ground.rounds} rounds of {ground.seconds} s"}
    return Results(machine.described() | measured | drift, tuple(sections))


def latest() -> Results:
    """The committed run."""
    return msgspec.json.decode(LATEST.read_bytes(), type=Results)


def renew() -> None:
    """Write the README's part from the committed run."""
    text = README.read_text()
    README.write_text(_BLOCK.sub(lambda _: report.readme(latest()), text))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
