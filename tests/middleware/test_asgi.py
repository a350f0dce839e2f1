from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest

from asgi_calls import ACCOUNT, CountingClient, arn_of, call, converse, scope_of
from ramgate import AccessDenied, AsyncClient, Client, InvalidRequest, RamgateError, TransportError
from ramgate.middleware.asgi import RamgateMiddleware, guard, refuse, require
from ramgate.middleware.errors import PrincipalError, Unauthenticated
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from ramgate import Sidecar
    from ramgate.middleware.asgi import App, Message, Receive, Scope, Send

TOPICS = f"acs:alikafka:cn-hangzhou:{ACCOUNT}:alikafka_post-cn-x"
LIST = "alikafka:ListTopic"
BOB = f"acs:ram::{ACCOUNT}:user/bob"


async def answer(send: Send, status: int = 200, body: bytes = b"secret") -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


def app_of(serve: Callable[[Scope, Receive, Send], Awaitable[None]]) -> App:
    return serve


@app_of
async def listing(_: Scope, __: Receive, send: Send) -> None:
    decision = await require(LIST, TOPICS)
    await answer(send, body=decision.effect.encode())


@app_of
async def careless(_: Scope, __: Receive, send: Send) -> None:
    await answer(send)


def run(
    url: str,
    app: App,
    *requests: tuple[Any, ...],
    client: type[AsyncClient] = AsyncClient,
    **more: Any,  # noqa: ANN401 - any argument of the middleware
) -> list[Any]:
    """Send the requests one after the other, and return the answers."""

    async def main() -> list[Any]:
        async with client(url, timeout=10) as asking:
            protected = RamgateMiddleware(app, client=asking, **{"principal": arn_of} | more)
            return [await call(protected, *one) for one in requests]

    return asyncio.run(main())


# The statuses


def test_an_allowed_request_reaches_the_application(ramgate_sidecar: Sidecar) -> None:
    [found] = run(ramgate_sidecar.url, listing, ("/", "alice"))
    assert (found.status, found.body) == (200, b"Allow")


def test_a_denied_request_is_forbidden_and_no_policy_is_named(ramgate_sidecar: Sidecar) -> None:
    [found] = run(ramgate_sidecar.url, listing, ("/", "bob"))
    assert found.status == 403
    assert found.problem == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "the principal may not do this",
    }


def test_a_request_without_principal_is_unauthorized(ramgate_sidecar: Sidecar) -> None:
    found, other = run(ramgate_sidecar.url, listing, ("/",), ("/", ""), principal=lambda _: None)
    assert (found.status, other.status) == (401, 401)
    assert found.problem["title"] == "Unauthorized"
    assert found.headers["www-authenticate"] == "Bearer"


def test_the_challenge_is_the_applications(ramgate_sidecar: Sidecar) -> None:
    [found] = run(ramgate_sidecar.url, listing, ("/",), challenge='Basic realm="topics"')
    assert found.headers["www-authenticate"] == 'Basic realm="topics"'


def test_without_opa_the_service_is_unavailable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [found] = run(f"unix://{tmp_path}/opa.sock", listing, ("/", "alice"))
    assert (found.status, found.headers["retry-after"]) == (503, "1")
    assert found.problem["title"] == "Service Unavailable"
    assert str(tmp_path) not in found.body.decode()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(tmp_path) in caplog.text


@pytest.mark.parametrize(
    ("resource", "status"), [("topics", 400), ("acs:a:b", 400), (f"{TOPICS}{'x' * 65_536}", 400)]
)
def test_a_resource_that_cannot_be_written_is_a_bad_request(
    ramgate_sidecar: Sidecar, resource: str, status: int
) -> None:
    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, resource)
        await answer(send)

    [found] = run(ramgate_sidecar.url, asks, ("/", "alice"))
    assert (found.status, found.problem["status"]) == (status, status)
    assert resource not in found.body.decode()


def test_a_malformed_action_is_the_applications_fault(
    ramgate_sidecar: Sidecar, caplog: pytest.LogCaptureFixture
) -> None:
    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        await require("ListTopic", TOPICS)
        await answer(send)

    [found] = run(ramgate_sidecar.url, asks, ("/", "alice"))
    assert found.problem["status"] == found.status == 500
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], InvalidRequest)


