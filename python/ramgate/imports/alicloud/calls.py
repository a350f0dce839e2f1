"""The calls that an import makes, all of them, and the RAM policy that allows exactly these.

`ramgate.imports.alicloud.connection` sends nothing but a `Call`, so this list is complete. No call
returns an AccessKey, a password or an MFA seed.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CALLS", "PRODUCTS", "Call", "policy"]


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """An operation of a product, the RAM actions that authorize it, and why an import needs it.

    `actions` is empty if the operation needs no authorization. It has two actions where Alibaba
    Cloud's pages differ: the policy then allows both. `resources` are the resources that the caller
    must be allowed to read: `${AccountId}` stands for the account's number, the other names for
    those of the entity.

    >>> print(CALLS["ListUsers"], *CALLS["ListUsers"].actions)
    Ram ListUsers ram:ListUsers
    """

    product: str
    operation: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        """Return the product and the operation."""
        return f"{self.product} {self.operation}"

    @property
    def version(self) -> str:
        """The version of the product's API."""
        return PRODUCTS[self.product]


PRODUCTS: Final[Mapping[str, str]] = {
    "Sts": "2015-04-01",
    "Ram": "2015-05-01",
    "Ims": "2019-08-15",
    "ResourceManager": "2020-03-31",
    "ResourceDirectoryMaster": "2022-04-19",
}
"""The version of each product's API."""

_RAM: Final = "acs:ram:*:${AccountId}:"
_FOLDER: Final = "acs:resourcemanager:*:${AccountId}:folder/${ResourceDirectoryPath}"


def _ram(operation: str, resource: str, why: str, *more: str) -> Call:
    return Call("Ram", operation, (f"ram:{operation}",), (_RAM + resource, *more), why)


def _ims(operation: str, why: str) -> Call:
    # Alibaba Cloud authorizes the operations of IMS as actions of RAM.
    return Call("Ims", operation, (f"ram:{operation}",), ("*",), why)


def _manager(operation: str, resource: str, why: str, *more: str) -> Call:
    # So are those of Resource Manager that are about policies, roles and resource groups: page "RAM
    # authorization" of Resource Management, 2024-03-14.
    actions = (f"ram:{operation}", *more)
    return Call("ResourceManager", operation, actions, (_RAM + resource,), why)


def _directory(operation: str, why: str, resource: str = "*") -> Call:
    actions = (f"resourcemanager:{operation}",)
    return Call("ResourceDirectoryMaster", operation, actions, (resource,), why)


CALLS: Final[Mapping[str, Call]] = {
    call.operation: call
    for call in (
        Call("Sts", "GetCallerIdentity", (), (), "the number of the account"),
        _manager("ListPolicyAttachments", "*", "all attachments of the account"),
        _manager("ListRoles", "role/*", "the roles, service-linked or not"),
        # Page "Use resource groups as a RAM user", 2025-06-16, names both actions.
        _manager(
            "ListResourceGroups",
            "resourcegroup/*",
            "the resource groups",
            "resourcemanager:ListResourceGroups",
        ),
        _ram("ListUsers", "user/*", "the users"),
        _ram("ListGroups", "group/*", "the groups"),
        _ram("ListUsersForGroup", "group/${GroupName}", "the members of a group"),
        _ram("GetRole", "role/${RoleName}", "the trust policy of a role"),
        _ram("ListPolicies", "policy/*", "the custom policies"),
        _ram(
            "GetPolicy",
            "policy/${PolicyName}",
            "the document of a policy",
            "acs:ram:*:system:policy/${PolicyName}",
        ),
        _ims("ListOIDCProviders", "the OIDC providers"),
        _ims("ListSAMLProviders", "the SAML providers"),
        _directory("GetResourceDirectory", "the directory, its management account"),
        _directory("ListControlPolicies", "the control policies"),
        _directory("GetControlPolicy", "the document of a control policy"),
        _directory("ListTargetAttachmentsForControlPolicy", "the targets of a control policy"),
        _directory("ListFoldersForParent", "the folders in a folder", _FOLDER),
        _directory("ListAccountsForParent", "the member accounts in a folder", _FOLDER),
    )
}
"""Every call by its operation."""


def policy() -> dict[str, object]:
    """Return the RAM policy that allows every call of the list, and nothing else.

    >>> document = policy()
    >>> document["Statement"][0]["Resource"], len(document["Statement"][0]["Action"])
    ('*', 18)
    """
    actions = sorted({action for call in CALLS.values() for action in call.actions})
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "1", "Statement": [statement]}
