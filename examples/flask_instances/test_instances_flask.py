from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from instances_flask import create

from ramgate import Client

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

X = "/instances/alikafka_post-cn-x"
PROBLEM = "application/problem+json"


def ask(
    client: Client,
    method: str,
    path: str,
    user: str | None = None,
    address: str = "10.0.0.1",
    **body: Any,  # noqa: ANN401 - JSON
) -> TestResponse:
    """Send one request to a new application."""
    headers = {} if user is None else {"Authorization": f"Bearer {user}-token"}
    place = {"REMOTE_ADDR": address}
    browser = create(client).test_client()
    if method == "POST":
        return browser.post(path, headers=headers, json=body)
    return browser.open(path, method=method, headers=headers, environ_overrides=place)


def test_alice_releases_an_instance(ramgate_client: Client) -> None:
    response = ask(ramgate_client, "DELETE", X, "alice")
    assert (response.status_code, response.json) == (200, {"released": "alikafka_post-cn-x"})


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_others_do_not(ramgate_client: Client, user: str) -> None:
    response = ask(ramgate_client, "DELETE", X, user)
    assert (response.status_code, response.content_type) == (403, PROBLEM)


@pytest.mark.parametrize(("address", "status"), [("10.0.0.1", 200), ("192.0.2.1", 403)])
def test_bob_lists_topics_in_the_office(ramgate_client: Client, address: str, status: int) -> None:
    assert ask(ramgate_client, "GET", f"{X}/topics", "bob", address).status_code == status


@pytest.mark.parametrize(("user", "status"), [("alice", 201), ("bob", 403), (None, 401)])
def test_a_topic_is_created_on_the_instance_of_the_body(
    ramgate_client: Client, user: str | None, status: int
) -> None:
    body = {"instance": "alikafka_post-cn-y", "topic": "new"}
    response = ask(ramgate_client, "POST", "/topics", user, **body)
    assert response.status_code == status
    assert (response.json == ["new"]) == (status == 201)


@pytest.mark.parametrize("instance", ["*", "x:y", "../x", ""])
def test_a_body_names_one_instance(ramgate_client: Client, instance: str) -> None:
    response = ask(ramgate_client, "POST", "/topics", "alice", instance=instance, topic="new")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/instances/z/topics"), ("DELETE", "/instances/z")]
)
def test_an_unknown_instance_is_not_found(ramgate_client: Client, method: str, path: str) -> None:
    assert ask(ramgate_client, method, path, "alice").status_code == 404
    assert ask(ramgate_client, method, path, "carol").status_code == 403


def test_a_topic_on_an_unknown_instance_is_not_found(ramgate_client: Client) -> None:
    response = ask(ramgate_client, "POST", "/topics", "alice", instance="z", topic="new")
    assert response.status_code == 404


def test_the_health_is_public(ramgate_client: Client) -> None:
    assert ask(ramgate_client, "GET", "/health").text == "ok"
    assert ask(ramgate_client, "GET", "/healths").status_code == 401


def test_without_opa_nothing_is_allowed() -> None:
    with Client("unix:///nowhere/opa.sock") as client:
        response = ask(client, "DELETE", X, "alice")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")


def test_the_client_of_the_environment_is_closed_with_the_process() -> None:
    code = "import instances_flask; print(instances_flask.create().name)"
    done = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-W", "error", "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("instances_flask\n", "")
