"""gRPC behind the interceptors, in threads and in an event loop."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import pytest

from grpc_site import BOUND, OK, Answer, ask, named, named_later, serving, serving_later
from hostile import ALLOW, DENY, Hostile, Peer, answering, response, result
from ramgate import AsyncClient, Client
from ramgate.middleware import grpc as plain
from ramgate.middleware import grpc_aio
from wsgi_calls import LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ramgate import Sidecar

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
INVALID = grpc.StatusCode.INVALID_ARGUMENT
INTERNAL = grpc.StatusCode.INTERNAL
NOT_FOUND = grpc.StatusCode.NOT_FOUND
EVERY_KIND = ["unary_unary", "unary_stream", "stream_unary", "stream_stream"]


@contextlib.contextmanager
def served(kind: str, url: str, **options: Any) -> Iterator[str]:  # noqa: ANN401
    """Serve with the interceptor of a kind, which asks the OPA at `url`."""
    if kind == "aio":
        with serving_later(url, **options) as target:
            yield target
    else:
        with Client(url, timeout=BOUND) as client, serving(client, **options) as target:
            yield target


def asked(
    kind: str,
    url: str,
    method: str,
    *requests: str | int,
    user: str | None = "alice",
    options: dict[str, Any] | None = None,
    **metadata: str,
) -> Answer:
    """Call one method of a new server."""
    with served(kind, url, **(options or {})) as target:
        return ask(target, method, *requests, user=user, **metadata)


@pytest.fixture(params=["threads", "aio"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def url(ramgate_sidecar: Sidecar) -> str:
    return ramgate_sidecar.url


@pytest.mark.parametrize(
    ("method", "requests", "responses"),
    [
        ("unary_unary", ["a"], ["topics of a"]),
        ("unary_stream", ["a"], ["one", "two of a"]),
        ("stream_unary", ["a", "b"], ["ab"]),
        ("stream_stream", ["a", "b"], ["a", "b"]),
        ("numbered", [7], ["number 7"]),
        ("twice", ["a"], ["Allowa"]),
        ("handled", ["a"], ["Allow"]),
    ],
)
def test_an_allowed_call_is_answered_by_the_method(
    kind: str, url: str, method: str, requests: list[str | int], responses: list[str]
) -> None:
    assert asked(kind, url, method, *requests) == Answer(OK, "", responses)


@pytest.mark.parametrize(
    "method", [*EVERY_KIND, "swallowed", "swallowed_stream", "swallowed_error"]
)
def test_a_denial_is_permission_denied(kind: str, url: str, method: str) -> None:
    answer = asked(kind, url, method, user="carol")
    assert answer == Answer(DENIED, "the principal may not do this", [])


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("method", EVERY_KIND)
def test_no_principal_is_unauthenticated(kind: str, url: str, method: str, *, verify: bool) -> None:
    answer = asked(kind, url, method, user=None, options={"verify": verify})
    assert answer == Answer(UNAUTHENTICATED, "the request has no principal", [])


@pytest.mark.parametrize("method", [*EVERY_KIND, "handled", "swallowed"])
def test_no_opa_is_unavailable(kind: str, method: str) -> None:
    answer = asked(kind, "http://127.0.0.1:1", method)
    assert answer == Answer(UNAVAILABLE, "there is no decision at the moment", [])


def test_an_unclean_answer_of_opa_is_unavailable(kind: str) -> None:
    for data in (response(b"{}"), result(DENY | {"allow": True}), b"not HTTP\r\n\r\n"):
        with Hostile(answering(data)) as server:
            assert asked(kind, server.url, "unary_unary").code == UNAVAILABLE


@pytest.mark.parametrize("method", ["unary_unary", "unary_stream", "swallowed"])
@pytest.mark.parametrize("value", ["*", "a?", "a:b", "a/b", "..", "", "a\n", "a\0", "a%2fb", "..;"])
def test_a_field_that_cannot_stand_in_a_resource_is_an_invalid_argument(
    kind: str, url: str, method: str, value: str
) -> None:
    answer = asked(kind, url, method, value)
    assert answer == Answer(INVALID, "a value of the request cannot stand in a resource", [])


def test_the_context_comes_from_the_call(kind: str, url: str) -> None:
    assert asked(kind, url, "unary_unary", user="bob").code == OK
    assert asked(kind, url, "unary_unary", user="bob", address="192.0.2.1").code == DENIED


@pytest.mark.parametrize("method", ["forgotten", "forgotten_stream", "forgotten_list", "empty"])
def test_a_success_without_a_decision_is_held_back(kind: str, url: str, method: str) -> None:
    answer = asked(kind, url, method)
    assert answer == Answer(INTERNAL, "the application cannot have this request decided", [])
    answer = asked(kind, url, method, user=None, options={"verify": False})
    assert (answer.code, set(answer.responses) <= {"secret"}) == (OK, True)


@pytest.mark.parametrize("method", ["uncertain_stream", "failing_stream"])
def test_a_message_needs_a_decision_whatever_the_code(kind: str, url: str, method: str) -> None:
    assert asked(kind, url, method).responses == []
    assert asked(kind, url, method).code == INTERNAL


def test_a_public_method_needs_neither_principal_nor_decision(kind: str, url: str) -> None:
    options = {"public": {"/test.Instances/forgotten"}}
    assert asked(kind, url, "forgotten", user=None, options=options).responses == ["secret"]
    assert asked(kind, url, "forgotten_stream", user=None, options=options).code == UNAUTHENTICATED
    assert asked(kind, url, "forgotten_stream", options=options).code == INTERNAL


def test_a_stream_of_requests_has_no_fields(kind: str, url: str) -> None:
    assert asked(kind, url, "unnamed") == Answer(
        INTERNAL, "the application cannot have this request decided", []
    )


def test_a_method_may_handle_a_denial_itself(kind: str, url: str) -> None:
    assert asked(kind, url, "handled", user="carol").responses == ["ImplicitDeny"]


@pytest.mark.parametrize("method", ["not_found", "aborts"])
def test_an_error_of_the_method_needs_no_decision(kind: str, url: str, method: str) -> None:
    assert asked(kind, url, method) == Answer(NOT_FOUND, "nothing here", [])


def test_a_refused_method_that_sends_its_own_error_is_not_answered_twice(
    kind: str, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    # A server of asyncio has sent the error already.
    expected = NOT_FOUND if kind == "aio" else DENIED
    assert asked(kind, url, "swallowed_abort", user="carol").code == expected
    assert "Unexpected" not in caplog.text


def test_another_error_stays_an_error_of_the_method(kind: str, url: str) -> None:
    assert asked(kind, url, "breaks").code == grpc.StatusCode.UNKNOWN


def test_a_method_that_does_not_exist_is_unimplemented(kind: str, url: str) -> None:
    for user in ("alice", None):
        assert asked(kind, url, "nothing", user=user).code == grpc.StatusCode.UNIMPLEMENTED


def test_a_stream_ends_with_the_first_denial(kind: str) -> None:
    for method in ("stream_stream", "stream_twice"):
        with Hostile(answering(result(ALLOW), result(DENY))) as server:
            answer = asked(kind, server.url, method, "a", "a")
            assert (answer.code, len(answer.responses)) == (DENIED, 1)
            assert len(server.questions) == 2


def test_a_question_is_sent_once_in_a_call_and_again_in_the_next(kind: str) -> None:
    with Hostile(answering(result(ALLOW))) as server, served(kind, server.url) as target:
        for expected in (1, 2):
            assert ask(target, "twice").code == OK
            assert len(server.questions) == expected


def test_each_request_of_a_stream_is_asked_about(kind: str) -> None:
    with Hostile(answering(result(ALLOW), result(ALLOW), result(DENY))) as server:
        assert asked(kind, server.url, "stream_unary", "a", "a", "a").code == DENIED


def test_calls_have_their_own_principals(kind: str, url: str) -> None:
    users = ["alice", "carol", None] * 10
    with served(kind, url) as target, ThreadPoolExecutor(4) as pool:
        for method in ("unary_unary", "unary_stream"):
            calls = pool.map(lambda user: ask(target, method, user=user).code, users)  # noqa: B023
            assert list(calls) == [OK, DENIED, UNAUTHENTICATED] * 10


def test_a_stalled_opa_delays_no_other_call(kind: str) -> None:
    ended, stalled = threading.Event(), threading.Event()
    options = {"public": {"/test.Instances/forgotten"}}
    with (
        Hostile(stalling(ended, stalled), answering(result(ALLOW))) as server,
        served(kind, server.url, **options) as target,
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(ask, target, "unary_unary")
        assert stalled.wait(BOUND)
        assert pool.submit(ask, target, "forgotten", user=None).result(BOUND).code == OK
        assert pool.submit(ask, target, "unary_unary").result(BOUND).code == OK
        assert not first.done()
        ended.set()
        assert first.result(BOUND).code == OK


def stalling(ended: threading.Event, stalled: threading.Event) -> Callable[[Peer], None]:
    def stall(peer: Peer) -> None:
        peer.question()
        stalled.set()
        ended.wait(BOUND)
        peer.say(result(ALLOW))

    return stall


@pytest.mark.parametrize(
    "method",
    [
        "/test.instances/forgotten",
        "/test.Instances/Forgotten",
        "/TEST.Instances/forgotten",
        "//test.Instances/forgotten",
        "/test.Instances//forgotten",
        "/test.Instances/forgotten/",
        "/test.Instances/forgotten?x",
        "/test.Instances/forgotten;x",
        "/test.Instances/%66orgotten",
        "/test.Instances/public/../forgotten",
        "/test.Instances/public%2f..%2fforgotten",
        "/x/test.Instances/forgotten",
        "test.Instances/forgotten",
        "/test.Instances/public\tforgotten",
    ],
)
def test_another_name_of_a_method_is_no_method(kind: str, url: str, method: str) -> None:
    options = {"public": {"/test.Instances/public"}}
    with served(kind, url, **options) as target:
        answer = ask(target, "forgotten", user=None, path=method)
    assert answer.code != OK
    assert answer.responses == []


@pytest.mark.parametrize(
    "public", ["/test.Instances/Forgotten", "/test.Instances", "/", "/forgotten"]
)
def test_a_public_method_is_compared_whole(kind: str, url: str, public: str) -> None:
    options = {"public": {public}}
    assert asked(kind, url, "forgotten", user=None, options=options).code == UNAUTHENTICATED
    assert asked(kind, url, "forgotten", options=options).code == INTERNAL


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, UNAUTHENTICATED),
        ("", UNAUTHENTICATED),
        ("*", INTERNAL),
        ("acs:ram::1234567890123456:user/alice\n", INTERNAL),
        (f"acs:ram::1234567890123456:user/{'a' * 65_536}", INTERNAL),
        (b"acs:ram::1234567890123456:user/alice", INTERNAL),
        (True, INTERNAL),
        (KeyError("token"), INTERNAL),
        (StopIteration("acs:ram::1234567890123456:user/alice"), INTERNAL),
        (grpc.RpcError("token"), INTERNAL),
    ],
)
@pytest.mark.parametrize("method", ["unary_unary", "unary_stream", "stream_stream"])
def test_a_principal_that_is_none_is_never_allowed(
    kind: str, url: str, method: str, value: object, code: grpc.StatusCode
) -> None:
    def principal(_: object) -> Any:  # noqa: ANN401 - whatever the application returns
        if isinstance(value, Exception):
            raise value
        return value

    answer = asked(kind, url, method, options={"principal": principal})
    assert (answer.code, answer.responses) == (code, [])
    assert "token" not in answer.details


def test_metadata_of_64_kilobytes_allows_nothing(kind: str, url: str) -> None:
    long = "a" * 65_536
    assert asked(kind, url, "unary_unary", user=long).code != OK
    assert asked(kind, url, "unary_unary", user="carol", other=long).code != OK
    assert asked(kind, url, "unary_unary", user=None, other=long).code != OK


def test_binary_metadata_is_no_principal(kind: str, url: str) -> None:
    data: Any = b"alice"
    metadata = {"user-bin": data}
    assert asked(kind, url, "unary_unary", user=None, **metadata).code == UNAUTHENTICATED


# Only in an event loop.


def test_an_async_principal_is_awaited(url: str) -> None:
    options = {"principal": named_later}
    assert asked("aio", url, "unary_unary", options=options).code == OK
    assert asked("aio", url, "unary_unary", user="carol", options=options).code == DENIED


def test_a_method_may_write_its_responses(url: str) -> None:
    assert asked("aio", url, "writes") == Answer(OK, "", ["one", "two of a"])
    assert asked("aio", url, "writes", user="carol") == Answer(
        DENIED, "the principal may not do this", []
    )
    with Hostile(answering(result(ALLOW), result(DENY))) as server:
        answer = asked("aio", server.url, "writes_twice")
    assert (answer.code, answer.responses) == (DENIED, ["Allow"])


@pytest.mark.parametrize("method", ["not_async", "not_async_stream"])
def test_a_plain_method_is_refused_unless_it_is_public(url: str, method: str) -> None:
    assert asked("aio", url, method) == Answer(
        INTERNAL, "the application cannot have this request decided", []
    )
    assert asked("aio", url, method, user=None).code == UNAUTHENTICATED
    options = {"public": {f"/test.Instances/{method}"}}
    assert asked("aio", url, method, user=None, options=options).responses == ["secret"]


# Without a server.


class Details(NamedTuple):
    """The details of a call that gRPC gives to an interceptor."""

    method: str


class Context:
    """A context of a call by alice."""

    def invocation_metadata(self) -> list[tuple[str, str]]:
        return [("user", "alice")]

    def code(self) -> None:
        return None


def test_a_thread_that_served_a_call_is_in_none_afterwards(ramgate_client: Client) -> None:
    interceptor = plain.RamgateInterceptor(client=ramgate_client, principal=named)
    details: Any = Details("/a.B/C")

    def one(_: object, __: object) -> str:
        return plain.require(LIST, "*").effect

    def several(_: object, __: object) -> list[str]:
        return [plain.require(LIST, "*").effect]

    handlers: list[Any] = [
        grpc.unary_unary_rpc_method_handler(one),
        grpc.unary_stream_rpc_method_handler(several),
    ]
    for given in handlers:
        continuation = dict.fromkeys([details], given).get
        handler: Any = interceptor.intercept_service(continuation, details)
        serve = handler.unary_unary or handler.unary_stream
        assert "".join(serve(None, Context())) == "Allow"
        with pytest.raises(RuntimeError, match="there is no request"):
            plain.require(LIST, "*")


def test_after_a_call_within_a_call_the_outer_one_goes_on(ramgate_client: Client) -> None:
    interceptor = plain.RamgateInterceptor(client=ramgate_client, principal=named)
    details: Any = Details("/a.B/C")

    def intercepted(behavior: Callable[[object, object], str]) -> Callable[[object, object], str]:
        given: Any = grpc.unary_unary_rpc_method_handler(behavior)
        handler: Any = interceptor.intercept_service(dict.fromkeys([details], given).get, details)
        serving: Callable[[object, object], str] = handler.unary_unary
        return serving

    inner = intercepted(lambda _, __: plain.require(LIST, "*").effect)
    outer = intercepted(lambda _, __: inner(None, Context()) + plain.require(LIST, "*").effect)
    assert outer(None, Context()) == "AllowAllow"


# Arguments.


@pytest.mark.parametrize("interceptor", [plain.RamgateInterceptor, grpc_aio.RamgateInterceptor])
def test_a_bad_argument_is_refused_at_once(interceptor: Any) -> None:  # noqa: ANN401
    clients: list[Any] = [AsyncClient(), Client()]
    good, bad = clients if interceptor is grpc_aio.RamgateInterceptor else reversed(clients)
    for options, message in (
        ({"client": bad}, "`client` must be a"),
        ({"principal": None}, "`principal` must be a function"),
        ({"public": "/a.B/C"}, "`public` must be a set"),
        ({"public": {"/a.B/*"}}, "is not a public path"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            interceptor(**{"client": good, "principal": named} | options)


def test_there_is_no_question_outside_of_a_call() -> None:
    with pytest.raises(RuntimeError, match="there is no request"):
        plain.require(LIST, "*")
