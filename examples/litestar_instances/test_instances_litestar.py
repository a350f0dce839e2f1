from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from httpx import ASGITransport, AsyncClient, Response
from instances_litestar import create

if TYPE_CHECKING:
    from ramgate import Client, Sidecar

X = "/instances/alikafka_post-cn-x"


def ask(url: str, method: str, path: str, user: str | None = None, **body: str) -> Response:
    """Send one request to a new application; `body` is a JSON body."""

    async def main() -> Response:
        app = create(url)
        headers = {} if user is None else {"Authorization": f"Bearer {user}-token"}
        transport = ASGITransport(app)  # type: ignore[arg-type] # Litestar has its own types
        async with (
            app.lifespan(),
            AsyncClient(transport=transport, base_url="http://x", headers=headers) as client,
        ):
            return await client.request(method, path, json=body or None)

    return asyncio.run(main())


@pytest.mark.parametrize(("user", "status"), [("alice", 200), ("carol", 403), (None, 401)])
def test_alice_alone_releases_an_instance(
    ramgate_sidecar: Sidecar, user: str | None, status: int
) -> None:
    response = ask(ramgate_sidecar.url, "DELETE", X, user)
    assert response.status_code == status
    assert ("problem" in response.headers["content-type"]) == (status != 200)


@pytest.mark.parametrize(("user", "status"), [("alice", 201), ("bob", 403), (None, 401)])
def test_a_topic_is_created_on_the_instance_of_the_body(
    ramgate_sidecar: Sidecar, user: str | None, status: int
) -> None:
    body = {"instance": "alikafka_post-cn-y", "topic": "new"}
    response = ask(ramgate_sidecar.url, "POST", "/topics", user, **body)
    assert response.status_code == status
    assert (response.json() == body) == (status == 201)


@pytest.mark.parametrize("instance", ["*", "x:y", "../x", ""])
def test_a_body_names_one_instance(ramgate_sidecar: Sidecar, instance: str) -> None:
    response = ask(ramgate_sidecar.url, "POST", "/topics", "alice", instance=instance, topic="new")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_a_public_path_needs_no_token(ramgate_sidecar: Sidecar) -> None:
    assert ask(ramgate_sidecar.url, "GET", "/health").text == "ok"
    assert ask(ramgate_sidecar.url, "GET", "/health/").status_code == 401


def test_without_opa_nothing_is_allowed() -> None:
    response = ask("unix:///nowhere/opa.sock", "DELETE", X, "alice")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_the_url_comes_from_the_environment(
    ramgate_client: Client, ramgate_sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAMGATE_URL", ramgate_sidecar.url)
    assert ramgate_client.healthy()
    assert ask("", "DELETE", X, "alice").status_code == 200
