"""A check before each call of a function, whichever kind of function it is."""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ramgate.middleware.visit import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

__all__ = ["checked_first"]

_F = TypeVar("_F", bound="Callable[..., object]")


def checked_first(
    function: _F, check: Callable[..., Coroutine[Any, Any, object]], *, is_async: bool | None = None
) -> _F:
    """Return the function with a check, which gets the arguments of each call before it.

    The function may be plain, a generator, async, or an async generator. `is_async` tells that it
    returns an awaitable, for functions of which Python does not know it.

    >>> async def check(name):
    ...     if name != "alice":
    ...         raise PermissionError(name)
    >>> greet = checked_first(str.title, check)
    >>> greet("alice")
    'Alice'
    >>> greet("carol")
    Traceback (most recent call last):
    PermissionError: carol
    """
    called: Callable[..., Any] = function
    guarded: Callable[..., object]
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def guarded(*args: object, **kwargs: object) -> AsyncIterator[object]:
            await check(*args, **kwargs)
            async with contextlib.aclosing(called(*args, **kwargs)) as items:
                async for item in items:
                    yield item

    elif inspect.iscoroutinefunction(function) if is_async is None else is_async:

        @functools.wraps(function)
        async def guarded(*args: object, **kwargs: object) -> object:
            await check(*args, **kwargs)
            return await called(*args, **kwargs)

    else:

        @functools.wraps(function)
        def guarded(*args: object, **kwargs: object) -> object:
            run(check(*args, **kwargs))
            return called(*args, **kwargs)

    return cast("_F", guarded)
