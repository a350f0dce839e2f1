"""A call of the asyncio client has no truth value until it is awaited."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import AsyncClient, Request
from ramgate.client.pending_call import FORGOTTEN, PendingCall, pending_call
from ramgate.errors import TransportError

if TYPE_CHECKING:
    from ramgate import Sidecar

CAROL = ("acs:ram::1234567890123456:user/carol", "alikafka:DeleteTopic", "*")
CALLS: dict[str, Callable[[AsyncClient], PendingCall[Any]]] = {
    "decide": lambda client: client.decide(*CAROL),
    "require": lambda client: client.require(*CAROL),
    "decide_all": lambda client: client.decide_all([Request(*CAROL)]),
    "simulate": lambda client: client.simulate(*CAROL, policies={}),
    "feature": lambda client: client.feature(CAROL[0], "alikafka.connector"),
    "healthy": lambda client: client.healthy(),
    "close": lambda client: client.close(),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_without_await_does_not_run_the_guarded_code(name: str) -> None:
    """A plain coroutine is true: `if client.decide(…)` allowed everybody."""
    call = CALLS[name](AsyncClient())
    assert isinstance(call, Coroutine)
    with pytest.raises(TypeError, match=rf"^`AsyncClient.{name}\(…\)` is not decided yet"):
        bool(call)
    with pytest.raises(TypeError):
        assert not call
    assert repr(call) == f"<pending call of AsyncClient.{name}>"
    call.close()


def test_a_call_can_be_given_to_asyncio(ramgate_sidecar: Sidecar) -> None:
    async def main() -> list[object]:
        async with AsyncClient(ramgate_sidecar.url) as client, asyncio.TaskGroup() as group:
            task = group.create_task(client.decide(*CAROL))
            gathered = await asyncio.gather(client.decide(*CAROL), client.healthy())
            waited = await asyncio.wait_for(client.decide(*CAROL), 30)
            return [await client.decide(*CAROL), *gathered, waited, await task]

    decisions = asyncio.run(main())
    assert decisions == [decisions[0], decisions[0], True, decisions[0], decisions[0]]
    assert not decisions[0]


def test_an_error_reaches_the_caller_of_a_task() -> None:
    @pending_call
    async def fail() -> None:
        await asyncio.sleep(0)
        raise TransportError("gone")

    async def main() -> None:
        await asyncio.create_task(fail())

    with pytest.raises(TransportError, match="gone"):
        asyncio.run(main())


def test_a_task_of_a_call_can_be_cancelled() -> None:
    reached = []

    @pending_call
    async def wait() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            reached.append("cancelled")
            raise

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert reached == ["cancelled"]


def test_a_call_that_is_never_awaited_warns() -> None:
    FORGOTTEN.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call = AsyncClient().decide(*CAROL)
        del call
        gc.collect()
    assert [str(one.message) for one in caught] == ["`AsyncClient.decide(…)` was never awaited"]
    assert [name for name, _ in FORGOTTEN] == ["AsyncClient.decide"]
    FORGOTTEN.clear()


def test_a_closed_call_does_not_warn() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        AsyncClient().decide(*CAROL).close()
        gc.collect()
    assert caught == []
