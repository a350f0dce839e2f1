from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from instances_wsgi import create

from ramgate import Client

if TYPE_CHECKING:
    from collections.abc import Callable

X = "/instances/alikafka_post-cn-x"


class Answer(NamedTuple):
    status: str
    headers: dict[str, str]
    body: bytes


def ask(
    client: Client, method: str, path: str, user: str | None = None, address: str = "10.0.0.1"
) -> Answer:
    """Send one request to a new application."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> Callable[[bytes], object]:
        started.append((status, headers))
        return body.append

    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": address}
    setup_testing_defaults(environ)
    if user is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {user}-token"
    body.extend(create(client)(environ, start_response))
    [(status, headers)] = started
    return Answer(status, dict(headers), b"".join(body))


def test_alice_releases_an_instance(ramgate_client: Client) -> None:
    answer = ask(ramgate_client, "DELETE", X, "alice")
    assert (answer.status, answer.body) == ("200 OK", b'{"released": "alikafka_post-cn-x"}')


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_others_do_not(ramgate_client: Client, user: str) -> None:
    answer = ask(ramgate_client, "DELETE", X, user)
    assert answer.status == "403 Forbidden"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("address", "status"), [("10.0.0.1", "200 OK"), ("192.0.2.1", "403 Forbidden")]
)
def test_bob_lists_topics_in_the_office(ramgate_client: Client, address: str, status: str) -> None:
    assert ask(ramgate_client, "GET", f"{X}/topics", "bob", address).status == status


@pytest.mark.parametrize("instance", ["*", "x:y", "..", ""])
@pytest.mark.parametrize(("method", "rest"), [("GET", "/topics"), ("DELETE", "")])
def test_a_path_names_one_instance(
    ramgate_client: Client, method: str, rest: str, instance: str
) -> None:
    answer = ask(ramgate_client, method, f"/instances/{instance}{rest}", "alice")
    assert answer.status == "400 Bad Request"


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/instances/z"), ("GET", "/nowhere"), ("POST", X)]
)
def test_other_paths_are_not_found(ramgate_client: Client, method: str, path: str) -> None:
    assert ask(ramgate_client, method, path, "alice").status == "404 Not Found"


def test_the_health_is_public(ramgate_client: Client) -> None:
    assert ask(ramgate_client, "GET", "/health").body == b'"ok"'
    assert ask(ramgate_client, "GET", "/health/").status == "401 Unauthorized"


def test_without_opa_nothing_is_allowed() -> None:
    with Client("unix:///nowhere/opa.sock") as client:
        answer = ask(client, "DELETE", X, "alice")
    assert (answer.status, answer.headers["Retry-After"]) == ("503 Service Unavailable", "1")
