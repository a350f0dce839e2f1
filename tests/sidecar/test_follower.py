from __future__ import annotations

import dataclasses
import itertools
import os
import signal
from typing import TYPE_CHECKING

import pytest

from processes import eventually
from ramgate.bundle.watch import Watch
from ramgate.errors import InvalidFiles, SidecarError
from ramgate.faults import Fault
from ramgate.sidecar import follower
from ramgate.sidecar.follower import Follower
from ramgate.sidecar.sidecar import Sidecar
from ramgate.sidecar.state import State
from sidecars import recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.bundle.builder import Bundle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Files:
    """A watch whose finds a test puts into `next`."""

    def __init__(self) -> None:
        self.next: list[Bundle | Exception] = []
        self.unread: list[Path] = []
        self.pause = 0.25
        self.looks = 0

    def look(self, active: str) -> Bundle | None:
        assert active
        self.looks += 1
        found = self.next.pop(0) if self.next else None
        if isinstance(found, Exception):
            raise found
        return found


class Opa:
    """A sidecar whose OPA decides by `active`."""

    def __init__(self) -> None:
        self.bundle = tiny_bundle("one")
        self._state = State("one", "one")
        self.asked = 0
        self.waits = 0

    @property
    def revision(self) -> str:
        return self.bundle.revision

    def want(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.now(wanted=bundle.revision)

    def now(self, **changes: object) -> None:
        self._state = dataclasses.replace(self._state, **changes)  # type: ignore[arg-type]

    def count_faults(self, count: int) -> None:
        self.now(faults=count)

    def state(self) -> State:
        self.asked += 1
        return self._state

    def wait(self, timeout: float) -> None:
        assert timeout == 0.25
        self.waits += 1
        if self.waits > 3:
            raise SidecarError("OPA ended")


class Followed:
    """A follower of the two above, and the texts that it has told."""

    def __init__(self) -> None:
        self.files = Files()
        self.opa = Opa()
        self.told: list[str] = []
        self.announced: list[str] = []
        self.follower = Follower(
            self.opa,  # type: ignore[arg-type]
            self.files,  # type: ignore[arg-type]
            self.told.append,
            lambda bundle: self.announced.append(bundle.revision),
        )

    def look(self) -> None:
        self.follower.look()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(follower, "time", clock)
    return clock


@pytest.fixture
def followed(clock: Clock) -> Followed:
    assert clock.now
    followed = Followed()
    followed.look()
    return followed


def test_a_change_is_announced_once_opa_decides_by_it(followed: Followed) -> None:
    followed.files.next = [tiny_bundle("two")]
    followed.look()
    followed.look()
    assert (followed.opa.revision, followed.announced) == ("two", [])
    followed.opa.now(active="two")
    followed.look()
    followed.look()
    assert (followed.announced, followed.told) == (["two"], [])


def test_a_change_before_the_one_before_is_active_is_wanted_at_once(followed: Followed) -> None:
    """A revocation waited until the change before it was active or too late, and was lost then."""
    followed.files.next = [tiny_bundle("two"), tiny_bundle("three")]
    followed.look()
    followed.look()
    assert followed.opa.revision == "three"
    followed.opa.now(active="two")
    followed.look()
    assert followed.announced == []
    followed.opa.now(active="three")
    followed.look()
    assert followed.announced == ["three"]


def test_while_all_is_well_opa_is_asked_every_ten_seconds(followed: Followed, clock: Clock) -> None:
    before = followed.opa.asked
    for _ in range(80):
        clock.now += 0.25
        followed.look()
    assert followed.opa.asked - before == 2


def test_what_is_not_in_use_is_told_after_ten_seconds_and_then_each_minute(
    followed: Followed, clock: Clock
) -> None:
    followed.files.next = [tiny_bundle("two")]
    for second in range(200):
        followed.look()
        followed.opa.now(seconds=float(second))
        clock.now += 1
    assert [text.partition(",")[0] for text in followed.told] == [
        f"revision two is not in use for {second} s" for second in (10, 70, 130, 190)
    ]
    assert followed.told[0].endswith("Z: OPA has revision one")
    followed.opa.now(active="two", seconds=0.0)
    followed.look()
    followed.files.next = [tiny_bundle("three")]
    followed.opa.now(active=None, seconds=10.0)
    followed.look()
    assert followed.told[-1].startswith("revision three is not in use for 10 s, since ")
    assert followed.told[-1].endswith(": OPA has no answer")


def test_faults_are_counted_and_told_until_the_files_are_valid(
    followed: Followed, clock: Clock
) -> None:
    faults = InvalidFiles([Fault("a.yaml", 1, "x", "is wrong"), Fault("b.yaml", 2, "y", "too")])
    followed.files.next = [faults]
    followed.look()
    assert followed.told == ["a.yaml:1: x: is wrong\nb.yaml:2: y: too\nrevision one stays in use"]
    assert followed.opa.state().faults == 2
    followed.opa.now(seconds=10.0)
    clock.now += 10
    followed.look()
    assert followed.told[1].startswith("the accounts files have faults for 10 s, since ")
    assert followed.told[1].endswith(": revision one stays in use")
    followed.files.next = [tiny_bundle("one")]
    followed.look()
    assert followed.opa.state().faults == 0
    assert followed.announced == ["one"]


def test_files_that_cannot_be_read_any_more_are_faults(followed: Followed, tmp_path: Path) -> None:
    followed.files.unread = [tmp_path]
    followed.look()
    assert followed.opa.state().faults == 1
    followed.files.unread = []
    followed.look()
    assert followed.opa.state().faults == 0


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(24, "Too many open files"), RuntimeError("no thread")]
)
def test_a_look_that_fails_is_tried_again_with_growing_pauses(
    followed: Followed, clock: Clock, error: Exception
) -> None:
    """Out of memory once, `ramgate run` ended; and the change counted as seen."""
    followed.files.next = [error] * 7
    began, looks = clock.now, []
    while followed.files.next:
        before = followed.files.looks
        followed.look()
        if followed.files.looks > before:
            looks.append(clock.now - began)
        clock.now += 0.25
    pauses = [late - early for early, late in itertools.pairwise(looks)]
    assert pauses == [1, 2, 4, 8, 16, 30]
    assert followed.told[0] == f"cannot read the accounts: {error!r}; trying again in 1 s"
    followed.files.next = [tiny_bundle("two")]
    clock.now += 30
    followed.look()
    assert followed.opa.revision == "two"
    followed.files.next = [error]
    followed.look()
    assert followed.told[-1].endswith("trying again in 1 s")


