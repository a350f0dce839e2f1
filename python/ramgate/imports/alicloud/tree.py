"""Read the folders of the Resource Directory, and the member accounts in each."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.errors import CloudError
from ramgate.imports.alicloud.listings import FOLDERS, MEMBER_ACCOUNTS
from ramgate.imports.alicloud.outcomes import Absent, Refused
from ramgate.imports.alicloud.pages import READINGS, entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.imports.alicloud.answers import FolderEntry
    from ramgate.imports.alicloud.caller import Caller
    from ramgate.imports.alicloud.work import Work

__all__ = ["Node", "read_tree"]

_DEEPEST: Final = 20  # Alibaba Cloud allows five levels


@dataclasses.dataclass(slots=True)
class Node:
    """A folder: its id and name, the numbers of its member accounts, and its subfolders."""

    id: str
    name: str = ""
    accounts: Sequence[str] = ()
    folders: list[Node] = dataclasses.field(default_factory=list)


class _MovedError(Exception):
    """A folder or an account was moved while the tree was read."""


def read_tree(work: Work, root: str) -> Node:
    """Return the root folder, given by its id, with everything below it.

    The tree is read again if an account or a folder comes twice, because somebody moved it.
    """
    for _ in range(READINGS):
        try:
            return _read(work, root)
        except _MovedError:
            continue
    raise CloudError(
        f"the folders of the Resource Directory changed during each of {READINGS} readings: try "
        "again later"
    )


def _read(work: Work, root: str) -> Node:
    top = Node(root)
    seen = {root}
    level = [top]
    for _ in range(_DEEPEST):
        below: list[Node] = []
        _fill_accounts(work, level, seen)
        for node, outcome in work.each("folders", _subfolders, level):
            if isinstance(outcome, Refused):
                work.notices.refused(outcome, "subfolders of these folders are missing", node.id)
            elif not isinstance(outcome, Absent):
                node.folders = [Node(entry.folder_id, entry.folder_name) for entry in outcome]
                _see(seen, [folder.id for folder in node.folders])
                below += node.folders
        if not below:
            return top
        level = below
    raise CloudError(f"the Resource Directory has more than {_DEEPEST} levels of folders")


def _fill_accounts(work: Work, level: Sequence[Node], seen: set[str]) -> None:
    for node, outcome in work.each("member accounts", _accounts, level):
        if isinstance(outcome, Refused):
            work.notices.refused(outcome, "the accounts in these folders are missing", node.id)
        elif not isinstance(outcome, Absent):
            node.accounts = outcome
            _see(seen, outcome)


def _see(seen: set[str], ids: Sequence[str]) -> None:
    if len({*ids}) < len(ids) or not seen.isdisjoint(ids):
        raise _MovedError
    seen.update(ids)


def _subfolders(caller: Caller, folder: Node) -> list[FolderEntry]:
    return entries(caller, FOLDERS, ParentFolderId=folder.id)


def _accounts(caller: Caller, folder: Node) -> list[str]:
    return [entry.name for entry in entries(caller, MEMBER_ACCOUNTS, ParentFolderId=folder.id)]
