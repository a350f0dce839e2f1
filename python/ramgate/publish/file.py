"""Publish a bundle as a file, for a web server or a volume."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ramgate.documents.atomic_write import write
from ramgate.errors import PublishError

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.bundle.builder import Bundle

__all__ = ["FileTarget"]


class FileTarget:
    """A file that is replaced in one step: a new file, then a rename.

    A new file is its owner's alone, an old one keeps its mode, unless `mode` states one.

    Web servers such as nginx make the `ETag` of a file from its size and the *second* of its time.
    So a new content always gets a time of a later second than the old one: else an OPA could miss a
    change.
    """

    def __init__(self, path: Path, mode: int | None = None) -> None:
        self._path = path
        self._mode = mode
        self.name = str(path)

    def put(self, bundle: Bundle) -> None:
        """Replace the file, unless it has this bundle. Raises `PublishError`."""
        try:
            before = self._path.stat().st_mtime if self._path.exists() else None
            if before is None or self._path.read_bytes() != bundle.content:
                write(self._path, bundle.content)
                if before is not None:
                    now = self._path.stat().st_mtime
                    later = max(now, float(int(before) + 1))
                    os.utime(self._path, (later, later))
            if self._mode is not None:
                self._path.chmod(self._mode)
        except OSError as error:
            cause = (error.strerror or str(error)).lower()
            raise PublishError(f"cannot write `{self._path}`: {cause}") from error
