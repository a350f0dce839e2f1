"""Apply a remedy to a copy of accounts documents, so that the same request can be decided again.

Nothing here reads a file or starts OPA: documents in, changed documents out.
"""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.model.decision import Policy, Statement
    from ramgate.model.service_linked_role import Remedy

__all__ = ["Alternative", "Document", "alternatives", "apply"]

Document: TypeAlias = dict[str, Any]
"""An accounts document as it is parsed from its file."""

_ALLOWS_ALL: Final = "FullAliyunAccess"
_MATCHES_NOTHING: Final = {"Effect": "Deny", "Action": "ramgate:Removed", "Resource": "*"}


class Alternative(NamedTuple):
    """One of the ways to apply a remedy.

    `attached` is the document or the name of the policy to attach; None if the remedy attaches
    none.
    """

    name: str
    attached: Policy | str | None


def alternatives(remedy: Remedy) -> list[Alternative]:
    """Return the ways to apply a remedy, at least one.

    >>> from ramgate import Remedy
    >>> policy = {"Version": "1", "Statement": []}
    >>> carol = "acs:ram::1234567890123456:user/carol"
    >>> remedy = Remedy(policy=policy, attach_to=carol, or_attach="AliyunKafkaFullAccess")
    >>> [alternative.name for alternative in alternatives(remedy)]
    ['the policy attached', '`AliyunKafkaFullAccess` attached instead']
    """
    ways = [
        Alternative("the policy attached", remedy.policy),
        Alternative(f"`{remedy.or_attach}` attached instead", remedy.or_attach),
    ]
    return [way for way in ways if way.attached is not None] or [Alternative("that done", None)]


def apply(
    documents: Iterable[Document], account: str, remedy: Remedy, attached: Policy | str | None
) -> list[Document]:
    """Return copies of valid accounts documents in which a remedy is applied to an account.

    A Deny statement to remove is replaced by one that matches no action, so that the statements
    after it keep their indexes. If it is a system policy's, the policy is detached: its document
    cannot be changed. The control policies at each level to change become `FullAliyunAccess`.
    """
    changed = copy.deepcopy(list(documents))
    for document in changed:
        if account in document.get("accounts", {}):
            _change_account(document["accounts"][account], remedy, attached)
        levels = _levels(document.get("directory", {}).get("root", {}), account)
        for depth in remedy.levels if levels else ():
            levels[depth]["control_policies"] = [_system(_ALLOWS_ALL)]
    return changed


def _change_account(account: Document, remedy: Remedy, attached: Policy | str | None) -> None:
    policies = account.setdefault("policies", {})
    for statement in remedy.remove:
        _remove(account, statement)
    if attached is None:
        return
    if not isinstance(attached, str):
        names = (f"way-out-{number}" for number in itertools.count(1))
        name = next(name for name in names if name not in policies)
        policies[name] = attached
    holder = _holder(account, str(remedy.attach_to))
    attachment = _system(attached) if isinstance(attached, str) else name
    holder["policies"] = [*holder.get("policies", []), attachment]


def _system(name: str) -> Document:
    """Return the attachment of a system policy; an own policy may have the same name."""
    return {"policy": name, "type": "System"}


def _remove(account: Document, statement: Statement) -> None:
    own = account["policies"].get(statement.policy)
    statements = own.get("Statement", []) if own else []
    if statement.index < len(statements) and statements[statement.index]["Effect"] == "Deny":
        statements[statement.index] = _MATCHES_NOTHING
        return
    for kind in ("users", "groups", "roles"):
        for holder in account.get(kind, {}).values():
            if "policies" in holder:
                holder["policies"] = [
                    attached
                    for attached in holder["policies"]
                    if not _is_of_system(attached, statement.policy, is_own=own is not None)
                ]


def _is_of_system(attached: Document | str, name: str, *, is_own: bool) -> bool:
    """True if it attaches the system policy of that name, which may be an own policy's name too."""
    fields = {"policy": attached} if isinstance(attached, str) else attached
    kind = fields.get("type", "Custom" if is_own else "System")
    return (fields["policy"], kind) == (name, "System")


def _holder(account: Document, arn: str) -> Document:
    """Return the entry of a user, or of a role, whose name in an ARN is in lower case."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "user":
        user: Document = account["users"][name]
        return user
    return next(role for key, role in account["roles"].items() if key.lower() == name)


def _levels(folder: Document, account: str) -> list[Document]:
    """Return the directory's levels from this folder to an account; empty if it is not inside."""
    if account in folder.get("accounts", {}):
        return [folder, folder["accounts"][account]]
    for inner in folder.get("folders", {}).values():
        if levels := _levels(inner, account):
            return [folder, *levels]
    return []
