"""Decide the requests of decision logs again, and compare the decisions."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Final, cast

import msgspec

from ramgate.analysis.engine import decide_at
from ramgate.analysis.replay.entries import Asked, Unasked, asked, entries
from ramgate.analysis.replay.result import Change, NotReplayable, Replay
from ramgate.analysis.sides.side import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Decision

__all__ = ["replay"]

_CHUNK: Final = 10_000
_SHOWN: Final = 1_000
_TIME_KEY: Final = b"acs:currenttime"
_NO_DECISION: Final = "it has no decision, and there is no baseline to decide it"


@dataclasses.dataclass(slots=True)
class _Times:
    """How often a question was asked, and the first and the last time.

    A time is the nanoseconds since 1970, and the text of the log, whose fractions may be cut short.
    """

    count: int
    first: tuple[int, str]
    last: tuple[int, str]

    def add(self, other: _Times) -> None:
        """Count the times of an equal question, too."""
        self.count += other.count
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    """A request, the time by which it is decided, and without a baseline its logged decision."""

    request: bytes
    nanoseconds: int
    logged: Decision | None


@dataclasses.dataclass(frozen=True, slots=True)
class _Difference:
    """A request that is decided otherwise, and when it was asked."""

    request: bytes
    before: Decision
    after: Decision
    times: _Times

    def change(self) -> Change:
        """Return the difference as a part of the result."""
        times = self.times
        return Change(
            msgspec.Raw(self.request),
            self.before,
            self.after,
            times.count,
            times.first[1],
            times.last[1],
        )


class _Log:
    """The distinct questions of logs with their counts, and the rest by reason."""

    def __init__(self, *, by_time: bool, by_decision: bool) -> None:
        self._by_time = by_time
        self._by_decision = by_decision
        self._clock: dict[bytes, int] = {}
        self.entries = 0
        self.decisions = 0
        self.questions: dict[_Question, _Times] = {}
        self.rest: collections.Counter[Unasked] = collections.Counter()

    def read(self, log: str) -> Iterator[int]:
        """Read a log, and yield the number of entries now and then."""
        for entry in entries(log):
            self.entries += 1
            for one in [entry] if isinstance(entry, Unasked) else asked(entry):
                self._add(one)
            if self.entries % _SHOWN == 0:
                yield self.entries

    def _add(self, one: Asked | Unasked) -> None:
        if isinstance(one, Asked) and self._by_decision and one.logged is None:
            one = Unasked(_NO_DECISION)
        if isinstance(one, Unasked):
            self.rest[one] += 1
            return
        self.decisions += 1
        # One time for all if no policy tests it: the same request is then the same question.
        time = one.nanoseconds
        if not self._by_time:
            time = self._clock.setdefault(one.request, time)
        question = _Question(one.request, time, one.logged if self._by_decision else None)
        times = _Times(1, (one.nanoseconds, one.time), (one.nanoseconds, one.time))
        known = self.questions.setdefault(question, times)
        if known is not times:
            known.add(times)


def replay(
    logs: Sequence[str],
    accounts: str,
    *,
    baseline: str | None = None,
    show: Callable[[str], None] = lambda _: None,
) -> Replay:
    """Decide the requests of decision logs by `accounts`, and compare with the logged decisions.

    With `baseline`, they are compared with the decisions by these accounts instead. Both are an
    accounts file, a folder, a bundle, or `git:REF:PATH`. `acs:CurrentTime` is the time of the
    entry. `show` is called with the state of the work. Raises `InvalidFiles` for faulty accounts,
    `UnreadableFiles` for a log that cannot be read, and `RamgateError` if OPA does not decide.

    >>> import json
    >>> from pathlib import Path
    >>> from ramgate import resources
    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> entry = {
    ...     "decision_id": "1",
    ...     "path": "ram/authz/decision",
    ...     "timestamp": "2026-01-31T12:00:00Z",
    ...     "input": {"principal": alice, "action": "ecs:StopInstance", "resource": "*"},
    ... }
    >>> _ = Path("decisions.json").write_text(json.dumps(entry))
    >>> example = str(resources.path("examples/accounts.yaml"))
    >>> found = replay(["decisions.json"], example, baseline=example)
    >>> found.decisions, found.differs, found.not_replayable
    (1, False, ())
    """
    after = load(accounts).store
    before = None if baseline is None else load(baseline).store
    stores = [store for store in (after, before) if store is not None]
    log = _Log(by_time=any(map(_tests_time, stores)), by_decision=before is None)
    for name in logs:
        for number in log.read(name):
            show(f"{number} entries read")
    differing: dict[tuple[bytes, object, object], _Difference] = {}
    questions = list(log.questions)
    for start in range(0, len(questions), _CHUNK):
        show(f"{start} of {len(questions)} questions decided")
        chunk = questions[start : start + _CHUNK]
        for question, old, new in _decided(chunk, before, after):
            if _outcome(old) != _outcome(new):
                key = (question.request, _outcome(old), _outcome(new))
                times = dataclasses.replace(log.questions[question])
                known = differing.setdefault(key, _Difference(question.request, old, new, times))
                if known.times is not times:
                    known.times.add(times)
    changes = [one.change() for one in differing.values()]
    return Replay(
        entries=log.entries,
        decisions=log.decisions,
        questions=len({question.request for question in questions}),
        newly_allowed=_sorted(one for one in changes if one.after and not one.before),
        newly_denied=_sorted(one for one in changes if one.before and not one.after),
        other_reason=_sorted(one for one in changes if one.before.allow == one.after.allow),
        not_replayable=tuple(
            NotReplayable(one.reason, count, one.access) for one, count in log.rest.most_common()
        ),
    )


def _decided(
    questions: Sequence[_Question], before: Store | None, after: Store
) -> Iterator[tuple[_Question, Decision, Decision]]:
    timed = [(question.request, question.nanoseconds) for question in questions]
    new = decide_at(after, timed)
    if before is None:
        old = [cast("Decision", question.logged) for question in questions]
    else:
        old = decide_at(before, timed)
    return zip(questions, old, new, strict=True)


def _tests_time(store: Store) -> bool:
    """Return whether a policy may test the time: the name of its key is among the policies."""
    others = {name: part for name, part in store.items() if name != "condition_keys"}
    return _TIME_KEY in msgspec.json.encode(others).lower()


def _outcome(decision: Decision) -> tuple[str, str, str | None]:
    return decision.effect, decision.reason, decision.policy_type


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda one: (-one.count, bytes(one.request))))
