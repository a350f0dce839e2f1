"""Accounts that change all the while, and the judge of the answers about them.

Revision n grants the action to one user, by the policy `r-n`, and denies it to the others, by
`d-n`. So each answer shows its revision, and whether that revision permits it.
"""

from __future__ import annotations

import collections
import json
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate import Request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ramgate import Decision

ACCOUNT: Final = "1234567890123456"
USERS: Final = 4
REQUESTS: Final = [
    Request(f"acs:ram::{ACCOUNT}:user/u{index}", "a:b", "*") for index in range(USERS)
]
_OTHER_FILES: Final = 5
_MOST_FINDINGS: Final = 50
_LONGEST_FINDING: Final = 3000


class World:
    """A folder of accounts files. `number` is the newest revision that was ever written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.file = folder / f"{ACCOUNT}.json"
        # True from the moment that the file is taken away for good until it is back and active.
        self.may_be_absent = False
        folder.mkdir(parents=True, exist_ok=True)
        for other in range(_OTHER_FILES):
            number = f"{10**15 + other}"
            text = json.dumps({"accounts": {number: {"users": {"u": {}}}}})
            (folder / f"{number}.json").write_text(text)
        self.change()

    def next(self) -> bytes:
        """Return the contents of the file for the next revision, which counts as written."""
        number = self.number + 1
        granted = number % USERS
        users = {
            f"u{index}": {"policies": [f"{'r' if index == granted else 'd'}-{number}"]}
            for index in range(USERS)
        }
        policies = {
            f"{name}-{number}": {
                "Version": "1",
                "Statement": [{"Effect": effect, "Action": "a:*", "Resource": "*"}],
            }
            for name, effect in (("r", "Allow"), ("d", "Deny"))
        }
        account = {"policies": policies, "users": users}
        self.number = number
        return json.dumps({"accounts": {ACCOUNT: account}}).encode()

    def change(self) -> None:
        """Put the next revision in the place of the file, whatever stands there."""
        new = self.folder / ".new"
        new.write_bytes(self.next())
        new.rename(self.file)


class Finding(NamedTuple):
    """Something that must never happen; `kind` is `open`, `lost` or `orphan`."""

    kind: str
    text: str


class Judge:
    """Compares answers with the world, and collects the findings."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self.newest = 0
        self.place = "at the start"
        self.findings: list[Finding] = []
        self.counts: collections.Counter[str] = collections.Counter()

    def find(self, kind: str, text: str) -> None:
        """Record a finding, with the faults that act at the time."""
        with self._lock:
            self.counts[kind] += 1
            if len(self.findings) < _MOST_FINDINGS:
                self.findings.append(Finding(kind, f"{self.place}: {text[:_LONGEST_FINDING]}"))

    def judge(self, decisions: Sequence[Decision], oldest: int) -> int:
        """Judge one batch of answers, and return their revision, 0 if they show none.

        `oldest` is the value of `newest` from before the question was sent: no answer may come
        from an older revision, since that would take a change back.
        """
        numbers = [self._number(index, decision) for index, decision in enumerate(decisions)]
        number = numbers[0]
        if len(set(numbers)) > 1:
            self.find("open", f"a batch is answered by several revisions: {numbers}")
        elif number:
            if not oldest <= number <= self._world.number:
                kind = "lost" if number < oldest else "open"
                newest = self._world.number
                self.find(kind, f"an answer by revision {number}, not of {oldest} to {newest}")
            with self._lock:
                self.newest = max(self.newest, number)
        return number

    def _number(self, index: int, decision: Decision) -> int:
        """Return the revision of an answer about one user, 0 if the user is not there."""
        self.counts[decision.effect] += 1
        if decision.reason == "unknown_principal" and not decision.allow:
            if not self._world.may_be_absent:
                self.find("lost", f"u{index} is unknown")
            return 0
        if not decision.statements:
            self.find("open" if decision.allow else "lost", f"u{index} got {decision}")
            return 0
        name, _, number = decision.statements[0].policy.partition("-")
        granted = int(number) % USERS == index
        if (decision.effect, name) != (("Allow", "r") if granted else ("ExplicitDeny", "d")):
            self.find("open" if decision.allow else "lost", f"u{index} got {decision}")
        return int(number)
