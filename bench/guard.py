"""`python -m bench.guard`: that a decision does not need more than it did.

Times wobble; what OPA allocates and how many expressions it evaluates for a fixed query does not.
Both are held against the bounds of `bounds.json`, which `--write` renews.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench import questions
from ramgate.bundle import builder as bundle
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOUNDS: Final = Path(__file__).with_name("bounds.json")

_QUERY: Final = "data.ram.authz.decision"
_ACCOUNTS: Final = 5
_SLACK: Final = 1.02
_SECONDS: Final = 120.0


class Cost(msgspec.Struct, frozen=True):
    """What one decision needs: allocations of memory, and evaluated expressions."""

    allocations: int
    expressions: int


Costs = dict[str, Cost]


def measured(executable: Path, folder: Path) -> Costs:
    """What each fixed question costs; every answer is checked first."""
    accounts = folder / "accounts"
    questions.write(accounts, _ACCOUNTS)
    packed = folder / "bundle.tar.gz"
    packed.write_bytes(bundle.build(accounts).content)
    costs = {}
    for question in (*questions.mix(), *questions.beside()):
        asked = folder / "input.json"
        asked.write_text(json.dumps(question.request))
        given = ["--bundle", str(packed), "--input", str(asked), "--format=json", _QUERY]
        evaluated = _answer(str(executable), "eval", "--profile", "--profile-limit=0", *given)
        decision = evaluated["result"][0]["expressions"][0]["value"]
        if (decision["effect"], decision["reason"]) != (question.effect, question.reason):
            raise SystemExit(f"{question.name}: is {decision}")
        timed = _answer(str(executable), "bench", *given)
        costs[question.name] = Cost(
            round(timed["MemAllocs"] / timed["N"]),
            sum(line["num_eval"] for line in evaluated["profile"]),
        )
    return costs


def grown(costs: Costs, bounds: Mapping[str, Cost]) -> list[str]:
    """What needs more than its bound, or has none, or is no longer asked; a line each."""
    lines = [f"{name}: has no bound" for name in costs.keys() - bounds.keys()]
    lines += [f"{name}: is not asked" for name in bounds.keys() - costs.keys()]
    for name in costs.keys() & bounds.keys():
        for what in Cost.__struct_fields__:
            cost, bound = getattr(costs[name], what), getattr(bounds[name], what)
            if cost > bound * _SLACK:
                lines.append(f"{name}: {cost} {what}, where {bound} were enough")
    return sorted(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and compare with the bounds or renew them; exit with 1 where one is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the bounds")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ramgate-guard-") as folder:
        costs = measured(find_opa(), Path(folder))
    if options.write:
        BOUNDS.write_bytes(msgspec.json.format(msgspec.json.encode(costs), indent=1) + b"\n")
    for name, cost in costs.items():
        sys.stdout.write(f"{cost.allocations:6} {cost.expressions:6}  {name}\n")
    if lines := grown(costs, msgspec.json.decode(BOUNDS.read_bytes(), type=Costs)):
        raise SystemExit("\n".join(lines))


def _answer(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise SystemExit((done.stderr or done.stdout).decode())
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