def test_following_ends_when_opa_does(clock: Clock) -> None:
    assert clock.now
    followed = Followed()
    with pytest.raises(SidecarError, match=r"^OPA ended$"):
        followed.follower.run()
    assert followed.files.looks == 3


def test_a_revocation_written_while_opa_is_stopped_is_never_lost(tmp_path: Path) -> None:
    """After a SIGSTOP of 40 s it took effect for a moment, and was taken back for good."""

    def write(policies: str) -> None:
        users = f"{{users: {{alice: {{policies: [{policies}]}}}}}}"
        file.write_text(f"accounts: {{'1234567890123456': {users}}}")

    opa, pid = recorded(tmp_path)
    file = tmp_path / "accounts.yaml"
    write("AliyunKafkaFullAccess")
    watch, told = Watch(file), list[str]()
    request = ("acs:ram::1234567890123456:user/alice", "alikafka:DeleteTopic", "*")
    with (
        Sidecar(bundle=watch.build(), opa=opa) as sidecar,
        sidecar.client(timeout=60) as client,
    ):
        announced: list[str] = []
        follow = Follower(
            sidecar, watch, told.append, lambda bundle: announced.append(bundle.revision)
        )
        assert client.decide(*request)
        os.kill(int(pid.read_text()), signal.SIGSTOP)
        try:
            write("")
            for _ in range(4):
                follow.look()
            assert not sidecar.state().settled
            with pytest.raises(SidecarError, match="did not activate"):
                sidecar.publish(sidecar.bundle, timeout=0.1)
        finally:
            os.kill(int(pid.read_text()), signal.SIGCONT)

        def is_announced() -> bool:
            follow.look()
            return bool(announced)

        eventually(is_announced)
        for _ in range(20):
            follow.look()
            assert not client.decide(*request)
        assert sidecar.state().settled
    assert told == []
