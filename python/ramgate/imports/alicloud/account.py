"""Read the users, groups, roles and policies of the account that the credentials belong to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.imports.alicloud.entities import read_members, read_policies, read_trusts
from ramgate.imports.alicloud.lists import read_lists
from ramgate.imports.world import Account, Attachment, Document, Role, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ramgate.catalog.catalog import Catalog, ServiceLinkedRole
    from ramgate.imports.alicloud.entities import PolicyKey
    from ramgate.imports.alicloud.lists import Lists
    from ramgate.imports.alicloud.outcomes import Refused
    from ramgate.imports.alicloud.work import Work
    from ramgate.imports.world import PolicyType

__all__ = ["read_account"]

_OUTSIDE_NAMES: Final = re.compile("[^A-Za-z0-9-]+")
_LONGEST_NAME: Final = 128


def read_account(work: Work, number: str, catalog: Catalog) -> Account:
    """Return the account of that number, as far as the caller may read it."""
    lists = read_lists(work, number)
    linked, others = _roles(lists, catalog)
    _compare(linked, lists, work)
    trusts = read_trusts(work, others)
    members, hidden = read_members(work, _groups(lists))
    documents = read_policies(work, _policies(lists, linked))

    def kept(attachments: Iterable[Attachment]) -> list[Attachment]:
        """Return the attachments in order, without those of policies that are gone."""
        return sorted(one for one in attachments if (one.type, one.policy) in documents)

    held = lists.held
    groups = {name: kept(held.groups.of(name)) for name in sorted([*members, *hidden])}
    unread = _Unread({name for kind, name in documents if kind == "Custom"})
    for group, refusal in sorted(hidden.items()):
        unread.add(group, refusal, groups[group])
    return Account(
        policies=_of_type("Custom", documents) | unread.policies,
        system_policies=_of_type("System", documents),
        service_linked_roles=[role.role for role in linked],
        roles={name: Role(trust, kept(held.roles.of(name))) for name, trust in trusts.items()},
        groups=groups,
        users={
            name: User(
                [group for group, users in sorted(members.items()) if name in users],
                [*kept(held.users.of(name)), *unread.attachments],
            )
            for name in sorted(_users(lists, members))
        },
        oidc_providers=lists.oidc_providers,
        saml_providers=lists.saml_providers,
        resource_groups=lists.resource_groups,
    )


class _Unread:
    """Policies that stand for groups whose users the caller may not read.

    Each is attached to every user wherever the group has an attachment, for that could be a Deny.
    """

    def __init__(self, names: set[str]) -> None:
        self._names = names
        self.policies: dict[str, Document] = {}
        self.attachments: list[Attachment] = []

    def add(self, group: str, refusal: Refused, attached: Sequence[Attachment]) -> None:
        scopes = sorted({attachment.resource_group for attachment in attached})
        if scopes:
            name = self._free_name(f"unread-members-of-{_OUTSIDE_NAMES.sub('-', group)}")
            self.policies[name] = Document(missing=f"{refusal}: a user may be in group `{group}`")
            self.attachments += [Attachment(name, "Custom", scope) for scope in scopes]

    def _free_name(self, name: str) -> str:
        """Return the name, with a number behind it if a policy of the account has it."""
        free, number = name[:_LONGEST_NAME], 1
        while free in self._names:
            number += 1
            free = f"{name[: _LONGEST_NAME - len(str(number)) - 1]}-{number}"
        self._names.add(free)
        return free


def _roles(lists: Lists, catalog: Catalog) -> tuple[list[ServiceLinkedRole], list[str]]:
    """Return the service-linked roles that the catalog knows, and the names of the other roles."""
    listed = lists.roles
    if listed is None:
        listed = dict.fromkeys(lists.held.roles.names.values())
    linked, others = [], []
    for name, is_service_linked in sorted(listed.items()):
        role = catalog.roles.get(name.lower())
        if role is None or is_service_linked is False:
            others.append(name)
        else:
            linked.append(role)
    return linked, others


def _compare(linked: Sequence[ServiceLinkedRole], lists: Lists, work: Work) -> None:
    """Add a notice for each service-linked role that holds another policy than in the catalog."""
    for role in linked:
        held = {attachment.policy for attachment in lists.held.roles.of(role.role)}
        for policy in sorted(held - {role.policy}):
            work.notices.add(
                f"`{role.role}` holds `{policy}`, in the catalog it holds `{role.policy}`: the "
                "import follows the catalog"
            )


def _groups(lists: Lists) -> list[str]:
    """Return the names of the groups, and of those that only an attachment names."""
    names = {name.lower(): name for name in lists.groups or ()}
    return sorted((lists.held.groups.names | names).values())


def _policies(lists: Lists, linked: Sequence[ServiceLinkedRole]) -> list[PolicyKey]:
    """Return the custom policies and the used system policies."""
    found: set[PolicyKey] = {(one.type, one.policy) for one in lists.held.all()}
    found.update(("Custom", name) for name in lists.custom_policies or ())
    found.update(("System", role.policy) for role in linked)
    return sorted(found)


def _users(lists: Lists, members: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the names of the users; if the list was refused, of those that are named elsewhere."""
    if lists.users is not None:
        return set(lists.users)
    names = {name for users in members.values() for name in users}
    return {*names, *lists.held.users.names.values()}


def _of_type(kind: PolicyType, documents: Mapping[PolicyKey, Document]) -> dict[str, Document]:
    return {name: text for (found, name), text in sorted(documents.items()) if found == kind}
