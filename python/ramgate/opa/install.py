"""Install OPA: link an OPA that fits, else download the pinned release, else build it.

`tools/go.mod` pins the version. A download must match the SHA-256 published beside the release; a
build must match `tools/go.sum`. A directory with an installed OPA contains

    opa_<version>_<os>_<architecture>   the downloaded or built binary, static on Linux
    opa                                 a link to the OPA to run: that binary, or the user's own

Both are made in a scratch folder beside them and renamed, so neither is ever incomplete.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate.errors import OpaUnavailable
from ramgate.opa.build import build
from ramgate.opa.download import download
from ramgate.opa.find import default_directory, find_opa
from ramgate.opa.versions import is_pinned, opa_version, pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RELEASES", "install_opa", "install_opa_for"]

RELEASES = "https://github.com/open-policy-agent/opa/releases/download"
"""The site of OPA's releases; `$RAMGATE_OPA_BASE_URL` names a mirror of the same layout."""

# OPA's release Makefile builds these without cgo, so each runs wherever its system does; the same
# binaries under the name `…_static` are deprecated (`opa version` of 1.22.2 prints so).
_RELEASED = {(s, a) for s in ("linux", "darwin") for a in ("amd64", "arm64")}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def _ignore(_line: str) -> None:
    pass


def install_opa(
    directory: Path | None = None,
    *,
    base_url: str | None = None,
    report: Callable[[str], None] = _ignore,
) -> Path:
    """Install an OPA that fits at `directory/opa` and return that absolute path.

    `directory/opa` becomes a link to the OPA that `find_opa` returns, else to the one that
    `install_opa_for` downloads or builds. An OPA that was downloaded or built earlier is replaced
    once the pinned version has changed. `directory` is `default_directory()` if None. Raises
    `OpaUnavailable` as these two functions do.

    >>> install_opa().name
    'opa'
    """
    directory = (directory or default_directory()).absolute()
    target = directory / "opa"
    if os.environ.get("OPA"):
        opa = find_opa()
    else:
        opa = _current(directory) or install_opa_for(
            *_host(), directory, base_url=base_url, report=report
        )
    if os.path.realpath(target) != os.path.realpath(opa):
        with _scratch(directory) as scratch:
            link = scratch / "opa"
            link.symlink_to(opa.name if opa.parent == directory else opa)
            link.replace(target)
    return target


def install_opa_for(
    system: str,
    architecture: str,
    directory: Path | None = None,
    *,
    base_url: str | None = None,
    report: Callable[[str], None] = _ignore,
) -> Path:
    """Return the pinned OPA for a system and an architecture; download or build it once.

    Both have Go's names, such as `linux` and `arm64`. The binary is kept as
    `directory/opa_<version>_<system>_<architecture>`, and a later call returns it at once.
    `base_url` is the site that has `v<version>/opa_<system>_<architecture>` and its `.sha256`:
    https, or http on loopback; by default `$RAMGATE_OPA_BASE_URL`, else `RELEASES`. `report`
    receives a line for each step. Raises `OpaUnavailable` if the download must not be used (its
    checksum is missing or differs), and if OPA can neither be downloaded nor built.

    >>> kept = Path(f"opa_{pinned()}_linux_riscv64").absolute()
    >>> kept.touch()
    >>> install_opa_for("linux", "riscv64", kept.parent) == kept
    True
    """
    directory = (directory or default_directory()).absolute()
    native = (system, architecture) == _host()
    target = directory / f"opa_{pinned()}_{system}_{architecture}"
    if target.is_file() and (not native or is_pinned(target)):
        return target
    site = base_url or os.environ.get("RAMGATE_OPA_BASE_URL") or RELEASES
    url = f"{site.rstrip('/')}/v{pinned()}/opa_{system}_{architecture}"
    with _scratch(directory) as scratch:
        binary = scratch / "opa"
        if (system, architecture) not in _RELEASED or not download(url, binary, report):
            build(system, architecture, binary, report)
        binary.chmod(0o755)
        if native and (version := opa_version(binary)) != pinned():
            raise OpaUnavailable(f"the new OPA is refused: it is {version}, and not {pinned()}")
        binary.replace(target)
    return target


def _host() -> tuple[str, str]:
    machine = platform.machine()
    return sys.platform, _ARCHITECTURES.get(machine, machine)


def _current(directory: Path) -> Path | None:
    """Return the OPA that fits, unless ramgate installed it for an earlier pinned version."""
    try:
        opa = find_opa(directory)
    except OpaUnavailable:
        return None
    is_ours = opa.resolve().parent == directory.resolve()
    return None if is_ours and not is_pinned(opa) else opa


@contextlib.contextmanager
def _scratch(directory: Path) -> Iterator[Path]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".opa-", dir=directory) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise OpaUnavailable(f"cannot install OPA in `{directory}`: {error}") from error
