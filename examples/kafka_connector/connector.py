"""A Kafka connector service that asks ramgate before every call to a downstream service.

`POST /<account>/<sink>` forwards the record in the body to a sink of the account. The service acts
as the account's role `AliyunServiceRoleForAlikafkaConnector`, so it asks whether this role may make
the call. It answers with one of these statuses:

- 204: the role may make the call, and the record was forwarded;
- 403: the role may not make the call; the body has ramgate's reason;
- 503: there was no decision; the body has the cause.

After 403 and 503, the record was not forwarded. A client that leaves before the end of the record
gets no answer, and nothing was forwarded either.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

from ramgate import AccessDenied, AsyncClient, RamgateError

__all__ = ["SINKS", "Call", "Connector", "create"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ROLE: Final = "acs:ram::{account}:role/aliyunserviceroleforalikafkaconnector"
SINKS: Final = {
    "function": (
        "fc:InvokeFunction",
        "acs:fc:cn-hangzhou:{account}:services/orders/functions/sink",
    ),
    "stream": (
        "eventbridge:StartEventStreaming",
        "acs:eventbridge:cn-hangzhou:{account}:streaming/orders",
    ),
    "table": ("ots:PutRow", "acs:ots:cn-hangzhou:{account}:instance/orders/table/sink"),
    "bucket": ("oss:PutObject", "acs:oss:oss-cn-hangzhou:{account}:orders/record.json"),
}


class Call(NamedTuple):
    """One call to a downstream service."""

    account: str
    action: str
    resource: str
    record: bytes


class ClientLeftError(Exception):
    """The client left before the end of the record."""


Downstream: TypeAlias = Callable[[Call], Awaitable[None]]


class Connector:
    """The ASGI application: `ramgate` decides, `downstream` makes the calls."""

    def __init__(self, ramgate: AsyncClient, downstream: Downstream) -> None:
        self._ramgate = ramgate
        self._downstream = downstream

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one HTTP request, or the start and the end of the application."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        try:
            status, content = await self._answer(scope, receive)
        except ClientLeftError:
            return
        body = json.dumps(content).encode() if content else b""
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Message, receive: Receive
    ) -> tuple[HTTPStatus, dict[str, object]]:
        account, _, sink = str(scope["path"]).removeprefix("/").partition("/")
        if sink not in SINKS or scope["method"] != "POST":
            return HTTPStatus.NOT_FOUND, {"error": f"POST to one of {', '.join(SINKS)}"}
        action, resource = SINKS[sink]
        record = await _body(receive)
        call = Call(account, action, resource.format(account=account), record)
        try:
            await self._ramgate.require(ROLE.format(account=account), call.action, call.resource)
        except AccessDenied as denied:
            return HTTPStatus.FORBIDDEN, {
                "error": str(denied),
                "effect": denied.decision.effect,
                "reason": denied.decision.reason,
            }
        except RamgateError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)}
        await self._downstream(call)
        return HTTPStatus.NO_CONTENT, {}

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._ramgate.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body", False):
            return body


async def _log(call: Call) -> None:
    size = len(call.record)
    logging.getLogger(__name__).warning("%s on %s: %d bytes", call.action, call.resource, size)


def create() -> Connector:
    """Return the application for an ASGI server; `$RAMGATE_URL` is the URL of OPA."""
    return Connector(AsyncClient(os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181")), _log)
