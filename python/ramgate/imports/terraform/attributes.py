"""The resource types of the provider `alicloud` that are read, and the names of their attributes.

No other attribute is ever read: a state has AccessKey secrets and passwords in clear. The newest
name of an attribute stands first. The provider fills the older names by itself, and both names of a
thing have the same value in a state.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["IDENTITY", "MEANINGS", "PROVIDER", "TYPES", "Meaning", "placeholder"]

PROVIDER: Final = "alicloud"

Meaning: TypeAlias = Literal[
    "account",
    "control policy",
    "document",
    "folder",
    "group",
    "management",
    "oidc provider",
    "parent",
    "policy",
    "policy type",
    "principal",
    "principal type",
    "resource group",
    "role",
    "root",
    "saml provider",
    "service",
    "suffix",
    "target",
    "title",
    "user",
]
"""The thing that an attribute names; two resources with one value of it mean one thing."""

_ATTACHMENT: Final[Mapping[Meaning, tuple[str, ...]]] = {
    "policy": ("policy_name",),
    "policy type": ("policy_type",),
}

TYPES: Final[Mapping[str, Mapping[Meaning, tuple[str, ...]]]] = {
    "alicloud_ims_oidc_provider": {"oidc provider": ("oidc_provider_name", "id")},
    "alicloud_ram_group": {"group": ("group_name", "name", "id")},
    "alicloud_ram_group_membership": {"group": ("group_name",)},
    "alicloud_ram_group_policy_attachment": {**_ATTACHMENT, "group": ("group_name",)},
    "alicloud_ram_policy": {
        "policy": ("policy_name", "name", "id"),
        "policy type": ("type",),
        "document": ("policy_document", "document"),
    },
    "alicloud_ram_role": {
        "role": ("role_name", "name", "id"),
        "document": ("assume_role_policy_document", "document"),
    },
    "alicloud_ram_role_policy_attachment": {**_ATTACHMENT, "role": ("role_name",)},
    "alicloud_ram_saml_provider": {"saml provider": ("saml_provider_name", "id")},
    "alicloud_ram_user": {"user": ("user_name", "name")},
    "alicloud_ram_user_group_attachment": {"group": ("group_name",), "user": ("user_name",)},
    "alicloud_ram_user_policy_attachment": {**_ATTACHMENT, "user": ("user_name",)},
    "alicloud_resource_manager_account": {"account": ("id",), "parent": ("folder_id",)},
    "alicloud_resource_manager_control_policy": {
        "control policy": ("id",),
        "title": ("control_policy_name",),
        "document": ("policy_document",),
    },
    "alicloud_resource_manager_control_policy_attachment": {
        "control policy": ("policy_id",),
        "target": ("target_id",),
    },
    "alicloud_resource_manager_folder": {
        "folder": ("id",),
        "title": ("folder_name",),
        "parent": ("parent_folder_id",),
    },
    "alicloud_resource_manager_policy": {
        "policy": ("policy_name", "id"),
        "policy type": ("policy_type",),
        "document": ("policy_document",),
    },
    "alicloud_resource_manager_policy_attachment": {
        **_ATTACHMENT,
        "principal": ("principal_name",),
        "principal type": ("principal_type",),
        "resource group": ("resource_group_id",),
    },
    "alicloud_resource_manager_policy_version": {
        "policy": ("policy_name",),
        "document": ("policy_document",),
    },
    "alicloud_resource_manager_resource_directory": {
        "management": ("master_account_id",),
        "root": ("root_folder_id",),
    },
    "alicloud_resource_manager_resource_group": {
        "resource group": ("id",),
        "title": ("display_name",),
    },
    "alicloud_resource_manager_role": {
        "role": ("role_name", "id"),
        "document": ("assume_role_policy_document",),
    },
    "alicloud_resource_manager_service_linked_role": {
        "role": ("role_name",),
        "service": ("service_name",),
        "suffix": ("custom_suffix",),
    },
}

IDENTITY: Final[Mapping[str, Meaning]] = {
    "alicloud_ims_oidc_provider": "oidc provider",
    "alicloud_ram_group": "group",
    "alicloud_ram_policy": "policy",
    "alicloud_ram_role": "role",
    "alicloud_ram_saml_provider": "saml provider",
    "alicloud_ram_user": "user",
    "alicloud_resource_manager_account": "account",
    "alicloud_resource_manager_control_policy": "control policy",
    "alicloud_resource_manager_folder": "folder",
    "alicloud_resource_manager_policy": "policy",
    "alicloud_resource_manager_resource_directory": "root",
    "alicloud_resource_manager_resource_group": "resource group",
    "alicloud_resource_manager_role": "role",
    "alicloud_resource_manager_service_linked_role": "role",
}
"""The meaning by which other resources name a resource of the type."""

MEANINGS: Final[Mapping[Meaning, tuple[Meaning, ...]]] = {
    "parent": ("folder", "root"),
    "principal": ("user", "group", "role"),
    "target": ("folder", "root", "account"),
}
"""The meanings that an attribute of a more general meaning can refer to."""

_TEXT: Final = re.compile(r"[^A-Za-z0-9]+")
_LABEL: Final = 40


def placeholder(address: str) -> str:
    """Return a name for a thing whose own name, or id, is not known before a plan is applied.

    It is the same in every plan, fits as the name of anything, and belongs to nothing real.

    >>> placeholder('alicloud_ram_user.u["anna"]')
    'unknown-u-anna-9ec21faa'
    """
    digest = hashlib.sha256(address.encode()).hexdigest()[:8]
    label = _TEXT.sub("-", address.rpartition("alicloud_")[2].partition(".")[2]).strip("-")
    return f"unknown-{label[:_LABEL]}-{digest}"
