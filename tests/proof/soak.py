"""One revision after the other under load: no question is lost, no answer is a mixture.

`python tests/proof/soak.py` (`make soak`) gives OPA at least so many revisions of its accounts
while clients ask batches, each answer of which names the revision that it comes from. A
revision counts once OPA has said itself, in the provenance of an answer, that it decides by it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate import AsyncClient, RamgateError, Request, Sidecar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate import Decision

ACCOUNT: Final = "1234567890123456"
BATCH: Final = 5
CLIENTS: Final = 50
REQUESTS: Final = [
    Request(f"acs:ram::{ACCOUNT}:user/u{index}", "a:b", "*") for index in range(BATCH)
]
_OTHER_FILES: Final = 20
_TIMEOUT: Final = 30.0
# Without it OPA gets to its next revision when 50 questions have had their turn: 3 s on two cores,
# 0.1 s with it.
_PAUSE: Final = 0.25


class World:
    """A folder of accounts files, one of which is another with each revision."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        others = {f"u{index}": {"policies": ["AliyunKafkaFullAccess"]} for index in range(BATCH)}
        for other in range(_OTHER_FILES):
            self._write(f"{10**15 + other}", {"users": others})
        self.turn()

    def turn(self) -> None:
        """Change every answer: what settles it gets another name, and the other effect."""
        self.number += 1
        name = f"r-{self.number}"
        statement = {"Effect": _effect(self.number), "Action": "a:*", "Resource": "*"}
        policies = {name: {"Version": "1", "Statement": [statement]}}
        users = {f"u{index}": {"policies": [name]} for index in range(BATCH)}
        self._write(ACCOUNT, {"policies": policies, "users": users})

    def _write(self, number: str, account: dict[str, object]) -> None:
        text = json.dumps({"accounts": {number: account}})
        (self.folder / f"{number}.json").write_text(text)


def _effect(number: int) -> str:
    return "Allow" if number % 2 else "Deny"


def revision_of(decisions: Sequence[Decision]) -> int:
    """The revision that all of the answers come from. Raises `ValueError` where there is none."""
    found = {
        (decision.effect, *(statement.policy for statement in decision.statements))
        for decision in decisions
    }
    number = int(max(found)[-1].removeprefix("r-"))
    effect = {"Allow": "Allow", "Deny": "ExplicitDeny"}[_effect(number)]
    if found != {(effect, f"r-{number}")}:
        raise ValueError(f"a mixture: {sorted(found)}")
    return number


class Soak:
    """What is done to one sidecar, and what came of it."""

    def __init__(self, sidecar: Sidecar, world: World, clients: int = CLIENTS) -> None:
        self._sidecar = sidecar
        self._world = world
        self._clients = clients
        self._live = world.number
        self._over = False
        self.seen: set[str] = set()
        self.met: set[int] = set()
        self.asked = 0
        self.answered = 0
        self.slowest = 0.0
        self.seconds = 0.0
        self.faults: list[str] = []

    async def run(self, revisions: int, seconds: float) -> None:
        """Go on until OPA has seen so many revisions, at most so long, or until a fault."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for client in range(self._clients):
                tasks.create_task(self._ask(_PAUSE * client / self._clients))
            while (
                len(self.seen) < revisions
                and time.monotonic() - began < seconds
                and not self.faults
            ):
                await asyncio.to_thread(self._change)
            self._over = True
        self.seconds = time.monotonic() - began

    def _change(self) -> None:
        self._world.turn()
        try:
            self._sidecar.load(self._world.folder)
        except RamgateError as error:
            self.faults.append(repr(error))
            return
        self._live = self._world.number
        revision = provenance(self._sidecar.url)
        if revision != self._sidecar.revision:
            self.faults.append(f"OPA decides by {revision}, not by {self._sidecar.revision}")
        self.seen.add(revision)

    async def _ask(self, delay: float) -> None:
        await asyncio.sleep(delay)  # so that somebody asks all the while
        async with AsyncClient(self._sidecar.url, timeout=_TIMEOUT) as client:
            while not self._over and not self.faults:
                oldest, began = self._live, time.monotonic()
                self.asked += 1
                try:
                    number = revision_of(await client.decide_all(REQUESTS))
                except (RamgateError, ValueError) as error:
                    self.faults.append(repr(error))
                    return
                self.answered += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.met.add(number)
                if not oldest <= number <= self._world.number:
                    newest = self._world.number
                    self.faults.append(f"r-{number}, not one of r-{oldest} to r-{newest}")
                await asyncio.sleep(_PAUSE)

    def __str__(self) -> str:
        rate = BATCH * self.answered / self.seconds
        return (
            f"revisions  {len(self.seen)} seen by OPA in {self.seconds:.1f} s, "
            f"{len(self.met)} met in answers\n"
            f"batches    {self.asked} asked by {self._clients} clients, {self.answered} answered, "
            f"{BATCH} decisions each, {rate:.0f} decisions a second\n"
            f"slowest    {1000 * self.slowest:.0f} ms\n"
            f"faults     {len(self.faults)}"
        )


def provenance(url: str) -> str:
    """The revision that OPA says that it answers from."""
    asked = urllib.request.Request(  # noqa: S310 - the sidecar's own
        f"{url}/v1/data/ram/authz/decisions?provenance=true",
        b'{"input": {"requests": []}}',
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=_TIMEOUT) as answer:  # noqa: S310
        return str(json.load(answer)["provenance"]["bundles"]["ramgate"]["revision"])


def soak(revisions: int, seconds: float) -> Soak:
    """Run on a sidecar of its own."""
    with tempfile.TemporaryDirectory(prefix="ramgate-") as folder:
        world = World(Path(folder))
        with Sidecar(world.folder) as sidecar:
            done = Soak(sidecar, world)
            asyncio.run(done.run(revisions, seconds))
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1800.0, help="at most")
    options = parser.parse_args()
    done = soak(options.revisions, options.seconds)
    print(done)
    for fault in done.faults:
        print(fault)
    return int(bool(done.faults) or len(done.seen) < options.revisions)


if __name__ == "__main__":
    sys.exit(main())
