"""The pytest plugin: one OPA a session, and a client on it.

The ini option `ramgate_accounts` names the accounts file or folder to decide by, relative to the
folder of the ini file; without it that is the shipped example. With pytest-xdist each worker has
an OPA of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ramgate.client import Client
    from ramgate.sidecar import Sidecar

__all__ = ["pytest_addoption", "pytest_configure", "ramgate_client", "ramgate_sidecar"]

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
    from ramgate.sidecar import Sidecar  # noqa: PLC0415

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


def _accounts(config: pytest.Config) -> Path | None:
    value = config.getini(_OPTION)
    folder = config.inipath.parent if config.inipath else config.rootpath
    return folder / value if value else None
