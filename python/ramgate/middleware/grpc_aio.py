"""The interceptor for gRPC servers of asyncio (`grpc.aio.server`). It never blocks the event loop.

For servers that run methods in threads (`grpc.server`), use `ramgate.middleware.grpc`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import grpc.aio

from ramgate.client.async_client import AsyncClient
from ramgate.client.pending_call import pending_call
from ramgate.middleware.errors import Undecided
from ramgate.middleware.grpc_calls import Call, Calls, behavior_of, required, with_behavior
from ramgate.middleware.visit import Visit, visit_in
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator

    from ramgate.middleware import visit
    from ramgate.middleware.grpc_calls import Behavior, Handler
    from ramgate.model.decision import Context, Decision

__all__ = [
    "ContextOf",
    "PrincipalOf",
    "RamgateInterceptor",
    "ServicerContext",
    "require",
    "requires",
]

_F = TypeVar("_F", bound="Callable[..., object]")
_Call: TypeAlias = "Call[ServicerContext]"

ServicerContext: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
"""gRPC's context of a call."""

PrincipalOf: TypeAlias = "visit.PrincipalOf[ServicerContext]"
"""A function, plain or async, that returns the principal of a call, `None` if it has none."""

ContextOf: TypeAlias = "visit.ContextOf[ServicerContext]"
"""A function, plain or async, that returns the condition keys of a call."""

_VISIT: Final[ContextVar[Visit[ServicerContext]]] = ContextVar("ramgate.grpc_aio")
_END: Final = object()


class RamgateInterceptor(grpc.aio.ServerInterceptor):
    """Decides about the calls to a gRPC server, and answers those that are not allowed.

    The arguments are those of `ramgate.middleware.grpc.RamgateInterceptor`, but `client` is an
    `AsyncClient`, and `principal` may be async; a plain one must not wait, since it runs in the
    event loop. Methods must be async: with `verify`, a plain one that is not public is answered
    with `INTERNAL`, and `require` is not for plain ones.

    Raises `TypeError` or `ValueError` for a value that cannot be used.

    >>> import asyncio
    >>> import grpc.aio
    >>> from ramgate.middleware.grpc_aio import RamgateInterceptor
    >>> async def main():
    ...     interceptor = RamgateInterceptor(client=async_client, principal=lambda context: None)
    ...     server = grpc.aio.server(interceptors=[interceptor])
    >>> asyncio.run(main())
    """

    def __init__(
        self,
        *,
        client: AsyncClient,
        principal: PrincipalOf,
        verify: bool = True,
        public: Iterable[str] = (),
    ) -> None:
        self._calls: Calls[ServicerContext]
        self._calls = Calls(client, AsyncClient, principal, public, verify=verify)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Return the handler of a method, with the decisions around it; gRPC calls this."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        verify = self._calls.verifies(handler_call_details.method)
        behavior = behavior_of(handler)
        serving: Behavior
        if inspect.isasyncgenfunction(behavior):

            @functools.wraps(behavior)
            async def serving(
                request: object, context: ServicerContext
            ) -> AsyncGenerator[object, None]:
                call = self._calls.begin(handler, context, verify=verify)
                async with contextlib.aclosing(_stream(call, behavior, request)) as responses:
                    async for response in responses:
                        yield response

        elif inspect.iscoroutinefunction(behavior) or verify:
            awaited = behavior if inspect.iscoroutinefunction(behavior) else _plain

            async def serving(request: object, context: ServicerContext) -> object:
                call = self._calls.begin(handler, context, verify=verify)
                return await _awaited(call, awaited, request)

        else:
            return handler
        return with_behavior(handler, serving)


class _Context:
    """gRPC's context of a call, whose `write` sends no message of a refused call."""

    def __init__(self, call: _Call) -> None:
        self._call = call

    def __getattr__(self, name: str) -> object:
        return getattr(self._call.visit.scope, name)

    async def write(self, message: object) -> None:
        """Send a message of a stream."""
        self._call.settle(is_message=True)
        await self._call.visit.scope.write(message)


async def _awaited(call: _Call, behavior: Behavior, request: object) -> object:
    """Serve a method that returns its response, or writes its responses to the context."""
    try:
        if call.verify:
            await call.visit.identify()
        with _within(call):
            response: object = await behavior(request, _Context(call))
        call.settle()
    except Exception as error:  # noqa: BLE001 - raises any error that has no answer
        await _abort(call, error)
    finally:
        call.current.close()
    return response


async def _plain(_: object, __: object) -> object:
    """Stand in for a plain method, which cannot ask without blocking the event loop."""
    raise Undecided("a method is plain, so its call cannot be decided: make it async")


async def _stream(call: _Call, behavior: Behavior, request: object) -> AsyncGenerator[object, None]:
    """Serve a method that yields its responses."""
    try:
        if call.verify:
            await call.visit.identify()
        async with contextlib.aclosing(behavior(request, _Context(call))) as responses:
            while True:
                with _within(call):
                    response = await anext(responses, _END)
                call.settle(is_message=response is not _END)
                if response is _END:
                    break
                yield response
    except Exception as error:  # noqa: BLE001 - raises any error that has no answer
        await _abort(call, error)
    finally:
        call.current.close()


@contextlib.contextmanager
def _within(call: _Call) -> Iterator[None]:
    """Make this call the current one."""
    token = _VISIT.set(call.visit)
    try:
        yield
    finally:
        _VISIT.reset(token)


async def _abort(call: _Call, error: Exception) -> None:
    """End the call with the code for an error; raise any other error."""
    if isinstance(error, grpc.aio.AbortError):  # the method has sent its own error already
        raise error
    await call.visit.scope.abort(*call.answer(error))


@pending_call
async def require(action: str, resource: str, context: Context = NO_CONTEXT) -> Decision:
    """Return the decision about the principal of the current call, if it allows.

    It is `ramgate.middleware.grpc.require` with `await`; its other errors are those of
    `AsyncClient`.

    >>> import asyncio
    >>> from ramgate.middleware.grpc_aio import require
    >>> async def outside():
    ...     return await require("alikafka:ListTopic", "*")
    >>> asyncio.run(outside())
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return await visit_in(_VISIT).require(action, resource, context)


def requires(action: str, resource: str, context: ContextOf | None = None) -> Callable[[_F], _F]:
    """Require a decision before each call of a servicer's async method.

    It is `ramgate.middleware.grpc.requires`, but `context` may be async.

    >>> import asyncio
    >>> from ramgate.middleware.grpc_aio import requires
    >>> class Instances:
    ...     @requires("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    ...     async def ListTopics(self, request, context):
    ...         return f"the topics of {request.instance}"
    >>> asyncio.run(Instances().ListTopics(None, None))
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return required(_VISIT, action, resource, context)
