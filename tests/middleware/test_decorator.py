from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING

import pytest

from ramgate.middleware.decorator import checked_first

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

CALLED: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    CALLED.clear()


async def check(name: str, *, number: int = 0) -> None:
    if name != "alice" or number:
        raise PermissionError(name)


def plain(name: str, *, number: int = 0) -> str:
    """Greet."""
    CALLED.append(name)
    return f"hello {name} {number}"


def generator(name: str) -> Iterator[str]:
    CALLED.append(name)
    yield name


async def coroutine(name: str) -> str:
    CALLED.append(name)
    return name


async def async_generator(name: str) -> AsyncIterator[str]:
    try:
        for letter in name:
            CALLED.append(letter)
            yield letter
    finally:
        CALLED.append("closed")


def test_a_plain_function_is_called_after_the_check() -> None:
    guarded = checked_first(plain, check)
    assert guarded("alice") == "hello alice 0"
    assert (guarded.__name__, guarded.__doc__) == ("plain", "Greet.")
    for arguments, number in ((("bob",), 0), (("alice",), 1)):
        with pytest.raises(PermissionError):
            guarded(*arguments, number=number)
    assert CALLED == ["alice"]


def test_a_generator_is_checked_when_it_is_called() -> None:
    guarded = checked_first(generator, check)
    assert list(guarded("alice")) == ["alice"]
    with pytest.raises(PermissionError):
        guarded("bob")


def test_a_coroutine_is_called_after_the_check() -> None:
    guarded = checked_first(coroutine, check)
    assert asyncio.run(guarded("alice")) == "alice"
    with pytest.raises(PermissionError):
        asyncio.run(guarded("bob"))
    assert CALLED == ["alice"]


def test_a_function_that_returns_an_awaitable_is_awaited() -> None:
    guarded = checked_first(functools.partial(coroutine, "alice"), check_nothing, is_async=True)
    assert asyncio.run(guarded()) == "alice"


async def check_nothing() -> None:
    pass


def test_an_async_generator_is_checked_before_its_first_item_and_closed() -> None:
    guarded = checked_first(async_generator, check)

    async def first(name: str) -> str:
        items = guarded(name)
        found = await anext(items)
        await items.aclose()  # type: ignore[attr-defined]  # it is a generator
        return found

    async def everything(name: str) -> list[str]:
        return [item async for item in guarded(name)]

    assert asyncio.run(first("alice")) == "a"
    assert CALLED == ["a", "closed"]
    assert asyncio.run(everything("alice")) == list("alice")
    CALLED.clear()
    with pytest.raises(PermissionError):
        asyncio.run(everything("bob"))
    assert CALLED == []
