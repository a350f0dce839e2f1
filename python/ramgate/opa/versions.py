"""The versions of OPA and Go that ramgate accepts, and the one OPA that `tools/go.mod` pins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.command import last_line, version_output

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "FITTING",
    "MINIMUM",
    "MODULE",
    "is_pinned",
    "major_and_minor",
    "needed_go",
    "opa_version",
    "pinned",
    "require_fitting",
]

MINIMUM = (1, 22)
"""The oldest OPA that fits, as (major, minor). Every later minor version of that major fits too."""

FITTING = f"OPA {MINIMUM[0]}.x from {MINIMUM[0]}.{MINIMUM[1]} on"
"""The versions that fit, in words, for messages."""

MODULE = "github.com/open-policy-agent/opa"
"""OPA's Go module."""

_OPA_VERSION = re.compile(r"^Version: (\d+\.\d+\.\S+)$", re.MULTILINE)


def pinned() -> str:
    """Return the version of OPA that `tools/go.mod` pins, such as `1.22.2`."""
    return _from_go_mod(rf"^\s*(?:require )?{re.escape(MODULE)} v(\S+)")


def needed_go() -> str:
    """Return the oldest version of Go that builds the pinned OPA, such as `1.26`."""
    return _from_go_mod(r"^go (\d+\.\d+)")


def major_and_minor(version: str) -> tuple[int, int]:
    """Return the first two numbers of a version: (1, 22) for `1.22.2`."""
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


def opa_version(opa: Path) -> str:
    """Return the version that an OPA's `version` command prints.

    Raises `OpaUnavailable` if the program cannot be run or is not OPA.
    """
    try:
        output = version_output(opa)
    except OSError as error:
        raise OpaUnavailable(f"`{opa}` cannot be run: {error.strerror or error}") from error
    version = _OPA_VERSION.search(output)
    if version is None:
        raise OpaUnavailable(f"`{opa}` is not OPA: `version` prints `{last_line(output)}`")
    return version[1]


def require_fitting(opa: Path) -> Path:
    """Return `opa`, or raise `OpaUnavailable` with the reason why it does not fit."""
    version = opa_version(opa)
    major, minor = major_and_minor(version)
    if major != MINIMUM[0] or minor < MINIMUM[1]:
        raise OpaUnavailable(f"`{opa}` is OPA {version}")
    return opa


def is_pinned(opa: Path) -> bool:
    """Return True if the program is an OPA of the pinned version."""
    try:
        return opa_version(opa) == pinned()
    except OpaUnavailable:
        return False


def _from_go_mod(pattern: str) -> str:
    [found] = re.findall(pattern, resources.path("tools/go.mod").read_text(), re.MULTILINE)
    return str(found)
