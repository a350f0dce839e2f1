"""Everything that an import reads, from whichever source: accounts, and the Resource Directory.

The classes state what RAM has, before ramgate checks it: names as RAM spells them, documents as the
texts that RAM stores. `ramgate.imports.folder` writes them as accounts files.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Account",
    "Attachment",
    "Directory",
    "Document",
    "Folder",
    "PolicyType",
    "Role",
    "User",
    "World",
]

PolicyType: TypeAlias = Literal["Custom", "System"]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Attachment:
    """A policy that is attached, to one resource group or, if that is empty, to the account.

    >>> Attachment("readers")
    Attachment(policy='readers', type='Custom', resource_group='')
    """

    policy: str
    type: PolicyType = "Custom"
    resource_group: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A policy document: its text as RAM stores it, or why it was not read (`missing`).

    `version` and `date` (a day, `2026-11-29`) are those of the version, if they are known.

    >>> Document(missing="GetPolicy was refused: NoPermission").text
    ''
    """

    text: str = ""
    version: str = ""
    date: str = ""
    missing: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """A role that is not a service-linked role of the catalog.

    >>> Role(Document('{"Version": "1", "Statement": []}')).attachments
    ()
    """

    trust: Document
    attachments: Sequence[Attachment] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """A user: the names of its groups, and its own attachments.

    >>> User(groups=["kafka-team"]).attachments
    ()
    """

    groups: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """An account. Each mapping is by name; `None` means that the names were not read.

    `policies` has the custom policies, `system_policies` the used system policies,
    `service_linked_roles` the names of the service-linked roles that the catalog knows. `groups`
    has the attachments of each group, `resource_groups` the display names by the ids (`rg-…`).

    >>> Account(users={"alice": User()}).oidc_providers is None
    True
    """

    policies: Mapping[str, Document] = dataclasses.field(default_factory=dict)
    system_policies: Mapping[str, Document] = dataclasses.field(default_factory=dict)
    service_linked_roles: Sequence[str] = ()
    roles: Mapping[str, Role] = dataclasses.field(default_factory=dict)
    groups: Mapping[str, Sequence[Attachment]] = dataclasses.field(default_factory=dict)
    users: Mapping[str, User] = dataclasses.field(default_factory=dict)
    oidc_providers: Sequence[str] | None = None
    saml_providers: Sequence[str] | None = None
    resource_groups: Mapping[str, str] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the directory: its control policies, member accounts and subfolders.

    `accounts` has the control policies of each member account by its number.

    >>> Folder([Attachment("FullAliyunAccess", "System")]).accounts
    {}
    """

    control_policies: Sequence[Attachment] = ()
    accounts: Mapping[str, Sequence[Attachment]] = dataclasses.field(default_factory=dict)
    folders: Mapping[str, Folder] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Directory:
    """The Resource Directory: its management account, its custom control policies, its root.

    >>> Directory("1000000000000001", {}, Folder()).system_policies
    {}
    """

    management: str
    policies: Mapping[str, Document]
    root: Folder
    system_policies: Mapping[str, Document] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """Everything of one import: accounts by their numbers, and the directory if it was read.

    `notices` has a sentence for everything that could not be read.

    >>> World({"1234567890123456": Account()}).notices
    ()
    """

    accounts: Mapping[str, Account]
    directory: Directory | None = None
    notices: Sequence[str] = ()
