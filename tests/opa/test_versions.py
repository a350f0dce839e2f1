from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.find import find_opa
from ramgate.opa.versions import pinned

if TYPE_CHECKING:
    from pathlib import Path


def test_the_pin_is_the_one_in_go_mod() -> None:
    assert f"github.com/open-policy-agent/opa v{pinned()} " in (
        resources.path("tools/go.mod").read_text()
    )


def test_a_file_that_is_not_a_program_is_an_error(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = commands / "mine"
    mine.write_bytes(bytes(64))
    mine.chmod(0o755)
    monkeypatch.setenv("OPA", str(mine))
    with pytest.raises(OpaUnavailable, match="cannot be run: Exec format error"):
        find_opa(tools)