def test_other_errors_of_the_application_go_on(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def fails(_: Scope, __: Receive, ___: Send) -> None:
        await require(LIST, TOPICS)
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(ramgate_sidecar.url, fails, ("/", "alice"))


def test_the_first_denial_of_a_task_group_is_answered(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(require(LIST, TOPICS))
            group.create_task(require("ecs:StopInstance", "*"))
        await answer(send)

    [found] = run(ramgate_sidecar.url, asks, ("/", "alice"))
    assert found.status == 403


def test_an_application_may_handle_a_denial(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def handles(_: Scope, __: Receive, send: Send) -> None:
        try:
            await require(LIST, TOPICS)
        except AccessDenied:
            await answer(send, 200, b"no topics")

    [found] = run(ramgate_sidecar.url, handles, ("/", "carol"))
    assert (found.status, found.body) == (200, b"no topics")


def test_the_context_is_part_of_the_question(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def asks(scope: Scope, _: Receive, send: Send) -> None:
        address = scope["path"].removeprefix("/")
        decision = await require(LIST, TOPICS, {"acs:SourceIp": address})
        await answer(send, body=decision.effect.encode())

    office, elsewhere = run(ramgate_sidecar.url, asks, ("/10.0.0.1", "bob"), ("/192.0.2.1", "bob"))
    assert (office.status, elsewhere.status) == (200, 403)


# Construction


def test_a_client_that_blocks_the_event_loop_is_refused(ramgate_client: Client) -> None:
    client: Any = ramgate_client
    with pytest.raises(TypeError, match="`client` must be an `AsyncClient`, not `Client`"):
        RamgateMiddleware(listing, client=client, principal=arn_of)


def test_the_principal_must_be_a_function() -> None:
    principal: Any = f"acs:ram::{ACCOUNT}:user/alice"
    with pytest.raises(TypeError, match="`principal` must be a function"):
        RamgateMiddleware(listing, client=AsyncClient(), principal=principal)


@pytest.mark.parametrize("challenge", ["", "Basic\r\nSet-Cookie: x", "é"])
def test_the_challenge_must_be_the_text_of_a_header(challenge: str) -> None:
    with pytest.raises(ValueError, match="`challenge`"):
        RamgateMiddleware(listing, client=AsyncClient(), principal=arn_of, challenge=challenge)


def test_a_public_path_must_have_one_spelling() -> None:
    with pytest.raises(ValueError, match="is not a public path"):
        RamgateMiddleware(listing, client=AsyncClient(), principal=arn_of, public={"/docs*"})


def test_after_an_inner_application_the_outer_request_goes_on(ramgate_sidecar: Sidecar) -> None:
    """An application may be mounted in another one, each with a middleware."""

    async def main() -> list[str]:
        async with AsyncClient(ramgate_sidecar.url, timeout=10) as client:
            inner = RamgateMiddleware(listing, client=client, principal=lambda _: BOB)
            seen: list[str] = []

            @app_of
            async def outer(scope: Scope, receive: Receive, send: Send) -> None:
                async def ignore(message: Message) -> None:
                    seen.append(str(message.get("status", "")))

                await inner(scope, receive, ignore)
                seen.append((await require(LIST, TOPICS)).effect)
                await answer(send)

            protected = RamgateMiddleware(outer, client=client, principal=arn_of)
            seen.append(str((await call(protected, "/", "alice")).status))
            return seen

    assert [one for one in asyncio.run(main()) if one] == ["403", "Allow", "200"]


def test_other_scopes_pass() -> None:
    seen = []

    @app_of
    async def lives(scope: Scope, _: Receive, send: Send) -> None:
        seen.append(scope["type"])
        await send({"type": "lifespan.startup.complete"})

    async def send(message: Message) -> None:
        seen.append(message["type"])

    async def receive() -> Message:
        raise NotImplementedError

    protected = RamgateMiddleware(lives, client=AsyncClient(), principal=arn_of)
    asyncio.run(protected({"type": "lifespan"}, receive, send))
    assert seen == ["lifespan", "lifespan.startup.complete"]


# The principal


def test_the_function_may_be_async(ramgate_sidecar: Sidecar) -> None:
    async def principal(scope: Scope) -> str | None:
        await asyncio.sleep(0)
        return arn_of(scope)

    found = run(ramgate_sidecar.url, listing, ("/", "alice"), ("/", "carol"), principal=principal)
    assert [one.status for one in found] == [200, 403]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("", 401),
        (b"acs:ram::1234567890123456:user/alice", 500),
        (["acs:ram::1234567890123456:user/alice"], 500),
        (True, 500),
        (f"acs:ram::{ACCOUNT}:user/alice\n", 500),
        (f"acs:ram::{ACCOUNT}:user/alice\0", 500),
        (f"acs:ram::{ACCOUNT}:user/alice acs:ram::{ACCOUNT}:root", 500),
        (f"acs:ram::{ACCOUNT}:user/{'a' * 65_536}", 500),
        (f"acs:ram::{ACCOUNT}:user/*", 500),
        ("alice", 500),
        ("*", 500),
    ],
)
@pytest.mark.parametrize("verify", [True, False])
def test_an_unusable_principal_is_never_allowed(
    ramgate_sidecar: Sidecar, value: object, status: int, *, verify: bool
) -> None:
    [found] = run(
        ramgate_sidecar.url, listing, ("/", "alice"), principal=lambda _: value, verify=verify
    )
    assert found.problem["status"] == found.status == status


@pytest.mark.parametrize("verify", [True, False])
def test_a_principal_function_that_raises_is_an_error(
    ramgate_sidecar: Sidecar, caplog: pytest.LogCaptureFixture, *, verify: bool
) -> None:
    def principal(_: Scope) -> str | None:
        raise KeyError("secret")

    [found] = run(ramgate_sidecar.url, listing, ("/", "alice"), principal=principal, verify=verify)
    assert found.problem["status"] == found.status == 500
    assert "secret" not in found.body.decode()
    [record] = caplog.records
    assert record.message == "`principal` raised `KeyError`"
    assert record.exc_info is not None
    error = record.exc_info[1]
    assert isinstance(error, PrincipalError)
    assert isinstance(error.__cause__, KeyError)


def test_an_error_of_ramgate_in_the_principal_function_is_no_decision(
    ramgate_sidecar: Sidecar,
) -> None:
    def principal(_: Scope) -> str | None:
        raise TransportError("the service of tokens is away")

    [found] = run(ramgate_sidecar.url, listing, ("/", "alice"), principal=principal)
    assert found.status == 500


def test_the_function_is_asked_once_in_a_request(ramgate_sidecar: Sidecar) -> None:
    asked = []

    def principal(scope: Scope) -> str | None:
        asked.append(scope["path"])
        return arn_of(scope)

    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await require("alikafka:CreateTopic", TOPICS)
        await answer(send)

    requests = [("/1", "alice"), ("/2", "alice")]
    assert [
        one.status for one in run(ramgate_sidecar.url, asks, *requests, principal=principal)
    ] == [
        200,
        200,
    ]
    assert asked == ["/1", "/2"]


def test_verification_keeps_strangers_from_the_application(ramgate_sidecar: Sidecar) -> None:
    served = []

    @app_of
    async def serves(scope: Scope, _: Receive, send: Send) -> None:
        served.append(scope["path"])
        await answer(send, 404)

    assert run(ramgate_sidecar.url, serves, ("/a",))[0].status == 401
    assert served == []
    assert run(ramgate_sidecar.url, serves, ("/a",), verify=False)[0].status == 404
    assert served == ["/a"]


# Verification


@pytest.mark.parametrize("status", [200, 204, 302, 304, 399])
def test_a_success_without_a_decision_is_held_back(
    ramgate_sidecar: Sidecar, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    @app_of
    async def undecided(_: Scope, __: Receive, send: Send) -> None:
        await answer(send, status)

    [found] = run(ramgate_sidecar.url, undecided, ("/", "alice"))
    assert found.problem["status"] == found.status == 500
    assert b"secret" not in found.body
    assert "no decision was asked for" in caplog.text


@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_a_failure_needs_no_decision(ramgate_sidecar: Sidecar, status: int) -> None:
    @app_of
    async def fails(_: Scope, __: Receive, send: Send) -> None:
        await answer(send, status)

    [found] = run(ramgate_sidecar.url, fails, ("/", "alice"))
    assert found.status == status


def test_a_message_before_the_response_needs_a_decision_too(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def hints(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.early_hint", "links": [b"</secret>"]})
        await answer(send, 404)

    [found] = run(ramgate_sidecar.url, hints, ("/", "alice"))
    assert found.problem["status"] == 500


def test_without_verification_a_success_needs_no_decision(ramgate_sidecar: Sidecar) -> None:
    [found] = run(ramgate_sidecar.url, careless, ("/",), verify=False)
    assert found.status == 200


def test_a_success_after_a_swallowed_failure_is_that_failure(tmp_path: Path) -> None:
    @app_of
    async def swallows(_: Scope, __: Receive, send: Send) -> None:
        try:
            await require(LIST, TOPICS)
        except RamgateError:
            await answer(send)

    [found] = run(f"unix://{tmp_path}/opa.sock", swallows, ("/", "alice"))
    assert found.status == 503


def test_a_held_back_success_stays_held_back_whatever_the_application_does(
    ramgate_sidecar: Sidecar,
) -> None:
    @app_of
    async def insists(_: Scope, __: Receive, send: Send) -> None:
        try:
            await answer(send)
        except RamgateError:
            await answer(send, 400, b"secret")

    [found] = run(ramgate_sidecar.url, insists, ("/", "alice"))
    assert found.problem["status"] == found.status == 500


def test_a_forgotten_await_is_an_error(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def forgets(_: Scope, __: Receive, send: Send) -> None:
        pending: Any = require(LIST, TOPICS)
        try:
            if pending:
                await answer(send)
        finally:
            pending.close()

    with pytest.raises(TypeError, match="await it"):
        run(ramgate_sidecar.url, forgets, ("/", "alice"))


def test_a_public_path_needs_neither_principal_nor_decision(ramgate_sidecar: Sidecar) -> None:
    found = run(ramgate_sidecar.url, careless, ("/docs",), ("/docs?x=1",), public={"/docs"})
    assert [one.status for one in found] == [200, 200]


def test_a_decision_on_a_public_path_counts(ramgate_sidecar: Sidecar) -> None:
    found = run(ramgate_sidecar.url, listing, ("/",), ("/", "carol"), ("/", "alice"), public={"/"})
    assert [one.status for one in found] == [401, 403, 200]


# The response


def test_after_a_response_has_begun_the_error_goes_on(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def streams(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await require("ecs:StopInstance", "*")

    with pytest.raises(AccessDenied):
        run(ramgate_sidecar.url, streams, ("/", "alice"))


def failing(url: str, app: App) -> list[Message]:
    """Send one request, which ends with a denial for the server; return the messages before it."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise NotImplementedError

    async def send(message: Message) -> None:
        sent.append(message)

    async def main() -> None:
        async with AsyncClient(url) as client:
            serve = RamgateMiddleware(app, client=client, principal=arn_of)
            await serve(scope_of("/", headers={"x-user": "alice"}), receive, send)

    with pytest.raises(AccessDenied):
        asyncio.run(main())
    return sent


async def stop() -> None:
    await guard("ecs:StopInstance", Template("*"), dict)


@pytest.mark.parametrize("rest", [[], [False], [True], [True, False]])
def test_no_body_passes_after_a_refusal(ramgate_sidecar: Sidecar, rest: list[bool]) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}
    first = {"type": "http.response.body", "body": b"one", "more_body": True}

    @app_of
    async def swallows(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await send(start)
        await send(first)
        with contextlib.suppress(AccessDenied):
            await stop()
        for more_body in rest:
            with contextlib.suppress(AccessDenied):
                await send(first | {"body": b"secret", "more_body": more_body})

    assert failing(ramgate_sidecar.url, swallows) == [start, first]


def test_a_file_does_not_pass_after_a_refusal(ramgate_sidecar: Sidecar) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}

    @app_of
    async def swallows(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await send(start)
        with contextlib.suppress(AccessDenied):
            await stop()
        await send({"type": "http.response.pathsend", "path": "/secret"})

    assert failing(ramgate_sidecar.url, swallows) == [start]


def test_a_refused_application_that_sends_without_end_is_ended(ramgate_sidecar: Sidecar) -> None:
    sent = []

    @app_of
    async def endless(_: Scope, __: Receive, send: Send) -> None:
        with contextlib.suppress(AccessDenied):
            await stop()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(100):
            await send({"type": "http.response.body", "body": b"secret", "more_body": True})
            sent.append(number)

    [found] = run(ramgate_sidecar.url, endless, ("/", "alice"))
    assert (found.status, sent) == (403, [])


# Memory


def test_an_equal_question_is_sent_once_in_a_request(ramgate_sidecar: Sidecar) -> None:
    clients: list[CountingClient] = []

    class Listed(CountingClient):
        def __init__(self, url: str, *, timeout: float = 10) -> None:
            super().__init__(url, timeout=timeout)
            clients.append(self)

    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        first = await require(LIST, TOPICS)
        assert await require(LIST, TOPICS) is first
        for _again in range(2):
            with pytest.raises(AccessDenied):
                await require("ecs:StopInstance", "*")
        await answer(send)

    run(ramgate_sidecar.url, asks, ("/", "alice"), ("/", "alice"), client=Listed)
    alice = f"acs:ram::{ACCOUNT}:user/alice"
    assert clients[0].asked == [(alice, LIST, TOPICS), (alice, "ecs:StopInstance", "*")] * 2


def test_an_error_is_not_remembered(tmp_path: Path, ramgate_sidecar: Sidecar) -> None:
    link = tmp_path / "opa.sock"

    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        with pytest.raises(TransportError):
            await require(LIST, TOPICS)
        link.symlink_to(ramgate_sidecar.url.removeprefix("unix://"))
        await require(LIST, TOPICS)
        await answer(send)

    [found] = run(f"unix://{link}", asks, ("/", "alice"))
    assert found.status == 200


def test_no_decision_is_remembered_once_the_response_has_begun(ramgate_sidecar: Sidecar) -> None:
    clients: list[CountingClient] = []

    class Listed(CountingClient):
        def __init__(self, url: str, *, timeout: float = 10) -> None:
            super().__init__(url, timeout=timeout)
            clients.append(self)

    @app_of
    async def streams(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await require(LIST, TOPICS)
        await require(LIST, TOPICS)
        await send({"type": "http.response.body", "body": b""})
        await require(LIST, TOPICS)

    async def main() -> None:
        async with Listed(ramgate_sidecar.url) as client:
            protected = RamgateMiddleware(streams, client=client, principal=arn_of)
            await call(protected, "/", "alice")

    asyncio.run(main())
    assert len(clients[0].asked) == 4


def test_nothing_is_decided_once_the_request_is_refused(ramgate_sidecar: Sidecar) -> None:
    later: list[asyncio.Task[None]] = []

    async def main() -> list[tuple[str, str, str]]:
        is_refused = asyncio.Event()

        async def afterwards() -> None:
            await is_refused.wait()
            await require(LIST, TOPICS)

        @app_of
        async def refused(_: Scope, __: Receive, ___: Send) -> None:
            await require(LIST, TOPICS)
            later.append(asyncio.create_task(afterwards()))
            await require("ecs:StopInstance", "*")

        async with CountingClient(ramgate_sidecar.url) as client:
            protected = RamgateMiddleware(refused, client=client, principal=arn_of)
            assert (await call(protected, "/", "alice")).status == 403
            is_refused.set()
            with pytest.raises(RuntimeError, match="there is no request"):
                await later[0]
            return client.asked

    asked = asyncio.run(main())
    assert [action for _, action, _ in asked] == [LIST, "ecs:StopInstance"]


def test_no_decision_is_remembered_while_a_refusal_is_sent(ramgate_sidecar: Sidecar) -> None:
    contexts: list[contextvars.Context] = []

    @app_of
    async def refused(_: Scope, __: Receive, ___: Send) -> None:
        await require(LIST, TOPICS)
        contexts.append(contextvars.copy_context())
        await require("ecs:StopInstance", "*")

    async def receive() -> Message:
        raise NotImplementedError

    async def send(_: Message) -> None:
        asking = asyncio.get_running_loop().create_task(require(LIST, TOPICS), context=contexts[0])
        await asking

    async def main() -> list[tuple[str, str, str]]:
        async with CountingClient(ramgate_sidecar.url) as client:
            serve = RamgateMiddleware(refused, client=client, principal=arn_of)
            await serve(scope_of("/", headers={"x-user": "alice"}), receive, send)
            return client.asked

    asked = asyncio.run(main())
    assert [action for _, action, _ in asked] == [LIST, "ecs:StopInstance", LIST, LIST]


def test_concurrent_requests_share_neither_principals_nor_decisions(
    ramgate_sidecar: Sidecar,
) -> None:
    @app_of
    async def asks(scope: Scope, _: Receive, send: Send) -> None:
        for _again in range(3):
            await asyncio.sleep(0)
            await require(LIST, TOPICS)
        await answer(send, body=scope["path"].encode())

    async def main() -> list[Any]:
        async with AsyncClient(ramgate_sidecar.url, timeout=30, batches=1) as client:
            protected = RamgateMiddleware(asks, client=client, principal=arn_of)
            users = ("alice", "carol", None)
            return await asyncio.gather(
                *(call(protected, f"/{number}", users[number % 3]) for number in range(300))
            )

    found = asyncio.run(main())
    assert [one.status for one in found] == [200, 403, 401] * 100
    assert all(one.body == f"/{number * 3}".encode() for number, one in enumerate(found[::3]))


def test_outside_of_a_request_there_is_nobody_to_ask_for() -> None:
    async def main() -> None:
        await require(LIST, TOPICS)

    with pytest.raises(RuntimeError, match="there is no request"):
        asyncio.run(main())


def test_after_a_request_its_principal_is_gone(ramgate_sidecar: Sidecar) -> None:
    async def main() -> None:
        async with AsyncClient(ramgate_sidecar.url) as client:
            protected = RamgateMiddleware(listing, client=client, principal=arn_of)
            assert (await call(protected, "/", "alice")).status == 200
            await require(LIST, TOPICS)

    with pytest.raises(RuntimeError, match="there is no request"):
        asyncio.run(main())


def test_a_task_that_outlives_its_request_cannot_ask_in_its_name(ramgate_sidecar: Sidecar) -> None:
    copies = []

    @app_of
    async def copying(scope: Scope, receive: Receive, send: Send) -> None:
        copies.append(contextvars.copy_context())
        await listing(scope, receive, send)

    async def main() -> None:
        async with AsyncClient(ramgate_sidecar.url) as client:
            protected = RamgateMiddleware(copying, client=client, principal=arn_of)
            assert (await call(protected, "/", "alice")).status == 200

            async def later() -> None:
                await require(LIST, TOPICS)

            await asyncio.get_running_loop().create_task(later(), context=copies[0])

    with pytest.raises(RuntimeError, match="there is no request"):
        asyncio.run(main())


# Guards


INSTANCE = Template(f"acs:alikafka:cn-hangzhou:{ACCOUNT}:{{instance}}")


def test_the_refusal_of_a_guard_stands_whatever_the_application_answers(
    ramgate_sidecar: Sidecar,
) -> None:
    @app_of
    async def swallows(scope: Scope, _: Receive, send: Send) -> None:
        values = {"instance": scope["path"].removeprefix("/")}
        try:
            await guard(LIST, INSTANCE, lambda: values)
        except RamgateError:
            await answer(send)

    found = run(
        *(ramgate_sidecar.url, swallows),
        *[("/x", "carol"), ("/*", "alice"), ("/x",), ("/", "alice")],
        verify=False,
    )
    assert [one.problem["status"] for one in found] == [403, 400, 401, 400]


def test_an_error_after_the_refusal_of_a_guard_does_not_hide_it(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def fails(_: Scope, __: Receive, ___: Send) -> None:
        try:
            await guard(LIST, INSTANCE, lambda: {"instance": "x"})
        finally:
            raise KeyError("x")

    [found] = run(ramgate_sidecar.url, fails, ("/", "carol"))
    assert found.status == 403


def test_a_placeholder_without_a_value_is_the_applications_fault(
    ramgate_sidecar: Sidecar, caplog: pytest.LogCaptureFixture
) -> None:
    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        await guard(LIST, INSTANCE, lambda: {"id": "x"})
        await answer(send)

    [found] = run(ramgate_sidecar.url, asks, ("/", "alice"))
    assert found.status == 500
    assert "`{instance}`" in caplog.text


@pytest.mark.parametrize("is_async", [True, False])
def test_a_guard_gets_its_context_from_the_scope(
    ramgate_sidecar: Sidecar, *, is_async: bool
) -> None:
    def plain(scope: Scope) -> dict[str, str]:
        return {"acs:SourceIp": scope["path"].removeprefix("/")}

    async def waiting(scope: Scope) -> dict[str, str]:
        await asyncio.sleep(0)
        return plain(scope)

    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        await guard(LIST, Template(TOPICS), dict, waiting if is_async else plain)
        await answer(send)

    found = run(
        *(ramgate_sidecar.url, asks),
        *[("/10.0.0.1", "bob"), ("/192.0.2.1", "bob"), ("/no-address", "bob")],
    )
    assert [one.status for one in found] == [200, 403, 403]


def test_an_error_is_refused_only_if_it_has_an_answer(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def handles(scope: Scope, _: Receive, send: Send) -> None:
        refuse(Unauthenticated("x") if scope["path"] == "/refused" else KeyError("x"))
        await answer(send, 500)

    found = run(ramgate_sidecar.url, handles, ("/refused", "alice"), ("/", "alice"))
    assert [one.status for one in found] == [401, 500]


class Silent(AsyncClient):
    """A client that never gets an answer."""

    def decide(self, *_: object) -> Any:  # noqa: ANN401
        return asyncio.get_running_loop().create_future()


def test_a_guard_that_times_out_cannot_be_handled(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def impatient(_: Scope, __: Receive, send: Send) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await guard(LIST, INSTANCE, lambda: {"instance": "x"})
        await answer(send)

    [found] = run(ramgate_sidecar.url, impatient, ("/", "alice"), client=Silent, verify=False)
    assert found.problem["status"] == 500


def broken(*_: object) -> dict[str, str]:
    raise KeyError("broken")


@pytest.mark.parametrize(("values_of", "context_of"), [(broken, None), (dict, broken)])
def test_a_guard_whose_functions_fail_cannot_be_handled(
    ramgate_sidecar: Sidecar,
    values_of: Callable[..., dict[str, str]],
    context_of: Callable[[Scope], dict[str, str]] | None,
) -> None:
    @app_of
    async def swallows(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        with contextlib.suppress(KeyError):
            await guard(LIST, Template("*"), values_of, context_of)
        await answer(send)

    with pytest.raises(KeyError, match="broken"):
        run(ramgate_sidecar.url, swallows, ("/", "alice"))


# The event loop


def test_a_stalled_opa_does_not_keep_other_requests_waiting(tmp_path: Path) -> None:
    """OPA accepts the connection of one request and stays silent; another request is answered."""
    path = tmp_path / "opa.sock"

    async def main() -> tuple[bool, int, int]:
        async with AsyncClient(f"unix://{path}", timeout=2) as client:
            protected = RamgateMiddleware(
                routes, client=client, principal=arn_of, public={"/health"}
            )
            waiting = asyncio.create_task(call(protected, "/", "alice"))
            loop = asyncio.get_running_loop()
            connection, _ = await asyncio.wait_for(loop.sock_accept(silent), 10)
            with connection:
                assert await asyncio.wait_for(loop.sock_recv(connection, 1), 10)
                other = await asyncio.wait_for(call(protected, "/health"), 1)
                is_waiting = not waiting.done()
                return is_waiting, other.status, (await waiting).status

    @app_of
    async def routes(scope: Scope, receive: Receive, send: Send) -> None:
        await (careless if scope["path"] == "/health" else listing)(scope, receive, send)

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        silent.setblocking(False)  # noqa: FBT003 - the name of the method says it
        assert asyncio.run(main()) == (True, 200, 503)


def test_a_cancelled_request_stays_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "opa.sock"

    async def main() -> None:
        async with AsyncClient(f"unix://{path}", timeout=30) as client:
            protected = RamgateMiddleware(listing, client=client, principal=arn_of)
            waiting = asyncio.create_task(call(protected, "/", "alice"))
            loop = asyncio.get_running_loop()
            connection, _ = await asyncio.wait_for(loop.sock_accept(silent), 10)
            with connection:
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        silent.setblocking(False)  # noqa: FBT003 - the name of the method says it
        asyncio.run(main())


# WebSockets


def talk(
    url: str,
    app: App,
    user: str | None = None,
    **more: Any,  # noqa: ANN401 - any argument of the middleware
) -> list[Message]:
    async def main() -> list[Message]:
        async with CountingClient(url) as client:
            protected = RamgateMiddleware(app, client=client, **{"principal": arn_of} | more)
            return await converse(protected, "/", user)

    return asyncio.run(main())


@app_of
async def chat(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await require(LIST, TOPICS)
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "topics"})
    await require("alikafka:ListTopic", "*")
    await require("ecs:StopInstance", "*")


def closed(reason: str) -> Message:
    return {"type": "websocket.close", "code": 1008, "reason": reason}


def test_a_denied_handshake_is_refused(ramgate_sidecar: Sidecar) -> None:
    assert talk(ramgate_sidecar.url, chat, "carol") == [closed("Forbidden")]
    assert talk(ramgate_sidecar.url, chat) == [closed("Unauthorized")]
    assert talk("unix:///nowhere/opa.sock", chat, "alice") == [closed("Service Unavailable")]


def test_a_denial_closes_an_open_websocket(ramgate_sidecar: Sidecar) -> None:
    assert talk(ramgate_sidecar.url, chat, "alice") == [
        {"type": "websocket.accept"},
        {"type": "websocket.send", "text": "topics"},
        closed("Forbidden"),
    ]


def test_a_websocket_is_not_accepted_without_a_decision(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def accepts(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "secret"})

    assert talk(ramgate_sidecar.url, accepts, "alice") == [closed("Internal Server Error")]
    assert len(talk(ramgate_sidecar.url, accepts, verify=False)) == 2


def test_an_application_closes_its_websocket_itself(ramgate_sidecar: Sidecar) -> None:
    close = {"type": "websocket.close", "code": 1000}

    @app_of
    async def closes(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await send({"type": "websocket.accept"})
        await send(close)

    @app_of
    async def rejects(_: Scope, __: Receive, send: Send) -> None:
        await send(close)

    assert talk(ramgate_sidecar.url, closes, "alice")[1:] == [close]
    assert talk(ramgate_sidecar.url, rejects, "alice") == [close]


def test_a_public_websocket_needs_no_decision(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def accepts(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "public"})

    assert len(talk(ramgate_sidecar.url, accepts, public={"/"})) == 2


@pytest.mark.parametrize(("status", "is_passed"), [(404, True), (200, False)])
def test_a_handshake_may_be_answered_with_an_error_alone(
    ramgate_sidecar: Sidecar, status: int, *, is_passed: bool
) -> None:
    start = {"type": "websocket.http.response.start", "status": status, "headers": []}

    @app_of
    async def rejects(_: Scope, __: Receive, send: Send) -> None:
        await send(start)

    expected = start if is_passed else closed("Internal Server Error")
    assert talk(ramgate_sidecar.url, rejects, "alice") == [expected]


def test_a_closed_websocket_is_not_closed_again(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def closes(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": 1000})
        await require("ecs:StopInstance", "*")

    with pytest.raises(AccessDenied):
        talk(ramgate_sidecar.url, closes, "alice")


def test_an_open_websocket_sends_nothing_after_a_refusal(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def insists(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await send({"type": "websocket.accept"})
        try:
            await guard("ecs:StopInstance", Template("*"), dict)
        except RamgateError:
            await send({"type": "websocket.send", "text": "secret"})

    assert talk(ramgate_sidecar.url, insists, "alice") == [
        {"type": "websocket.accept"},
        closed("Forbidden"),
    ]


def test_a_refused_websocket_is_not_left_to_wait(ramgate_sidecar: Sidecar) -> None:
    @app_of
    async def waits(_: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(AccessDenied):
            await stop()
        await send({"type": "websocket.accept"})
        await receive()
        raise AssertionError

    assert talk(ramgate_sidecar.url, waits, "alice") == [closed("Forbidden")]


def test_a_websocket_receives_nothing_after_a_refusal(ramgate_sidecar: Sidecar) -> None:
    received: list[Message] = []

    @app_of
    async def listens(_: Scope, receive: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await receive()
        await send({"type": "websocket.accept"})
        while not received or received[-1]["type"] != "websocket.disconnect":
            received.append(await receive())
            with contextlib.suppress(AccessDenied):
                await stop()

    async def main() -> list[Message]:
        async with CountingClient(ramgate_sidecar.url) as client:
            protected = RamgateMiddleware(listens, client=client, principal=arn_of)
            return await converse(protected, "/", "alice", ["first", "second"])

    assert asyncio.run(main()) == [{"type": "websocket.accept"}, closed("Forbidden")]
    assert received == [
        {"type": "websocket.receive", "text": "first"},
        {"type": "websocket.disconnect", "code": 1008, "reason": ""},
    ]


def test_a_message_that_arrives_after_a_refusal_is_not_passed_on(ramgate_sidecar: Sidecar) -> None:
    received: list[Message] = []

    async def main() -> None:
        refused = asyncio.Event()

        @app_of
        async def waits(_: Scope, receive: Receive, __: Send) -> None:
            waiting = asyncio.ensure_future(receive())
            with contextlib.suppress(AccessDenied):
                await stop()
            refused.set()
            received.append(await waiting)

        async def receive() -> Message:
            await refused.wait()
            return {"type": "websocket.receive", "text": "late"}

        async def send(message: Message) -> None:
            assert message == closed("Forbidden")

        async with CountingClient(ramgate_sidecar.url) as client:
            protected = RamgateMiddleware(waits, client=client, principal=arn_of)
            scope = scope_of("/", "websocket", headers={"x-user": "alice"})
            await protected(scope, receive, send)

    asyncio.run(main())
    assert [message["type"] for message in received] == ["websocket.disconnect"]


def test_a_refused_websocket_is_closed_with_the_answer_of_the_refusal(
    ramgate_sidecar: Sidecar,
) -> None:
    @app_of
    async def closes(_: Scope, __: Receive, send: Send) -> None:
        with contextlib.suppress(AccessDenied):
            await stop()
        await send({"type": "websocket.close", "code": 1000})

    assert talk(ramgate_sidecar.url, closes, "alice") == [closed("Forbidden")]


def test_a_websocket_remembers_no_decision(ramgate_sidecar: Sidecar) -> None:
    clients = []

    @app_of
    async def asks(_: Scope, __: Receive, send: Send) -> None:
        await require(LIST, TOPICS)
        await require(LIST, TOPICS)
        await send({"type": "websocket.accept"})

    async def main() -> None:
        async with CountingClient(ramgate_sidecar.url) as client:
            clients.append(client)
            protected = RamgateMiddleware(asks, client=client, principal=arn_of)
            await converse(protected, "/", "alice")

    asyncio.run(main())
    assert len(clients[0].asked) == 2
