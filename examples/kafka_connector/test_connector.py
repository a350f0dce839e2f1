from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from connector import SINKS, Call, Connector, Message, create

from ramgate import AsyncClient

if TYPE_CHECKING:
    from ramgate import Client, Sidecar

CONNECTED, FRESH = "1000000000000001", "1000000000000002"


def serve(
    url: str, path: str, *parts: bytes, method: str = "POST"
) -> tuple[int, dict[str, Any], list[Call]]:
    """The status, the body, and the calls downstream of one request, whose body comes in parts."""
    calls: list[Call] = []
    said: list[Message] = []

    async def downstream(call: Call) -> None:
        calls.append(call)

    async def send(message: Message) -> None:
        said.append(message)

    async def run() -> None:
        left = list(parts)

        async def receive() -> Message:
            part = left.pop(0) if left else b""
            return {"type": "http.request", "body": part, "more_body": bool(left)}

        async with AsyncClient(url, timeout=10) as ramgate:
            scope: Message = {"type": "http", "method": method, "path": path}
            await Connector(ramgate, downstream)(scope, receive, send)

    asyncio.run(run())
    start, body = said
    return start["status"], json.loads(body["body"] or "{}"), calls


@pytest.mark.parametrize("sink", ["function", "stream", "table"])
def test_a_record_is_handed_on_where_the_role_may(ramgate_sidecar: Sidecar, sink: str) -> None:
    status, body, calls = serve(ramgate_sidecar.url, f"/{CONNECTED}/{sink}", b"or", b"der")
    assert (status, body) == (204, {})
    action, resource = SINKS[sink]
    assert calls == [Call(CONNECTED, action, resource.format(account=CONNECTED), b"order")]


def test_nothing_is_handed_on_that_the_role_may_not(ramgate_sidecar: Sidecar) -> None:
    status, body, calls = serve(ramgate_sidecar.url, f"/{CONNECTED}/bucket", b"order")
    assert (status, calls) == (403, [])
    assert (body["effect"], body["reason"]) == ("ImplicitDeny", "no_statement_matches")
    assert "oss:PutObject" in body["error"]


def test_nothing_is_handed_on_before_the_role_exists(ramgate_sidecar: Sidecar) -> None:
    status, body, calls = serve(ramgate_sidecar.url, f"/{FRESH}/function", b"order")
    assert (status, body["reason"], calls) == (403, "unknown_principal", [])


def test_nothing_is_handed_on_for_what_is_no_account(ramgate_sidecar: Sidecar) -> None:
    status, body, calls = serve(ramgate_sidecar.url, "/somebody/function", b"order")
    assert (status, calls) == (503, [])
    assert "principal" in body["error"]


def test_nothing_is_handed_on_where_it_cannot_be_told() -> None:
    status, body, calls = serve("unix:///nowhere/opa.sock", f"/{CONNECTED}/function", b"order")
    assert (status, calls) == (503, [])
    assert "/nowhere/opa.sock" in body["error"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"/{CONNECTED}/sea"), ("GET", f"/{CONNECTED}/function")]
)
def test_other_requests_are_not_found(ramgate_sidecar: Sidecar, method: str, path: str) -> None:
    status, _, calls = serve(ramgate_sidecar.url, path, method=method)
    assert (status, calls) == (404, [])


def test_every_sink_but_the_bucket_is_the_roles(ramgate_client: Client) -> None:
    role = f"acs:ram::{CONNECTED}:role/AliyunServiceRoleForAlikafkaConnector"
    for sink, (action, resource) in SINKS.items():
        decision = ramgate_client.decide(role, action, resource.format(account=CONNECTED))
        assert bool(decision) is (sink != "bucket")


def test_the_client_is_closed_with_the_application(
    ramgate_sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAMGATE_URL", ramgate_sidecar.url)
    said = []

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        said.append(message["type"])

    async def run() -> None:
        app = create()
        await app({"type": "lifespan"}, receive, send)
        scope: Message = {"type": "http", "method": "POST", "path": f"/{CONNECTED}/function"}
        with pytest.raises(RuntimeError, match="closed"):
            await app(scope, receive, send)

    asyncio.run(run())
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
