"""An `AsyncClient` that combines the calls made at about the same time into batches."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from hostile import (
    ALLOW,
    ASKED,
    BOUND,
    FOREVER,
    Gate,
    Hostile,
    Peer,
    echo,
    response,
    result,
    wait_for,
)
from ramgate import AccessDenied, AsyncClient, Decision, Request, Sidecar
from ramgate.client.batches import Batches
from ramgate.errors import AnswerError, InvalidRequest, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

PRINCIPAL, _, RESOURCE = ASKED
DECISION = Decision(
    allow=False,
    effect="ImplicitDeny",
    reason="no_statement_matches",
    policy_type="AccountLevelIdentityBasedPolicy",
    statements=(),
)
BROKEN = response(b'{"code": "internal_error", "message": "eh"}', "500 Oh")


def actions(question: bytes) -> list[str]:
    """Return the actions of a request or of a batch."""
    body = json.loads(question)["input"]
    return [request["action"] for request in body.get("requests", [body])]


def run(
    server: Hostile,
    main: Callable[[AsyncClient], Coroutine[None, None, None]],
    *,
    batches: int = 1,
    timeout: float = FOREVER,
) -> None:
    async def whole() -> None:
        async with AsyncClient(server.url, timeout=timeout, batches=batches) as client:
            await main(client)

    asyncio.run(whole())


async def assert_allowed(client: AsyncClient, action: str, padding: str = "") -> None:
    """Decide, and assert that the answer belongs to this request."""
    decision = await client.decide(PRINCIPAL, action, RESOURCE, {"k": padding} if padding else {})
    assert decision.statements[0].policy == action


def test_calls_made_at_once_are_one_request() -> None:
    async def main(client: AsyncClient) -> None:
        for _ in range(3):
            await asyncio.gather(*(assert_allowed(client, f"a:N{number}") for number in range(50)))

    with Hostile(echo) as server:
        run(server, main)
    assert server.connections == 1
    assert [len(actions(question)) for question in server.questions] == [50, 50, 50]
    assert all(b"/v1/data/ram/authz/decisions " in head for head in server.heads)


def test_a_single_call_is_sent_at_once_and_not_as_a_batch() -> None:
    async def main(client: AsyncClient) -> None:
        await assert_allowed(client, "a:B")

    with Hostile(echo) as server:
        run(server, main)
    assert server.heads[0].startswith(b"POST /v1/data/ram/authz/decision HTTP/1.1\r\n")
    assert json.loads(server.questions[0]) == {
        "input": {"principal": PRINCIPAL, "action": "a:B", "resource": RESOURCE}
    }


@pytest.mark.parametrize("batches", [1, 2])
def test_calls_made_meanwhile_are_the_next_batch(batches: int) -> None:
    gates = [Gate() for _ in range(batches)]

    async def main(client: AsyncClient) -> None:
        tasks = []
        for number, gate in enumerate(gates):
            tasks.append(asyncio.create_task(assert_allowed(client, f"a:First{number}")))
            await wait_for(gate.came)
        for number in range(3):
            tasks.append(asyncio.create_task(assert_allowed(client, f"a:Then{number}")))
            await asyncio.sleep(0)
        gates[-1].open.set()
        await asyncio.gather(*tasks[batches - 1 :])
        gates[0].open.set()
        await asyncio.gather(*tasks)

    with Hostile(*gates) as server:
        run(server, main, batches=batches)
    firsts = [[f"a:First{number}"] for number in range(batches)]
    assert list(map(actions, server.questions)) == [*firsts, ["a:Then0", "a:Then1", "a:Then2"]]
    assert server.connections == batches


def test_a_batch_has_a_hundred_requests_or_a_megabyte() -> None:
    async def main(client: AsyncClient) -> None:
        await asyncio.gather(*(assert_allowed(client, f"a:N{number}") for number in range(250)))
        large = ["x" * 600_000, "x" * 400_000, "x" * 400_000, "x" * 2_000_000, ""]
        await asyncio.gather(
            *(
                assert_allowed(client, f"a:L{number}", padding)
                for number, padding in enumerate(large)
            )
        )

    with Hostile(echo) as server:
        run(server, main)
    assert [len(actions(question)) for question in server.questions] == [100, 100, 50, 2, 1, 1, 1]


def test_a_batch_fits_in_the_body_that_opa_takes() -> None:
    async def main() -> None:
        async with (
            AsyncClient(server.url, timeout=FOREVER, batches=1, max_body=1024) as client,
            asyncio.TaskGroup() as group,
        ):
            for number in range(30):
                group.create_task(assert_allowed(client, f"a:N{number}"))

    with Hostile(echo) as server:
        asyncio.run(main())
    sizes = [len(actions(question)) for question in server.questions]
    assert sum(sizes) == 30
    assert 2 < len(sizes) < 10
    assert all(len(question) <= 1024 for question in server.questions)
    # the next one would not have fitted
    assert max(map(len, server.questions)) > 1024 - 200


def test_text_that_looks_like_json_stays_in_its_own_request() -> None:
    inside = ('a:B"},{"action":"a:C', 'a:B\\"}]}}', "a:B\n,{}", "a:\u2028B")

    async def main(client: AsyncClient) -> None:
        await asyncio.gather(
            *(assert_allowed(client, action, action) for action in (*inside, "a:Last"))
        )

    with Hostile(echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [[*inside, "a:Last"]]


def test_each_caller_gets_its_own_answer_or_error() -> None:
    async def main(client: AsyncClient) -> None:
        def decide(action: str, context: dict[str, float]) -> Coroutine[None, None, Decision]:
            return client.decide(PRINCIPAL, action, RESOURCE, context)

        allowed, denied, malformed, unsayable, required = await asyncio.gather(
            decide("a:B", {}),
            decide("a:Deny", {}),
            decide("a:Malformed", {}),
            decide("a:Unsayable", {"k": float("nan")}),
            client.require(PRINCIPAL, "a:Deny", RESOURCE),
            return_exceptions=True,
        )
        assert isinstance(malformed, InvalidRequest)
        assert malformed.errors == ("action: is missing",)
        assert isinstance(unsayable, InvalidRequest)
        assert "`nan`" in str(unsayable)
        assert isinstance(required, AccessDenied)
        assert (bool(allowed), bool(denied)) == (True, False)

    with Hostile(echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:B", "a:Deny", "a:Malformed", "a:Deny"]]


OTHER_BODIES = {
    "a list that is too short": result([ALLOW]),
    "a list that is too long": result([ALLOW] * 3),
    "one decision": result(ALLOW),
    "an errors object": result({"errors": ["no"]}),
    "an allow that denies": result([ALLOW, ALLOW | {"effect": "ExplicitDeny"}]),
    "undefined": response(b"{}"),
    "an HTTP error": BROKEN,
}


@pytest.mark.parametrize("said", OTHER_BODIES.values(), ids=OTHER_BODIES)
def test_a_batch_without_a_clean_answer_is_sent_one_by_one(said: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(said)
        echo(peer)

    async def main(client: AsyncClient) -> None:
        first, second = await asyncio.gather(
            client.decide(PRINCIPAL, "a:B", RESOURCE),
            client.decide(PRINCIPAL, "a:Deny", RESOURCE),
        )
        assert first.statements[0].policy == "a:B"
        assert not second

    with Hostile(script, echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:B", "a:Deny"], ["a:B"], ["a:Deny"]]


def test_one_request_without_an_answer_does_not_fail_the_others() -> None:
    def script(peer: Peer) -> None:
        for _ in range(3):
            question = peer.question()
            peer.say(BROKEN if "a:Bad" in actions(question) else result(ALLOW))

    async def main(client: AsyncClient) -> None:
        bad, good = await asyncio.gather(
            client.decide(PRINCIPAL, "a:Bad", RESOURCE),
            client.decide(PRINCIPAL, "a:Good", RESOURCE),
            return_exceptions=True,
        )
        assert isinstance(bad, AnswerError)
        assert not isinstance(good, BaseException)
        assert good.allow

    with Hostile(script) as server:
        run(server, main)


def test_a_connection_that_breaks_off_fails_each_and_is_not_tried_again() -> None:
    def script(peer: Peer) -> None:
        peer.question()
        peer.say(b"HTTP/1.1 200 OK\r\n")

    async def main(client: AsyncClient) -> None:
        errors = await asyncio.gather(
            *(client.decide(*ASKED) for _ in range(3)), return_exceptions=True
        )
        assert [type(error) for error in errors] == [TransportError] * 3
        assert len(set(map(str, errors))) == 1
        assert len(set(map(id, errors))) == 3

    with Hostile(script) as server:
        run(server, main)
    assert len(server.questions) == 1


def test_a_call_that_waits_behind_a_batch_is_late_after_its_own_timeout() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        loop = asyncio.get_running_loop()
        both_late = loop.time() + 2
        # Both calls are late when the loop looks at its timers again. Otherwise the second one may
        # be sent in the moment between.
        loop.call_later(1, block_until, both_late)
        errors = await asyncio.gather(
            client.decide(*ASKED), wait_behind(client), return_exceptions=True
        )
        assert [type(error) for error in errors] == [TransportError] * 2
        assert all("did not answer within 1.5 s" in str(error) for error in errors)
        gate.open.set()
        await assert_allowed(client, "a:After")

    async def wait_behind(client: AsyncClient) -> None:
        await asyncio.sleep(0)
        await client.decide(PRINCIPAL, "a:Behind", RESOURCE)

    def block_until(end: float) -> None:
        while asyncio.get_running_loop().time() < end:
            pass

    with Hostile(gate, echo) as server:
        run(server, main, timeout=1.5)
    first, *later = map(actions, server.questions)
    assert "a:Behind" not in first
    assert ["a:Behind"] not in later


def test_a_cancelled_call_does_not_cancel_the_others() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        names = ["a:OnTheWay", "a:Stays"]
        gone, stays = (asyncio.create_task(assert_allowed(client, name)) for name in names)
        await wait_for(gate.came)
        waiting, behind = (asyncio.create_task(assert_allowed(client, f"a:{one}")) for one in "WB")
        await asyncio.sleep(0)
        gone.cancel()
        waiting.cancel()
        gate.open.set()
        await asyncio.gather(stays, behind)
        assert gone.cancelled()
        assert waiting.cancelled()

    with Hostile(gate) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:OnTheWay", "a:Stays"], ["a:B"]]


def test_an_event_loop_that_ends_cancels_every_call() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        outcomes.extend(
            asyncio.create_task(assert_allowed(client, f"a:N{number}")) for number in range(2)
        )
        await wait_for(gate.came)

    outcomes: list[asyncio.Task[None]] = []
    with Hostile(gate) as server:
        run(server, main)
        gate.open.set()
    assert all(outcome.cancelled() for outcome in outcomes)


def tasks_besides(than: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Return the tasks that the client has created."""
    return asyncio.all_tasks() - than


