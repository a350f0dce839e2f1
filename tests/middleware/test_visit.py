from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import AccessDenied, AsyncClient, Client, InvalidRequest, TransportError
from ramgate.middleware.current import Current
from ramgate.middleware.errors import InvalidResource, PrincipalError, Unauthenticated
from ramgate.middleware.template import Template
from ramgate.middleware.visit import Visit, run, visit_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ramgate import Decision, Sidecar
    from ramgate.model.decision import Context

ACCOUNT = "acs:ram::1234567890123456:user/"
TEMPLATE = Template("acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
ALIVE = {"instance": "alikafka_post-cn-x"}
LIST, DELETE = "alikafka:ListTopic", "alikafka:DeleteTopic"


def named(scope: dict[str, str]) -> str | None:
    return f"{ACCOUNT}{scope['user']}" if "user" in scope else None


class Counted:
    """A client that counts the questions."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.questions = 0

    def decide(self, principal: str, action: str, resource: str, context: Context) -> Decision:
        self.questions += 1
        return self._client.decide(principal, action, resource, context)


def visit_of(decide: Callable[..., Decision | Awaitable[Decision]], **scope: str) -> Visit[Any]:
    return Visit(decide, named, scope, Current())


def test_a_question_is_sent_once_in_a_request(ramgate_client: Client) -> None:
    counted = Counted(ramgate_client)
    visit = visit_of(counted.decide, user="alice")
    first = run(visit.require(LIST, "*", {}))
    assert run(visit.require(LIST, "*", {})) is first
    assert counted.questions == 1
    run(visit_of(counted.decide, user="alice").require(LIST, "*", {}))
    assert counted.questions == 2


def test_a_remembered_decision_counts_as_one(ramgate_client: Client) -> None:
    visit = visit_of(ramgate_client.decide, user="alice")
    before = visit.current.snapshot()
    run(visit.require(LIST, "*", {}))
    visit.current.restore(before)
    run(visit.require(LIST, "*", {}))
    visit.current.verify()


def test_a_text_that_cannot_be_sent_is_invalid_also_after_another_question(
    ramgate_client: Client,
) -> None:
    visit = visit_of(ramgate_client.decide, user="alice")
    run(visit.require(LIST, "*", {}))
    with pytest.raises(InvalidRequest):
        run(visit.require(LIST, "\ud800", {}))


def test_a_request_that_is_over_is_none(ramgate_client: Client) -> None:
    variable: ContextVar[Visit[Any]] = ContextVar("visit")
    visit = visit_of(ramgate_client.decide, user="alice")
    variable.set(visit)
    assert visit_in(variable) is visit
    visit.current.close()
    with pytest.raises(RuntimeError, match="there is no request"):
        visit_in(variable)


def test_a_denial_is_remembered_and_raised_again(ramgate_client: Client) -> None:
    counted = Counted(ramgate_client)
    visit = visit_of(counted.decide, user="carol")
    for _ in range(2):
        with pytest.raises(AccessDenied):
            run(visit.require(LIST, "*", {}))
    assert counted.questions == 1
    assert isinstance(visit.current.failure, AccessDenied)
    assert visit.current.refusal is None


def test_a_failure_is_not_remembered_as_a_decision() -> None:
    with Client("http://127.0.0.1:1") as client:
        counted = Counted(client)
        visit = visit_of(counted.decide, user="alice")
        for _ in range(2):
            with pytest.raises(TransportError):
                run(visit.require(LIST, "*", {}))
    assert counted.questions == 2
    with pytest.raises(TransportError):
        visit.current.verify()


def test_a_guard_fills_the_template_and_the_context(ramgate_client: Client) -> None:
    visit = visit_of(ramgate_client.decide, user="bob", address="10.0.0.1")
    decision = run(
        visit.guard(LIST, TEMPLATE, ALIVE, lambda scope: {"acs:SourceIp": scope["address"]})
    )
    assert decision.allow
    visit = visit_of(ramgate_client.decide, user="bob", address="192.0.2.1")
    with pytest.raises(AccessDenied) as caught:
        run(visit.guard(LIST, TEMPLATE, ALIVE, lambda scope: {"acs:SourceIp": scope["address"]}))
    assert visit.current.refusal is caught.value


@pytest.mark.parametrize(
    ("user", "values", "error"),
    [
        ({}, ALIVE, Unauthenticated),
        ({}, {"instance": "*"}, Unauthenticated),  # first who asks, then for which resource
        ({"user": "alice"}, {"instance": "*"}, InvalidResource),
        ({"user": "carol"}, ALIVE, AccessDenied),
        ({"user": "alice", "action": "typo"}, ALIVE, InvalidRequest),
    ],
)
def test_the_answer_to_a_failed_guard_is_fixed(
    ramgate_client: Client, user: dict[str, str], values: dict[str, str], error: type[Exception]
) -> None:
    visit = visit_of(ramgate_client.decide, **user)
    with pytest.raises(error):
        run(visit.guard(user.get("action", LIST), TEMPLATE, values, None))
    assert isinstance(visit.current.refusal, error)
    with pytest.raises(error):
        visit.current.end()


def test_async_functions_are_awaited_in_a_loop(ramgate_sidecar: Sidecar) -> None:
    async def named_later(scope: dict[str, str]) -> str:
        await asyncio.sleep(0)
        return f"{ACCOUNT}{scope['user']}"

    async def context_of(scope: dict[str, str]) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"acs:SourceIp": scope["address"]}

    async def ask() -> bool:
        async with AsyncClient(ramgate_sidecar.url) as client:
            scope = {"user": "bob", "address": "10.0.0.1"}
            visit = Visit(client.decide, named_later, scope, Current())
            return (await visit.guard(LIST, TEMPLATE, ALIVE, context_of)).allow

    assert asyncio.run(ask())


def test_a_principal_that_waits_needs_a_loop(ramgate_client: Client) -> None:
    async def waits(_: object) -> str:
        await asyncio.sleep(0)
        return f"{ACCOUNT}alice"

    visit: Visit[Any] = Visit(ramgate_client.decide, waits, {}, Current())
    with pytest.raises(PrincipalError, match="`principal` raised `TypeError`") as caught:
        run(visit.require(LIST, "*", {}))
    assert "there is no event loop" in str(caught.value.__cause__)
    assert visit.current.principal is None


def test_a_coroutine_that_does_not_stop_waiting_is_closed() -> None:
    ended = []

    async def waits() -> None:
        try:
            while True:
                try:
                    await asyncio.sleep(0)
                except TypeError:
                    continue
        finally:
            ended.append(True)

    with pytest.raises(TypeError, match="there is no event loop"):
        run(waits())
    assert ended


def test_a_coroutine_that_ends_without_its_result_has_the_result_it_returns() -> None:
    async def waits() -> str:
        try:
            await asyncio.sleep(0)
        except TypeError:
            return "nothing"
        return "never"

    assert run(waits()) == "nothing"


@pytest.mark.parametrize("error", [KeyError("x"), StopIteration(), RuntimeError("x")])
def test_a_principal_that_raises_is_an_error_of_the_function(
    ramgate_client: Client, error: Exception
) -> None:
    def raising(_: object) -> str:
        raise error

    visit: Visit[Any] = Visit(ramgate_client.decide, raising, {}, Current())
    with pytest.raises(PrincipalError, match=f"`principal` raised `{type(error).__name__}`"):
        run(visit.require(LIST, "*", {}))


def test_there_is_no_visit_outside_of_a_request() -> None:
    variable: ContextVar[Visit[Any]] = ContextVar("test")
    with pytest.raises(RuntimeError, match="there is no request"):
        visit_in(variable)
    visit = visit_of(lambda *_: pytest.fail("asked"))
    variable.set(visit)
    assert visit_in(variable) is visit
