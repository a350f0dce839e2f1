"""Watch accounts files, and rebuild their bundle when they change.

The files are polled, not subscribed to: polling works the same on every system, and also notices a
replaced file, a link with a new target and a change in a network folder.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from ramgate.accounts import reader
from ramgate.bundle.builder import Builder
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.bundle.builder import Bundle

__all__ = ["Watch"]

_Stat: TypeAlias = tuple[int | None, ...]


class Watch:
    """Watches an accounts file, or a folder of them, and rebuilds the bundle when it changes.

    A changed file is read once two consecutive polls agree, to avoid reading it mid-write, and is
    read again if it changed during the read.

    >>> from pathlib import Path
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {'1234567890123456': {}}")
    >>> watch = Watch(file)
    >>> first = watch.build()
    >>> _ = file.write_text("accounts: {'1234567890123456': {users: {alice: {}}}}")
    >>> watch.look(first.revision) is None  # the file may still be in the middle of a write
    True
    >>> watch.look(first.revision).counts["users"]
    1
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._builder = Builder()
        self._seen = self._built = _stats(path)
        self._refused = b""

    def build(self) -> Bundle:
        """Build the bundle of the files as they are; raises `InvalidFiles` with every fault."""
        return self._builder.build(self._path)

    def look(self, active: str) -> Bundle | None:
        """Poll: return the new bundle, or None if nothing changed or its revision is `active`.

        Raises `InvalidFiles` with every fault, only once for the same contents.
        """
        now = _stats(self._path)
        is_stable, self._seen = now == self._seen, now
        if not is_stable or now == self._built:
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
        # After faults, report the bundle even if it is the active one: the files are valid again.
        return bundle if bundle and (refused or bundle.revision != active) else None


def _files(path: Path) -> list[Path]:
    try:
        return reader.files(path)
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
