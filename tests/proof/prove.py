"""Hold the prover against the reference evaluator, OPA and cvc5: `make prove`.

`python tests/proof/prove.py --pairs 10000 --edits 200 --seed 1`. Equal seeds give equal questions.
Each failure is printed with its own seed.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import sys
import time
from typing import TYPE_CHECKING, Final

import edits
import pairs
import second_prover
import strangers
import widenings
from referees import running

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from referees import Referees

    Part = Callable[[Iterable[int], Referees, Counter[str]], Iterator[str]]

_PARTS: Final[Mapping[str, tuple[int, Part]]] = {
    "pairs": (10_000, pairs.failures),
    "edits": (200, edits.failures),
    "widenings": (200, widenings.failures),
    "small": (1000, second_prover.failures),
    "strangers": (100, strangers.failures),
}
"""For each part the number of questions, if none is given, and its failures."""

_SEEDS_A_RUN: Final = 1_000_000
_BETWEEN_LINES: Final = 1000


def _shown(seeds: Iterable[int], name: str) -> Iterator[int]:
    """Yield the seeds; say on stderr how many were used."""
    for place, seed in enumerate(seeds, start=1):
        yield seed
        if place % _BETWEEN_LINES == 0:
            print(f"{place:,} {name}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    for name, (default, _) in _PARTS.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"(default: {default})")
    parser.add_argument("--seed", type=int, default=1, help="seed of the questions (default: 1)")
    arguments = parser.parse_args()
    failed = 0
    first = arguments.seed * _SEEDS_A_RUN
    with running() as referees:
        for name, (_, failures) in _PARTS.items():
            seeds = itertools.islice(itertools.count(first), getattr(arguments, name))
            counts: Counter[str] = collections.Counter()
            start = time.monotonic()
            for text in failures(_shown(seeds, name), referees, counts):
                failed += 1
                print(text, end="\n\n", flush=True)
            outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.most_common())
            print(f"{name}: {outcomes}; {time.monotonic() - start:.0f} s", flush=True)
    print(f"seed {arguments.seed}: {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
