"""Flask behind the middleware."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NoReturn

import flask
import pytest

from hostile import ALLOW, Hostile, answering, result
from ramgate import AccessDenied, Client, RamgateError
from ramgate.middleware.flask import protect, require, requires
from wsgi_calls import DELETE, INSTANCE, LIST, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

PATHS = "acs:oss:oss-cn-hangzhou:1234567890123456:orders/{key:path}"


def site(client: Client, *, verify: bool = True) -> flask.Flask:  # noqa: C901 - one view each
    app = flask.Flask(__name__)
    protect(app, client=client, principal=named, verify=verify, public={"/healthz"})

    @app.get("/healthz")
    def health() -> str:
        return "fine"

    @app.get("/forgotten")
    def forgotten() -> str:
        return "secret"

    @app.get("/instances/<instance>/topics")
    @requires(LIST, INSTANCE)
    def topics(instance: str) -> str:
        return f"topics of {instance}"

    @app.delete("/instances/<instance>")
    @requires(DELETE, INSTANCE)
    async def release(instance: str) -> str:
        return f"released {instance}"

    @app.get("/instances/<int:instance>/number")
    @requires(LIST, INSTANCE)
    def number(instance: int) -> str:
        return f"number {instance}"

    @app.get("/files/<path:key>")
    @requires(LIST, PATHS)
    def file(key: str) -> str:
        return f"file {key}"

    @app.get("/folders/<path:instance>")
    @requires(LIST, INSTANCE)
    def folder(instance: str) -> str:
        return f"secret {instance}"

    @app.get("/below")
    def below() -> str:
        return require(LIST, "*").effect

    @app.get("/handled")
    def handled() -> str:
        try:
            return require(LIST, "*").effect
        except AccessDenied as denied:
            return denied.decision.effect

    @app.get("/swallowed/<instance>")
    def swallowed(instance: str) -> str:
        try:
            return topics(instance=instance)
        except RamgateError:
            return "secret"

    @app.get("/stream")
    def stream() -> flask.Response:
        require(LIST, "*")

        def pieces() -> Iterator[str]:
            yield "one "
            yield require(LIST, "*").effect

        return flask.Response(pieces())

    @app.get("/other-error")
    def other_error() -> NoReturn:
        raise RamgateError("not about a decision, with a secret")

    return app


def ask(
    app: flask.Flask, path: str, user: str | None = "alice", method: str = "GET"
) -> TestResponse:
    environ = {} if user is None else {"test.user": user}
    return app.test_client().open(path, method=method, environ_overrides=environ)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/instances/a/topics", "topics of a"),
        ("/instances/007/number", "number 7"),
        ("/files/2026/1.csv", "file 2026/1.csv"),
        ("/folders/a", "secret a"),
        ("/below", "Allow"),
        ("/handled", "Allow"),
        ("/stream", "one Allow"),
        ("/healthz", "fine"),
    ],
)
def test_an_allowed_request_reaches_the_view(path: str, text: str) -> None:
    with Hostile(answering(result(ALLOW))) as server, Client(server.url) as client:
        answer = ask(site(client), path)
        assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/instances/a/topics", "/below", "/stream", "/swallowed/a"])
def test_a_denial_is_403_and_no_error_of_the_application(
    ramgate_client: Client, caplog: pytest.LogCaptureFixture, path: str, *, debug: bool
) -> None:
    app = site(ramgate_client)
    app.testing = debug
    with caplog.at_level(logging.INFO):
        answer = ask(app, path, "carol")
    assert (answer.status_code, answer.content_type) == (403, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.getlist("Content-Type") == ["application/problem+json"]
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("ramgate.middleware", logging.INFO)
    ]


def test_an_async_view_is_protected(ramgate_client: Client) -> None:
    app = site(ramgate_client)
    assert ask(app, "/instances/a", method="DELETE").text == "released a"
    assert ask(app, "/instances/a", "carol", "DELETE").status_code == 403


@pytest.mark.parametrize("verify", [True, False])
def test_no_principal_is_401(ramgate_client: Client, *, verify: bool) -> None:
    answer = ask(site(ramgate_client, verify=verify), "/below", None)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_no_opa_is_503() -> None:
    with Client("http://127.0.0.1:1") as client:
        for path in ("/instances/a/topics", "/below", "/handled", "/swallowed/a"):
            answer = ask(site(client), path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_view_without_a_decision_is_held_back(ramgate_client: Client) -> None:
    answer = ask(site(ramgate_client), "/forgotten")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert ask(site(ramgate_client, verify=False), "/forgotten").status_code == 200


def test_a_view_may_handle_a_denial_itself(ramgate_client: Client) -> None:
    assert ask(site(ramgate_client), "/handled", "carol").text == "ImplicitDeny"


def test_an_unknown_path_is_404_for_callers_with_a_principal(ramgate_client: Client) -> None:
    app = site(ramgate_client)
    assert ask(app, "/nowhere").status_code == 404
    assert ask(app, "/nowhere", None).status_code == 401


def test_another_error_stays_an_error_of_the_application(ramgate_client: Client) -> None:
    answer = ask(site(ramgate_client), "/other-error")
    assert answer.status_code == 500
    assert "secret" not in answer.text
