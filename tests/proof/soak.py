"""Change the accounts again and again under load: no request is lost, no answer mixes revisions.

`python tests/proof/soak.py` (`make soak`) gives OPA many revisions of its accounts while clients
ask batches. Each answer shows the revision that it comes from. A revision counts once the
provenance of an answer from OPA names it. With `--patches` OPA requires a token, so that it gets
patches in place of bundles; a revision counts once OPA answers with it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate import AsyncClient, RamgateError, Request, Sidecar
from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate import Decision

ACCOUNT: Final = "1234567890123456"
BATCH: Final = 5
TOKEN: Final = "the-token-of-the-soak"  # noqa: S105 - a test's own
CLIENTS: Final = 50
REQUESTS: Final = [
    Request(f"acs:ram::{ACCOUNT}:user/u{index}", "a:b", "*") for index in range(BATCH)
]
_OTHER_FILES: Final = 20
_TIMEOUT: Final = 30.0
# Without the pause OPA activates a revision only after all 50 waiting requests: 3 s on two cores,
# against 0.1 s with the pause.
_PAUSE: Final = 0.25


class World:
    """A folder of accounts files; each revision replaces one of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        others = {f"u{index}": {"policies": ["AliyunKafkaFullAccess"]} for index in range(BATCH)}
        for other in range(_OTHER_FILES):
            self._write(f"{10**15 + other}", {"users": others})
        self.change()

    def change(self) -> None:
        """Change every answer: the deciding policy gets a new name and the opposite effect."""
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
    """Return the revision of all these answers; raise `ValueError` if they are of several."""
    found = {
        (decision.effect, *(statement.policy for statement in decision.statements))
        for decision in decisions
    }
    number = int(max(found)[-1].removeprefix("r-"))
    effect = {"Allow": "Allow", "Deny": "ExplicitDeny"}[_effect(number)]
    if found != {(effect, f"r-{number}")}:
        raise ValueError(f"answers of several revisions: {sorted(found)}")
    return number


class Soak:
    """A soak test of one sidecar, and its results."""

    def __init__(
        self, sidecar: Sidecar, world: World, clients: int = CLIENTS, token: str | None = None
    ) -> None:
        self._sidecar = sidecar
        self._token = token
        self._world = world
        self._clients = clients
        self._live = world.number
        self._over = False
        self.activated: set[str] = set()
        self.answering: set[int] = set()
        self.requests = 0
        self.answers = 0
        self.slowest = 0.0
        self.seconds = 0.0
        self.faults: list[str] = []

    async def run(self, revisions: int, seconds: float) -> None:
        """Run until OPA has activated so many revisions, the seconds have passed, or a fault."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for client in range(self._clients):
                tasks.create_task(self._ask(_PAUSE * client / self._clients))
            while (
                len(self.activated) < revisions
                and time.monotonic() - began < seconds
                and not self.faults
            ):
                await asyncio.to_thread(self._change)
            self._over = True
        self.seconds = time.monotonic() - began

    def _change(self) -> None:
        self._world.change()
        try:
            self._sidecar.load(self._world.folder)
        except RamgateError as error:
            self.faults.append(repr(error))
            return
        self._live = self._world.number
        if self._token is None:
            revision = provenance(self._sidecar.url)
        else:
            revision = str(self._sidecar.state().active)
        if revision != self._sidecar.revision:
            self.faults.append(f"OPA decides by {revision}, not by {self._sidecar.revision}")
        self.activated.add(revision)

    def _client(self) -> AsyncClient:
        return AsyncClient(self._sidecar.url, timeout=_TIMEOUT, token=self._token)

    async def _ask(self, delay: float) -> None:
        await asyncio.sleep(delay)  # spreads the clients, so that some request is always open
        async with self._client() as client:
            while not self._over and not self.faults:
                oldest, began = self._live, time.monotonic()
                self.requests += 1
                try:
                    number = revision_of(await client.decide_all(REQUESTS))
                except (RamgateError, ValueError) as error:
                    self.faults.append(repr(error))
                    return
                self.answers += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.answering.add(number)
                if not oldest <= number <= self._world.number:
                    newest = self._world.number
                    self.faults.append(f"r-{number}, not one of r-{oldest} to r-{newest}")
                await asyncio.sleep(_PAUSE)

    def __str__(self) -> str:
        rate = BATCH * self.answers / self.seconds
        return (
            f"revisions  {len(self.activated)} activated by OPA in {self.seconds:.1f} s, "
            f"{len(self.answering)} of them in answers\n"
            f"batches    {self.requests} sent by {self._clients} clients, {self.answers} answered, "
            f"{BATCH} decisions each, {rate:.0f} decisions a second\n"
            f"slowest    {1000 * self.slowest:.0f} ms\n"
            f"faults     {len(self.faults)}"
        )


def provenance(url: str) -> str:
    """Return the revision in the provenance of an answer from OPA."""
    connection = http.client.HTTPConnection("localhost")
    with contextlib.closing(connection):
        connection.sock = Address.parse(url).connect(_TIMEOUT)
        connection.request(
            "POST",
            "/v1/data/ram/authz/decisions?provenance=true",
            b'{"input": {"requests": []}}',
        )
        answer = json.load(connection.getresponse())
    return str(answer["provenance"]["bundles"]["ramgate"]["revision"])


def soak(revisions: int, seconds: float, token: str | None = None) -> Soak:
    """Start a sidecar, run the test on it, and return the finished test."""
    with tempfile.TemporaryDirectory(prefix="ramgate-") as folder:
        world = World(Path(folder))
        with Sidecar(world.folder, token=token) as sidecar:
            done = Soak(sidecar, world, token=token)
            asyncio.run(done.run(revisions, seconds))
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1800.0, help="longest duration")
    parser.add_argument("--patches", action="store_true", help="change OPA by patches")
    options = parser.parse_args()
    done = soak(options.revisions, options.seconds, TOKEN if options.patches else None)
    print(done)
    for fault in done.faults:
        print(fault)
    return int(bool(done.faults) or len(done.activated) < options.revisions)


if __name__ == "__main__":
    sys.exit(main())
