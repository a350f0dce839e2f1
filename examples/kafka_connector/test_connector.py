from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from connector import ROLE, SINKS, Call, Connector, Message, create

from ramgate import AsyncClient

if TYPE_CHECKING:
    from ramgate import Client, Sidecar

CONNECTED, FRESH = "1000000000000001", "1000000000000002"


def serve(
    url: str, path: str, *parts: bytes, method: str = "POST"
) -> tuple[int, dict[str, Any], list[Call]]:
    """Send one request, its body in parts; return the status, the body, and the calls made."""
    calls: list[Call] = []
    sent: list[Message] = []

    async def downstream(call: Call) -> None:
        calls.append(call)

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        left = list(parts)

        async def receive() -> Message:
            part = left.pop(0) if left else b""
            return {"type": "http.request", "body": part, "more_body": bool(left)}

        async with AsyncClient(url, timeout=10) as ramgate:
            scope: Message = {"type": "http", "method": method, "path": path}
            await Connector(ramgate, downstream)(scope, receive, send)

    asyncio.run(run())
    start, body = sent
    return start["status"], json.loads(body["body"] or "{}"), calls


@pytest.mark.parametrize("sink", ["function", "stream", "table"])
def test_a_record_is_forwarded_if_the_role_may(ramgate_sidecar: Sidecar, sink: str) -> None:
    status, body, calls = serve(ramgate_sidecar.url, f"/{CONNECTED}/{sink}", b"or", b"der")
    assert (status, body) == (204, {})
    action, resource = SINKS[sink]
    assert calls == [Call(CONNECTED, action, resource.format(account=CONNECTED), b"order")]


def test_a_record_is_not_forwarded_if_the_role_may_not(ramgate_sidecar: Sidecar) -> None:
    status, body, calls = serve(ramgate_sidecar.url, f"/{CONNECTED}/bucket", b"order")
    assert (status, calls) == (403, [])
    assert (body["effect"], body["reason"]) == ("ImplicitDeny", "no_statement_matches")
    assert "oss:PutObject" in body["error"]


@pytest.mark.ramgate_unknown  # the role does not exist yet
def test_a_record_is_not_forwarded_before_the_role_exists(ramgate_sidecar: Sidecar) -> None:
    status, body, calls = serve(ramgate_sidecar.url, f"/{FRESH}/function", b"order")
    assert (status, body["reason"], calls) == (403, "unknown_principal", [])


def test_a_record_is_not_forwarded_for_an_invalid_account(ramgate_sidecar: Sidecar) -> None:
    status, body, calls = serve(ramgate_sidecar.url, "/not-an-account/function", b"order")
    assert (status, calls) == (503, [])
    assert "principal" in body["error"]


def test_a_record_is_not_forwarded_without_a_decision() -> None:
    status, body, calls = serve("unix:///nowhere/opa.sock", f"/{CONNECTED}/function", b"order")
    assert (status, calls) == (503, [])
    assert "/nowhere/opa.sock" in body["error"]


def test_a_record_is_not_forwarded_if_the_client_leaves_before_its_end(
    ramgate_sidecar: Sidecar,
) -> None:
    coming: list[Message] = [
        {"type": "http.request", "body": b"or", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return coming.pop(0)

    async def forward(_: Call) -> None:
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    async def run() -> None:
        async with AsyncClient(ramgate_sidecar.url) as ramgate:
            scope: Message = {"type": "http", "method": "POST", "path": f"/{CONNECTED}/function"}
            await Connector(ramgate, forward)(scope, receive, send)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"/{CONNECTED}/sea"), ("GET", f"/{CONNECTED}/function")]
)
def test_other_requests_are_not_found(ramgate_sidecar: Sidecar, method: str, path: str) -> None:
    status, _, calls = serve(ramgate_sidecar.url, path, method=method)
    assert (status, calls) == (404, [])


def test_the_role_may_use_every_sink_but_the_bucket(ramgate_client: Client) -> None:
    role = ROLE.format(account=CONNECTED)
    reasons = {
        sink: ramgate_client.decide(role, action, resource.format(account=CONNECTED)).reason
        for sink, (action, resource) in SINKS.items()
    }
    # The reason, because a misspelt role is denied too, as `unknown_principal`.
    assert reasons == {
        "function": "statement_allows",
        "stream": "statement_allows",
        "table": "statement_allows",
        "bucket": "no_statement_matches",
    }


def test_the_client_is_closed_with_the_application(
    ramgate_sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAMGATE_URL", ramgate_sidecar.url)
    sent = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def run() -> None:
        app = create()
        await app({"type": "lifespan"}, receive, send)
        scope: Message = {"type": "http", "method": "POST", "path": f"/{CONNECTED}/function"}
        with pytest.raises(RuntimeError, match="closed"):
            await app(scope, receive, send)

    asyncio.run(run())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
