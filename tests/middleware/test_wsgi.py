from __future__ import annotations

import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Unpack

import pytest

from hostile import ALLOW, DENY, Hostile, Peer, answering, response, result
from ramgate import AccessDenied, AsyncClient, Client, RamgateError
from ramgate.middleware.wsgi import RamgateMiddleware, refuse_with, require, requires
from wsgi_calls import INSTANCE, LIST, Answer, Options, call, environ_of, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ramgate.middleware.wsgi import App, Environ, StartResponse
    from ramgate.model.decision import Decision

PUBLIC = {"/docs"}
STOP = "ecs:StopInstance"


def listing(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with topics if the principal may list them."""
    require(LIST, "*")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"topics"]


def forgetful(status: str) -> App:
    """Return an application that asks for no decision."""

    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/plain")])
        return [b"secret"]

    return application


def protected(client: Client, app: App = listing, **options: Unpack[Options]) -> RamgateMiddleware:
    defaults: Options = {"principal": named, "public": PUBLIC}
    return RamgateMiddleware(app, client=client, **(defaults | options))


def test_an_allowed_request_is_answered_by_the_application(ramgate_client: Client) -> None:
    answer = call(protected(ramgate_client), environ_of(user="alice"))
    assert answer == Answer(200, {"Content-Type": "text/plain"}, b"topics")


def test_a_denial_is_403(ramgate_client: Client) -> None:
    answer = call(protected(ramgate_client), environ_of(user="bob"))
    assert (answer.status, answer.problem["title"]) == (403, "Forbidden")
    assert b"office" not in answer.body
    assert b"bob" not in answer.body


@pytest.mark.parametrize("verify", [True, False])
def test_no_principal_is_401(ramgate_client: Client, *, verify: bool) -> None:
    app = protected(ramgate_client, verify=verify, challenge='Basic realm="kafka"')
    answer = call(app, environ_of())
    assert (answer.status, answer.problem["title"]) == (401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="kafka"'


def test_no_opa_is_503() -> None:
    with Client("http://127.0.0.1:1") as client:
        answer = call(protected(client), environ_of(user="alice"))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert "127.0.0.1" not in answer.problem["detail"]


@pytest.mark.parametrize(
    "data",
    [
        response(b"{}", "200 OK"),
        response(b"{}", "500 Internal Server Error"),
        response(b'{"result": {"allow": true}}', "200 OK"),
        result(DENY | {"allow": True}),
        b"HTTP/1.1 200 OK\r\n",
    ],
)
def test_an_unclean_answer_of_opa_is_503(data: bytes) -> None:
    with Hostile(answering(data)) as server, Client(server.url, timeout=0.5) as client:
        answer = call(protected(client), environ_of(user="alice"))
    assert answer.status == 503
    assert answer.problem


def test_an_invalid_resource_is_400_and_an_invalid_action_is_an_error(
    ramgate_client: Client,
) -> None:
    def asks(action: str, resource: str) -> App:
        def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
            require(action, resource)
            return forgetful("200 OK")(_, start_response)

        return application

    for action, resource, status in ((LIST, "not-an-arn", 400), ("typo", "*", 500)):
        answer = call(protected(ramgate_client, asks(action, resource)), environ_of(user="alice"))
        assert (answer.status, answer.problem["status"]) == (status, status)


def test_a_success_without_a_decision_is_held_back(ramgate_client: Client) -> None:
    for status in ("200 OK", "204 No Content", "302 Found", "099 Odd", "Fine"):
        app = protected(ramgate_client, forgetful(status))
        answer = app_answer(app, environ_of(user="alice"))
        assert answer.status == 500, status
        assert b"secret" not in answer.body


def app_answer(app: App, environ: Environ) -> Answer:
    """Call an application without holding it to the rules."""
    started: list[Any] = []

    def start_response(*arguments: object) -> Callable[[bytes], object]:
        started[:] = arguments
        return body.append

    body: list[bytes] = []
    body.extend(app(environ, start_response))
    return Answer(int(started[0][:3]), dict(started[1]), b"".join(body))


def test_an_error_of_the_application_needs_no_decision(ramgate_client: Client) -> None:
    for status in ("404 Not Found", "500 Internal Server Error"):
        answer = call(protected(ramgate_client, forgetful(status)), environ_of(user="alice"))
        assert (answer.status, answer.body) == (int(status[:3]), b"secret")


def test_without_verify_a_success_needs_no_decision(ramgate_client: Client) -> None:
    app = protected(ramgate_client, forgetful("200 OK"), verify=False)
    assert call(app, environ_of()).body == b"secret"


def test_a_public_path_needs_neither_principal_nor_decision(ramgate_client: Client) -> None:
    app = protected(ramgate_client, forgetful("200 OK"))
    assert call(app, environ_of("/docs")).status == 200


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("", ""),
        ("", "/docs"),
        ("/", "/docs"),
        ("/docs/", ""),
        ("//docs", ""),
        ("/DOCS", ""),
        ("/docs\0", ""),
        ("/docs\n", ""),
        ("/docs;x", ""),
        ("/docs/../x", ""),
        ("/./docs", ""),
        ("/%64ocs", ""),
        ("/docs\xc3\xb6", ""),
        ("/\xef\xbd\x84ocs", ""),
        ("docs", "/"),
    ],
)
def test_any_other_path_is_not_public(ramgate_client: Client, path: str, prefix: str) -> None:
    app = protected(ramgate_client, forgetful("200 OK"))
    environ = environ_of() | {"PATH_INFO": path, "SCRIPT_NAME": prefix}
    assert app_answer(app, environ).status == 401


def test_a_request_without_a_path_is_not_public(ramgate_client: Client) -> None:
    environ = environ_of()
    del environ["PATH_INFO"]
    app = protected(ramgate_client, forgetful("200 OK"))
    assert app_answer(app, environ).status == 401


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (None, 401),
        ("", 401),
        ("*", 500),
        ("alice", 500),
        ("acs:ram::1234567890123456:user/*", 500),
        ("acs:ram::1234567890123456:user/alice\n", 500),
        ("acs:ram::1234567890123456:user/alice\0", 500),
        (f"acs:ram::1234567890123456:user/{'a' * 65_536}", 500),
        (b"acs:ram::1234567890123456:user/alice", 500),
        (0, 500),
        (False, 500),
        (True, 500),
        (["acs:ram::1234567890123456:user/alice"], 500),
        (KeyError("token"), 500),
        (StopIteration("acs:ram::1234567890123456:user/alice"), 500),
        (PermissionError("denied"), 500),
    ],
)
@pytest.mark.parametrize("verify", [True, False])
def test_a_principal_that_is_none_is_never_allowed(
    ramgate_client: Client, value: object, status: int, *, verify: bool
) -> None:
    def principal(_: Environ) -> Any:  # noqa: ANN401 - whatever the application returns
        if isinstance(value, Exception):
            raise value
        return value

    answer = call(protected(ramgate_client, principal=principal, verify=verify), environ_of())
    assert (answer.status, answer.problem["status"]) == (status, status)
    assert b"token" not in answer.body


def test_a_decision_is_still_required_on_a_public_path(ramgate_client: Client) -> None:
    answer = call(protected(ramgate_client), environ_of("/docs"))
    assert answer.status == 401


def test_an_application_may_handle_a_denial(ramgate_client: Client) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            require(LIST, "*")
        except AccessDenied:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"less"]
        raise AssertionError

    assert call(protected(ramgate_client, application), environ_of(user="carol")).body == b"less"


def test_an_application_cannot_turn_a_failure_into_a_success() -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            require(LIST, "*")
        except RamgateError:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"secret"]
        raise AssertionError

    with Client("http://127.0.0.1:1") as client:
        answer = call(protected(client, application), environ_of(user="alice"))
    assert answer.status == 503
    assert b"secret" not in answer.body


def decorated(client: Client, **options: Unpack[Options]) -> RamgateMiddleware:
    """Return an application with one route, which answers every error with a success."""

    @requires(LIST, INSTANCE, lambda environ: {"acs:SourceIp": environ["REMOTE_ADDR"]})
    def topics(instance: str) -> bytes:
        return b"topics of " + instance.encode()

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            body = topics(instance=environ["PATH_INFO"].removeprefix("/"))
        except Exception:  # noqa: BLE001 - as applications do
            body = b"secret"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    return protected(client, application, **options)


@pytest.mark.parametrize("verify", [True, False])
def test_the_answer_of_a_decorated_function_is_fixed(
    ramgate_client: Client, *, verify: bool
) -> None:
    app = decorated(ramgate_client, verify=verify)
    for user, path, address, status in (
        ("bob", "/x", "10.0.0.1", 200),
        ("bob", "/x", "192.0.2.1", 403),
        ("carol", "/x", "10.0.0.1", 403),
        (None, "/x", "10.0.0.1", 401),
        ("bob", "/*", "10.0.0.1", 400),
        ("bob", "/x", "no address", 403),
    ):
        answer = call(app, environ_of(path, user, REMOTE_ADDR=address))
        assert answer.status == status, (user, path, address)
        assert (answer.body == b"topics of x") == (status == 200)
        assert b"secret" not in answer.body


def test_a_refusal_is_answered_also_if_the_application_raises_another_error(
    ramgate_client: Client,
) -> None:
    @requires(LIST, "*")
    def topics() -> bytes:
        return b"topics"

    def application(environ: Environ, _: StartResponse) -> Iterable[bytes]:
        try:
            return [topics()]
        except RamgateError:
            return [environ["test.missing"]]

    assert call(protected(ramgate_client, application), environ_of(user="carol")).status == 403


def test_async_functions_are_decorated_too(ramgate_client: Client) -> None:
    @requires(LIST, "*")
    async def topics() -> bytes:
        return b"topics"

    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        coroutine = topics()
        try:
            coroutine.send(None)
        except StopIteration as end:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [end.value]
        raise AssertionError

    app = protected(ramgate_client, application)
    assert call(app, environ_of(user="alice")).body == b"topics"
    assert call(app, environ_of(user="carol")).status == 403


def test_an_answer_to_head_has_no_body(ramgate_client: Client) -> None:
    answer = call(protected(ramgate_client), environ_of(REQUEST_METHOD="HEAD"))
    assert (answer.status, answer.body) == (401, b"")


# The life of a response.


def asking(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which the actions of the client's questions are added."""
    asked: list[str] = []
    decide = client.decide

    def counted(principal: str, action: str, *more: Any) -> Decision:  # noqa: ANN401 - as `decide`
        asked.append(action)
        return decide(principal, action, *more)

    monkeypatch.setattr(client, "decide", counted)
    return asked


def test_a_refused_request_remembers_nothing_and_is_over_once_it_is_closed(
    ramgate_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[Context] = []
    written: list[bytes] = []

    def application(_: Environ, __: StartResponse) -> Iterable[bytes]:
        require(LIST, "*")
        contexts.append(copy_context())
        require(STOP, "*")
        raise AssertionError

    asked = asking(ramgate_client, monkeypatch)
    app = protected(ramgate_client, application)
    pieces: Any = app(environ_of(user="alice"), lambda *_: written.append)
    contexts[0].run(require, LIST, "*")
    assert asked == [LIST, STOP, LIST]
    pieces.close()
    with pytest.raises(RuntimeError, match="there is no request"):
        contexts[0].run(require, LIST, "*")


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(1)])
def test_nothing_is_decided_once_the_error_of_an_application_goes_on(
    ramgate_client: Client, error: BaseException
) -> None:
    contexts: list[Context] = []

    def application(_: Environ, __: StartResponse) -> Iterable[bytes]:
        require(LIST, "*")
        contexts.append(copy_context())
        raise error

    with pytest.raises(type(error)):
        call(protected(ramgate_client, application), environ_of(user="alice"))
    with pytest.raises(RuntimeError, match="there is no request"):
        contexts[0].run(require, LIST, "*")


