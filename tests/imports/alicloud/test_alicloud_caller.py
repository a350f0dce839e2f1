from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import pytest

from ramgate.errors import CloudError
from ramgate.imports.alicloud.caller import Caller
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.alicloud.outcomes import Absent, Refused, Temporary
from ramgate.imports.alicloud.pool import Pool
from ramgate.imports.alicloud.settings import Pauses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.imports.alicloud.calls import Call

USERS, IDENTITY = CALLS["ListUsers"], CALLS["GetCallerIdentity"]
SECONDS = 30


def caller(*errors: Exception, pauses: Pauses | None = None) -> Caller:
    """Return a caller whose first calls fail so."""
    left = list(errors)

    def send(_: Call, parameters: Mapping[str, str]) -> dict[str, object]:
        if left:
            raise left.pop(0)
        return dict(parameters)

    return Caller(send, pauses or Pauses(4, 0.001, 0.002))


def throttled(seconds: float = 0.0) -> Temporary:
    return Temporary(USERS, "Throttling.User", seconds=seconds)


def test_a_call_is_made_again_after_a_failure_that_may_pass() -> None:
    calls = caller(throttled(), throttled(), throttled())
    assert calls(USERS, Marker="m") == {"Marker": "m"}
    assert (calls.made, calls.read) == (4, 1)


def test_a_call_is_given_up_after_the_last_attempt() -> None:
    calls = caller(*[throttled()] * 4)
    with pytest.raises(CloudError) as caught:
        calls(USERS)
    assert str(caught.value) == ("Ram ListUsers failed: Throttling.User: gave up after 4 attempts")
    assert (calls.made, calls.read) == (4, 0)


@pytest.mark.parametrize("error", [Refused(USERS, "NoPermission"), Absent(USERS, "gone")])
def test_another_outcome_is_final(error: Exception) -> None:
    calls = caller(error)
    with pytest.raises(type(error)):
        calls(USERS)
    assert calls.made == 1


def test_the_caller_s_own_identity_is_nothing_that_was_read() -> None:
    calls = caller()
    calls(IDENTITY)
    assert (calls.made, calls.read) == (1, 0)


def test_an_endpoint_that_never_answered_is_not_asked_again() -> None:
    refused = Temporary(USERS, "`host`: Connection refused", is_unreachable=True)
    calls = caller(refused)
    with pytest.raises(CloudError, match="cannot reach `host`: Connection refused: check "):
        calls(USERS)
    assert calls.made == 1


def test_an_endpoint_that_has_answered_is_asked_again() -> None:
    refused = Temporary(USERS, "`host`: Connection refused", is_unreachable=True)
    left: list[Exception | None] = [None, refused, refused, None]

    def send(_: Call, __: Mapping[str, str]) -> dict[str, object]:
        if (error := left.pop(0)) is not None:
            raise error
        return {}

    calls = Caller(send, Pauses(4, 0.001, 0.002))
    calls(USERS)
    calls(USERS)
    assert calls.made == 4


def test_the_pause_that_the_service_asks_for_is_kept_up_to_the_longest() -> None:
    calls = caller(throttled(0.05), pauses=Pauses(2, 0.001, 10))
    start = time.monotonic()
    calls(USERS)
    assert time.monotonic() - start >= 0.05
    calls = caller(throttled(3600), pauses=Pauses(2, 0.001, 0.01))
    calls(USERS)
    assert calls.made == 2


def test_a_stop_ends_the_pauses() -> None:
    calls = caller(throttled(), pauses=Pauses(2, 1000, 1000))
    failed = threading.Event()

    def call() -> None:
        with pytest.raises(CancelledError):
            calls(USERS)
        failed.set()

    thread = threading.Thread(target=call)
    thread.start()
    calls.stop.set()
    assert failed.wait(SECONDS)
    thread.join(SECONDS)
    assert calls.made == 1


def test_a_pool_returns_the_results_in_the_order_of_the_jobs() -> None:
    done: list[int] = []
    first = threading.Event()

    def slow() -> int:
        first.wait(SECONDS)
        return 1

    def fast() -> int:
        first.set()
        return 2

    with Pool(2).open() as pool:
        assert pool.run([slow, fast], done.append) == [1, 2]
    assert done == [1, 2]


def test_a_pool_raises_the_first_exception_at_once_and_starts_no_further_job() -> None:
    started: list[int] = []
    release = threading.Event()
    ended = threading.Event()

    def held() -> None:
        release.wait(SECONDS)
        ended.set()

    def failing() -> None:
        raise CloudError("the end")

    def never() -> None:
        started.append(1)

    with pytest.raises(CloudError, match="the end"), Pool(2).open() as pool:
        pool.run([held, failing, held, held, *[never] * 20], lambda _: None)
    release.set()
    assert ended.wait(SECONDS)
    assert started == []


def test_threads_of_a_pool_do_not_keep_the_process_alive() -> None:
    before = set(threading.enumerate())
    with Pool(3).open() as pool:
        pool.run([lambda: None], lambda _: None)
        new = set(threading.enumerate()) - before
        assert len(new) == 3
        assert all(thread.daemon for thread in new)
    for thread in new:
        thread.join(SECONDS)
        assert not thread.is_alive()
