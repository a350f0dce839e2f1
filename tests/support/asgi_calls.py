"""Call ASGI applications as a server does: one request, or one WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ramgate import AsyncClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.middleware.asgi import App, Message, Scope
    from ramgate.model.decision import Context

__all__ = ["ACCOUNT", "Answer", "CountingClient", "arn_of", "call", "converse", "scope_of"]

ACCOUNT = "1234567890123456"


class Answer(NamedTuple):
    """The response to a request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The body, a problem in JSON."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.headers["cache-control"] == "no-store"
        assert self.headers["content-length"] == str(len(self.body))
        return dict(json.loads(self.body))


class CountingClient(AsyncClient):
    """A client that lists the questions that it sends."""

    def __init__(self, url: str, *, timeout: float = 10) -> None:
        super().__init__(url, timeout=timeout)
        self.asked: list[tuple[str, str, str]] = []

    def decide(  # type: ignore[override] # the same call, without session policies
        self, principal: str, action: str, resource: str, context: Context
    ) -> Any:  # noqa: ANN401 - a pending call
        """Decide as `AsyncClient` does."""
        self.asked.append((principal, action, resource))
        return super().decide(principal, action, resource, context)


def arn_of(scope: Scope) -> str | None:
    """Return the ARN of the user that the header `x-user` names."""
    user = dict(scope["headers"]).get(b"x-user")
    return None if user is None else f"acs:ram::{ACCOUNT}:user/{user.decode('latin-1')}"


def scope_of(
    target: str, kind: str = "http", *, method: str = "GET", headers: Mapping[str, str]
) -> dict[str, Any]:
    """Return the scope that uvicorn makes of a request line."""
    raw, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "state": {},
    }
    if kind == "http":
        scope["method"] = method
    else:
        scope["subprotocols"] = []
    return scope


async def call(
    app: App, target: str, user: str | None = None, *, method: str = "GET", **headers: str
) -> Answer:
    """Send one request, and return the response; raise the error that reaches the server."""
    given = {"host": "x"} | headers | ({} if user is None else {"x-user": user})
    sent: list[Message] = []

    async def receive() -> Message:
        if sent and not sent[-1].get("more_body", True):
            return {"type": "http.disconnect"}
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope_of(target, method=method, headers=given), receive, send)
    start, *parts = sent
    assert start["type"] == "http.response.start"
    assert {part["type"] for part in parts} == {"http.response.body"}
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(part.get("body", b"") for part in parts))


async def converse(
    app: App, target: str, user: str | None = None, texts: Iterable[str] = ()
) -> list[Message]:
    """Open a WebSocket, send the texts, and return the messages of the application."""
    given = {} if user is None else {"x-user": user}
    coming: list[Message] = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": text} for text in texts),
        {"type": "websocket.disconnect", "code": 1000},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope_of(target, "websocket", headers=given), receive, send)
    return sent
