"""Accounts files as they change.

They are looked at, not subscribed to: that sees a file that was replaced, a link that was turned
and a folder on another machine, on every system alike.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from ramgate.accounts import reader as accounts
from ramgate.bundle.builder import Builder
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.bundle.builder import Bundle

__all__ = ["Watch"]

_Stat: TypeAlias = tuple[int | None, ...]


class Watch:
    """An accounts file, or a folder of them, whose bundle is built again when it changes.

    What changes is read once it is the same in two looks, so that a file is not read while it is
    written, and once more where it was not the same after the reading.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._builder = Builder()
        self._seen = self._built = _stats(path)
        self._refused = b""

    def build(self) -> Bundle:
        """The bundle of what is there. Raises `InvalidFiles` with every fault of every file."""
        return self._builder.build(self._path)

    def look(self, active: str) -> Bundle | None:
        """The bundle of what has changed, or None where nothing did or `active` is its revision.

        Raises `InvalidFiles` with every fault, once for the same contents.
        """
        now = _stats(self._path)
        same, self._seen = now == self._seen, now
        if not same or now == self._built:
            return None
        bundle, faults = None, None
        try:
            bundle = self.build()
        except InvalidFiles as error:
            faults = error
        contents = _digest(self._path) if faults else b""
        if _stats(self._path) != now:
            return None
        self._built = now
        refused, self._refused = self._refused, contents
        if faults and contents != refused:
            raise faults
        # After faults it says that all is well again, be it what it was before them.
        return bundle if bundle and (refused or bundle.revision != active) else None


def _files(path: Path) -> list[Path]:
    try:
        return accounts.files(path)
    except InvalidFiles:
        return [path]


def _stats(path: Path) -> dict[Path, _Stat]:
    return {file: _stat(file) for file in _files(path)}


def _stat(file: Path) -> _Stat:
    try:
        found = file.stat()
    except OSError as error:
        return (error.errno,)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    for file in _files(path):
        try:
            content = file.read_bytes()
        except OSError as error:
            content = str(error).encode()
        digest.update(b"%s %d\n%s" % (bytes(file), len(content), content))
    return digest.digest()
