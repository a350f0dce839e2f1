"""The fields of the answers that an import uses.

The names are those of the APIs. All other fields, such as e-mail addresses and telephone numbers of
users, are dropped when an answer arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from ramgate.errors import CloudError

if TYPE_CHECKING:
    from ramgate.imports.alicloud.calls import Call

__all__ = [
    "ControlPolicy",
    "ControlPolicyDocument",
    "FolderEntry",
    "GroupEntry",
    "Identity",
    "MemberAccountEntry",
    "Named",
    "OidcProviderEntry",
    "Part",
    "PolicyAttachment",
    "PolicyEntry",
    "PolicyVersion",
    "ResourceDirectory",
    "ResourceGroupEntry",
    "RoleDetails",
    "RoleEntry",
    "SamlProviderEntry",
    "TargetEntry",
    "UserEntry",
    "convert",
    "part",
]

_Kind = TypeVar("_Kind")


class Part(msgspec.Struct, frozen=True, rename="pascal"):
    """A part of an answer, with its named fields alone."""


class Identity(Part, frozen=True):
    """The caller, of GetCallerIdentity."""

    account_id: str
    arn: str


class Named(Part, frozen=True):
    """An entry of a list of which only the name counts."""

    name: str


class UserEntry(Named, frozen=True):
    """A user."""

    name: str = msgspec.field(name="UserName")


class GroupEntry(Named, frozen=True):
    """A group."""

    name: str = msgspec.field(name="GroupName")


class PolicyEntry(Named, frozen=True):
    """A policy."""

    name: str = msgspec.field(name="PolicyName")


class OidcProviderEntry(Named, frozen=True):
    """An OIDC provider."""

    name: str = msgspec.field(name="OIDCProviderName")


class SamlProviderEntry(Named, frozen=True):
    """A SAML provider."""

    name: str = msgspec.field(name="SAMLProviderName")


class MemberAccountEntry(Named, frozen=True):
    """A member account of the directory; its name is its number."""

    name: str = msgspec.field(name="AccountId")


class TargetEntry(Named, frozen=True):
    """A folder or an account to which a control policy is attached; its name is its id."""

    name: str = msgspec.field(name="TargetId")


class RoleEntry(Part, frozen=True):
    """A role, of ResourceManager's ListRoles, which keeps the case of its name."""

    role_name: str
    is_service_linked_role: bool | None = None


class RoleDetails(Part, frozen=True):
    """A role with its trust policy, of GetRole."""

    role_name: str
    assume_role_policy_document: str


class PolicyVersion(Part, frozen=True):
    """The default version of a policy, of GetPolicy."""

    policy_document: str
    version_id: str = ""
    create_date: str = ""


class PolicyAttachment(Part, frozen=True):
    """An attachment; `resource_group_id` is a group's, or the account's number for the account."""

    policy_name: str
    policy_type: str
    principal_name: str
    principal_type: str
    resource_group_id: str | None = None


class ResourceGroupEntry(Part, frozen=True):
    """A resource group."""

    id: str
    display_name: str = ""


class ResourceDirectory(Part, frozen=True):
    """The Resource Directory, of GetResourceDirectory."""

    root_folder_id: str
    master_account_id: str
    control_policy_status: str = ""


class FolderEntry(Part, frozen=True):
    """A folder of the directory."""

    folder_id: str
    folder_name: str


class ControlPolicy(Part, frozen=True):
    """A control policy."""

    policy_id: str
    policy_name: str
    policy_type: str


class ControlPolicyDocument(Part, frozen=True):
    """A control policy with its document, of GetControlPolicy."""

    policy_document: str
    update_date: str = ""


def part(call: Call, answer: dict[str, object], name: str, kind: type[_Kind]) -> _Kind:
    """Return the part `name` of an answer, or without a name the whole answer.

    Raises `CloudError` if the answer has another form.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> answer = {"Role": {"RoleName": "app", "AssumeRolePolicyDocument": "{}"}}
    >>> part(CALLS["GetRole"], answer, "Role", RoleDetails).role_name
    'app'
    """
    return convert(call, answer.get(name) if name else answer, kind, name or "the answer")


def convert(call: Call, value: object, kind: type[_Kind], where: str) -> _Kind:
    """Return a value of an answer as a type; `where` names it in the `CloudError` if it is not.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> convert(CALLS["ListUsers"], {"UserName": "alice"}, UserEntry, "Users.User")
    UserEntry(name='alice')
    """
    try:
        return msgspec.convert(value, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise CloudError(f"{call} answered in an unknown form: `{where}`: {error}") from error
