"""Read the Resource Directory: its folders, its member accounts and its control policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.imports.alicloud.answers import ResourceDirectory, part
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.alicloud.control_policies import (
    FULL_ACCESS,
    UNREAD,
    read_control_policies,
)
from ramgate.imports.alicloud.outcomes import Absent, Refused
from ramgate.imports.alicloud.tree import Node, read_tree
from ramgate.imports.world import Directory, Document, Folder
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ramgate.imports.alicloud.caller import Caller
    from ramgate.imports.alicloud.calls import Call
    from ramgate.imports.alicloud.work import Work
    from ramgate.imports.world import Attachment

__all__ = ["read_directory"]

_DISABLED: Final = "Disabled"  # beside Enabled, PendingEnable and PendingDisable
_MISSING: Final = (
    "if the account is in a Resource Directory, its control policies are not in the import, so "
    "ramgate may allow what they deny"
)
_UNLISTED: Final = (
    "the control policies of the root are ones that ramgate cannot read; accounts that are in no "
    "folder are added to the root if the targets of control policies may be listed, else ramgate "
    "may allow what control policies deny there"
)
_SWITCHED_OFF: Final = (
    "control policies are disabled in the Resource Directory: the import has "
    f"`{FULL_ACCESS.policy}` at every level"
)


def read_directory(work: Work, account: str) -> Directory | None:
    """Return the Resource Directory that an account is in, as far as the caller may read it.

    It is None if there is no directory, or if nothing of it may be read. If something is missing
    that could limit an account, the root has a control policy that ramgate cannot read.
    """
    call = CALLS["GetResourceDirectory"]
    [(_, outcome)] = work.each("the Resource Directory", _directory, [call])
    if isinstance(outcome, Refused):
        work.notices.refused(outcome, _MISSING)
    if isinstance(outcome, Refused | Absent):
        return None
    if outcome.control_policy_status == _DISABLED:
        work.notices.add(_SWITCHED_OFF)
        tree, _ = read_tree(work, outcome.root_folder_id, "member accounts are missing")
        return Directory(outcome.master_account_id, {}, _folder(tree, lambda _: [FULL_ACCESS]))
    # The tree is read last: an account that moves meanwhile is where the attachments limit it.
    policies = read_control_policies(work)
    tree, unread = read_tree(work, outcome.root_folder_id, _UNLISTED)
    policies.unread.extend(unread)
    if account not in {outcome.master_account_id, *_accounts(tree)}:
        tree.accounts = [*tree.accounts, account]
        policies.unread.append(f"no folder of the Resource Directory lists account {account}")
    if unread:
        # an account in no folder would have no limit; each one is a target of some control policy
        targets = set(filter(grammar.ACCOUNT.fullmatch, policies.targets))
        lost = targets - {outcome.master_account_id, *_accounts(tree)}
        tree.accounts = [*tree.accounts, *sorted(lost)]
    if policies.unread:
        policies.custom[UNREAD.policy] = Document(missing="; ".join(policies.unread))
        policies.targets.setdefault(tree.id, []).append(UNREAD)
    root = _folder(tree, lambda target: sorted(policies.targets.get(target, ())))
    return Directory(outcome.master_account_id, policies.custom, root, policies.system)


def _directory(caller: Caller, call: Call) -> ResourceDirectory:
    return part(call, caller(call), "ResourceDirectory", ResourceDirectory)


def _accounts(node: Node) -> list[str]:
    """Return the numbers of the accounts in a folder and below it."""
    return [*node.accounts, *(number for folder in node.folders for number in _accounts(folder))]


def _folder(node: Node, attached: Callable[[str], Sequence[Attachment]]) -> Folder:
    """Return a folder and everything below it; `attached` tells the attachments of an id."""
    return Folder(
        attached(node.id),
        {number: attached(number) for number in sorted(node.accounts)},
        {_name(one, node.folders): _folder(one, attached) for one in node.folders},
    )


def _name(folder: Node, beside: Sequence[Node]) -> str:
    """Return a folder's name, or its id if the name cannot stand in an accounts file."""
    names = [one.name for one in beside]
    is_plain = grammar.NAME.fullmatch(folder.name) and names.count(folder.name) == 1
    return folder.name if is_plain else folder.id