def test_a_cancelled_batch_is_an_error_and_not_a_cancellation() -> None:
    gate = Gate()

    async def stopped(client: AsyncClient) -> None:
        before = asyncio.all_tasks()
        async with asyncio.TaskGroup() as group:
            known = before | {group.create_task(assert_allowed(client, f"a:{one}")) for one in "BC"}
            await wait_for(gate.came)
            for task in tasks_besides(known):
                task.cancel()

    async def main(client: AsyncClient) -> None:
        with pytest.raises(ExceptionGroup) as caught:
            await stopped(client)
        assert caught.group_contains(TransportError, match="cancelled in flight")
        gate.open.set()
        await assert_allowed(client, "a:After")

    with Hostile(gate, echo) as server:
        run(server, main)


def test_a_batch_cancelled_before_it_was_sent_is_an_error_too() -> None:
    async def main(client: AsyncClient) -> None:
        before = asyncio.all_tasks()
        waiting = [asyncio.create_task(assert_allowed(client, f"a:{one}")) for one in "BC"]
        stopped: set[asyncio.Task[None]] = set()
        for _ in range(10):
            await asyncio.sleep(0)
            stopped = tasks_besides(before.union(waiting))
            if stopped:
                break
        for task in stopped:
            task.cancel()
        for one in waiting:
            with pytest.raises(TransportError, match="cancelled in flight"):
                await one
        assert stopped
        await assert_allowed(client, "a:After")

    with Hostile(echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:After"]]


def test_a_single_call_is_sent_by_its_own_task() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        before = asyncio.all_tasks()
        alone = asyncio.create_task(assert_allowed(client, "a:B"))
        await wait_for(gate.came)
        assert tasks_besides(before | {alone}) == set()
        gate.open.set()
        await alone

    with Hostile(gate) as server:
        run(server, main)


@pytest.mark.parametrize("end", ["answered", "failed", "cancelled"])
def test_calls_made_behind_a_single_call_are_sent_after_it(end: str) -> None:
    gate = Gate(lambda peer, _: peer.reset()) if end == "failed" else Gate()

    async def main(client: AsyncClient) -> None:
        alone = asyncio.create_task(client.decide(PRINCIPAL, "a:Alone", RESOURCE))
        await wait_for(gate.came)
        behind = [asyncio.create_task(assert_allowed(client, f"a:{one}")) for one in "BC"]
        await asyncio.sleep(0)
        if end == "cancelled":
            alone.cancel()
            await asyncio.gather(*behind)
        gate.open.set()
        await asyncio.gather(alone, *behind, return_exceptions=True)
        assert alone.cancelled() == (end == "cancelled")
        assert alone.cancelled() or (alone.exception() is None) == (end == "answered")
        assert all(one.exception() is None for one in behind)

    with Hostile(gate, echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:Alone"], ["a:B", "a:C"]]


def test_a_first_call_that_is_cancelled_at_once_does_not_stop_those_that_joined_it() -> None:
    async def main(client: AsyncClient) -> None:
        first, joined = (asyncio.create_task(assert_allowed(client, f"a:{one}")) for one in "FJ")
        await asyncio.sleep(0)
        first.cancel()
        await joined
        assert first.cancelled()

    with Hostile(echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:J"]]


def test_a_first_call_that_is_cancelled_at_once_does_not_stop_later_ones() -> None:
    async def main(client: AsyncClient) -> None:
        first = asyncio.create_task(assert_allowed(client, "a:F"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert first.cancelled()
        await assert_allowed(client, "a:Later")
        await asyncio.gather(*(assert_allowed(client, f"a:{one}") for one in "BC"))

    with Hostile(echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:Later"], ["a:B", "a:C"]]


def test_each_of_three_calls_around_the_end_of_another_one_is_sent_once() -> None:
    sent: list[bytes] = []

    async def main() -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def send(batch: Sequence[bytes], _: bytes) -> Sequence[Decision]:
            sent.extend(batch)
            if batch[0] == b"first":
                await ended
            return [DECISION] * len(batch)

        batches = Batches(2, send, FOREVER, lambda: TransportError("late"), 1024)
        tasks = [asyncio.create_task(batches.decide(b"first"))]
        for _ in range(3):
            await asyncio.sleep(0)
        assert sent == [b"first"]
        # In one turn of the loop, the first call ends between the two others.
        tasks.append(asyncio.create_task(batches.decide(b"before")))
        ended.set_result(None)
        tasks.append(asyncio.create_task(batches.decide(b"after")))
        assert await asyncio.wait_for(asyncio.gather(*tasks), BOUND) == [DECISION] * 3

    asyncio.run(main())
    assert sorted(sent) == [b"after", b"before", b"first"]


def test_an_unexpected_error_fails_each_with_its_own_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(client: AsyncClient) -> None:
        loop = asyncio.get_running_loop()
        with monkeypatch.context() as broken:
            broken.setattr(loop, "add_reader", full)
            errors = await asyncio.gather(
                *(client.decide(*ASKED) for _ in range(2)), return_exceptions=True
            )
        failures = [error for error in errors if isinstance(error, TransportError)]
        assert [str(failure) for failure in failures] == ["[Errno 28] no space"] * 2
        assert all(isinstance(failure.__cause__, OSError) for failure in failures)
        await assert_allowed(client, "a:After")

    def full(*_: object) -> None:
        raise OSError(28, "no space")

    with Hostile(echo) as server:
        run(server, main)


def test_a_batch_whose_callers_are_gone_makes_room() -> None:
    gate = Gate()

    async def main(client: AsyncClient) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.gather(*(client.decide(*ASKED) for _ in range(2)))
        await assert_allowed(client, "a:After")
        gate.open.set()

    with Hostile(gate, echo) as server:
        run(server, main)
    assert server.connections == 2


def test_a_cancelled_call_stays_cancelled_when_its_batch_fails() -> None:
    gate = Gate(lambda peer, _: peer.reset())

    async def main(client: AsyncClient) -> None:
        cancelled, failed = (asyncio.create_task(client.decide(*ASKED)) for _ in range(2))
        await wait_for(gate.came)
        cancelled.cancel()
        gate.open.set()
        with pytest.raises(TransportError):
            await failed
        assert cancelled.cancelled()

    with Hostile(gate) as server:
        run(server, main)


def test_a_cancelled_call_is_not_sent_again_one_by_one() -> None:
    gate = Gate(lambda peer, _: peer.say(BROKEN))

    async def main(client: AsyncClient) -> None:
        gone, stays = (asyncio.create_task(assert_allowed(client, f"a:{one}")) for one in "GS")
        await wait_for(gate.came)
        gone.cancel()
        await asyncio.sleep(0)
        gate.open.set()
        await stays

    with Hostile(gate, echo) as server:
        run(server, main)
    assert list(map(actions, server.questions)) == [["a:G", "a:S"], ["a:S"]]


def test_the_limit_of_a_response_grows_with_a_combined_batch() -> None:
    large = ALLOW | {"statements": [{"policy": "p" * 60_000, "index": 0}]}

    def script(peer: Peer) -> None:
        peer.question()
        peer.say(result([large] * 100))

    async def main(client: AsyncClient) -> None:
        await asyncio.gather(*(client.decide(*ASKED) for _ in range(100)))

    with Hostile(script) as server:
        run(server, main)
    assert len(server.questions) == 1


def test_a_client_with_batches_belongs_to_one_event_loop() -> None:
    with Hostile(echo) as server:
        client = AsyncClient(server.url, timeout=FOREVER, batches=1)
        asyncio.run(assert_allowed(client, "a:B"))
        with pytest.raises(RuntimeError, match="belongs to the event loop that used it first"):
            asyncio.run(assert_allowed(client, "a:B"))
        asyncio.run(client.close())
    assert len(server.questions) == 1


def test_a_closed_client_raises_for_each_call() -> None:
    async def main(client: AsyncClient) -> None:
        await client.close()
        errors = await asyncio.gather(
            *(client.decide(*ASKED) for _ in range(2)), return_exceptions=True
        )
        assert [type(error) for error in errors] == [RuntimeError] * 2
        assert str(errors[1]) == "this client is closed"

    with Hostile(echo) as server:
        run(server, main)
    assert server.questions == []


@pytest.mark.parametrize("batches", [0, -1])
def test_fewer_than_one_batch_is_refused(batches: int) -> None:
    with pytest.raises(ValueError, match=f"`batches` is `{batches}`: it must be at least 1"):
        AsyncClient(batches=batches)


def test_a_real_opa_decides_a_batch_as_it_decides_one_by_one(tmp_path: Path) -> None:
    user = "acs:ram::1234567890123456:user/alice"
    accounts = tmp_path / "accounts.json"
    accounts.write_text(
        json.dumps(
            {
                "accounts": {
                    "1234567890123456": {
                        "users": {"alice": {"policies": ["mine"]}},
                        "policies": {
                            "mine": {
                                "Version": "1",
                                "Statement": [
                                    {"Effect": "Allow", "Action": "oss:Get*", "Resource": "*"},
                                    {"Effect": "Deny", "Action": "oss:GetIt", "Resource": "*"},
                                ],
                            }
                        },
                    }
                }
            }
        )
    )
    requests = [
        Request(user, "oss:GetObject", "*"),
        Request(user, "oss:GetIt", "*"),
        Request(user, "oss:PutObject", "*"),
        Request(user, "oss:GetObject", "*", {"k": []}),
        Request("nobody", "oss:GetObject", "*"),
        Request(user, "GetObject", "", {"": 1}),
    ]

    async def each(batches: int | None) -> list[Decision | str]:
        async with AsyncClient(sidecar.url, timeout=FOREVER, batches=batches) as client:
            outcomes = await asyncio.gather(
                *(
                    client.decide(one.principal, one.action, one.resource, one.context)
                    for one in requests
                ),
                return_exceptions=True,
            )
        return [repr(one) if isinstance(one, BaseException) else one for one in outcomes]

    with Sidecar(accounts) as sidecar:
        one_by_one, together = asyncio.run(each(None)), asyncio.run(each(1))
    assert together == one_by_one
    assert [bool(one) for one in together[:3]] == [True, False, False]
    assert [isinstance(one, str) for one in together[-2:]] == [True, True]
