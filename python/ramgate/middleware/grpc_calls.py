"""The parts that both interceptors for gRPC share. One call of a method (RPC) is one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

import grpc

from ramgate.middleware.arguments import check_client, check_principal
from ramgate.middleware.current import Current
from ramgate.middleware.decorator import checked_first
from ramgate.middleware.outcome import outcome_of, report
from ramgate.middleware.public_paths import PublicPaths
from ramgate.middleware.template import Template
from ramgate.middleware.visit import Visit, visit_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextvars import ContextVar

    from ramgate.client.async_client import AsyncClient
    from ramgate.client.client import Client
    from ramgate.middleware.visit import ContextOf, PrincipalOf
    from ramgate.model.decision import Decision

__all__ = ["Behavior", "Call", "Calls", "Handler", "behavior_of", "required", "with_behavior"]

_C = TypeVar("_C")
_F = TypeVar("_F", bound="Callable[..., object]")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
"""gRPC's description of a method: whether it takes and returns streams, and its function."""

Behavior: TypeAlias = Callable[[Any, Any], Any]
"""The method of a servicer: from the request, or their iterator, and gRPC's context."""

_CODES: Final[Mapping[HTTPStatus, grpc.StatusCode]] = {
    HTTPStatus.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    HTTPStatus.INTERNAL_SERVER_ERROR: grpc.StatusCode.INTERNAL,
    HTTPStatus.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    HTTPStatus.UNAUTHORIZED: grpc.StatusCode.UNAUTHENTICATED,
}
_SUCCESS: Final = (None, 0, grpc.StatusCode.OK)


class Calls(Generic[_C]):
    """The checked arguments of an interceptor; `_C` is gRPC's context of a call."""

    __slots__ = ("_client", "_principal", "_public", "_verify")

    def __init__(
        self,
        client: Client | AsyncClient,
        kind: type[Client | AsyncClient],
        principal: PrincipalOf[_C],
        public: Iterable[str],
        *,
        verify: bool,
    ) -> None:
        check_client(client, kind)
        check_principal(principal)
        self._client = client
        self._principal = principal
        self._public = PublicPaths(public)
        self._verify = verify

    def verifies(self, method: str) -> bool:
        """Return true if a response of the method needs a decision."""
        return self._verify and not self._public.contains(method)

    def begin(self, handler: Handler, context: _C, *, verify: bool) -> Call[_C]:
        """Return the state of one call."""
        # A stream of requests may stay open for long: its decisions are not remembered.
        current = Current(remembers=not handler.request_streaming)
        visit = Visit(self._client.decide, self._principal, context, current)
        return Call(visit, verify=verify)


class Call(Generic[_C]):
    """One call of a method."""

    __slots__ = ("current", "verify", "visit")

    def __init__(self, visit: Visit[_C], *, verify: bool) -> None:
        self.visit = visit
        self.current = visit.current
        self.verify = verify

    def settle(self, *, is_message: bool = False) -> None:
        """Raise an error unless a response may be sent; from then on, nothing is remembered.

        An error of the method needs no decision, but a message of a stream does: its client gets it
        whatever the code is in the end.
        """
        context: Any = self.visit.scope
        self.current.end()
        if self.verify and (is_message or context.code() in _SUCCESS):
            self.current.verify()
        self.current.forget()

    def answer(self, raised: Exception) -> tuple[grpc.StatusCode, str]:
        """Return the code and the text for an error; raise it if it has none."""
        error = self.current.refusal or raised
        outcome = outcome_of(error)
        if outcome is None:
            raise raised
        report(error, outcome)
        return _CODES[outcome.status], outcome.detail


def _kind(handler: Handler) -> str:
    return "_".join(
        "stream" if streams else "unary"
        for streams in (handler.request_streaming, handler.response_streaming)
    )


def behavior_of(handler: Handler) -> Behavior:
    """Return the method of the servicer."""
    behavior: Behavior = getattr(handler, _kind(handler))
    return behavior


def with_behavior(handler: Handler, behavior: Behavior) -> Handler:
    """Return the handler with another method in the place of the servicer's."""
    make: Callable[..., Handler] = getattr(grpc, f"{_kind(handler)}_rpc_method_handler")
    return make(
        behavior,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def required(
    variable: ContextVar[Visit[_C]], action: str, resource: str, context: ContextOf[_C] | None
) -> Callable[[_F], _F]:
    """Return the decorator `requires` of an interceptor, whose calls are in the variable."""
    template = Template(resource)

    async def check(*arguments: object) -> Decision:
        *_, request, _context = arguments
        # a stream of requests has no fields
        values = {name: getattr(request, name) for name in template.names if hasattr(request, name)}
        return await visit_in(variable).guard(action, template, values, context)

    def decorate(function: _F) -> _F:
        return checked_first(function, check)

    return decorate
