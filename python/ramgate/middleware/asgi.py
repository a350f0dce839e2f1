"""The middleware for ASGI applications: Starlette, FastAPI, Litestar, and any other.

The event loop is never blocked: `AsyncClient` waits in it. This module imports no framework.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ramgate.client.async_client import AsyncClient
from ramgate.client.pending_call import pending_call
from ramgate.middleware.arguments import check_challenge, check_client, check_principal
from ramgate.middleware.asgi_response import POLICY_VIOLATION, Message, Response, Send
from ramgate.middleware.current import Current
from ramgate.middleware.outcome import CHALLENGE, outcome_of, report
from ramgate.middleware.public_paths import PublicPaths
from ramgate.middleware.visit import Visit, visit_in
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from ramgate.middleware import visit
    from ramgate.middleware.template import Template
    from ramgate.model.decision import Context, Decision

__all__ = [
    "App",
    "ContextOf",
    "Message",
    "PrincipalOf",
    "RamgateMiddleware",
    "Receive",
    "Scope",
    "Send",
    "guard",
    "refuse",
    "require",
]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

PrincipalOf: TypeAlias = "visit.PrincipalOf[Scope]"
"""A function, plain or async, that returns the principal of a request, `None` if it has none."""

ContextOf: TypeAlias = "visit.ContextOf[Scope]"
"""A function, plain or async, that returns the condition keys of a request."""

_VISIT: Final[ContextVar[Visit[Scope]]] = ContextVar("ramgate")


class RamgateMiddleware:
    """Decides about the requests to an ASGI application, and answers those that are not allowed.

    * `client`: an `AsyncClient`. The application closes it when it ends.
    * `principal`: a function, plain or async, from the ASGI scope to the ARN of the caller, `None`
      if there is none. A plain one must not wait: it runs in the event loop.
    * `verify`: hold a successful response back, a status below 400, unless a decision was made
      for its request. Then a request without a principal does not reach the application at all.
    * `public`: paths that need neither principal nor decision, compared whole.
    * `challenge`: the value of `WWW-Authenticate` in the answer 401.

    Raises `TypeError` or `ValueError` for a value that cannot be used.

    >>> import asyncio
    >>> from ramgate.middleware.asgi import RamgateMiddleware, require
    >>> async def application(scope, receive, send):
    ...     await require("alikafka:ListTopic", "*")
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"topics"})
    >>> async def status_for(user):
    ...     async def send(message):
    ...         sent.append(message)
    ...     sent = []
    ...     async with AsyncClient(sidecar.url) as client:
    ...         protected = RamgateMiddleware(
    ...             application,
    ...             client=client,
    ...             principal=lambda scope: user and f"acs:ram::1234567890123456:user/{user}",
    ...         )
    ...         await protected({"type": "http", "path": "/", "method": "GET"}, None, send)
    ...     return sent[0]["status"]
    >>> [asyncio.run(status_for(user)) for user in ("alice", "carol", None)]
    [200, 403, 401]
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        app: App,
        *,
        client: AsyncClient,
        principal: PrincipalOf,
        verify: bool = True,
        public: Iterable[str] = (),
        challenge: str = CHALLENGE,
    ) -> None:
        check_client(client, AsyncClient)  # a plain `Client` would block the event loop
        check_principal(principal)
        check_challenge(challenge)
        self.app = app
        self._client = client
        self._principal = principal
        self._verify = verify
        self._public = PublicPaths(public)
        self._challenge = challenge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one connection of a WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        verify = self._verify and not self._is_public(scope)
        is_websocket = scope["type"] == "websocket"
        current = Current(remembers=not is_websocket)
        response = Response(send, current, is_websocket=is_websocket, verify=verify)
        asking = Visit(self._client.decide, self._principal, scope, current)
        token = _VISIT.set(asking)
        if is_websocket:
            receive = _until_refused(receive, current)
        try:
            if verify:
                await asking.identify()
            await self.app(scope, receive, response.send)
            current.end()
        except Exception as raised:
            error = current.refusal or raised
            outcome = outcome_of(error)
            if outcome is None:
                raise
            report(error, outcome)
            if not await response.refuse(outcome, self._challenge):
                raise
        finally:
            _VISIT.reset(token)
            current.close()

    def _is_public(self, scope: Scope) -> bool:
        return self._public.contains(scope["path"], scope.get("raw_path"))


def _until_refused(receive: Receive, current: Current) -> Receive:
    """Return the `receive` of a WebSocket that has the client leave once there is a refusal.

    It does not raise the refusal: a loop that handles denials would never end.
    """

    async def received() -> Message:
        if current.refusal is None:
            message = await receive()
            if current.refusal is None:
                return message
        return {"type": "websocket.disconnect", "code": POLICY_VIOLATION, "reason": ""}

    return received


@pending_call
async def require(action: str, resource: str, context: Context = NO_CONTEXT) -> Decision:
    """Return the decision about the principal of the current request, if it allows.

    `action`, `resource` and `context` are those of `ramgate.Request`. Raises `AccessDenied` if the
    decision denies, `Unauthenticated` if the request has no principal, `PrincipalError` if the
    function `principal` failed, and the errors of `AsyncClient`. The middleware answers each of
    them if the application does not. Raises `RuntimeError` outside of a request.

    Until the response begins, an equal question is sent to OPA once.

    >>> import asyncio
    >>> from ramgate.middleware.asgi import require
    >>> async def outside():
    ...     return await require("alikafka:ListTopic", "*")
    >>> asyncio.run(outside())
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return await visit_in(_VISIT).require(action, resource, context)


async def guard(
    action: str,
    template: Template,
    values_of: Callable[[], Mapping[str, object]],
    context_of: ContextOf | None = None,
) -> Decision:
    """Require a decision about a route, for the modules of the frameworks.

    `values_of` returns the values of the path, for the placeholders of `template`; it may raise
    `InvalidResource`. Unlike with `require`, the answer to a failure is fixed: the application
    cannot handle the error and succeed.

    >>> import asyncio
    >>> from ramgate.middleware.asgi import guard
    >>> from ramgate.middleware.template import Template
    >>> asyncio.run(guard("alikafka:ListTopic", Template("*"), dict))
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    asking = visit_in(_VISIT)
    try:
        await asking.identify()
        values = values_of()
    except BaseException as error:
        asking.current.refuse(error)
        raise
    return await asking.guard(action, template, values, context_of)


def refuse(error: Exception) -> None:
    """Fix the answer to the current request, if the error has one; for frameworks that catch it.

    >>> from ramgate.middleware.asgi import refuse
    >>> refuse(KeyError("instance"))  # this error has no answer, so the framework's stands
    """
    if outcome_of(error) is not None:
        visit_in(_VISIT).current.refusal = error
