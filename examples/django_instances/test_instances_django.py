from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "kafka_site.settings"

import httpx
from django import conf
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from kafka_site import views
from kafka_site.asgi import application

from ramgate import AsyncClient, Client

if TYPE_CHECKING:
    from ramgate import Sidecar

X = "/instances/alikafka_post-cn-x"
PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def _topics(monkeypatch: pytest.MonkeyPatch) -> None:
    topics: dict[str, list[str]] = {"alikafka_post-cn-x": ["orders"], "alikafka_post-cn-y": []}
    monkeypatch.setattr(views, "TOPICS", topics)


@pytest.fixture(params=["wsgi", "asgi"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def url(ramgate_sidecar: Sidecar) -> str:
    return ramgate_sidecar.url


def ask(  # noqa: PLR0913 - all but the first four by name
    kind: str,
    url: str,
    method: str,
    path: str,
    *,
    user: str | None = None,
    address: str = "10.0.0.1",
    **body: str,
) -> httpx.Response:
    """Send one request to the site, under WSGI or ASGI."""
    headers = {} if user is None else {"Authorization": f"Bearer {user}-token"}

    async def main() -> httpx.Response:
        async with AsyncClient(url) as async_client:
            with Client(url) as client:
                ramgate = conf.settings.RAMGATE | {"CLIENT": client, "ASYNC_CLIENT": async_client}
                with override_settings(RAMGATE=ramgate):
                    if kind == "asgi":
                        return await under_asgi()
                    return await asyncio.to_thread(under_wsgi)

    async def under_asgi() -> httpx.Response:
        handler: Any = ASGIHandler()
        transport = httpx.ASGITransport(handler, client=(address, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
            return await browser.request(method, path, headers=headers, json=body or None)

    def under_wsgi() -> httpx.Response:
        handler: Any = WSGIHandler()
        transport = httpx.WSGITransport(handler, remote_addr=address)
        with httpx.Client(transport=transport, base_url="http://testserver") as browser:
            return browser.request(method, path, headers=headers, json=body or None)

    return asyncio.run(main())


def test_alice_releases_an_instance(kind: str, url: str) -> None:
    response = ask(kind, url, "DELETE", X, user="alice")
    assert (response.status_code, response.json()) == (200, {"released": "alikafka_post-cn-x"})


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_others_do_not(kind: str, url: str, user: str) -> None:
    response = ask(kind, url, "DELETE", X, user=user)
    assert (response.status_code, response.headers["Content-Type"]) == (403, PROBLEM)


@pytest.mark.parametrize(("address", "status"), [("10.0.0.1", 200), ("192.0.2.1", 403)])
def test_bob_lists_topics_in_the_office(kind: str, url: str, address: str, status: int) -> None:
    response = ask(kind, url, "GET", f"{X}/topics", user="bob", address=address)
    assert response.status_code == status


@pytest.mark.parametrize(("user", "status"), [("alice", 201), ("bob", 403), (None, 401)])
def test_a_topic_is_created_on_the_instance_of_the_body(
    kind: str, url: str, user: str | None, status: int
) -> None:
    body = {"instance": "alikafka_post-cn-y", "topic": "new"}
    response = ask(kind, url, "POST", "/topics", user=user, **body)
    assert response.status_code == status
    assert (response.json() == ["new"]) == (status == 201)


@pytest.mark.parametrize("instance", ["*", "x:y", "../x", ""])
def test_a_body_names_one_instance(kind: str, url: str, instance: str) -> None:
    response = ask(kind, url, "POST", "/topics", user="alice", instance=instance, topic="new")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/instances/z/topics"), ("DELETE", "/instances/z")]
)
def test_an_unknown_instance_is_not_found(kind: str, url: str, method: str, path: str) -> None:
    assert ask(kind, url, method, path, user="alice").status_code == 404
    assert ask(kind, url, method, path, user="carol").status_code == 403


def test_a_topic_on_an_unknown_instance_is_not_found(kind: str, url: str) -> None:
    response = ask(kind, url, "POST", "/topics", user="alice", instance="z", topic="new")
    assert response.status_code == 404


def test_the_health_is_public(kind: str, url: str) -> None:
    assert ask(kind, url, "GET", "/health").content == b"ok"
    assert ask(kind, url, "GET", "/healths").status_code == 401


def test_without_opa_nothing_is_allowed(kind: str) -> None:
    response = ask(kind, "unix:///nowhere/opa.sock", "DELETE", X, user="alice")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")


def test_servers_of_asgi_find_the_site() -> None:
    assert callable(application)
