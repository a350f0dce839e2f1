"""Check that a decision costs no more than before: `python -m bench.guard`.

Times vary from run to run. The numbers of OPA's allocations and evaluated expressions for a fixed
query do not, so they are compared with the bounds in `bounds.json`, which `--write` updates.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench import cases, corpus_mix, questions
from ramgate.bundle import builder as bundle
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.questions import Question

BOUNDS: Final = Path(__file__).with_name("bounds.json")

_QUERY: Final = "data.ram.authz.decision"
_ACCOUNTS: Final = 5
_EVERY: Final = 20
_SLACK: Final = 1.02
_SECONDS: Final = 120.0


class Cost(msgspec.Struct, frozen=True):
    """The cost of one decision: allocations of memory, and evaluated expressions."""

    allocations: int
    expressions: int


Costs = dict[str, Cost]


def asked() -> list[Question]:
    """Return the questions whose cost is bounded."""
    stored = [
        dataclasses.replace(question, name=f"{question.name}, as stored")
        for question in questions.mix(as_stored=True)
        if ":role/" in question.principal
    ]
    corpus = [
        dataclasses.replace(question, name=f"corpus mix, {question.name}")
        for question in corpus_mix.questions()[::_EVERY]
    ]
    return [*questions.mix(), *stored, *cases.asked(), *corpus]


def measure(executable: Path, folder: Path) -> Costs:
    """Return the cost of each question. Exits if a decision is wrong."""
    accounts = folder / "accounts"
    questions.write(accounts, _ACCOUNTS)
    cases.write(accounts)
    corpus_mix.write(accounts)
    packed = folder / "bundle.tar.gz"
    packed.write_bytes(bundle.build(accounts).content)

    def cost(numbered: tuple[int, Question]) -> Cost:
        number, question = numbered
        file = folder / f"input-{number}.json"
        return _cost(executable, packed, file, question)

    found = asked()
    # Allocations and expressions do not depend on the load, unlike times. Go's benchmarks run for a
    # second of wall time each, so many at once need fewer iterations, and less time together.
    with ThreadPoolExecutor(4 * (os.cpu_count() or 1)) as pool:
        costs = pool.map(cost, enumerate(found))
        return {question.name: one for question, one in zip(found, costs, strict=True)}


def _cost(executable: Path, packed: Path, file: Path, question: Question) -> Cost:
    file.write_text(json.dumps(question.request))
    options = ["--bundle", str(packed), "--input", str(file), "--format=json", _QUERY]
    evaluated = _run_opa(str(executable), "eval", "--profile", "--profile-limit=0", *options)
    decision = evaluated["result"][0]["expressions"][0]["value"]
    if (decision["effect"], decision["reason"]) != (question.effect, question.reason):
        raise SystemExit(f"`{question.name}`: wrong decision: {decision}")
    timed = _run_opa(str(executable), "bench", *options)
    return Cost(
        round(timed["MemAllocs"] / timed["N"]),
        sum(line["num_eval"] for line in evaluated["profile"]),
    )


def regressions(costs: Costs, bounds: Mapping[str, Cost]) -> list[str]:
    """Return a line for each cost above its bound, cost without bound and bound without question.

    2 % above a bound are tolerated.
    """
    lines = [f"`{name}`: no bound: add it with `--write`" for name in costs.keys() - bounds.keys()]
    lines += [
        f"`{name}`: no such question: remove its bound with `--write`"
        for name in bounds.keys() - costs.keys()
    ]
    for name in costs.keys() & bounds.keys():
        for unit in Cost.__struct_fields__:
            cost, bound = getattr(costs[name], unit), getattr(bounds[name], unit)
            if cost > bound * _SLACK:
                lines.append(f"`{name}`: {cost} {unit}, bound {bound}")
    return sorted(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, then compare with the bounds or update them; exit with 1 if one is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--write", action="store_true", help="update the bounds")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ramgate-guard-") as folder:
        costs = measure(find_opa(), Path(folder))
    if options.write:
        BOUNDS.write_bytes(msgspec.json.format(msgspec.json.encode(costs), indent=1) + b"\n")
    for name, cost in costs.items():
        sys.stdout.write(f"{cost.allocations:6} {cost.expressions:6}  {name}\n")
    if lines := regressions(costs, msgspec.json.decode(BOUNDS.read_bytes(), type=Costs)):
        raise SystemExit("\n".join(lines))


def _run_opa(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise SystemExit((done.stderr or done.stdout).decode())
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
