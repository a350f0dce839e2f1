from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate import resources

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_shipped_files_are_in_the_package_or_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = resources.checkout()
    assert checkout
    assert resources.path("rego") == checkout / "rego"
    monkeypatch.setattr(resources, "_SHIPPED", tmp_path)
    assert resources.checkout() is None
    assert resources.path("catalog") == tmp_path / "catalog"
