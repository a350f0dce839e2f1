"""The lists that an import reads: the call of each, and where its answers have the entries."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ramgate.imports.alicloud.answers import (
    ControlPolicy,
    FolderEntry,
    GroupEntry,
    MemberAccountEntry,
    OidcProviderEntry,
    Part,
    PolicyAttachment,
    PolicyEntry,
    ResourceGroupEntry,
    RoleEntry,
    SamlProviderEntry,
    TargetEntry,
    UserEntry,
    convert,
)
from ramgate.imports.alicloud.calls import CALLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.imports.alicloud.calls import Call

__all__ = [
    "ATTACHMENTS",
    "CONTROL_POLICIES",
    "CUSTOM_POLICIES",
    "FOLDERS",
    "GROUPS",
    "GROUP_MEMBERS",
    "MEMBER_ACCOUNTS",
    "OIDC_PROVIDERS",
    "RESOURCE_GROUPS",
    "ROLES",
    "SAML_PROVIDERS",
    "TARGETS",
    "USERS",
    "Listing",
]

_T = TypeVar("_T", bound=Part)
_T_co = TypeVar("_T_co", bound=Part, covariant=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Listing(Generic[_T_co]):
    """A call that lists entries: where its answer has them, their type, how many a page has.

    `fixed` are parameters that every call of the list has.

    >>> USERS.entries({"Users": {"User": [{"UserName": "alice", "Email": "a@example.com"}]}})
    [UserEntry(name='alice')]
    """

    call: Call
    outer: str
    inner: str
    entry: type[_T_co]
    size: int
    fixed: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def has_markers(self) -> bool:
        """True if a page has the marker of the next one; else pages are numbered."""
        return self.call.product in {"Ram", "Ims"}

    def entries(self, answer: dict[str, object]) -> list[_T_co]:
        """Return the entries of one page; raises `CloudError` if the answer has another form."""
        wrapper = convert(self.call, answer.get(self.outer), dict[str, Any], self.outer)
        found = wrapper.get(self.inner)
        where = f"{self.outer}.{self.inner}"
        items = convert(self.call, [] if found is None else found, list[Any], where)
        return [convert(self.call, item, self.entry, where) for item in items]


def _listing(operation: str, outer: str, inner: str, entry: type[_T], size: int) -> Listing[_T]:
    return Listing(CALLS[operation], outer, inner, entry, size)


def _of_type(listing: Listing[_T], policy_type: str) -> Listing[_T]:
    return dataclasses.replace(listing, fixed={"PolicyType": policy_type})


ATTACHMENTS: Final = _listing(
    "ListPolicyAttachments", "PolicyAttachments", "PolicyAttachment", PolicyAttachment, 100
)
ROLES: Final = _listing("ListRoles", "Roles", "Role", RoleEntry, 100)
RESOURCE_GROUPS: Final = _listing(
    "ListResourceGroups", "ResourceGroups", "ResourceGroup", ResourceGroupEntry, 100
)
USERS: Final = _listing("ListUsers", "Users", "User", UserEntry, 1000)
GROUPS: Final = _listing("ListGroups", "Groups", "Group", GroupEntry, 100)
GROUP_MEMBERS: Final = _listing("ListUsersForGroup", "Users", "User", UserEntry, 100)
CUSTOM_POLICIES: Final = _of_type(
    _listing("ListPolicies", "Policies", "Policy", PolicyEntry, 1000), "Custom"
)
OIDC_PROVIDERS: Final = _listing(
    "ListOIDCProviders", "OIDCProviders", "OIDCProvider", OidcProviderEntry, 100
)
SAML_PROVIDERS: Final = _listing(
    "ListSAMLProviders", "SAMLProviders", "SAMLProvider", SamlProviderEntry, 100
)
CONTROL_POLICIES: Final = tuple(
    _of_type(
        _listing("ListControlPolicies", "ControlPolicies", "ControlPolicy", ControlPolicy, 100),
        policy_type,
    )
    for policy_type in ("Custom", "System")
)
TARGETS: Final = _listing(
    "ListTargetAttachmentsForControlPolicy",
    "TargetAttachments",
    "TargetAttachment",
    TargetEntry,
    100,
)
FOLDERS: Final = _listing("ListFoldersForParent", "Folders", "Folder", FolderEntry, 100)
MEMBER_ACCOUNTS: Final = _listing(
    "ListAccountsForParent", "Accounts", "Account", MemberAccountEntry, 100
)
