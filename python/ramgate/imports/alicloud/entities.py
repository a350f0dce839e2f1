"""Read the members of groups, the trust policies of roles, and the documents of policies.

An entity that is gone since it was listed has no entry in a result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ramgate.imports.alicloud.answers import PolicyVersion, RoleDetails, part
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.alicloud.documents import plain
from ramgate.imports.alicloud.listings import GROUP_MEMBERS
from ramgate.imports.alicloud.outcomes import Absent, Refused
from ramgate.imports.alicloud.pages import entries
from ramgate.imports.world import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.imports.alicloud.caller import Caller
    from ramgate.imports.alicloud.work import Work
    from ramgate.imports.world import PolicyType

__all__ = ["PolicyKey", "read_members", "read_policies", "read_trusts"]

PolicyKey: TypeAlias = "tuple[PolicyType, str]"
"""A type and a name, which identify a policy of an account."""


def read_members(
    work: Work, groups: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, Refused]]:
    """Return the users of each group; apart, the groups whose users the caller may not read."""

    def users(caller: Caller, group: str) -> list[str]:
        found = entries(caller, GROUP_MEMBERS, GroupName=group)
        return [entry.name for entry in found]

    members: dict[str, list[str]] = {}
    hidden: dict[str, Refused] = {}
    for group, outcome in work.each("members of groups", users, groups):
        if isinstance(outcome, Refused):
            effect = "a policy of these groups is one that ramgate cannot read, for every user"
            work.notices.refused(outcome, effect, group)
            hidden[group] = outcome
        elif not isinstance(outcome, Absent):
            members[group] = outcome
    return members, hidden


def read_trusts(work: Work, roles: Sequence[str]) -> dict[str, Document]:
    """Return the trust policy of each role, by the name that RAM spells.

    `roles` may be spelled in any case: attachments name roles in lower case.
    """
    call = CALLS["GetRole"]

    def trust(caller: Caller, role: str) -> tuple[str, Document]:
        found = part(call, caller(call, RoleName=role), "Role", RoleDetails)
        return found.role_name, Document(plain(found.assume_role_policy_document))

    trusts: dict[str, Document] = {}
    for role, outcome in work.each("trust policies", trust, roles):
        if isinstance(outcome, Refused):
            work.notices.refused(outcome, "nobody may assume these roles", role)
            trusts[role] = Document(missing=str(outcome))
        elif not isinstance(outcome, Absent):
            name, document = outcome
            trusts[name] = document
    return trusts


def read_policies(work: Work, policies: Sequence[PolicyKey]) -> dict[PolicyKey, Document]:
    """Return the document of each policy, in its default version."""
    call = CALLS["GetPolicy"]

    def document(caller: Caller, policy: PolicyKey) -> Document:
        kind, name = policy
        answer = caller(call, PolicyType=kind, PolicyName=name)
        found = part(call, answer, "DefaultPolicyVersion", PolicyVersion)
        return Document(plain(found.policy_document), found.version_id, found.create_date[:10])

    documents: dict[PolicyKey, Document] = {}
    for policy, outcome in work.each("documents of policies", document, policies):
        if isinstance(outcome, Refused):
            work.notices.refused(outcome, "these policies allow nothing", policy[1])
            documents[policy] = Document(missing=str(outcome))
        elif not isinstance(outcome, Absent):
            documents[policy] = outcome
        elif policy[0] == "System":  # nobody can delete it, so its document is not known
            documents[policy] = Document(missing=str(outcome))
    return documents
