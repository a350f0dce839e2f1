"""The ASGI application behind `ramgate authzen`: it transports, and OPA decides.

Nothing but a whole and consistent answer of OPA becomes an allow. Without one the response is 503.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.errors import InvalidRequest, RamgateError
from ramgate.web.exchange import BodyTooLargeError, Exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.client.authzen_client import AuthzenClient, Endpoint, Reply
    from ramgate.web.exchange import Receive, Scope, Send

__all__ = ["CHECK", "DEFAULT_BODY_LIMIT", "HEAD_LIMIT", "AuthzenApp"]

CHECK: Final = "/check"
"""The start of the paths that a proxy asks about: the path of its request follows."""

DEFAULT_BODY_LIMIT: Final = 1024 * 1024
"""Bytes."""

HEAD_LIMIT: Final = 32 * 1024
"""Bytes of the path and the headers of a request."""

_METADATA: Final = "/.well-known/authzen-configuration"
_HEALTH: Final = "/health"
_ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "/access/v1/evaluation": "evaluation",
    "/access/v1/evaluations": "evaluations",
    "/access/v1/search/subject": "subject_search",
    "/access/v1/search/resource": "resource_search",
    "/access/v1/search/action": "action_search",
}
_NOT_FOR_OPA: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_UNAVAILABLE: Final = "no decision could be obtained"
_NOT_JSON: Final = "the body is not JSON"

# msgspec raises these for bytes that are not JSON, not UTF-8, or nested too deeply.
_DECODING_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)

_logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
# A number with a fraction or an exponent keeps its text: a float could be another number.
_decode = msgspec.json.Decoder(float_hook=msgspec.Raw).decode


class AuthzenApp:
    """An ASGI application that answers AuthZEN 1.0, and a proxy that asks about HTTP requests.

    * `client` asks OPA, and is closed with the application.
    * With a `token`, every request but that of the health and the metadata needs it, as
      `Authorization: Bearer`.
    * `public_url` is the URL that clients use, for the metadata.
    * `body_limit` is the largest body in bytes.

    >>> from ramgate.client.authzen_client import AuthzenClient
    >>> client = AuthzenClient("unix:///run/opa.sock")
    >>> app = AuthzenApp(client, public_url="https://pdp.example.com")
    """

    def __init__(
        self,
        client: AuthzenClient,
        *,
        public_url: str,
        token: str | None = None,
        body_limit: int = DEFAULT_BODY_LIMIT,
    ) -> None:
        self._client = client
        self._metadata = _encode({"policy_decision_point": public_url})
        self._token = None if token is None else f"Bearer {token}".encode()
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._respond(Exchange(scope, receive, send))
        else:  # a WebSocket
            await send({"type": "websocket.close", "code": 1008})

    async def _live(self, receive: Receive, send: Send) -> None:
        for event in ("startup", "shutdown"):
            await receive()
            if event == "shutdown":
                self._client.close()
            await send({"type": f"lifespan.{event}.complete"})

    async def _respond(self, exchange: Exchange) -> None:
        try:
            await self._answer(exchange)
        except InvalidRequest:  # only ever about the size of the body
            await exchange.answer(413, "the body is too large")
        except RamgateError as error:
            _logger.warning("%s", error)
            await exchange.answer(503, _UNAVAILABLE, retry_after="1")

    async def _answer(self, exchange: Exchange) -> None:
        path, method = exchange.path, exchange.method
        if exchange.size > HEAD_LIMIT:
            await exchange.answer(431, f"the headers have more than {HEAD_LIMIT} bytes")
        elif exchange.has_two_lengths:
            message = "the body has two lengths: `Content-Length` and `Transfer-Encoding`"
            await exchange.answer(400, message, connection="close")
        elif path == _HEALTH and method == "GET":
            ready = await self._client.ready()
            await exchange.answer(200 if ready else 503, {"ready": ready})
        elif path == _METADATA and method == "GET":
            reply = await self._client.ask("metadata", self._metadata)
            await exchange.answer(reply.status, reply.body)
        elif not self._is_authenticated(exchange):
            message = "the request needs the header `Authorization: Bearer TOKEN`"
            await exchange.answer(401, message, www_authenticate="Bearer")
        elif path.startswith(CHECK):
            await self._check(exchange)
        elif path in {_HEALTH, _METADATA}:
            await exchange.answer(405, "use GET", allow="GET")
        elif path not in _ENDPOINTS:
            await exchange.answer(404, "there is no such endpoint")
        elif method != "POST":
            await exchange.answer(405, "use POST", allow="POST")
        else:
            await self._evaluate(exchange, _ENDPOINTS[path])

    def _is_authenticated(self, exchange: Exchange) -> bool:
        given = exchange.header("authorization").encode("latin-1")
        return self._token is None or hmac.compare_digest(given, self._token)

    async def _evaluate(self, exchange: Exchange, endpoint: Endpoint) -> None:
        """Pass a request of AuthZEN on; the body is read here, so that OPA reads the same."""
        media_type = exchange.header("content-type").partition(";")[0].strip().lower()
        if media_type != "application/json":
            await exchange.answer(400, "the header `Content-Type` must be `application/json`")
            return
        try:
            question = _encode(_decode(await exchange.body(self._body_limit)))
        except BodyTooLargeError:
            await exchange.answer(413, f"the body has more than {self._body_limit} bytes")
        except TimeoutError:
            await exchange.answer(408, "the body did not arrive in time")
        except ConnectionError:
            return
        except _DECODING_ERRORS:
            await exchange.answer(400, _NOT_JSON)
        else:
            reply = await self._client.ask(endpoint, question)
            await exchange.answer(reply.status, reply.body)

    async def _check(self, exchange: Exchange) -> None:
        """Ask about the HTTP request that a proxy forwards the head of."""
        headers = exchange.headers()
        question = {
            "method": exchange.method,
            "path": exchange.path.removeprefix(CHECK),
            "query": exchange.query,
            "headers": {name: headers[name] for name in headers.keys() - _NOT_FOR_OPA},
        }
        reply: Reply = await self._client.ask("route", _encode(question))
        await exchange.answer(200 if reply.allows else 403, reply.body)
