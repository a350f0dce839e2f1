"""Tell whether a file is the one that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os

__all__ = ["Version", "version"]

Version: TypeAlias = tuple[int, ...]
"""Device, number, size, and the times of the last changes of content and of attributes."""


def version(status: os.stat_result) -> Version:
    """Return the version of a file: a changed or replaced file has another one.

    A second change of the same size within one step of the file system's clock has the same.

    >>> from pathlib import Path
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {}")
    >>> before = version(file.stat())
    >>> _ = file.write_text("accounts:  {}")
    >>> version(file.stat()) == before
    False
    """
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
