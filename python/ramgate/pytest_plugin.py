"""The pytest plugin: one OPA a session, a client on it, and worlds that tests state themselves.

The ini option `ramgate_accounts` names the accounts file or folder to decide by, relative to the
folder of the ini file; without it that is the shipped example. `ramgate_world` is for a test that
states what there is, on a second OPA. With pytest-xdist each worker has its own of both.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ramgate.client.client import Client
    from ramgate.sidecar.sidecar import Sidecar
    from ramgate.testing.world import World

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "ramgate_client",
    "ramgate_sidecar",
    "ramgate_world",
]

_OPTION = "ramgate_accounts"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    parser.addini(_OPTION, "accounts that ramgate's OPA decides by (a file or folder)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an option that names nothing, before any test runs."""
    path = _accounts(config)
    if path is not None and not path.exists():
        raise pytest.UsageError(f"{_OPTION}: no such file or folder: `{path}`")


@pytest.fixture(scope="session")
def ramgate_sidecar(pytestconfig: pytest.Config) -> Iterator[Sidecar]:
    """One OPA for the session, as `ramgate.Sidecar`."""
    from ramgate.errors import RamgateError  # noqa: PLC0415 - only where a test asks for OPA
    from ramgate.sidecar.sidecar import Sidecar  # noqa: PLC0415

    sidecar = Sidecar(_accounts(pytestconfig))
    try:
        sidecar.start()
    except RamgateError as error:
        raise pytest.UsageError(f"ramgate_sidecar: {error}") from None
    yield sidecar
    sidecar.stop()


@pytest.fixture(scope="session")
def ramgate_client(ramgate_sidecar: Sidecar) -> Iterator[Client]:
    """A `ramgate.Client` on that OPA."""
    with ramgate_sidecar.client() as client:
        yield client


@pytest.fixture(scope="session")
def _ramgate_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    from ramgate.errors import RamgateError  # noqa: PLC0415 - only where a test asks for OPA
    from ramgate.testing.world import World  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        try:
            world = stack.enter_context(World(tmp_path_factory.mktemp("ramgate")))
        except RamgateError as error:
            raise pytest.UsageError(f"ramgate_world: {error}") from None
        yield world


@pytest.fixture
def ramgate_world(_ramgate_worlds: World) -> Iterator[World]:
    """A `World` to call with what there is for one test; the client it gives asks about that."""
    yield _ramgate_worlds
    _ramgate_worlds.forget()


def _accounts(config: pytest.Config) -> Path | None:
    value = config.getini(_OPTION)
    folder = config.inipath.parent if config.inipath else config.rootpath
    return folder / value if value else None
