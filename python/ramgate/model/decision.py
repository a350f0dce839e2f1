"""What is asked and what is answered, as values.

The shapes are those of `POST /v1/data/ram/authz/decision`: a `Request` is encoded as it stands, an
empty `context` or `session_policies` left out, and an answer is decoded straight into a
`Decision`. A `Decision` that contradicts itself cannot be made, neither by an answer nor by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec

from ramgate.model import copies
from ramgate.model.copies import NO_CONTEXT, Context, Policy, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "NO_CONTEXT",
    "Context",
    "Decision",
    "Effect",
    "Policy",
    "PolicyType",
    "Reason",
    "Request",
    "Scalar",
    "Simulation",
    "Statement",
]

Effect: TypeAlias = Literal["Allow", "ExplicitDeny", "ImplicitDeny"]
PolicyType: TypeAlias = Literal[
    "AccountLevelIdentityBasedPolicy",
    "AssumeRolePolicy",
    "ControlPolicy",
    "ResourceGroupLevelIdentityBasedPolicy",
    "SessionPolicy",
]
Reason: TypeAlias = Literal[
    "account_owner",
    "malformed_request",
    "no_statement_matches",
    "policy_not_published",
    "resource_of_another_account",
    "statement_allows",
    "statement_denies",
    "unknown_principal",
    "unknown_role",
]

# Of each decision that there is: `allow`, `effect`, `reason`, and whether it has `statements` and
# `errors`. One look-up, because every answer takes it.
_CONSISTENT: frozenset[tuple[bool, Effect, Reason, bool, bool]] = frozenset(
    {
        (True, "Allow", "account_owner", False, False),
        (True, "Allow", "statement_allows", True, False),
        (False, "ExplicitDeny", "statement_denies", True, False),
        (False, "ImplicitDeny", "malformed_request", False, True),
        (False, "ImplicitDeny", "no_statement_matches", False, False),
        (False, "ImplicitDeny", "policy_not_published", False, False),
        (False, "ImplicitDeny", "resource_of_another_account", False, False),
        (False, "ImplicitDeny", "unknown_principal", False, False),
        (False, "ImplicitDeny", "unknown_role", False, False),
    }
)


class Statement(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A statement that settled a decision.

    `policy` is the policy's name, `trust:<role name>` for a trust policy, `session:<position>` for
    a session policy; `index` is the place in the document's `Statement` list, from 0.
    """

    policy: str
    index: Annotated[int, msgspec.Meta(ge=0)]

    def __str__(self) -> str:
        return f"{self.policy}[{self.index}]"


class Decision(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """The answer to one request; true exactly when it allows.

    `policy_type` is the layer that settled it, `None` where no policy was read. `statements` are
    those that settled it, sorted by policy, then index, there exactly when `reason` is
    `statement_allows` or `statement_denies`. `errors` has a text for each field at fault, exactly
    when `reason` is `malformed_request`. `simulated` is true only in a simulation.

    Raises `ValueError` when the fields contradict each other.
    """

    allow: bool
    effect: Effect
    reason: Reason
    policy_type: PolicyType | None
    statements: tuple[Statement, ...]
    errors: tuple[str, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        statements, errors = bool(self.statements), bool(self.errors)
        if (self.allow, self.effect, self.reason, statements, errors) not in _CONSISTENT:
            raise ValueError(
                f"`allow` is `{self.allow}`, `effect` `{self.effect}` and `reason` `{self.reason}` "
                f"with {len(self.statements)} `statements` and {len(self.errors)} `errors`"
            )

    def __bool__(self) -> bool:
        return self.allow


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `principal` may do `action` on `resource`.

    `principal` and `resource` are ARNs (`resource` may be `"*"`), `action` is
    `<ram-code>:<Operation>`. `context` maps condition keys to a string, number, boolean, or a
    sequence of those. `session_policies` are translated documents, for a role session only.

    OPA judges the grammar of each field. What JSON cannot say is refused here, before anything is
    sent: raises `InvalidRequest`, all fields at fault named.
    """

    principal: str
    action: str
    resource: str
    context: Context = NO_CONTEXT
    session_policies: Sequence[Policy] = ()

    def __post_init__(self) -> None:
        checks: dict[str, Callable[[object], object]] = {}
        if not type(self.principal) is type(self.action) is type(self.resource) is str:
            checks = dict.fromkeys(("principal", "action", "resource"), copies.text)
        if self.context is not NO_CONTEXT:
            checks["context"] = copies.context
        if self.session_policies != ():
            checks["session_policies"] = copies.policies
        if checks:
            copies.normalize(self, **checks)


class Simulation(Request, frozen=True, kw_only=True):
    """A request, and the translated documents to judge it by.

    `policies`, name to document, stands in for the principal's own policies.
    """

    policies: Mapping[str, Policy]

    def __post_init__(self) -> None:
        super().__post_init__()
        copies.normalize(self, policies=copies.named_policies)
