"""Calls of the asyncio client: coroutines that cannot be mistaken for their results."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Never

__all__ = ["FORGOTTEN", "NUMBERS", "PendingCall", "pending_call"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

FORGOTTEN: Final[deque[tuple[str, int]]] = deque(maxlen=16)
"""The last calls that ended without being awaited, name and number, for the pytest plugin."""

NUMBERS: Final = itertools.count()
"""The number of the next call."""


class PendingCall(Coroutine[Any, Any, _T_co], Generic[_T_co]):
    """A call that was made and not awaited yet.

    It can be awaited, and given to `asyncio.create_task`, `gather` or `wait_for`, as any coroutine.
    Unlike a plain coroutine it has no truth value: a plain one is true, and `if client.decide(…)`
    without `await` would run the guarded code for everybody.

    >>> import asyncio
    >>> @pending_call
    ... async def healthy():
    ...     return False
    >>> call = healthy()
    >>> bool(call)
    Traceback (most recent call last):
    TypeError: `healthy(…)` is not decided yet: await it
    >>> asyncio.run(call)
    False
    """

    __slots__ = ("_coroutine", "_name", "_number")

    def __init__(self, name: str, coroutine: Coroutine[Any, Any, _T_co]) -> None:
        self._name = name
        self._coroutine = coroutine
        self._number = next(NUMBERS)

    def __bool__(self) -> Never:
        raise TypeError(f"`{self._name}(…)` is not decided yet: await it")

    def __repr__(self) -> str:
        return f"<pending call of {self._name}>"

    def __await__(self) -> Generator[Any, Any, _T_co]:
        self.__class__ = PendingCall
        return self._coroutine.__await__()

    def send(self, value: object) -> object:
        """Run the call up to its next wait, as an event loop does."""
        self.__class__ = PendingCall
        return self._coroutine.send(value)

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        _value: BaseException | object = None,
        _traceback: TracebackType | None = None,
        /,
    ) -> object:
        """Raise an error at the place where the call waits, as an event loop does.

        The second and third argument are those of Python's deprecated form, and ignored.
        """
        self.__class__ = PendingCall
        return self._coroutine.throw(kind)

    def close(self) -> None:
        """End the call; it is not awaited any more."""
        self.__class__ = PendingCall
        self._coroutine.close()


class _Unstarted(PendingCall[_T_co]):
    """A call that warns if it ends now; when it is started, it changes to its base class."""

    __slots__ = ()

    def __del__(self) -> None:
        self._coroutine.close()
        FORGOTTEN.append((self._name, self._number))
        warnings.warn(f"`{self._name}(…)` was never awaited", RuntimeWarning, stacklevel=2)


def pending_call(
    method: Callable[_P, Coroutine[Any, Any, _T]],
) -> Callable[_P, PendingCall[_T]]:
    """Make a coroutine function return a `PendingCall`.

    >>> import asyncio
    >>> @pending_call
    ... async def answer():
    ...     return 42
    >>> asyncio.run(answer())
    42
    """
    name = method.__qualname__

    @functools.wraps(method)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> PendingCall[_T]:
        return _Unstarted(name, method(*args, **kwargs))

    return call
