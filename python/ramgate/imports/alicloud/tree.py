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


def read_tree(work: Work, root: str, effect: str) -> tuple[Node, list[str]]:
    """Return the root folder, given by its id, with everything below it.

    With it come the refused calls for which folders or accounts are missing; their notices tell the
    `effect`. The tree is read again if an account or a folder comes twice, because somebody moved
    it.
    """
    for _ in range(READINGS):
        try:
            return _read(work, root, effect)
        except _MovedError:
            continue
    raise CloudError(
        f"the folders of the Resource Directory changed during each of {READINGS} readings: try "
        "again later"
    )


def _read(work: Work, root: str, effect: str) -> tuple[Node, list[str]]:
    top = Node(root)
    seen = {root}
    unread: list[str] = []
    level = [top]
    for _ in range(_DEEPEST):
        below: list[Node] = []
        unread += _fill_accounts(work, level, seen, effect)
        for node, outcome in work.each("folders", _subfolders, level):
            if isinstance(outcome, Refused):
                work.notices.refused(outcome, effect, node.id)
                unread.append(f"{outcome}: the subfolders of `{node.id}`")
            elif not isinstance(outcome, Absent):
                node.folders = [Node(entry.folder_id, entry.folder_name) for entry in outcome]
                _see(seen, [folder.id for folder in node.folders])
                below += node.folders
        if not below:
            return top, unread
        level = below
    raise CloudError(f"the Resource Directory has more than {_DEEPEST} levels of folders")


def _fill_accounts(work: Work, level: Sequence[Node], seen: set[str], effect: str) -> list[str]:
    """Read the accounts in each folder; return the reasons for which some are missing."""
    unread = []
    for node, outcome in work.each("member accounts", _accounts, level):
        if isinstance(outcome, Refused):
            work.notices.refused(outcome, effect, node.id)
            unread.append(f"{outcome}: the accounts in `{node.id}`")
        elif not isinstance(outcome, Absent):
            node.accounts = outcome
            _see(seen, outcome)
    return unread


def _see(seen: set[str], ids: Sequence[str]) -> None:
    if len({*ids}) < len(ids) or not seen.isdisjoint(ids):
        raise _MovedError
    seen.update(ids)


def _subfolders(caller: Caller, folder: Node) -> list[FolderEntry]:
    return entries(caller, FOLDERS, ParentFolderId=folder.id)


def _accounts(caller: Caller, folder: Node) -> list[str]:
    return [entry.name for entry in entries(caller, MEMBER_ACCOUNTS, ParentFolderId=folder.id)]
