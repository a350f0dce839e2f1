"""Compare the files of an import with a folder: which change, which go, and whose they are."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ramgate.accounts import reader
from ramgate.documents import source
from ramgate.errors import EditError, InvalidFiles
from ramgate.imports import manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Plan", "make"]


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The changes of an import in a folder; paths are relative to the folder, and sorted.

    `listed` are the files that earlier imports of the same owners made and this one does not,
    whether they still exist or not; `removed` are those that exist. `touched` are the accounts
    files of the owners of which any file changes. Meanwhile, the manifest lists the files of before
    and after the import; `present` has the content of the files before it.
    """

    written: Sequence[str]
    removed: Sequence[str]
    unchanged: Sequence[str]
    listed: Sequence[str]
    touched: Sequence[str]
    present: Mapping[str, bytes]
    manifest_meanwhile: bytes
    manifest_after: bytes

    @property
    def is_done(self) -> bool:
        """True if the folder is as the import makes it."""
        return self.present.get(manifest.NAME) == self.manifest_after and not self.touched


def make(folder: Path, files: Mapping[str, Mapping[str, bytes]]) -> Plan:
    """Return the plan for the files of each owner.

    Raises `EditError` if a file or a folder that no import made is in the way, if another accounts
    file of the folder defines an owner, or if the manifest is damaged.
    """
    present = _present(folder, [manifest.NAME])
    before: dict[str, list[str]] = {}
    if manifest.NAME in present:
        before = manifest.parse(present[manifest.NAME], str(folder / manifest.NAME))
    wanted = {path: content for own in files.values() for path, content in own.items()}
    known = {path for owner in files for path in before.get(owner, ())}
    both = {owner: {*own, *before.get(owner, ())} for owner, own in files.items()}
    _require_folders(folder, wanted.keys() | known)
    present |= _present(folder, sorted(wanted.keys() | known))
    for path in sorted(wanted.keys() & present.keys() - known):
        raise EditError(f"`{folder / path}` was not made by an import: move it away first")
    _require_undefined(folder, files, {f"{owner}.yaml" for owner in before.keys() | files.keys()})
    written = sorted(path for path in wanted if present.get(path) != wanted[path])
    removed = sorted((known - wanted.keys()) & present.keys())
    changes = {*written, *removed}
    return Plan(
        written,
        removed,
        sorted(wanted.keys() - changes),
        sorted(known - wanted.keys()),
        sorted(f"{owner}.yaml" for owner in files if both[owner] & changes),
        present,
        manifest.to_json({**before, **both}),
        manifest.to_json({**before, **files}),
    )


def _present(folder: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of those files that exist."""
    found = {}
    for path in paths:
        file = folder / path
        if os.path.lexists(file):
            if not stat.S_ISREG(file.lstat().st_mode):
                raise EditError(f"`{file}` is not a regular file: move it away first")
            found[path] = file.read_bytes()
    return found


def _require_folders(folder: Path, paths: Iterable[str]) -> None:
    """Check that files can be written to and removed from each folder, if it exists."""
    inner = {above for path in paths for above in PurePosixPath(path).parents}
    for here in sorted(folder / above for above in inner):
        if here != folder and os.path.lexists(here) and not stat.S_ISDIR(here.lstat().st_mode):
            raise EditError(f"`{here}` is not a folder: move it away first")
        if here.exists() and not os.access(here, os.W_OK | os.X_OK):
            raise EditError(f"`{here}` cannot be written: permission denied")


def _require_undefined(folder: Path, owners: Collection[str], imported: Collection[str]) -> None:
    """Check that no other file of the folder defines one of the owners."""
    for file in sorted(folder.iterdir()):
        if file.name in imported or not reader.is_accounts_file(file.name):
            continue
        try:
            value = source.decode(source.content(file), str(file), root="").value
        except InvalidFiles:  # commands that read the folder report it
            continue
        if isinstance(value, dict):
            accounts = value.get("accounts", {})
            defined = {*accounts} if isinstance(accounts, dict) else set()
            for owner in sorted({*defined, *value.keys() & {"directory"}} & {*owners}):
                name = "the directory" if owner == "directory" else f"the account `{owner}`"
                raise EditError(f"`{file}` defines {name}, too: move it away first")
