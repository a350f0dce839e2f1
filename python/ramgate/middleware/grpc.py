"""The interceptor for gRPC servers that run methods in threads (`grpc.server`).

For servers of asyncio (`grpc.aio.server`), use `ramgate.middleware.grpc_aio`.
"""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import grpc

from ramgate.client.client import Client
from ramgate.middleware.grpc_calls import Call, Calls, behavior_of, required, with_behavior
from ramgate.middleware.visit import Visit, run, visit_in
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ramgate.middleware import visit
    from ramgate.middleware.grpc_calls import Behavior, Handler
    from ramgate.model.decision import Context, Decision

__all__ = ["ContextOf", "PrincipalOf", "RamgateInterceptor", "require", "requires"]

_F = TypeVar("_F", bound="Callable[..., object]")
_T = TypeVar("_T")
_Call: TypeAlias = "Call[grpc.ServicerContext]"

PrincipalOf: TypeAlias = "visit.PrincipalOf[grpc.ServicerContext]"
"""A plain function that returns the principal of a call, `None` if it has none."""

ContextOf: TypeAlias = "visit.ContextOf[grpc.ServicerContext]"
"""A plain function that returns the condition keys of a call."""

_VISIT: Final[ContextVar[Visit[grpc.ServicerContext]]] = ContextVar("ramgate.grpc")
_END: Final = object()


class RamgateInterceptor(grpc.ServerInterceptor):
    """Decides about the calls to a gRPC server, and answers those that are not allowed.

    * `client`: a `Client`. The application closes it when it ends.
    * `principal`: a plain function from gRPC's `ServicerContext` to the ARN of the caller, `None`
      if there is none.
    * `verify`: hold a successful response, and each message of a stream, back unless a decision was
      made for its call. Then a call without a principal does not reach the method at all.
    * `public`: methods that need neither principal nor decision, such as
      `/grpc.health.v1.Health/Check`, compared whole.

    Raises `TypeError` or `ValueError` for a value that cannot be used.

    >>> import grpc
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from ramgate.middleware.grpc import RamgateInterceptor
    >>> TOKENS = {"alice-token": "acs:ram::1234567890123456:user/alice"}
    >>> def arn_of(context):
    ...     return TOKENS.get(dict(context.invocation_metadata()).get("token"))
    >>> interceptor = RamgateInterceptor(client=client, principal=arn_of)
    >>> server = grpc.server(ThreadPoolExecutor(4), interceptors=[interceptor])
    """

    def __init__(
        self,
        *,
        client: Client,
        principal: PrincipalOf,
        verify: bool = True,
        public: Iterable[str] = (),
    ) -> None:
        self._calls: Calls[grpc.ServicerContext]
        self._calls = Calls(client, Client, principal, public, verify=verify)

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Return the handler of a method, with the decisions around it; gRPC calls this."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        verify = self._calls.verifies(handler_call_details.method)
        serve = _stream if handler.response_streaming else _unary
        behavior = behavior_of(handler)

        @functools.wraps(behavior)  # keeps the attributes by which gRPC chooses a thread pool
        def serving(request: object, context: grpc.ServicerContext) -> object:
            return serve(self._calls.begin(handler, context, verify=verify), behavior, request)

        return with_behavior(handler, serving)


def _unary(call: _Call, behavior: Behavior, request: object) -> object:
    try:
        response: object = _started(call, behavior, request)
        call.settle()
    except Exception as error:  # noqa: BLE001 - raises any error that has no answer
        call.visit.scope.abort(*call.answer(error))
    finally:
        call.current.close()
    return response


def _stream(call: _Call, behavior: Behavior, request: object) -> Iterator[object]:
    try:
        responses = iter(_started(call, behavior, request))
        while (response := _within(call, next, responses, _END)) is not _END:
            call.settle(is_message=True)
            yield response
        call.settle()
    except Exception as error:  # noqa: BLE001 - raises any error that has no answer
        call.visit.scope.abort(*call.answer(error))
    finally:
        call.current.close()


def _started(call: _Call, behavior: Behavior, request: object) -> Any:  # noqa: ANN401 - a response
    """Call the method, unless the call must have a principal and has none."""
    if call.verify:
        run(call.visit.identify())
    return _within(call, behavior, request, call.visit.scope)


def _within(call: _Call, function: Callable[..., _T], *arguments: object) -> _T:
    """Make this call the current one while the function runs."""
    token = _VISIT.set(call.visit)
    try:
        return function(*arguments)
    finally:
        _VISIT.reset(token)


def require(action: str, resource: str, context: Context = NO_CONTEXT) -> Decision:
    """Return the decision about the principal of the current call, if it allows.

    `action`, `resource` and `context` are those of `ramgate.Request`. Raises `AccessDenied` if the
    decision denies, `Unauthenticated` if the call has no principal, `PrincipalError` if the
    function `principal` failed, and the errors of `Client`. The interceptor answers each of them if
    the method does not. Raises `RuntimeError` outside of a call, also in another thread.

    Until the response begins, an equal question is sent to OPA once; in a call with a stream of
    requests, each question is sent.

    >>> from ramgate.middleware.grpc import require
    >>> require("alikafka:ListTopic", "*")
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return run(visit_in(_VISIT).require(action, resource, context))


def requires(action: str, resource: str, context: ContextOf | None = None) -> Callable[[_F], _F]:
    """Require a decision before each call of a servicer's method.

    `resource` is a template: `{name}` is replaced by the field `name` of the request. A stream of
    requests has no fields: call `require` for each of them. `context` is a function from gRPC's
    `ServicerContext` to the condition keys. Unlike with `require`, the answer to a failure is
    fixed: the method cannot handle the error and succeed. Raises `InvalidTemplate` if `resource` is
    not a template.

    >>> from ramgate.middleware.grpc import requires
    >>> class Instances:
    ...     @requires("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    ...     def ListTopics(self, request, context):
    ...         return f"the topics of {request.instance}"
    >>> Instances().ListTopics(None, None)
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return required(_VISIT, action, resource, context)
