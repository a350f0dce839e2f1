"""Write a world as accounts files into a folder; files that no import made are left alone."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.documents import atomic_write
from ramgate.errors import EditError
from ramgate.imports import manifest
from ramgate.imports.account_file import AccountFile
from ramgate.imports.directory_file import DirectoryFile
from ramgate.imports.yaml_file import to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.imports.world import World

__all__ = ["Written", "write"]


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """The result of an import: what the files contain, and which files changed.

    `policies` counts the custom policies and the system policies with a document in the files,
    `unreadable` the documents among them, and trust policies, that ramgate does not read. `notices`
    has a sentence for everything that was not read, or is not written as it was read.

    >>> Written(users=400, written=["1234567890123456.yaml"]).removed
    ()
    """

    users: int = 0
    groups: int = 0
    roles: int = 0
    policies: int = 0
    unreadable: int = 0
    written: Sequence[str] = ()
    removed: Sequence[str] = ()
    unchanged: Sequence[str] = ()
    notices: Sequence[str] = ()


def write(world: World, folder: Path, *, source: str) -> Written:
    """Write the world's accounts and its directory into a folder, which is made if needed.

    `source` is the command that read the world, such as `ramgate import alicloud`; the files name
    it. Only changed files are written; files of the same accounts that are no longer needed are
    removed, other files are left alone.

    Raises `EditError` if a file that no import made is in the way, the manifest is damaged, or
    another import writes into the folder; `InvalidFiles` if the files would not load; `OSError`
    with the path if the system refuses. Nothing is changed then.

    >>> from ramgate.imports.world import Account, User, World
    >>> world = World({"1234567890123456": Account(users={"alice": User()})})
    >>> write(world, Path("accounts"), source="ramgate import alicloud").written
    ['1234567890123456.yaml']
    >>> print(Path("accounts/1234567890123456.yaml").read_text(), end="")
    # made by ramgate import alicloud: the next import overwrites this file
    accounts:
      "1234567890123456":
        users:
          alice: {}
    >>> write(world, Path("accounts"), source="ramgate import alicloud").unchanged
    ['1234567890123456.yaml']
    """
    notices = list(world.notices)
    shipped = catalog.load()
    parts: dict[str, AccountFile | DirectoryFile] = {
        number: AccountFile(number, account, shipped, notices.append)
        for number, account in sorted(world.accounts.items())
    }
    if world.directory is not None:
        parts["directory"] = DirectoryFile(world.directory, shipped, notices.append)
    comment = f"# made by {source}: the next import overwrites this file\n"
    files: dict[str, dict[str, bytes]] = {}
    for owner, part in parts.items():
        text = comment + to_yaml(part.value)
        files[owner] = {f"{owner}.yaml": text.encode(), **part.files}
    written, removed, unchanged = _store(folder, files)
    accounts = world.accounts.values()
    return Written(
        users=sum(len(account.users) for account in accounts),
        groups=sum(len(account.groups) for account in accounts),
        roles=sum(len(account.roles) + len(account.service_linked_roles) for account in accounts),
        policies=sum(part.policies for part in parts.values()),
        unreadable=sum(part.unreadable for part in parts.values()),
        written=written,
        removed=removed,
        unchanged=unchanged,
        notices=notices,
    )


def _store(
    folder: Path, files: Mapping[str, Mapping[str, bytes]]
) -> tuple[list[str], list[str], list[str]]:
    """Bring the files of the owners into the folder; return the changed, removed and same files."""
    folder.mkdir(exist_ok=True)
    listed = _listed(folder)
    wanted = {path: content for owned in files.values() for path, content in owned.items()}
    known = {path for owned in listed.values() for path in owned}
    found = {path: (folder / path).read_bytes() for path in wanted if (folder / path).is_file()}
    for path in sorted(found.keys() - known):
        raise EditError(f"`{folder / path}` was not made by an import: move it away first")
    _check(wanted)
    changed = sorted(path for path in wanted if found.get(path) != wanted[path])
    gone = sorted({path for owner in files for path in listed.get(owner, ())} - wanted.keys())
    for path in sorted(changed, key=lambda path: (path.endswith(".yaml"), path)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        atomic_write.write(folder / path, wanted[path])
    for path in gone:
        (folder / path).unlink(missing_ok=True)
    if changed or gone:
        content = manifest.to_json({**listed, **files})
        atomic_write.write(folder / manifest.NAME, content)
    return changed, gone, sorted(wanted.keys() - set(changed))


def _listed(folder: Path) -> dict[str, list[str]]:
    path = folder / manifest.NAME
    return manifest.parse(path.read_bytes(), str(path)) if path.exists() else {}


def _check(files: Mapping[str, bytes]) -> None:
    """Load the files in a folder of their own; raise `InvalidFiles` if they have faults."""
    with tempfile.TemporaryDirectory(prefix="ramgate-") as name:
        for path, content in files.items():
            Path(name, path).parent.mkdir(parents=True, exist_ok=True)
            Path(name, path).write_bytes(content)
        reader.load(Path(name), catalog.load())
