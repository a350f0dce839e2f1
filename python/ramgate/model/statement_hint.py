"""The hints about one statement, and the bases of all hints."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from ramgate.model import decision
from ramgate.model.copies import Scalar

__all__ = [
    "BaseHint",
    "Field",
    "Given",
    "KeyAbsent",
    "OfLayer",
    "OfStatement",
    "OnlyActionDiffers",
    "OnlyConditionDiffers",
    "OnlyResourceDiffers",
    "WildcardResourceAsked",
    "WouldAllowInResourceGroup",
]

Given: TypeAlias = Scalar | tuple[Scalar, ...] | None
"""The value of a condition key in a request, `None` if the key is absent."""

Field: TypeAlias = Literal["account", "region", "relative_id", "service"]
"""A field of a resource's ARN."""


class BaseHint(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A hint with its `code`."""

    @property
    def code(self) -> str:
        """The code of the hint, as in the JSON."""
        return str(self.__struct_config__.tag)


class OfLayer(BaseHint, frozen=True, kw_only=True):
    """A hint about a layer: its `policy_type`, and the `level` of control policies.

    >>> issubclass(OfStatement, OfLayer)
    True
    """

    policy_type: decision.PolicyType
    level: str | None


class OfStatement(OfLayer, frozen=True, kw_only=True):
    """A hint about a statement: its `policy` and `index`, its `effect`, and its layer.

    >>> issubclass(KeyAbsent, OfStatement)
    True
    """

    policy: str
    index: Annotated[int, msgspec.Meta(ge=0)]
    effect: Literal["Allow", "Deny"]

    @property
    def statement(self) -> decision.Statement:
        """The policy and the index."""
        return decision.Statement(self.policy, self.index)


class WouldAllowInResourceGroup(
    OfStatement, frozen=True, kw_only=True, tag_field="code", tag="would_allow_in_resource_group"
):
    """The decision would be Allow if the resource were in that group.

    >>> found = WouldAllowInResourceGroup(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="networks",
    ...     index=0,
    ...     effect="Allow",
    ...     resource_group="rg-production",
    ... )
    >>> print(found.statement, found.resource_group)
    networks[0] rg-production
    """

    resource_group: str


class KeyAbsent(OfStatement, frozen=True, kw_only=True, tag_field="code", tag="key_absent"):
    """An Allow fails only because a key is absent, or a Deny matches because it is.

    `near` is the key that was probably meant; `not_filled_by_service` is true if calls of the
    action are known to carry no such key.

    >>> found = KeyAbsent(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="with-mfa",
    ...     index=0,
    ...     effect="Allow",
    ...     operator="Bool",
    ...     key="acs:MFAPresnt",
    ...     values=("true",),
    ...     near="acs:MFAPresent",
    ... )
    >>> found.code, found.near
    ('key_absent', 'acs:MFAPresent')
    """

    operator: str
    key: str
    values: tuple[str, ...]
    near: str | None = None
    not_filled_by_service: bool = False


class OnlyConditionDiffers(
    OfStatement, frozen=True, kw_only=True, tag_field="code", tag="only_condition_differs"
):
    """An Allow fails only in a condition.

    >>> found = OnlyConditionDiffers(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="browse",
    ...     index=0,
    ...     effect="Allow",
    ...     operator="StringEquals",
    ...     key="oss:Prefix",
    ...     values=("team-a/",),
    ...     given="team-a",
    ...     reason="value_differs",
    ... )
    >>> found.given
    'team-a'
    """

    operator: str
    key: str
    values: tuple[str, ...]
    given: Given
    reason: Literal["unreadable", "value_differs"]


class WildcardResourceAsked(
    OfStatement, frozen=True, kw_only=True, tag_field="code", tag="wildcard_resource_asked"
):
    """The resource of the request is `*`, and the statement names a narrower one.

    `forms` are the ARN forms that the catalog knows for the action.

    >>> found = WildcardResourceAsked(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="topics",
    ...     index=0,
    ...     effect="Allow",
    ...     pattern="acs:alikafka:*:*:alikafka_post-cn-x",
    ...     forms=("acs:alikafka:*:*:{instanceid}",),
    ... )
    >>> found.code
    'wildcard_resource_asked'
    """

    pattern: str
    forms: tuple[str, ...] = ()


class OnlyResourceDiffers(
    OfStatement, frozen=True, kw_only=True, tag_field="code", tag="only_resource_differs"
):
    """An Allow fails only in the resource; `None` if the pattern matches no resource.

    >>> found = OnlyResourceDiffers(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="logs",
    ...     index=0,
    ...     effect="Allow",
    ...     pattern="acs:log:cn-hangzhou:*:project/shop/*",
    ...     field="region",
    ...     wanted="cn-hangzhou",
    ...     given="cn-shanghai",
    ... )
    >>> found.wanted, found.given
    ('cn-hangzhou', 'cn-shanghai')
    """

    pattern: str
    field: Field | None
    wanted: str | None
    given: str | None


class OnlyActionDiffers(
    OfStatement, frozen=True, kw_only=True, tag_field="code", tag="only_action_differs"
):
    """An Allow fails only in the action.

    >>> found = OnlyActionDiffers(
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     level=None,
    ...     policy="topics",
    ...     index=0,
    ...     effect="Allow",
    ...     pattern="alikafka:listtopic",
    ...     not_action=False,
    ...     given="alikafka:DeleteTopic",
    ... )
    >>> found.given
    'alikafka:DeleteTopic'
    """

    pattern: str | None
    not_action: bool
    given: str
