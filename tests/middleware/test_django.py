"""Django behind the middleware, under WSGI and under ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import (
    ImproperlyConfigured,
    PermissionDenied,
    SynchronousOnlyOperation,
)
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings

from django_site import Pieces, configured, named, named_later, under_asgi, under_wsgi
from hostile import ALLOW, DENY, Hostile, Peer, answering, result
from ramgate import AccessDenied, AsyncClient, Client
from ramgate.middleware.django import RamgateMiddleware, arequire, require, requires
from wsgi_calls import LIST, Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from ramgate import Sidecar

BOUND = 10
VIEWS = ["/topics/a", "/later/a", "/below", "/below/later"]
STREAMS = {"wsgi": "/stream", "asgi": "/stream/later"}


@contextlib.asynccontextmanager
async def site(url: str, **settings: object) -> AsyncIterator[None]:
    """Let the site ask the OPA at a URL."""
    async with AsyncClient(url, timeout=BOUND) as async_client:
        with Client(url, timeout=BOUND) as client:
            settings.setdefault("ASYNC_CLIENT", async_client)
            with configured(client, **settings):
                yield


def asked(kind: str, url: str, path: str, user: str | None = "alice", **settings: object) -> Answer:
    """Send one request under WSGI or ASGI; the site asks the OPA at `url`."""

    async def ask() -> Answer:
        async with site(url, **settings):
            if kind == "asgi":
                return await under_asgi(path, user)
            return await asyncio.to_thread(under_wsgi, path, user)

    return asyncio.run(ask())


@pytest.fixture(params=["wsgi", "asgi"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def url(ramgate_sidecar: Sidecar) -> str:
    return ramgate_sidecar.url


@pytest.mark.parametrize("path", [*VIEWS, "/below/together", "/context", "/context/later"])
def test_a_view_answers_an_allowed_request(kind: str, url: str, path: str) -> None:
    answer = asked(kind, url, path)
    assert answer.status == 200, answer.body
    assert answer.body in {b"topics of a", b"Allow", b"fine"}


def test_a_stream_may_ask_between_its_pieces(kind: str, url: str) -> None:
    assert asked(kind, url, STREAMS[kind]).body == b"one Allow"
    assert asked(kind, url, STREAMS[kind], "carol").status == 403


@pytest.mark.parametrize("principal", [named, named_later, "django_site.named"])
@pytest.mark.parametrize("path", [*VIEWS, "/below/together", "/swallowed"])
def test_a_denial_is_403(kind: str, url: str, path: str, principal: object) -> None:
    answer = asked(kind, url, path, "carol", PRINCIPAL=principal)
    assert answer.status == 403
    assert answer.problem["title"] == "Forbidden"
    assert b"carol" not in answer.body


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("path", VIEWS)
def test_no_principal_is_401(kind: str, url: str, path: str, *, verify: bool) -> None:
    answer = asked(kind, url, path, None, VERIFY=verify, CHALLENGE="Basic")
    assert (answer.status, answer.problem["title"]) == (401, "Unauthorized")
    lowered = {name.lower(): value for name, value in answer.headers.items()}
    assert lowered["www-authenticate"] == "Basic"


@pytest.mark.parametrize("path", [*VIEWS, "/handled"])
def test_no_opa_is_503(kind: str, path: str) -> None:
    answer = asked(kind, "http://127.0.0.1:1", path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.problem


@pytest.mark.parametrize("value", ["*", "a:b", "a;b", "a%2fb", "a\\b", ".", "..", "%2e%2e"])
@pytest.mark.parametrize("path", ["topics", "later"])
def test_a_value_that_cannot_stand_in_a_resource_is_400(url: str, path: str, value: str) -> None:
    answer = asked("wsgi", url, f"/{path}/{value}")
    assert answer.status == 400
    assert answer.problem


def test_a_success_without_a_decision_is_held_back(kind: str, url: str) -> None:
    answer = asked(kind, url, "/forgotten")
    assert (answer.status, answer.problem["status"]) == (500, 500)
    assert b"secret" not in answer.body
    assert asked(kind, url, "/forgotten", VERIFY=False).body == b"secret"


def test_a_public_path_needs_neither_principal_nor_decision(kind: str, url: str) -> None:
    assert asked(kind, url, "/docs", None).body == b"secret"


def test_a_path_that_does_not_exist_is_404_for_callers_with_a_principal(
    kind: str, url: str
) -> None:
    assert asked(kind, url, "/nowhere").status == 404
    assert asked(kind, url, "/nowhere", None).status == 401


def test_a_view_may_handle_a_denial_itself(kind: str, url: str) -> None:
    assert asked(kind, url, "/handled", "carol").body == b"ImplicitDeny"


def test_a_refused_response_is_closed(kind: str, url: str) -> None:
    before = Pieces.closed
    assert asked(kind, url, "/swallowed", "carol").status == 403
    assert Pieces.closed == before + 1


@pytest.mark.parametrize("path", ["/broken", "/odd", "/odd/a"])
def test_another_error_stays_an_error_of_the_application(kind: str, url: str, path: str) -> None:
    answer = asked(kind, url, path)
    assert answer.status == 500
    assert b"secret" not in answer.body


def test_a_file_is_sent(url: str) -> None:
    assert b"A Django site for tests" in asked("wsgi", url, "/download").body


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (None, 401),
        ("", 401),
        ("*", 500),
        ("acs:ram::1234567890123456:user/alice\n", 500),
        (f"acs:ram::1234567890123456:user/{'a' * 65_536}", 500),
        (b"acs:ram::1234567890123456:user/alice", 500),
        (True, 500),
        (KeyError("token"), 500),
        (PermissionDenied("token"), 500),
    ],
)
@pytest.mark.parametrize("path", ["/below", "/below/later"])
def test_a_principal_that_is_none_is_never_allowed(
    kind: str, url: str, path: str, value: object, status: int
) -> None:
    def principal(_: object) -> object:
        if isinstance(value, Exception):
            raise value
        return value

    for verify in (True, False):
        answer = asked(kind, url, path, PRINCIPAL=principal, VERIFY=verify)
        assert (answer.status, answer.problem["status"]) == (status, status)
        assert b"token" not in answer.body


# Values of the path.


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/topics/a", "a"),
        ("/topics/number/007", "7"),
        (f"/topics/uuid/{uuid.UUID(int=10)}", str(uuid.UUID(int=10))),
        ("/topics/path/a", "a"),
        ("/topics/any/a", "a"),
        ("/files/2026/1.csv", "2026/1.csv"),
    ],
)
def test_the_resource_has_the_value_that_the_view_gets(kind: str, path: str, value: str) -> None:
    with Hostile(answering(result(ALLOW))) as server:
        answer = asked(kind, server.url, path)
        assert answer.body.endswith(value.encode())
        [question] = server.questions
        assert f'{value}"'.encode() in question


@pytest.mark.parametrize("path", ["/topics/path/a/b", "/topics/any/a/b", "/topics/any/"])
def test_a_slash_needs_a_placeholder_that_takes_one(kind: str, url: str, path: str) -> None:
    assert asked(kind, url, path).status == 400


def test_a_value_without_a_name_is_an_error_of_the_application(kind: str, url: str) -> None:
    assert asked(kind, url, "/topics/unnamed/a").status == 500


# Classes of views.


@pytest.mark.parametrize("path", ["", "/dispatched", "/later", "/wrapped"])
@pytest.mark.parametrize(("user", "status"), [("alice", 200), ("carol", 403)])
def test_a_class_of_views_is_protected(url: str, path: str, user: str, status: int) -> None:
    async def ask() -> tuple[Answer, Answer]:
        async with site(url):
            full = f"/release{path}/a"
            first = await under_asgi(full, user, "DELETE")
            second = asyncio.to_thread(under_wsgi, full, user, REQUEST_METHOD="DELETE")
            return first, await second

    for answer in asyncio.run(ask()):
        assert answer.status == status
        assert (answer.body == b"released a") == (status == 200)


# The event loop.


def test_a_plain_question_in_a_loop_is_an_error(url: str) -> None:
    assert asked("asgi", url, "/blocking").status == 500
    assert asked("wsgi", url, "/blocking").status == 500

    async def ask() -> None:
        require(LIST, "*")

    with pytest.raises(SynchronousOnlyOperation, match="use `arequire`"):
        asyncio.run(ask())


def stalling(ended: threading.Event, stalled: threading.Event) -> Callable[[Peer], None]:
    def stall(peer: Peer) -> None:
        peer.question()
        stalled.set()
        ended.wait(BOUND)
        peer.say(result(ALLOW))

    return stall


@pytest.mark.parametrize("path", ["/later/a", "/topics/a", "/below", "/below/later"])
def test_a_stalled_opa_does_not_block_the_event_loop(path: str) -> None:
    ended, stalled = threading.Event(), threading.Event()

    async def ask(url: str) -> None:
        async with site(url):
            first = asyncio.create_task(under_asgi(path))
            await asyncio.to_thread(stalled.wait, BOUND)
            for other in ("/later/a", "/topics/a", "/docs"):
                answer = await asyncio.wait_for(under_asgi(other), BOUND)
                assert answer.status == 200
            assert not first.done()
            ended.set()
            assert (await asyncio.wait_for(first, BOUND)).status == 200

    with Hostile(stalling(ended, stalled), answering(result(ALLOW))) as server:
        asyncio.run(ask(server.url))


def test_a_plain_principal_that_waits_does_not_block_the_event_loop(url: str) -> None:
    ended, waiting = threading.Event(), threading.Event()

    def slow(request: HttpRequest) -> str | None:
        if request.path == "/later/slow":
            waiting.set()
            ended.wait(BOUND)
        return named(request)

    async def ask() -> None:
        async with site(url, PRINCIPAL=slow):
            first = asyncio.create_task(under_asgi("/later/slow"))
            await asyncio.to_thread(waiting.wait, BOUND)
            answer = await asyncio.wait_for(under_asgi("/later/a"), BOUND)
            assert answer.status == 200
            assert not first.done()
            ended.set()
            assert (await asyncio.wait_for(first, BOUND)).status == 200

    asyncio.run(ask())


# Requests have nothing in common.


def test_after_a_response_has_begun_the_error_goes_on(kind: str) -> None:
    with Hostile(answering(result(ALLOW), result(DENY))) as server:
        with pytest.raises(AccessDenied):
            asked(kind, server.url, STREAMS[kind])
        with warnings.catch_warnings():
            # After an error in a stream, Django leaves its file of the request's body open.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        assert len(server.questions) == 2


def test_many_requests_have_their_own_principals(url: str) -> None:
    users: list[str | None] = ["alice", "carol", None] * 10

    async def ask() -> list[int]:
        async with site(url):
            paths = ["/later/a", "/below", "/below/later"] * 10
            calls = [under_asgi(*one) for one in zip(paths, users, strict=True)]
            return [answer.status for answer in await asyncio.gather(*calls)]

    assert asyncio.run(ask()) == [200, 403, 401] * 10


def test_a_thread_that_served_a_request_is_in_none_afterwards(ramgate_client: Client) -> None:
    with configured(ramgate_client), ThreadPoolExecutor(1) as pool:
        for user, status in (("alice", 200), ("carol", 403), (None, 401)):
            assert pool.submit(under_wsgi, "/below", user).result().status == status
            with pytest.raises(RuntimeError, match="there is no request"):
                pool.submit(require, LIST, "*").result()


def test_a_task_that_served_a_request_is_in_none_afterwards(url: str) -> None:
    async def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse((await arequire(LIST, "*")).effect)

    async def ask() -> None:
        async with site(url):
            serve: Any = RamgateMiddleware(view)
            request = RequestFactory().get("/", headers={"X-Test-User": "alice"})
            assert (await serve(request)).content == b"Allow"
            await arequire(LIST, "*")

    with pytest.raises(RuntimeError, match="there is no request"):
        asyncio.run(ask())


STOP = "ecs:StopInstance"
ENDINGS = ("answered", "refused", "failed", "cancelled")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_task_that_outlives_a_request_cannot_ask_in_its_name(url: str, ending: str) -> None:
    started: list[asyncio.Task[None]] = []

    async def later() -> None:
        await is_over.wait()
        await arequire(LIST, "*")

    async def view(_: HttpRequest) -> HttpResponse:
        await arequire(LIST, "*")
        started.append(asyncio.create_task(later()))
        if ending == "refused":
            await arequire(STOP, "*")
        if ending == "failed":
            raise KeyError("x")
        if ending == "cancelled":
            waiting.set()
            await is_over.wait()
        return HttpResponse("fine")

    async def ask() -> None:
        async with site(url):
            serve: Any = RamgateMiddleware(view)
            request = RequestFactory().get("/", headers={"X-Test-User": "alice"})
            serving = asyncio.ensure_future(serve(request))
            if ending == "cancelled":
                await asyncio.wait_for(waiting.wait(), BOUND)
                serving.cancel()
            with contextlib.suppress(AccessDenied, KeyError, asyncio.CancelledError):
                await serving  # Django's handler would answer the errors
            is_over.set()
            with pytest.raises(RuntimeError, match="there is no request"):
                await started[0]

    is_over, waiting = asyncio.Event(), asyncio.Event()
    asyncio.run(ask())


@pytest.mark.parametrize("ending", ["read", "closed", "dropped", "cut off"])
def test_a_request_lasts_as_long_as_its_stream(url: str, ending: str) -> None:
    asking: list[asyncio.Task[None]] = []

    async def later(event: asyncio.Event) -> None:
        await event.wait()
        await arequire(LIST, "*")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def view(_: HttpRequest) -> HttpResponseBase:
        await arequire(LIST, "*")
        asking.extend(asyncio.create_task(later(event)) for event in (has_begun, is_over))
        return StreamingHttpResponse(pieces())

    async def ask() -> None:
        async with site(url):
            serve: Any = RamgateMiddleware(view)
            request = RequestFactory().get("/", headers={"X-Test-User": "alice"})
            response = await serve(request)
            has_begun.set()
            await asking[0]
            if ending == "read":
                assert [piece async for piece in response] == [b"one", b"two"]
            elif ending == "closed":
                response.close()
            elif ending == "dropped":
                del response
                gc.collect()
            else:
                stream = response.streaming_content
                assert await anext(stream) == b"one"
                await response._iterator.aclose()  # noqa: SLF001 - as a loop does in the end
            is_over.set()
            with pytest.raises(RuntimeError, match="there is no request"):
                await asking[1]

    has_begun, is_over = asyncio.Event(), asyncio.Event()
    asyncio.run(ask())


@requires(STOP, "*")
def stop() -> None:
    raise AssertionError


@requires(STOP, "*")
async def stop_later() -> None:
    raise AssertionError


@pytest.mark.parametrize("goes_on", [True, False])
def test_no_piece_of_a_stream_passes_after_a_refusal(
    ramgate_client: Client, *, goes_on: bool
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        with contextlib.suppress(AccessDenied):
            stop()
        if goes_on:
            yield b"secret"

    def view(_: HttpRequest) -> HttpResponseBase:
        require(LIST, "*")
        return StreamingHttpResponse(pieces())

    with configured(ramgate_client):
        serve: Any = RamgateMiddleware(view)
        stream = iter(serve(RequestFactory().get("/", headers={"X-Test-User": "alice"})))
        assert next(stream) == b"one"
        with pytest.raises(AccessDenied):
            next(stream)


@contextlib.asynccontextmanager
async def streaming(url: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """Yield the body that alice gets from a view which may stream these pieces."""

    async def view(_: HttpRequest) -> HttpResponseBase:
        await arequire(LIST, "*")
        return StreamingHttpResponse(pieces)

    async with site(url):
        serve: Any = RamgateMiddleware(view)
        request = RequestFactory().get("/", headers={"X-Test-User": "alice"})
        yield aiter(await serve(request))


@pytest.mark.parametrize("goes_on", [True, False])
def test_no_piece_of_an_async_stream_passes_after_a_refusal(url: str, *, goes_on: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        with contextlib.suppress(AccessDenied):
            await stop_later()
        if goes_on:
            yield b"secret"

    async def ask() -> None:
        async with streaming(url, pieces()) as stream:
            assert await anext(stream) == b"one"
            with pytest.raises(AccessDenied):
                await anext(stream)

    asyncio.run(ask())


def test_between_two_pieces_of_a_stream_there_is_no_request(ramgate_client: Client) -> None:
    def view(_: HttpRequest) -> HttpResponseBase:
        require(LIST, "*")
        return StreamingHttpResponse([b"one", b"two"])

    with configured(ramgate_client):
        serve: Any = RamgateMiddleware(view)
        stream = iter(serve(RequestFactory().get("/", headers={"X-Test-User": "alice"})))
        for piece in (b"one", b"two"):
            with pytest.raises(RuntimeError, match="there is no request"):
                require(LIST, "*")
            assert next(stream) == piece


def test_between_two_pieces_of_an_async_stream_there_is_no_request(url: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def ask() -> None:
        async with streaming(url, pieces()) as stream:
            for piece in (b"one", b"two"):
                with pytest.raises(RuntimeError, match="there is no request"):
                    await arequire(LIST, "*")
                assert await anext(stream) == piece

    asyncio.run(ask())


def test_the_pieces_of_a_file_that_is_made_are_within_the_request(ramgate_client: Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield require(LIST, "*").effect.encode()

    def view(_: HttpRequest) -> HttpResponseBase:
        require(LIST, "*")
        return FileResponse(pieces())

    with configured(ramgate_client):
        serve: Any = RamgateMiddleware(view)
        request = RequestFactory().get("/", headers={"X-Test-User": "alice"})
        assert list(serve(request)) == [b"Allow"]


def test_there_is_no_question_outside_of_a_request() -> None:
    async def ask() -> None:
        await arequire(LIST, "*")

    with pytest.raises(RuntimeError, match="there is no request"):
        asyncio.run(ask())


# The settings.


def test_async_views_need_an_async_client(url: str) -> None:
    assert asked("asgi", url, "/below/later", ASYNC_CLIENT=None).status == 500
    assert asked("asgi", url, "/below", ASYNC_CLIENT=None).status == 200


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"CLIENT": None}, "`client` must be a `Client`, not `NoneType`"),
        ({"ASYNC_CLIENT": "x"}, "`client` must be an `AsyncClient`, not `str`"),
        ({"PRINCIPAL": None}, "must be a function"),
        ({"PRINCIPAL": "django_site.KEY"}, "must be a function"),
        ({"VERIFY": "False"}, "`VERIFY` must be `True` or `False`"),
        ({"VERIFY": None}, "`VERIFY` must be `True` or `False`"),
        ({"PUBLIC": "/docs"}, "must be a set of paths"),
        ({"PUBLIC": {"/docs*"}}, "is not a public path"),
        ({"CHALLENGE": ""}, "printable text of a header"),
        ({"PUBLIC_PATHS": {"/docs"}}, "`PUBLIC_PATHS` is not one of CLIENT, "),
    ],
)
def test_a_bad_setting_is_refused_at_once(
    client: Client, changes: dict[str, object], message: str
) -> None:
    given = {"CLIENT": client, "PRINCIPAL": named} | changes
    with (
        override_settings(RAMGATE=given),
        pytest.raises(ImproperlyConfigured, match=r"settings\.RAMGATE.*") as caught,
    ):
        RamgateMiddleware(lambda _: pytest.fail("called"))
    assert message in str(caught.value)


def test_the_settings_are_required() -> None:
    with pytest.raises(ImproperlyConfigured, match="`client` must be a `Client`"):
        RamgateMiddleware(lambda _: pytest.fail("called"))
