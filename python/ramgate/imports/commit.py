"""Change the files of a folder so that no reader takes half of an import for the whole.

All new files are prepared in a hidden folder first. If more than one file changes, each accounts
file that is touched becomes one that ramgate refuses, then the documents change, then the accounts
files get their new content. An import that ends in between leaves a folder that does not load, and
`ramgate run` keeps the accounts before it. The next import repairs it: the manifest lists the files
of before and after meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from ramgate.documents.attributes import copy_attributes
from ramgate.documents.descriptors import lock, opened, synchronize
from ramgate.errors import EditError
from ramgate.imports import manifest, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["UNFINISHED", "bring"]

_PREPARED: Final = ".ramgate-import"
UNFINISHED: Final = b'accounts: "an import has not finished: wait for it, or run it again"\n'
"""The content of an accounts file while its documents change: ramgate refuses it."""


def bring(folder: Path, files: Mapping[str, Mapping[str, bytes]]) -> plan.Plan:
    """Bring the files of each owner into the folder, which is made if needed; return the changes.

    Raises `EditError` as `plan.make` does, and if another import or program writes into the folder,
    or the folder cannot be made; `OSError` with the path if the system refuses.
    """
    with _locked(folder):
        changes = plan.make(folder, files)
        prepared = folder / _PREPARED
        if os.path.lexists(prepared):  # of an import that was interrupted
            shutil.rmtree(prepared)
        if not changes.is_done:
            prepared.mkdir()
            try:
                change = _Change(folder, prepared, changes, files)
                if plan.make(folder, files) != changes:
                    raise EditError(f"another program writes into `{folder}`: try again")
                change.apply()
            finally:
                shutil.rmtree(prepared, ignore_errors=True)
    return changes


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder against other imports; if it is new, remove it after an error."""
    is_new = not os.path.lexists(folder)
    if not (folder.parent if is_new else folder).is_dir():
        message = (
            f"there is no folder `{folder.parent}`" if is_new else f"`{folder}` is not a folder"
        )
        raise EditError(message)
    folder.mkdir(exist_ok=True)
    with opened(folder) as descriptor:
        try:
            lock(descriptor)
        except BlockingIOError as error:
            raise EditError(f"another import writes into `{folder}`: try again") from error
        try:
            yield
        finally:
            if is_new:
                with contextlib.suppress(OSError):  # it is not empty
                    folder.rmdir()


class _Change:
    """The prepared files of an import, and the order in which they get to their places."""

    def __init__(
        self,
        folder: Path,
        prepared: Path,
        changes: plan.Plan,
        files: Mapping[str, Mapping[str, bytes]],
    ) -> None:
        self._folder = folder
        self._prepared = prepared
        self._changes = changes
        self._count = 0
        wanted = {path: content for own in files.values() for path, content in own.items()}
        is_one_step = len(changes.written) + len(changes.removed) == 1
        refused = [] if is_one_step else changes.touched
        accounts = sorted({*refused, *(set(changes.touched) & {*changes.written})})
        documents = [path for path in changes.written if path not in accounts]
        before, meanwhile = changes.present.get(manifest.NAME), changes.manifest_meanwhile
        is_listed = before == meanwhile
        self._first = [] if is_listed else [self._prepare(manifest.NAME, meanwhile)]
        self._refused = [self._prepare(path, UNFINISHED) for path in refused]
        self._documents = [self._prepare(path, wanted[path]) for path in documents]
        self._accounts = [self._prepare(path, wanted[path]) for path in accounts]
        is_listed = meanwhile == changes.manifest_after
        self._last = [] if is_listed else [self._prepare(manifest.NAME, changes.manifest_after)]

    def _prepare(self, path: str, content: bytes) -> tuple[Path, Path]:
        """Write a file into the hidden folder; return its path there, and its target."""
        file, target = self._prepared / str(self._count), self._folder / path
        self._count += 1
        try:
            with opened(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as new:
                with open(new, "wb", closefd=False) as stream:
                    stream.write(content)
                if path in self._changes.present:
                    with opened(target) as old:
                        copy_attributes(old, new)
                        if content == self._changes.present[path]:
                            times = os.fstat(old)
                            os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
                os.fsync(new)
        except OSError as error:
            error.filename = str(target)
            raise
        return file, target

    def apply(self) -> None:
        """Move all files to their places, and remove those that are no longer needed."""
        for step in (self._first, self._refused, self._documents):
            self._move(step)
        self._remove()
        for step in (self._accounts, self._last):
            self._move(step)

    def _move(self, files: list[tuple[Path, Path]]) -> None:
        for file, target in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
        _synchronize({target.parent for _, target in files})

    def _remove(self) -> None:
        """Remove the files that are no longer needed, and the folders that became empty."""
        removed = [self._folder / path for path in self._changes.removed]
        for file in removed:
            file.unlink()
        _synchronize({file.parent for file in removed})
        for path in self._changes.listed:
            for above in list(PurePosixPath(path).parents)[:-1]:
                with contextlib.suppress(OSError):  # it is not empty, or does not exist
                    (self._folder / above).rmdir()


def _synchronize(folders: Iterable[Path]) -> None:
    for folder in folders:
        with opened(folder) as descriptor:
            synchronize(descriptor)
