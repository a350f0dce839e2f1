"""The statements that could have mattered in a decision, element by element.

A value whose fields contradict each other cannot be created, neither from a response nor by hand.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from ramgate.model import condition_text, decision, hint

__all__ = [
    "ActionMatch",
    "Attachment",
    "ConditionOutcome",
    "Considered",
    "Difference",
    "PrincipalMatch",
    "ResourceMatch",
]

_Outcome: TypeAlias = Literal[
    "key_absent",
    "satisfied",
    "satisfied_by_absence",
    "satisfied_by_doubt",
    "unreadable",
    "value_differs",
]
_SATISFIED: frozenset[_Outcome] = frozenset(
    {"satisfied", "satisfied_by_absence", "satisfied_by_doubt"}
)


class Attachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The attachment through which a policy reached the principal.

    `to` is the kind of the holder, `name` its name; `resource_group` is the group to which the
    attachment is limited, `None` for the whole account.

    >>> print(Attachment("group", "kafka-team", None))
    group kafka-team
    """

    to: Literal["group", "level", "role", "session", "trust", "user"]
    name: str
    resource_group: str | None

    def __str__(self) -> str:
        kind = {"session": "session policy", "trust": "trust policy of role"}.get(self.to, self.to)
        text = f"{kind} {self.name}"
        return f"{text} in {self.resource_group}" if self.resource_group else text


class ActionMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The action beside the statement: `matches`, and the pattern that matches or is nearest.

    If the statement has `NotAction`, `not_action` is true, and `pattern` is the one that excepts
    the action, or `None`.

    >>> ActionMatch(True, "alikafka:*", False).pattern
    'alikafka:*'
    """

    matches: bool
    pattern: str | None
    not_action: bool


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first field of a resource that differs from a pattern.

    >>> difference = Difference("region", "cn-hangzhou", "cn-shanghai")
    >>> print(difference)
    the region is `cn-shanghai`, not `cn-hangzhou`
    """

    field: hint.Field
    wanted: str
    given: str

    def __str__(self) -> str:
        name = self.field.replace("_", " ")
        return f"the {name} is `{self.given}`, not `{self.wanted}`"


class ResourceMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The resource beside the statement: `matches`, and the pattern that matches or is nearest.

    `differs_at` is the first field that does not match. It is `None` if the resource matches, and
    if the pattern matches no resource.

    >>> pattern = "acs:oss:*:*:backups/*"
    >>> ResourceMatch(False, pattern, Difference("relative_id", "backups/*", "backups")).matches
    False
    """

    matches: bool
    pattern: str
    differs_at: Difference | None


class PrincipalMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The principal beside a statement of a trust policy: `matches` if the statement names it.

    >>> PrincipalMatch(matches=True).matches
    True
    """

    matches: bool


class ConditionOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One condition key of a statement, compared with the request.

    * `values`: the values of the statement; `given`: that of the request, `None` if it is absent.
    * `reason`: `satisfied`, `value_differs`, `key_absent`, `unreadable`, or a Deny's
      `satisfied_by_absence` and `satisfied_by_doubt`.
    * `rule`: the rule of docs/reference/policy-language.md that decides.

    Raises `ValueError` if the fields contradict each other.

    >>> outcome = ConditionOutcome(
    ...     operator="StringEquals",
    ...     key="sts:ExternalId",
    ...     values=("shop",),
    ...     given=None,
    ...     satisfied=False,
    ...     reason="key_absent",
    ...     rule="4.4",
    ... )
    >>> print(outcome)
    the request has no `sts:ExternalId`, wanted is `shop`
    """

    operator: str
    key: str
    values: tuple[str, ...]
    given: hint.Given
    satisfied: bool
    reason: _Outcome
    rule: str

    def __post_init__(self) -> None:
        if self.satisfied != (self.reason in _SATISFIED):
            raise ValueError(
                f"a condition cannot have `satisfied` `{self.satisfied}` and `reason` "
                f"`{self.reason}`"
            )

    def __str__(self) -> str:
        return condition_text.outcome(self)


class Considered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement that could have mattered, and which of its elements match the request.

    `principal` is there for the statements of a trust policy, `resource` for all others.

    Raises `ValueError` if the fields contradict each other.

    >>> considered = Considered(
    ...     policy="backup",
    ...     index=0,
    ...     effect="Allow",
    ...     policy_type="AccountLevelIdentityBasedPolicy",
    ...     attached=(Attachment("user", "velero", None),),
    ...     matches=True,
    ...     action=ActionMatch(True, "oss:*", False),
    ...     resource=ResourceMatch(True, "*", None),
    ...     principal=None,
    ...     conditions=(),
    ... )
    >>> print(considered.statement)
    backup[0]
    """

    policy: str
    index: Annotated[int, msgspec.Meta(ge=0)]
    effect: Literal["Allow", "Deny"]
    policy_type: decision.PolicyType
    attached: tuple[Attachment, ...]
    matches: bool
    action: ActionMatch
    resource: ResourceMatch | None
    principal: PrincipalMatch | None
    conditions: tuple[ConditionOutcome, ...]

    def __post_init__(self) -> None:
        matching = [each.matches for each in (self.action, self.resource, self.principal) if each]
        satisfied = [condition.satisfied for condition in self.conditions]
        of_trust = self.policy_type == "AssumeRolePolicy"
        if (
            self.matches != all(matching + satisfied)
            or of_trust != (self.principal is not None)
            or of_trust != (self.resource is None)
        ):
            raise ValueError(
                f"the statement `{self.statement}` cannot have `matches` `{self.matches}`: its "
                "elements say otherwise"
            )

    @property
    def statement(self) -> decision.Statement:
        """The policy and the index."""
        return decision.Statement(self.policy, self.index)
