"""All attachments of an account, by the users, groups and roles that have them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, cast

from ramgate.errors import CloudError
from ramgate.imports.alicloud.listings import ATTACHMENTS
from ramgate.imports.world import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.imports.alicloud.answers import PolicyAttachment
    from ramgate.imports.world import PolicyType

__all__ = ["Held", "Holders", "held"]


class Holders:
    """The attachments of principals of one kind, by their names in any case.

    >>> holders = Holders()
    >>> holders.add("AppRole", Attachment("readers"))
    >>> holders.of("approle"), holders.names
    ({Attachment(policy='readers', type='Custom', resource_group='')}, {'approle': 'AppRole'})
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._attached: dict[str, set[Attachment]] = {}

    def add(self, name: str, attachment: Attachment) -> None:
        """Add an attachment of the principal of that name."""
        self.names.setdefault(name.lower(), name)
        self._attached.setdefault(name.lower(), set()).add(attachment)

    def of(self, name: str) -> set[Attachment]:
        """Return the attachments of the principal of that name."""
        return self._attached.get(name.lower(), set())

    def all(self) -> set[Attachment]:
        """Return the attachments of all principals."""
        return {attachment for found in self._attached.values() for attachment in found}


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """The attachments of users, of groups and of roles."""

    users: Holders = dataclasses.field(default_factory=Holders)
    groups: Holders = dataclasses.field(default_factory=Holders)
    roles: Holders = dataclasses.field(default_factory=Holders)

    def all(self) -> set[Attachment]:
        """Return every attachment."""
        return self.users.all() | self.groups.all() | self.roles.all()


_TYPES: Final = ("Custom", "System")


def held(found: Iterable[PolicyAttachment], account: str) -> Held:
    """Sort the attachments of an account, given by its number, by their principals.

    A principal is named `alice@DOMAIN`, `kafka-team@group.DOMAIN` or `AppRole@role.DOMAIN`. Raises
    `CloudError` for a type of policy and for a kind of principal that RAM does not have: under
    another name for users, an import would lose their Denies.
    """
    result = Held()
    kinds: Mapping[str, Holders] = {
        "IMSUser": result.users,
        "IMSGroup": result.groups,
        "ServiceRole": result.roles,
    }
    for one in found:
        if one.policy_type not in _TYPES:
            raise _unknown(f"type of policy: `{one.policy_type}`")
        if one.principal_type not in kinds:
            raise _unknown(f"kind of principal: `{one.principal_type}`")
        group = one.resource_group_id or account
        kind = cast("PolicyType", one.policy_type)
        attachment = Attachment(one.policy_name, kind, "" if group == account else group)
        name = one.principal_name.rpartition("@")[0] or one.principal_name
        kinds[one.principal_type].add(name, attachment)
    return result


def _unknown(name: str) -> CloudError:
    return CloudError(f"{ATTACHMENTS.call} answered with an unknown {name}")