def test_a_response_that_cannot_be_iterated_is_closed(ramgate_client: Client) -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise KeyError("x")

        def close(self) -> None:
            closed.append(True)

    with pytest.raises(KeyError):
        call(protected(ramgate_client, lambda _, __: Body()), environ_of(user="alice"))
    assert closed


def streaming(_: Environ, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    require(LIST, "*")
    yield b"one "
    require(LIST, "*")
    yield b"two"


def test_a_stream_is_decided_before_its_first_piece(ramgate_client: Client) -> None:
    assert call(protected(ramgate_client, streaming), environ_of(user="alice")).body == b"one two"
    assert call(protected(ramgate_client, streaming), environ_of(user="carol")).status == 403


def test_an_empty_stream_is_verified(ramgate_client: Client) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from ()

    answer = call(protected(ramgate_client, application), environ_of(user="alice"))
    assert answer.status == 500


def test_after_a_response_has_begun_the_error_goes_on() -> None:
    with (
        Hostile(answering(result(ALLOW), result(DENY))) as server,
        Client(server.url) as client,
        pytest.raises(AccessDenied),
    ):
        call(protected(client, streaming), environ_of(user="alice"))
    assert len(server.questions) == 2  # nothing is remembered once the response has begun


@requires(STOP, "*")
def stop() -> None:
    raise AssertionError


def begun(app: App) -> tuple[list[bytes], Iterator[bytes]]:
    """Call an application; return the list of the pieces that it writes, and the others."""
    written: list[bytes] = []
    pieces = app(environ_of(user="alice"), lambda *_: written.append)
    return written, iter(pieces)


@pytest.mark.parametrize("goes_on", [True, False])
def test_no_piece_passes_after_a_refusal(ramgate_client: Client, *, goes_on: bool) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterator[bytes]:
        require(LIST, "*")
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"one"
        with contextlib.suppress(AccessDenied):
            stop()
        if goes_on:
            yield b"secret"

    _, pieces = begun(protected(ramgate_client, application))
    assert next(pieces) == b"one"
    for _ in range(2):
        with pytest.raises(AccessDenied):
            next(pieces)


def test_nothing_is_written_after_a_refusal_in_a_response(ramgate_client: Client) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        require(LIST, "*")
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one")
        with contextlib.suppress(AccessDenied):
            stop()
        with contextlib.suppress(AccessDenied):
            write(b"secret")
        return [b"secret"]

    written, pieces = begun(protected(ramgate_client, application))
    with pytest.raises(AccessDenied):
        next(pieces)
    assert written == [b"one"]


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_replaced_status_does_not_let_a_refused_body_pass(
    ramgate_client: Client, *, is_refused: bool
) -> None:
    def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        yield b""
        try:
            _ = environ["test.missing"]
        except KeyError:
            status = "500 Internal Server Error"
            write = start_response(status, [("Content-Type", "text/plain")], sys.exc_info())
        with contextlib.suppress(AccessDenied):
            if is_refused:
                stop()
        with contextlib.suppress(AccessDenied):
            write(b"text")

    written, pieces = begun(protected(ramgate_client, application))
    assert next(pieces) == b""
    with pytest.raises(AccessDenied if is_refused else StopIteration):
        next(pieces)
    assert written == ([] if is_refused else [b"text"])


def test_a_refusal_keeps_its_status_when_the_application_is_closed(ramgate_client: Client) -> None:
    statuses: list[str] = []
    written: list[bytes] = []

    class Body:
        def __init__(self, start_response: StartResponse) -> None:
            self._start_response = start_response

        def __iter__(self) -> Iterator[bytes]:
            require(STOP, "*")
            raise AssertionError

        def close(self) -> None:
            error = KeyError("x")
            self._start_response("200 OK", [], (KeyError, error, None))(b"secret")

    def start_response(status: str, *_: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return written.append

    app = protected(ramgate_client, lambda _, start_response: Body(start_response))
    pieces: Any = app(environ_of(user="alice"), start_response)
    pieces.close()
    assert (statuses, written) == (["403 Forbidden"], [])


def test_an_error_of_the_application_goes_on(ramgate_client: Client) -> None:
    def application(_: Environ, __: StartResponse) -> Iterable[bytes]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        call(protected(ramgate_client, application), environ_of(user="alice"))


def test_an_error_before_the_first_piece_has_its_own_answer(ramgate_client: Client) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        require(LIST, "*")
        return [b"secret"]

    answer = call(protected(ramgate_client, application), environ_of(user="carol"))
    assert answer.status == 403
    assert b"secret" not in answer.body


def test_an_application_may_replace_its_status_until_the_response_begins(
    ramgate_client: Client,
) -> None:
    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            _ = environ["test.missing"]
        except KeyError:
            start_response("404 Not Found", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"none"]

    assert call(protected(ramgate_client, application), environ_of(user="alice")).status == 404


def test_an_application_starts_once(ramgate_client: Client) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("404 Not Found", [])
        start_response("200 OK", [])
        return [b"secret"]

    with pytest.raises(AssertionError, match="twice"):
        app_answer(protected(ramgate_client, application), environ_of(user="alice"))


@pytest.mark.parametrize("body", [[], [b""], [b"secret"]])
def test_an_application_must_start(ramgate_client: Client, body: list[bytes]) -> None:
    app = protected(ramgate_client, lambda _, __: body)
    with pytest.raises(AssertionError, match="did not call `start_response`"):
        app_answer(app, environ_of(user="alice"))


def restarting(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Begin with an error, which needs no decision, and go on with a success."""
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    yield b""
    try:
        _ = environ["test.missing"]
    except KeyError:
        start_response("200 OK", [("Content-Type", "text/plain")], sys.exc_info())
    yield b"secret"


def test_a_status_that_replaces_a_sent_one_is_verified_too(ramgate_client: Client) -> None:
    with pytest.raises(RamgateError, match="held back"):
        app_answer(protected(ramgate_client, restarting), environ_of(user="alice"))


def test_a_sent_status_may_be_replaced_with_a_decision(ramgate_client: Client) -> None:
    app = protected(ramgate_client, restarting, verify=False)
    assert app_answer(app, environ_of(user="alice")).status == 200


def writing(*, allowed: bool) -> App:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        if allowed:
            require(LIST, "*")
        try:
            write(b"one ")
            write(b"two ")
        except RamgateError:
            return [b"secret"]
        return [b"three"]

    return application


def test_the_function_write_is_verified(ramgate_client: Client) -> None:
    answer = app_answer(protected(ramgate_client, writing(allowed=True)), environ_of(user="alice"))
    assert answer.body == b"one two three"
    answer = app_answer(protected(ramgate_client, writing(allowed=False)), environ_of(user="alice"))
    assert answer.status == 500
    assert b"secret" not in answer.body


def test_write_before_a_status_sends_nothing(ramgate_client: Client) -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("404 Not Found", [])(b"none")
        return []

    answer = app_answer(protected(ramgate_client, application), environ_of(user="alice"))
    assert answer == Answer(404, {}, b"none")


def test_nothing_is_written_after_a_refusal(ramgate_client: Client) -> None:
    class Body:
        def __init__(self, write: Callable[[bytes], object]) -> None:
            self._write = write

        def __iter__(self) -> Iterator[bytes]:
            return iter([b"secret"])

        def close(self) -> None:
            self._write(b"secret")

    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return Body(start_response("200 OK", [("Content-Type", "text/plain")]))

    answer = call(protected(ramgate_client, application), environ_of(user="alice"))
    assert answer.status == 500
    assert b"secret" not in answer.body


def test_the_response_of_the_application_is_closed_within_the_request(
    ramgate_client: Client,
) -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"topics"])

        def close(self) -> None:
            closed.append(require(LIST, "*").effect)

    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        require(LIST, "*")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body()

    assert call(protected(ramgate_client, application), environ_of(user="alice")).body == b"topics"
    assert closed == ["Allow"]


# Requests and threads have nothing in common.


def test_a_question_is_sent_once_in_a_request_and_again_in_the_next() -> None:
    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        require(LIST, "*")
        return listing(_, start_response)

    with Hostile(answering(result(ALLOW))) as server, Client(server.url) as client:
        app = protected(client, application)
        call(app, environ_of(user="alice"))
        assert len(server.questions) == 1
        call(app, environ_of(user="alice"))
        assert len(server.questions) == 2


def test_a_thread_that_served_a_request_is_in_none_afterwards(ramgate_client: Client) -> None:
    app = protected(ramgate_client)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(call, app, environ_of(user="alice")).result().status == 200
        with pytest.raises(RuntimeError, match="there is no request"):
            pool.submit(require, LIST, "*").result()
        assert pool.submit(call, app, environ_of(user="carol")).result().status == 403
        assert pool.submit(call, app, environ_of()).result().status == 401


def test_a_thread_may_serve_a_request_between_two_pieces_of_another(
    ramgate_client: Client,
) -> None:
    app = protected(ramgate_client, streaming)
    started: list[object] = []

    def start_response(*arguments: object) -> Callable[[bytes], object]:
        started.append(arguments)
        return started.append

    pieces = iter(app(environ_of(user="alice"), start_response))
    assert next(pieces) == b"one "
    with pytest.raises(RuntimeError, match="there is no request"):
        require(LIST, "*")
    assert call(app, environ_of(user="carol")).status == 403
    assert list(pieces) == [b"two"]


def test_requests_in_many_threads_have_their_own_principals(ramgate_client: Client) -> None:
    app = protected(ramgate_client)
    users = ["alice", "carol", None] * 20
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda user: call(app, environ_of(user=user)).status, users))
    assert answers == [200, 403, 401] * 20


def test_another_thread_is_not_in_the_request(ramgate_client: Client) -> None:
    seen: list[str] = []

    def ask() -> None:
        try:
            require(LIST, "*")
        except RuntimeError as error:
            seen.append(str(error))

    def application(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return listing(_, start_response)

    assert call(protected(ramgate_client, application), environ_of(user="alice")).status == 200
    assert "there is no request" in seen[0]


def test_a_stalled_opa_delays_no_other_request() -> None:
    stalled, ended = threading.Event(), threading.Event()

    def stall(peer: Peer) -> None:
        peer.question()
        stalled.set()
        ended.wait(10)
        peer.say(result(ALLOW))

    with (
        Hostile(stall, answering(result(ALLOW))) as server,
        Client(server.url, timeout=10) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        app = protected(client)
        first = pool.submit(call, app, environ_of(user="alice"))
        assert stalled.wait(10)
        assert pool.submit(call, app, environ_of(user="alice")).result(10).status == 200
        assert not first.done()
        ended.set()
        assert first.result(10).status == 200


# Bad arguments and bad principals.


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"principal": "acs:ram::1234567890123456:user/alice"}, TypeError, "must be a function"),
        ({"public": "/docs"}, TypeError, "must be a set of paths"),
        ({"public": {"/docs*"}}, ValueError, "is not a public path"),
        ({"challenge": "x\ny"}, ValueError, "printable text of a header"),
    ],
)
def test_a_bad_argument_is_refused_at_once(
    ramgate_client: Client, options: Options, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        protected(ramgate_client, **options)


def test_a_client_for_an_event_loop_is_refused() -> None:
    client: Any = AsyncClient()
    with pytest.raises(TypeError, match="must be a `Client`, not `AsyncClient`"):
        protected(client)


def test_a_refusal_needs_a_request() -> None:
    with pytest.raises(RuntimeError, match="there is no request"):
        refuse_with(RamgateError("x"))
