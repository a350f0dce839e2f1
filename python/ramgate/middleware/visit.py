"""The questions about one request. They are coroutines, which `run` also runs without a loop."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from ramgate.errors import RamgateError
from ramgate.middleware.errors import PrincipalError
from ramgate.model.decision import NO_CONTEXT, Request

if TYPE_CHECKING:
    from contextvars import ContextVar

    from ramgate.middleware.current import Current
    from ramgate.middleware.template import Template
    from ramgate.model.decision import Context, Decision

__all__ = ["ContextOf", "PrincipalOf", "Visit", "run", "visit_in"]

_S = TypeVar("_S")
_T = TypeVar("_T")

PrincipalOf: TypeAlias = Callable[[_S], str | Awaitable[str | None] | None]
"""A function, plain or async, that returns the principal of a request, `None` if it has none."""

ContextOf: TypeAlias = "Callable[[_S], Context | Awaitable[Context]]"
"""A function, plain or async, that returns the condition keys of a request."""

_Decide: TypeAlias = "Callable[[str, str, str, Context], Decision | Awaitable[Decision]]"
_NO_LOOP: Final = "an async function waits, but there is no event loop: pass a plain function"


class Visit(Generic[_S]):
    """One request to a middleware: asks for its principal and its decisions.

    `decide` is the method of a `Client` or of an `AsyncClient`. `scope` is the request in the form
    of the framework, the argument of the function `principal`.

    >>> from ramgate.middleware.current import Current
    >>> from ramgate.middleware.visit import Visit, run
    >>> def principal(environ):
    ...     return f"acs:ram::1234567890123456:user/{environ['USER']}"
    >>> visit = Visit(client.decide, principal, {"USER": "alice"}, Current())
    >>> run(visit.require("alikafka:ListTopic", "*", {})).effect
    'Allow'
    """

    __slots__ = ("_decide", "_principal", "current", "scope")

    def __init__(
        self, decide: _Decide, principal: PrincipalOf[_S], scope: _S, current: Current
    ) -> None:
        self._decide = decide
        self._principal = principal
        self.scope = scope
        self.current = current

    async def identify(self) -> str:
        """Return the principal; the first call asks the function `principal`."""
        if self.current.principal is not None:
            return self.current.principal
        try:
            value = self._principal(self.scope)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            raise PrincipalError(f"`principal` raised `{type(error).__name__}`") from error
        return self.current.identify(value)

    async def require(self, action: str, resource: str, context: Context) -> Decision:
        """Return the decision if it allows; ask OPA unless the same question was asked before."""
        current = self.current
        try:
            request = Request(await self.identify(), action, resource, context)
            decision = current.recall(request)
            if decision is None:
                decided = self._decide(
                    request.principal, request.action, request.resource, request.context
                )
                decision = await decided if inspect.isawaitable(decided) else decided
            current.keep(request, decision)
            return current.require(request, decision)
        except RamgateError as error:
            current.failure = error
            raise

    async def guard(
        self,
        action: str,
        template: Template,
        values: Mapping[str, object],
        context_of: ContextOf[_S] | None,
    ) -> Decision:
        """Require a decision about a route, whose answer to a failure is fixed.

        `values` are the values of the path, for the placeholders of `template`.
        """
        try:
            await self.identify()
            resource = template.fill(values)
            context = NO_CONTEXT
            if context_of is not None:
                found = context_of(self.scope)
                context = await found if inspect.isawaitable(found) else found
            return await self.require(action, resource, context)
        except BaseException as error:  # also one of the function `context`, or a cancellation
            self.current.refuse(error)
            raise


def visit_in(variable: ContextVar[Visit[_S]]) -> Visit[_S]:
    """Return the current visit of a middleware. Raises `RuntimeError` outside of a request.

    >>> from contextvars import ContextVar
    >>> from ramgate.middleware.visit import visit_in
    >>> visit_in(ContextVar("ramgate"))
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    visit = variable.get(None)
    if visit is None or visit.current.is_over:
        raise RuntimeError("there is no request: `RamgateMiddleware` is not around this code")
    return visit


def run(coroutine: Coroutine[object, None, _T]) -> _T:
    """Run a coroutine that never waits, in this thread and without an event loop.

    A coroutine of `Visit` does not wait if its functions and its client are plain ones. Where it
    would wait nevertheless, `TypeError` is raised in it.

    >>> from ramgate.middleware.visit import run
    >>> async def seven():
    ...     return 7
    >>> run(seven())
    7
    """
    try:
        coroutine.send(None)
        coroutine.throw(TypeError(_NO_LOOP))
    except StopIteration as end:
        value: _T = end.value
        return value
    finally:
        coroutine.close()
    raise TypeError(_NO_LOOP)
