"""Install OPA: link an OPA that fits, else download the pinned release, or build it.

`tools/go.mod` pins the version. A release with an entry in `tools/opa-checksums.txt` is downloaded
and must match it. Without an entry, a download would rest on TLS alone, so OPA is built if the
machine has a Go that fits: a build must match `tools/go.sum`. A directory with an installed OPA
contains

    opa_<version>_<os>_<architecture>            a binary that matched a checksum of ramgate
    opa_<version>_<os>_<architecture>-unpinned   a download that rests on TLS alone
    opa                                          a link to one of them, or to the user's own OPA

Each is made in a scratch folder beside them and renamed, so none is ever incomplete. Binaries are
static on Linux, and none runs before it was checked.
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
from ramgate.opa.build import build, build_with_own_go
from ramgate.opa.checksums import CHECKSUMS, pinned_checksum
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
_UNPINNED = "-unpinned"


def _ignore(_line: str) -> None:
    pass


def install_opa(
    directory: Path | None = None,
    *,
    base_url: str | None = None,
    require_checksum: bool = False,
    report: Callable[[str], None] = _ignore,
) -> Path:
    """Install an OPA that fits at `directory/opa` and return that absolute path.

    `directory/opa` becomes a link to the OPA that `find_opa` returns, else to the one that
    `install_opa_for` downloads or builds. An OPA that was downloaded or built earlier is replaced
    once the pinned version has changed, and a download that rests on TLS alone also if
    `require_checksum` is set or its checksum is pinned by now. `directory` is `default_directory()`
    if None. Raises `OpaUnavailable` as these two functions do.

    >>> install_opa().name
    'opa'
    """
    directory = (directory or default_directory()).absolute()
    target = directory / "opa"
    if os.environ.get("OPA"):
        opa = find_opa()
    else:
        opa = _current(directory, require_checksum=require_checksum) or install_opa_for(
            *_host(),
            directory,
            base_url=base_url,
            require_checksum=require_checksum,
            report=report,
        )
    if os.path.realpath(target) != os.path.realpath(opa):
        with _scratch(directory) as scratch:
            link = scratch / "opa"
            link.symlink_to(opa.name if opa.parent == directory else opa)
            link.replace(target)
    return target


def install_opa_for(  # noqa: PLR0913 - all but the first three by name
    system: str,
    architecture: str,
    directory: Path | None = None,
    *,
    base_url: str | None = None,
    require_checksum: bool = False,
    report: Callable[[str], None] = _ignore,
) -> Path:
    """Return the pinned OPA for a system and architecture; the first call downloads or builds it.

    `system` and `architecture` have Go's names, such as `linux` and `arm64`. The binary is kept as
    `directory/opa_<version>_<system>_<architecture>`, with `-unpinned` at the end if it rests on
    TLS alone, and a later call returns it at once. With `require_checksum`, no such download is
    made or returned: OPA is built instead. `base_url` is the site that has
    `v<version>/opa_<system>_<architecture>` and its `.sha256`: https, or http on loopback; by
    default `$RAMGATE_OPA_BASE_URL`, else `RELEASES`. `report` is called with a line for each step.
    Raises `OpaUnavailable` if the download must not be used (its checksum is missing or differs),
    and if OPA can neither be downloaded nor built.

    >>> kept = Path(f"opa_{pinned()}_linux_riscv64").absolute()
    >>> kept.touch()
    >>> install_opa_for("linux", "riscv64", kept.parent) == kept
    True
    """
    directory = (directory or default_directory()).absolute()
    native = (system, architecture) == _host()
    target = directory / f"opa_{pinned()}_{system}_{architecture}"
    unpinned = target.with_name(f"{target.name}{_UNPINNED}")
    requires_pin = require_checksum or _checksum(system, architecture) is not None
    for kept in [target] if requires_pin else [target, unpinned]:
        if kept.is_file() and (not native or is_pinned(kept)):
            return kept
    site = base_url or os.environ.get("RAMGATE_OPA_BASE_URL") or RELEASES
    url = f"{site.rstrip('/')}/{_asset(system, architecture)}"
    with _scratch(directory) as scratch:
        binary = scratch / "opa"
        if (system, architecture) not in _RELEASED:
            build(system, architecture, binary, report)
        elif requires_pin:
            _obtain_pinned(system, architecture, binary, url, report)
        elif _obtain_unpinned(system, architecture, binary, url, report):
            target = unpinned
        binary.chmod(0o755)
        if native and (version := opa_version(binary)) != pinned():
            raise OpaUnavailable(f"the new OPA is refused: it is {version}, and not {pinned()}")
        binary.replace(target)
    return target


def _obtain_pinned(
    system: str, architecture: str, binary: Path, url: str, report: Callable[[str], None]
) -> None:
    """Download the release if its checksum is pinned, else build it."""
    checksum = _checksum(system, architecture)
    if checksum is None:
        asset = _asset(system, architecture)
        report(f"`{url}` is not downloaded: `{CHECKSUMS}` has no entry `{asset}`")
    if checksum is None or not download(url, binary, report, checksum):
        build(system, architecture, binary, report)


def _obtain_unpinned(
    system: str, architecture: str, binary: Path, url: str, report: Callable[[str], None]
) -> bool:
    """Build with the machine's Go, else download, else build; return True for a download."""
    failure = None
    try:
        if build_with_own_go(system, architecture, binary, report):
            return False
    except OpaUnavailable as error:
        failure = error
        report(str(error))
    report(f"`{CHECKSUMS}` has no entry for the download: it rests on TLS alone")
    if download(url, binary, report, None):
        return True
    if failure is not None:
        raise failure
    build(system, architecture, binary, report)
    return False


def _asset(system: str, architecture: str) -> str:
    return f"v{pinned()}/opa_{system}_{architecture}"


def _checksum(system: str, architecture: str) -> str | None:
    return pinned_checksum(_asset(system, architecture))


def _host() -> tuple[str, str]:
    machine = platform.machine()
    return sys.platform, _ARCHITECTURES.get(machine, machine)


def _current(directory: Path, *, require_checksum: bool) -> Path | None:
    """Return the OPA that fits; None without one, or if ramgate would now install another one."""
    try:
        opa = find_opa(directory)
    except OpaUnavailable:
        return None
    is_unpinned = opa.resolve().name.endswith(_UNPINNED)
    if is_unpinned and (require_checksum or _checksum(*_host()) is not None):
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
