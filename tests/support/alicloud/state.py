"""The entities of one account, and the checks that all products make on them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from alicloud.refused import Refused, missing

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "GROUP",
    "PRINCIPAL_TYPES",
    "ROLE",
    "USER",
    "Account",
    "Attachment",
    "Group",
    "Policy",
    "Provider",
    "ResourceGroup",
    "Role",
    "User",
    "Version",
]

USER: Final = "IMSUser"
GROUP: Final = "IMSGroup"
ROLE: Final = "ServiceRole"
PRINCIPAL_TYPES: Final = {USER: "User", GROUP: "Group", ROLE: "Role"}


@dataclasses.dataclass
class User:
    id: str
    name: str
    created: str
    fields: Mapping[str, str]
    joined: dict[str, str] = dataclasses.field(default_factory=dict)
    """The day of joining each group."""


@dataclasses.dataclass
class Group:
    id: str
    name: str
    created: str
    comments: str


@dataclasses.dataclass
class Role:
    id: str
    name: str
    created: str
    description: str
    trust: str
    service: str = ""
    """The service of a service-linked role."""


@dataclasses.dataclass(frozen=True)
class Version:
    id: str
    document: str
    created: str


@dataclasses.dataclass
class Policy:
    name: str
    type: str
    created: str
    description: str
    versions: dict[str, Version]
    default: str

    @property
    def last(self) -> int:
        """Return the number of the newest version."""
        return max(int(name.removeprefix("v")) for name in self.versions)


@dataclasses.dataclass(frozen=True)
class Attachment:
    policy: str
    policy_type: str
    principal_type: str
    principal: str
    resource_group: str
    """The id of a resource group, or the number of the account."""


@dataclasses.dataclass
class Provider:
    name: str
    created: str
    fields: Mapping[str, object]


@dataclasses.dataclass
class ResourceGroup:
    id: str
    name: str
    display_name: str
    created: str


@dataclasses.dataclass
class Account:
    number: str
    alias: str
    system_policies: Mapping[str, Policy]
    users: dict[str, User] = dataclasses.field(default_factory=dict)
    groups: dict[str, Group] = dataclasses.field(default_factory=dict)
    roles: dict[str, Role] = dataclasses.field(default_factory=dict)
    custom_policies: dict[str, Policy] = dataclasses.field(default_factory=dict)
    attachments: dict[Attachment, str] = dataclasses.field(default_factory=dict)
    """The date of each attachment."""
    oidc_providers: dict[str, Provider] = dataclasses.field(default_factory=dict)
    saml_providers: dict[str, Provider] = dataclasses.field(default_factory=dict)
    resource_groups: dict[str, ResourceGroup] = dataclasses.field(default_factory=dict)
    directory: str = ""
    """The number of the management account of its directory."""

    @property
    def domain(self) -> str:
        return f"{self.alias}.onaliyun.com"

    def user(self, name: str) -> User:
        if name not in self.users:
            raise missing("User", name)
        return self.users[name]

    def group(self, name: str) -> Group:
        if name not in self.groups:
            raise missing("Group", name)
        return self.groups[name]

    def role(self, name: str) -> Role:
        if name not in self.roles:
            raise missing("Role", name)
        return self.roles[name]

    def policy(self, name: str, policy_type: str) -> Policy:
        policies = self.system_policies if policy_type == "System" else self.custom_policies
        if name not in policies:
            raise missing("Policy", name)
        return policies[name]

    def resource_group(self, name: str) -> ResourceGroup:
        if name not in self.resource_groups:
            raise missing("ResourceGroup", name, spelling="EntityNotExists")
        return self.resource_groups[name]

    def role_arn(self, role: str) -> str:
        return f"acs:ram::{self.number}:role/{role.lower()}"

    def principal_name(self, principal_type: str, name: str) -> str:
        """Return the name of a principal in the attachments of ResourceManager."""
        if principal_type == ROLE:
            return f"{name.lower()}@role.{self.alias}.onaliyunservice.com"
        return f"{name}@{'group.' if principal_type == GROUP else ''}{self.domain}"

    def principal(self, principal_type: str, principal_name: str) -> str:
        """Return the entity's own name for its name in the attachments."""
        entities = {USER: [*self.users], GROUP: [*self.groups], ROLE: [*self.roles]}
        for name in entities[principal_type]:
            if self.principal_name(principal_type, name).lower() == principal_name.lower():
                return name
        raise missing(PRINCIPAL_TYPES[principal_type], principal_name)

    def attach(self, attachment: Attachment, date: str) -> None:
        """Attach a policy to a principal; both exist."""
        if attachment in self.attachments:
            kind = PRINCIPAL_TYPES[attachment.principal_type]
            raise Refused(409, f"EntityAlreadyExists.{kind}.Policy", "the policy is attached")
        self.attachments[attachment] = date

    def detach(self, attachment: Attachment) -> None:
        """Detach a policy from a principal."""
        if attachment not in self.attachments:
            kind = PRINCIPAL_TYPES[attachment.principal_type]
            raise Refused(404, f"EntityNotExist.{kind}.Policy", "the policy is not attached")
        del self.attachments[attachment]

    def attached_to(self, principal_type: str, principal: str) -> list[Attachment]:
        """Return all attachments of a principal, also those to resource groups."""
        wanted = (principal_type, principal)
        return [
            each for each in self.attachments if (each.principal_type, each.principal) == wanted
        ]

    def attachments_of(self, policy: Policy) -> list[Attachment]:
        """Return all attachments of a policy."""
        wanted = (policy.name, policy.type)
        return [each for each in self.attachments if (each.policy, each.policy_type) == wanted]
