"""The protocol of OPA's bundle plugin: the headers of a request, and the wait for a bundle."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest

from ramgate.sidecar.http_server import Request
from ramgate.sidecar.long_poll import RESOURCE, Poll, Polls


class Offer(NamedTuple):
    name: str
    etag: str = '"1"'


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("modes=snapshot,delta", 0),
        ("modes=snapshot,delta;wait=60", 60),
        ("wait=60;modes=snapshot", 60),
        ("wait=0", 0),
        ("wait=301", 300),
        ("wait=999999999", 300),
        ("wait=9999999999", 0),
        ("wait=-1", 0),
        ("wait=x", 0),
        ("nowait=60", 0),
    ],
)
def test_a_request_waits_as_long_as_it_permits_and_at_most_five_minutes(
    prefer: str | None, seconds: float
) -> None:
    headers = {} if prefer is None else {"prefer": prefer}
    poll = Poll.of(Request("GET", RESOURCE, headers, {}))
    assert (poll.active, poll.seconds) == ("", seconds)


def test_the_request_of_a_connection_remembers_what_was_sent() -> None:
    async def main() -> None:
        polls, memory = Polls(), dict[str, int]()
        poll = Poll.of(Request("GET", RESOURCE, {"if-none-match": '"0", "x"'}, memory))
        assert poll.active == '"0"'
        assert await polls.next(poll, lambda: Offer("one")) == Offer("one")
        assert memory == {"one": 1}
        # the pause after it is longer than this request waits
        begun = asyncio.get_running_loop().time()
        assert await polls.next(poll._replace(seconds=0.1), lambda: Offer("one")) == Offer("one")
        assert 0.1 <= asyncio.get_running_loop().time() - begun < 1
        assert memory == {"one": 2}

    asyncio.run(main())


@pytest.mark.parametrize(("times", "pause"), [(1, 1), (2, 2), (5, 16), (6, 30), (99, 30)])
def test_the_pause_before_a_bundle_is_sent_again_doubles_up_to_30_seconds(
    times: int, pause: float
) -> None:
    class Clock(asyncio.SelectorEventLoop):
        """A loop whose time is that of its next alarm."""

        now = 1000.0

        def time(self) -> float:
            return self.now

        def call_at(self, when: float, *given: object, **named: object) -> asyncio.TimerHandle:
            self.now = max(self.now, when)
            return super().call_at(when, *given, **named)  # type: ignore[arg-type]

    async def main() -> float:
        loop = asyncio.get_running_loop()
        begun, poll = loop.time(), Poll("", 300, {"one": times})
        assert await Polls().next(poll, lambda: Offer("one")) == Offer("one")
        return loop.time() - begun

    with asyncio.Runner(loop_factory=Clock) as runner:
        assert runner.run(main()) == pause


def test_each_who_waits_looks_again_when_woken_and_none_waits_after_the_end() -> None:
    async def main() -> None:
        polls, there = Polls(), list[Offer]()

        def wanted() -> Offer | None:
            return there[0] if there else None

        asked = [asyncio.create_task(polls.next(Poll("", 60, {}), wanted)) for _ in range(3)]
        await asyncio.sleep(0)
        polls.wake()
        assert not (await asyncio.wait(asked, timeout=0.05))[0]
        there.append(Offer("one"))
        polls.wake()
        assert await asyncio.gather(*asked) == [Offer("one")] * 3
        there.clear()
        last = asyncio.create_task(polls.next(Poll("", 60, {}), wanted))
        await asyncio.sleep(0)
        polls.close()
        assert await last is None
        there.append(Offer("two"))
        assert await polls.next(Poll("", 60, {}), wanted) is None

    asyncio.run(main())
