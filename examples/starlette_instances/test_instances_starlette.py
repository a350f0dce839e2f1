from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from instances_starlette import create

if TYPE_CHECKING:
    from ramgate import Client, Sidecar

X = "/instances/alikafka_post-cn-x"


def ask(url: str, method: str, path: str, user: str | None = None) -> Response:
    async def main() -> Response:
        app = create(url)
        headers = {} if user is None else {"Authorization": f"Bearer {user}-token"}
        transport = ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=transport, base_url="http://x", headers=headers) as client,
        ):
            return await client.request(method, path)

    return asyncio.run(main())


def talk(url: str, user: str, *texts: str) -> list[Any]:
    """Open a WebSocket, send the texts, and return the messages of the application."""
    coming: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    coming += [{"type": "websocket.receive", "text": text} for text in texts]
    coming += [{"type": "websocket.disconnect", "code": 1000}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: Any) -> None:  # noqa: ANN401 - Starlette's type
        sent.append(message)

    async def main() -> None:
        app = create(url)
        headers = [(b"authorization", f"Bearer {user}-token".encode())]
        async with app.router.lifespan_context(app):
            scope = {"type": "websocket", "path": f"{X}/messages", "headers": headers}
            await app(scope, receive, send)

    asyncio.run(main())
    return sent


@pytest.mark.parametrize(("user", "status"), [("alice", 200), ("carol", 403), (None, 401)])
def test_alice_alone_releases_an_instance(
    ramgate_sidecar: Sidecar, user: str | None, status: int
) -> None:
    assert ask(ramgate_sidecar.url, "DELETE", X, user).status_code == status


def test_the_name_of_a_record_may_have_slashes(ramgate_world: Any) -> None:  # noqa: ANN401 - a fixture
    statement = {
        "Effect": "Allow",
        "Action": "oss:GetObject",
        "Resource": "acs:oss:*:*:orders/2026/*",
    }
    document = {"Version": "1", "Statement": [statement]}
    ramgate_world(users={"carol": {"policies": ["read"]}}, policies={"read": document})
    url = ramgate_world.url
    found = ask(url, "GET", "/records/2026/1.csv", "carol")
    assert (found.status_code, found.json()) == (200, {"record": "2026/1.csv"})
    assert ask(url, "GET", "/records/2025/1.csv", "carol").status_code == 403
    assert ask(url, "GET", "/records/2026/%2e%2e/2025/1.csv", "carol").status_code == 400


def test_alice_sends_messages(ramgate_sidecar: Sidecar) -> None:
    opened, *answers = talk(ramgate_sidecar.url, "alice", "one", "two")
    assert opened["type"] == "websocket.accept"
    assert [one["text"] for one in answers] == ["sent one", "sent two"]


def test_carol_does_not(ramgate_sidecar: Sidecar) -> None:
    assert [one["code"] for one in talk(ramgate_sidecar.url, "carol", "one")] == [1008]


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
