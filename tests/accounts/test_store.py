from __future__ import annotations

from pathlib import Path

import pytest

from ramgate.accounts import store

PAGE = Path(__file__).parents[2] / "docs/reference/translated.md"


@pytest.mark.parametrize("name", store.__all__)
def test_the_page_of_the_store_names_every_field(name: str) -> None:
    fields = getattr(store, name).__annotations__
    assert fields
    text = PAGE.read_text()
    assert [field for field in fields if f"`{field}`" not in text] == []
