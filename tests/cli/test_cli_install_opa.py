from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.cli.main import main
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_install_opa_prints_where_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(find_opa()))
    assert main(["install-opa", "--directory", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'opa'}\n"
    assert (tmp_path / "opa").resolve() == find_opa().resolve()
