"""The application transports; nothing but a whole answer of OPA becomes an allow."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.client.authzen_client import AuthzenClient, Reply
from ramgate.errors import AnswerError, InvalidRequest, TransportError
from ramgate.web import exchange
from ramgate.web.app import HEAD_LIMIT, AuthzenApp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.client.authzen_client import Endpoint

JSON = {"content-type": "application/json"}
YES = Reply(200, {"decision": True})


class Asked(AuthzenClient):
    """A client that answers with one reply or error, and remembers the questions."""

    def __init__(self, answer: Reply | Exception) -> None:
        super().__init__("unix:///none")
        self.answer = answer
        self.questions: list[tuple[str, Any]] = []
        self.sent: list[bytes] = []
        self.is_closed = False

    async def ask(self, endpoint: Endpoint, question: bytes) -> Reply:
        self.questions.append((endpoint, json.loads(question)))
        self.sent.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def ready(self) -> bool:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer is YES

    def close(self) -> None:
        self.is_closed = True


class Response:
    """The response of one call of the application."""

    def __init__(self, messages: Sequence[Mapping[str, Any]]) -> None:
        start, body = messages
        self.status: int = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        assert self.headers["content-length"] == str(len(body["body"]))
        self.value = json.loads(body["body"])


def sent_by(
    client: Asked,
    path: str,
    *pieces: bytes,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    scope: Mapping[str, Any] | None = None,
    **settings: Any,  # noqa: ANN401 - those of the application
) -> list[Any]:
    """Call the application once, and return the messages that it sends."""
    app = AuthzenApp(client, public_url="https://pdp.example.com", **settings)
    waiting: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    if waiting:
        waiting[-1]["more_body"] = False
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:  # noqa: ANN401 - any message of ASGI
        sent.append(message)

    target, _, query = path.partition("?")
    asked = {
        "type": "http",
        "method": method,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or JSON).items()],
        **(scope or {}),
    }
    asyncio.run(app(asked, receive, send))
    return sent


def called(client: Asked, path: str, *pieces: bytes, **settings: Any) -> Response:  # noqa: ANN401
    return Response(sent_by(client, path, *pieces, **settings))


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/access/v1/evaluation", "evaluation"),
        ("/access/v1/evaluations", "evaluations"),
        ("/access/v1/search/subject", "subject_search"),
        ("/access/v1/search/resource", "resource_search"),
        ("/access/v1/search/action", "action_search"),
    ],
)
def test_a_body_goes_to_its_endpoint(path: str, endpoint: str) -> None:
    client = Asked(Reply(400, "why"))
    answer = called(client, path, b'{"subject"', b": {}}")
    assert client.questions == [(endpoint, {"subject": {}})]
    assert (answer.status, answer.value) == (400, "why")


def test_opa_reads_the_same_json_as_the_application() -> None:
    client = Asked(YES)
    called(client, "/access/v1/evaluation", b' {"a": 1, "a": 2, "b": 1.0}\n')
    assert client.questions == [("evaluation", {"a": 2, "b": 1.0})]


@pytest.mark.parametrize(
    "number",
    [b"10.0000000000000000001", b"1e999", b"1E-7", b"0.10", b"-1.5e+3", b"1" * 30, b"0", b"-3"],
)
def test_a_number_stays_as_it_is_written(number: bytes) -> None:
    client = Asked(YES)
    body = b'{"a":[%s]}' % number
    called(client, "/access/v1/evaluation", body)
    assert client.sent == [body]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{}{}", b"[" * 5000, b"1e", b"nan"])
def test_a_body_that_is_not_json_is_an_error(body: bytes) -> None:
    client = Asked(YES)
    answer = called(client, "/access/v1/evaluation", body)
    assert (answer.status, answer.value) == (400, "the body is not JSON")
    assert client.questions == []


@pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 6, b"x" * 5]])
def test_a_body_above_the_limit_is_an_error(pieces: list[bytes]) -> None:
    client = Asked(YES)
    answer = called(client, "/access/v1/evaluation", *pieces, body_limit=10)
    assert answer.status == 413
    assert client.questions == []


def test_a_body_that_does_not_arrive_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_BODY_SECONDS", 0.01)
    client = Asked(YES)
    assert called(client, "/access/v1/evaluation").status == 408
    assert client.questions == []


def test_a_client_that_is_gone_gets_no_answer() -> None:
    client = Asked(YES)
    app = AuthzenApp(client, public_url="https://pdp.example.com")
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/access/v1/evaluation",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise AssertionError(message)

    asyncio.run(app(scope, receive, send))
    assert client.questions == []


@pytest.mark.parametrize("error", [TransportError("late"), AnswerError("no decision")])
@pytest.mark.parametrize(
    "path", ["/access/v1/evaluation", "/check/r", "/.well-known/authzen-configuration", "/health"]
)
def test_without_an_answer_it_is_503(
    caplog: pytest.LogCaptureFixture, error: Exception, path: str
) -> None:
    method = "GET" if path.startswith(("/.", "/h")) else "POST"
    with caplog.at_level(logging.WARNING):
        answer = called(Asked(error), path, b"{}", method=method)
    assert (answer.status, answer.value) == (503, "no decision could be obtained")
    assert answer.headers["retry-after"] == "1"
    assert str(error) in caplog.text


def test_a_question_that_opa_would_not_take_is_too_large() -> None:
    answer = called(Asked(InvalidRequest(["the body has 5 bytes"])), "/access/v1/evaluation", b"{}")
    assert answer.status == 413


def test_every_request_but_health_and_metadata_needs_the_token() -> None:
    for path in ("/access/v1/evaluation", "/check/r", "/none", "/"):
        for given in (None, "Bearer wrong", "bearer s3cret", "Basic s3cret", "s3cret", ""):
            client = Asked(YES)
            headers = JSON if given is None else {**JSON, "authorization": given}
            answer = called(client, path, b"{}", headers=headers, token="s3cret")  # noqa: S106
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert client.questions == []
        right = {**JSON, "authorization": "Bearer s3cret"}
        assert called(Asked(YES), path, b"{}", headers=right, token="s3cret").status != 401  # noqa: S106
    token = {"token": "s3cret"}
    assert called(Asked(YES), "/health", method="GET", **token).status == 200
    path = "/.well-known/authzen-configuration"
    assert called(Asked(YES), path, method="GET", **token).status == 200


def test_two_tokens_are_none() -> None:
    header = (b"authorization", b"Bearer s3cret")
    scope = {"headers": [header, header]}
    answer = called(Asked(YES), "/check/r", scope=scope, token="s3cret")  # noqa: S106
    assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/access/v1/evaluation", "GET", 405),
        ("/health", "POST", 405),
        ("/.well-known/authzen-configuration", "POST", 405),
        ("/access/v1/evaluation/", "POST", 404),
        ("/access/v1/%65valuation", "POST", 404),
        ("/", "GET", 404),
    ],
)
def test_other_methods_and_paths_are_errors(path: str, method: str, status: int) -> None:
    client = Asked(YES)
    assert called(client, path, b"{}", method=method).status == status
    assert client.questions == []


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/jsonp", "a, b"])
def test_another_content_type_is_an_error(media_type: str) -> None:
    answer = called(
        Asked(YES), "/access/v1/evaluation", b"{}", headers={"content-type": media_type}
    )
    assert answer.status == 400


def test_the_identifier_of_the_request_is_sent_back() -> None:
    headers = {**JSON, "x-request-id": "abc"}
    for error in (YES, TransportError("late")):
        answer = called(Asked(error), "/access/v1/evaluation", b"{}", headers=headers)
        assert answer.headers["x-request-id"] == "abc"
        assert answer.headers["cache-control"] == "no-store"


def test_a_body_with_two_lengths_is_refused_and_the_connection_ends() -> None:
    client = Asked(YES)
    lengths = {"content-length": "5", "transfer-encoding": "chunked"}
    answer = called(client, "/check/x", headers=lengths)
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert client.questions == []
    for name, value in lengths.items():
        assert called(client, "/check/x", headers={name: value}).status == 200


def test_large_headers_are_an_error() -> None:
    client = Asked(YES)
    headers = {**JSON, "x-large": "a" * HEAD_LIMIT}
    assert called(client, "/check/r", headers=headers).status == 431
    assert client.questions == []


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (YES, 200),
        (Reply(403, {"decision": False}), 403),
        (Reply(403, {"decision": True}), 403),
        (Reply(200, {"decision": False}), 403),
        (Reply(200, {"decision": "true"}), 403),
        (Reply(200, {}), 403),
        (Reply(200, "yes"), 403),
    ],
)
def test_a_proxy_gets_200_for_an_allow_alone(reply: Reply, status: int) -> None:
    assert called(Asked(reply), "/check/r", method="GET").status == status


def test_a_proxy_asks_about_the_head_without_secrets() -> None:
    client = Asked(YES)
    headers = {
        "authorization": "Bearer s3cret",
        "cookie": "session=1",
        "proxy-authorization": "x",
        "x-user": "alice",
    }
    called(client, "/check/r/%2e?a=b", method="PUT", headers=headers)
    assert client.questions == [
        (
            "route",
            {
                "method": "PUT",
                "path": "/r/%2e",
                "query": "a=b",
                "headers": {"x-user": ["alice"]},
            },
        )
    ]


def test_repeated_headers_stay_apart() -> None:
    client = Asked(YES)
    called(client, "/check/r", scope={"headers": [(b"X-User", b"a"), (b"x-user", b"b")]})
    assert client.questions[0][1]["headers"] == {"x-user": ["a", "b"]}


def test_health_is_that_of_opa() -> None:
    ready = called(Asked(YES), "/health", method="GET")
    assert (ready.status, ready.value) == (200, {"ready": True})
    assert called(Asked(Reply(400, "")), "/health", method="GET").status == 503


def test_the_metadata_have_the_public_url() -> None:
    client = Asked(Reply(200, {"policy_decision_point": "x"}))
    answer = called(client, "/.well-known/authzen-configuration", method="GET")
    assert client.questions == [("metadata", {"policy_decision_point": "https://pdp.example.com"})]
    assert answer.value == {"policy_decision_point": "x"}


def test_a_websocket_is_closed() -> None:
    sent = sent_by(Asked(YES), "/", scope={"type": "websocket"})
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_client_is_closed_with_the_server() -> None:
    client = Asked(YES)
    sent = sent_by(client, "/", b"", b"", scope={"type": "lifespan"})
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert client.is_closed
