"""The shipped catalog, read once for all tests of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ramgate.catalog.catalog import Catalog

__all__ = ["shared_catalog"]


@pytest.fixture(scope="session", autouse=True)
def shared_catalog() -> Iterator[None]:
    """Read the shipped catalog once: hundreds of tests need it, and nothing may change it."""
    load = catalog.load
    shipped = load()

    def shared(directory: Path | None = None) -> Catalog:
        return load(directory) if directory else shipped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "load", shared)
        yield
    assert shipped == load(), "a test has changed the catalog that all tests share"
