"""The hints of an explanation: one class for each code, with the fields that its message needs.

OPA gives the hints that follow from the policies. `ramgate.hints.hints` adds `NearAction`, and the
fields with a default: those need the catalog, the accounts or the distance between two spellings.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ramgate.model import decision  # noqa: TC001 - msgspec reads the annotations
from ramgate.model.statement_hint import (
    BaseHint,
    Field,
    Given,
    KeyAbsent,
    OfLayer,
    OfStatement,
    OnlyActionDiffers,
    OnlyConditionDiffers,
    OnlyResourceDiffers,
    WildcardResourceAsked,
    WouldAllowInResourceGroup,
)

__all__ = [
    "Field",
    "Given",
    "Hint",
    "IdentityMissing",
    "KeyAbsent",
    "NearAction",
    "NoStatementForService",
    "NothingAttached",
    "OfLayer",
    "OfStatement",
    "OnlyActionDiffers",
    "OnlyConditionDiffers",
    "OnlyResourceDiffers",
    "OwnerCannotAssume",
    "TrustAdmits",
    "UnknownName",
    "UnreadablePolicy",
    "WildcardResourceAsked",
    "WouldAllowInResourceGroup",
]


class UnknownName(BaseHint, frozen=True, kw_only=True, tag_field="code", tag="unknown_name"):
    """The principal, or the role to assume, does not exist; `near` are the nearest names.

    >>> found = UnknownName(
    ...     kind="user",
    ...     account="1234567890123456",
    ...     name="alcie",
    ...     near=("user/alice",),
    ... )
    >>> found.near
    ('user/alice',)
    """

    kind: Literal["account", "role", "user"]
    account: str | None
    name: str | None
    near: tuple[str, ...] = ()


class OwnerCannotAssume(
    BaseHint, frozen=True, kw_only=True, tag_field="code", tag="owner_cannot_assume"
):
    """An account owner asks to assume a role, which no trust policy can allow.

    `role` and `account` are `None` if the resource is not a role that exists.

    >>> found = OwnerCannotAssume(
    ...     role="Deploy",
    ...     account="1234567890123456",
    ...     admits=("ecs.aliyuncs.com",),
    ... )
    >>> found.admits
    ('ecs.aliyuncs.com',)
    """

    role: str | None
    account: str | None
    admits: tuple[str, ...]


class UnreadablePolicy(
    OfLayer, frozen=True, kw_only=True, tag_field="code", tag="unreadable_policy"
):
    """A document of the layer could not be read, so the layer allows nothing.

    >>> found = UnreadablePolicy(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="old",
    ... )
    >>> found.policy
    'old'
    """

    policy: str


class IdentityMissing(
    BaseHint, frozen=True, kw_only=True, tag_field="code", tag="identity_missing"
):
    """The trust policy admits the caller, whose own policies do not allow the action.

    >>> found = IdentityMissing(
    ...     role="Backup",
    ...     account="1234567890123456",
    ...     action="sts:AssumeRole",
    ...     resource="acs:ram::1234567890123456:role/backup",
    ... )
    >>> found.role
    'Backup'
    """

    role: str
    account: str
    action: str
    resource: str


class NearAction(BaseHint, frozen=True, kw_only=True, tag_field="code", tag="near_action"):
    """The action is misspelt, or it is the name of an API operation with other `actions`.

    >>> hint = NearAction(
    ...     given="alikafka:GetTopicList", actions=("alikafka:ListTopic",), is_operation=True
    ... )
    >>> print(hint)
    `alikafka:GetTopicList` is an API operation: RAM authorizes it as `alikafka:ListTopic`
    """

    given: str
    actions: tuple[str, ...]
    is_operation: bool

    def __str__(self) -> str:
        meant = " or ".join(f"`{name}`" for name in self.actions)
        if self.is_operation:
            return f"`{self.given}` is an API operation: RAM authorizes it as {meant}"
        return f"`{self.given}` is not a known action: did you mean {meant}?"


class TrustAdmits(OfLayer, frozen=True, kw_only=True, tag_field="code", tag="trust_admits"):
    """No statement of the trust policy admits the caller, `given`; it admits those of `admits`.

    >>> found = TrustAdmits(
    ...     policy_type="AssumeRolePolicy",
    ...     level=None,
    ...     role="Deploy",
    ...     account="1234567890123456",
    ...     admits=("ecs.aliyuncs.com",),
    ...     given="acs:ram::1234567890123456:user/alice",
    ... )
    >>> found.admits
    ('ecs.aliyuncs.com',)
    """

    role: str
    account: str
    admits: tuple[str, ...]
    given: str


class NoStatementForService(
    OfLayer, frozen=True, kw_only=True, tag_field="code", tag="no_statement_for_service"
):
    """No statement of the layer is about the action's service; some are about other `services`.

    `alias` is the one of them that is easily taken for the action's service; `note` names both.

    >>> found = NoStatementForService(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     service="alidns",
    ...     services=("domain",),
    ...     alias="domain",
    ... )
    >>> found.alias
    'domain'
    """

    service: str
    services: tuple[str, ...]
    alias: str | None = None
    note: str | None = None


class NothingAttached(
    BaseHint, frozen=True, kw_only=True, tag_field="code", tag="nothing_attached"
):
    """The layer has no policy; `policy_type` is `None` for a service or a provider.

    >>> found = NothingAttached(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     kind="user",
    ... )
    >>> found.kind
    'user'
    """

    policy_type: decision.PolicyType | None
    level: str | None
    kind: Literal["federated", "role", "service", "user"]


Hint: TypeAlias = (
    IdentityMissing
    | KeyAbsent
    | NearAction
    | NoStatementForService
    | NothingAttached
    | OnlyActionDiffers
    | OnlyConditionDiffers
    | OnlyResourceDiffers
    | OwnerCannotAssume
    | TrustAdmits
    | UnknownName
    | UnreadablePolicy
    | WildcardResourceAsked
    | WouldAllowInResourceGroup
)
"""A likely cause of a denial; `code` tells which."""
