"""`Client` and `AsyncClient` offer the same methods with the same parameters."""

from __future__ import annotations

import inspect

import pytest

from ramgate import AsyncClient, Client

ONLY_ASYNC = {"batches"}


def methods(cls: type) -> set[str]:
    return {
        name
        for name, _ in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") or name == "__init__"
    }


def test_both_clients_have_the_same_public_methods() -> None:
    assert methods(Client) == methods(AsyncClient)
    assert {"decide", "require", "decide_all", "simulate", "close"} <= methods(Client)


@pytest.mark.parametrize("name", sorted(methods(Client)))
def test_a_method_takes_and_returns_the_same_in_both_clients(name: str) -> None:
    here = inspect.signature(getattr(Client, name))
    there = inspect.signature(getattr(AsyncClient, name))
    parameters = dict(there.parameters)
    if name == "__init__":
        assert set(parameters) - set(here.parameters) == ONLY_ASYNC
        for added in ONLY_ASYNC:
            del parameters[added]
    assert parameters == dict(here.parameters)
    assert list(parameters) == list(here.parameters)
    assert there.return_annotation == here.return_annotation


@pytest.mark.parametrize("name", sorted(methods(AsyncClient) - {"__init__"}))
def test_every_public_method_of_the_async_client_is_a_pending_call(name: str) -> None:
    method = getattr(AsyncClient, name)
    assert inspect.iscoroutinefunction(inspect.unwrap(method))
    assert not inspect.iscoroutinefunction(method)
