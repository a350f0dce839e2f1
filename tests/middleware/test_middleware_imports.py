from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[2] / "python/ramgate/middleware"
NAMES = {path.stem for path in ROOM.glob("*.py")} - {"__init__"}
FRAMEWORKS = {"django", "fastapi", "flask", "grpc", "litestar", "rest_framework", "starlette"}
OF_FRAMEWORKS = {
    name for name in NAMES if any(f"{name}_".startswith(f"{one}_") for one in FRAMEWORKS)
}
# parsers, servers, and the rooms of ramgate that need them
HEAVY = {"http.server", "uvicorn", "yaml"} | {
    f"ramgate.{room}" for room in ("accounts", "bundle", "catalog", "documents", "sidecar")
}
SECONDS = 60


def imported_by(module: str) -> set[str]:
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", sorted(NAMES - OF_FRAMEWORKS))
def test_a_module_brings_neither_a_parser_nor_a_server_nor_a_framework(name: str) -> None:
    found = imported_by(f"ramgate.middleware.{name}")
    assert f"ramgate.middleware.{name}" in found
    assert found & (HEAVY | FRAMEWORKS) == set()


@pytest.mark.parametrize("name", sorted(OF_FRAMEWORKS))
def test_the_module_of_a_framework_brings_no_parser_and_no_server_of_ramgate(name: str) -> None:
    found = imported_by(f"ramgate.middleware.{name}")
    assert found & {one for one in HEAVY if one.startswith("ramgate.")} == set()


def test_the_module_of_a_framework_brings_its_framework_alone() -> None:
    found = imported_by("ramgate.middleware.litestar")
    assert found & FRAMEWORKS <= {"litestar", "starlette"}  # Litestar adapts errors of Starlette
    assert "litestar" in found
    assert imported_by("ramgate.middleware.starlette") & FRAMEWORKS == set()
