from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from httpx import ASGITransport, AsyncClient, Response
from instances_fastapi import create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from ramgate import Sidecar

X = "/instances/alikafka_post-cn-x"


@asynccontextmanager
async def served(
    app: FastAPI, *headers: tuple[str, str], address: str = "10.0.0.1"
) -> AsyncIterator[AsyncClient]:
    """Start the application, and yield a client of it that sends these headers."""
    transport = ASGITransport(app, client=(address, 50_000))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://x", headers=headers) as client,
    ):
        yield client


def token(user: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {user}-token"


def ask(
    url: str,
    method: str,
    path: str,
    user: str | None = None,
    *,
    address: str = "10.0.0.1",
    **more: str,
) -> Response:
    """Send one request to a new application; `more` is a JSON body."""

    async def main() -> Response:
        headers = [token(user)] if user else []
        async with served(create(url), *headers, address=address) as client:
            return await client.request(method, path, json=more or None)

    return asyncio.run(main())


def test_alice_releases_an_instance(ramgate_sidecar: Sidecar) -> None:
    response = ask(ramgate_sidecar.url, "DELETE", X, "alice")
    assert (response.status_code, response.json()) == (200, {"released": "alikafka_post-cn-x"})


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_others_do_not(ramgate_sidecar: Sidecar, user: str) -> None:
    response = ask(ramgate_sidecar.url, "DELETE", X, user)
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("address", "status"), [("10.0.0.1", 200), ("192.0.2.1", 403)])
def test_bob_lists_topics_in_the_office(
    ramgate_sidecar: Sidecar, address: str, status: int
) -> None:
    response = ask(ramgate_sidecar.url, "GET", f"{X}/topics", "bob", address=address)
    assert response.status_code == status


@pytest.mark.parametrize(("user", "status"), [("alice", 201), ("bob", 403), (None, 401)])
def test_a_topic_is_created_on_the_instance_of_the_body(
    ramgate_sidecar: Sidecar, user: str | None, status: int
) -> None:
    body = {"instance": "alikafka_post-cn-y", "topic": "new"}
    response = ask(ramgate_sidecar.url, "POST", "/topics", user, **body)
    assert response.status_code == status
    assert (response.json() == ["new"]) == (status == 201)


@pytest.mark.parametrize("instance", ["*", "x:y", "../x", ""])
def test_a_body_names_one_instance(ramgate_sidecar: Sidecar, instance: str) -> None:
    response = ask(ramgate_sidecar.url, "POST", "/topics", "alice", instance=instance, topic="new")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/instances/z/topics"), ("DELETE", "/instances/z")]
)
def test_an_unknown_instance_is_not_found(ramgate_sidecar: Sidecar, method: str, path: str) -> None:
    assert ask(ramgate_sidecar.url, method, path, "alice").status_code == 404
    assert ask(ramgate_sidecar.url, method, path, "carol").status_code == 403


def test_a_topic_on_an_unknown_instance_is_not_found(ramgate_sidecar: Sidecar) -> None:
    response = ask(ramgate_sidecar.url, "POST", "/topics", "alice", instance="z", topic="new")
    assert response.status_code == 404


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json"])
def test_public_paths_need_no_token(ramgate_sidecar: Sidecar, path: str) -> None:
    assert ask(ramgate_sidecar.url, "GET", path).status_code == 200


def test_two_tokens_are_no_principal(ramgate_sidecar: Sidecar) -> None:
    async def main() -> Response:
        async with served(create(ramgate_sidecar.url), token("alice"), token("carol")) as client:
            return await client.delete(X)

    assert asyncio.run(main()).status_code == 401


def test_without_opa_nothing_is_allowed() -> None:
    response = ask("unix:///nowhere/opa.sock", "DELETE", X, "alice")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"


def test_the_client_is_closed_with_the_application(
    ramgate_sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAMGATE_URL", ramgate_sidecar.url)

    async def main() -> None:
        app = create()
        async with served(app, token("alice")) as client:
            assert (await client.delete(X)).status_code == 200
        async with AsyncClient(transport=ASGITransport(app), base_url="http://x") as client:
            with pytest.raises(RuntimeError, match="closed"):
                await client.delete(X, headers=[token("alice")])

    asyncio.run(main())
