"""Write a world as accounts files into a folder; files that no import made are left alone."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.documents import source as documents
from ramgate.documents.messages import describe
from ramgate.errors import EditError, InvalidFiles
from ramgate.faults import printable
from ramgate.imports import commit
from ramgate.imports.account_file import AccountFile
from ramgate.imports.directory_file import DirectoryFile
from ramgate.imports.yaml_file import to_yaml
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.catalog.catalog import Catalog
    from ramgate.imports.world import World

__all__ = ["Written", "write"]


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """The result of an import: counts of the contents, and the files that changed.

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
    notices = dict.fromkeys(world.notices)

    def notify(text: str) -> None:
        notices[printable(text)] = None

    shipped = catalog.load()
    parts: dict[str, AccountFile | DirectoryFile] = {}
    for number, account in sorted(world.accounts.items()):
        if not grammar.ACCOUNT.fullmatch(number):
            raise EditError(f"{describe(number)} is not the number of an account: 16 digits")
        parts[number] = AccountFile(number, account, shipped, notify)
    if world.directory is not None:
        parts["directory"] = DirectoryFile(world.directory, shipped, notify)
    comment = f"# made by {source}: the next import overwrites this file\n"
    files = {
        owner: {f"{owner}.yaml": (comment + to_yaml(part.value)).encode(), **part.files}
        for owner, part in parts.items()
    }
    if not parts:
        raise EditError("no account and no directory was read: there is nothing to write")
    _check({owner: part.value for owner, part in parts.items()}, files, folder, shipped)
    changes = commit.bring(folder, files)
    accounts = world.accounts.values()
    return Written(
        users=sum(len(account.users) for account in accounts),
        groups=sum(len(account.groups) for account in accounts),
        roles=sum(len(account.roles) + len(account.service_linked_roles) for account in accounts),
        policies=sum(part.policies for part in parts.values()),
        unreadable=sum(part.unreadable for part in parts.values()),
        written=changes.written,
        removed=changes.removed,
        unchanged=changes.unchanged,
        notices=list(notices),
    )


def _check(
    values: Mapping[str, object],
    files: Mapping[str, Mapping[str, bytes]],
    folder: Path,
    shipped: Catalog,
) -> None:
    """Read the files in a folder of their own: they must load, and have these values."""
    with tempfile.TemporaryDirectory(prefix="ramgate-") as name:
        for path, content in (file for own in files.values() for file in own.items()):
            Path(name, path).parent.mkdir(parents=True, exist_ok=True)
            Path(name, path).write_bytes(content)
        try:
            for owner, value in values.items():
                if documents.read(Path(name, f"{owner}.yaml")).value != value:
                    raise EditError(f"`{folder / owner}.yaml` cannot be written as YAML")
            reader.load(Path(name), shipped)
        except InvalidFiles as error:
            raise InvalidFiles(
                [
                    dataclasses.replace(fault, file=fault.file.replace(name, str(folder), 1))
                    for fault in error.faults
                ]
            ) from error
