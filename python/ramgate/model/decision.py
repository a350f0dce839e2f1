"""The request for a decision, and the decision.

The JSON of both is that of `POST /v1/data/ram/authz/decision` (docs/reference/http.md): a
`Request` is encoded field by field, without an empty `context` or `session_policies`, and a
response is decoded straight into a `Decision`. A `Decision` whose fields contradict each other
cannot be created, neither from a response nor by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, overload

import msgspec
from msgspec.structs import force_setattr

from ramgate.model import copies
from ramgate.model.copies import NO_CONTEXT, Context, Policy, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Never

__all__ = [
    "NO_CONTEXT",
    "Context",
    "Decision",
    "Decisions",
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
    "policy_unreadable",
    "resource_of_another_account",
    "statement_allows",
    "statement_denies",
    "unknown_principal",
    "unknown_role",
]

# All consistent combinations of (allow, effect, reason, has statements, has errors). One set lookup
# per response.
_CONSISTENT: frozenset[tuple[bool, Effect, Reason, bool, bool]] = frozenset(
    {
        (True, "Allow", "account_owner", False, False),
        (True, "Allow", "statement_allows", True, False),
        (False, "ExplicitDeny", "statement_denies", True, False),
        (False, "ImplicitDeny", "malformed_request", False, True),
        (False, "ImplicitDeny", "no_statement_matches", False, False),
        (False, "ImplicitDeny", "policy_not_published", False, False),
        (False, "ImplicitDeny", "policy_unreadable", False, False),
        (False, "ImplicitDeny", "resource_of_another_account", False, False),
        (False, "ImplicitDeny", "unknown_principal", False, False),
        (False, "ImplicitDeny", "unknown_role", False, False),
    }
)


class Statement(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A statement that decided a request.

    `policy` is the name of its policy, `trust:<role name>` for a trust policy, or
    `session:<position>` for a session policy; `index` is its position in the document's
    `Statement` list, from 0.

    >>> from ramgate import Statement
    >>> print(Statement("office-network", 0))
    office-network[0]
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
    """The answer to one request. It is true exactly if it allows.

    * `allow`: true for the effect `Allow` only.
    * `effect`, `reason`: see docs/reference/policy-language.md, section 5.
    * `policy_type`: the layer that decided, `None` if no layer did.
    * `statements`: the statements that decided, by policy, then index. Non-empty exactly for the
      reasons `statement_allows` and `statement_denies`.
    * `errors`: a text for each field at fault. Non-empty exactly for `malformed_request`.
    * `simulated`: true for a simulation only.

    Raises `ValueError` if the fields contradict each other.

    >>> decision = client.decide(
    ...     "acs:ram::1234567890123456:user/alice",
    ...     "alikafka:CreateTopic",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ... )
    >>> bool(decision), decision.effect, decision.reason, decision.policy_type
    (True, 'Allow', 'statement_allows', 'AccountLevelIdentityBasedPolicy')
    >>> print(*decision.statements)
    AliyunKafkaFullAccess[0]
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
                f"a decision cannot have `allow` `{self.allow}`, `effect` `{self.effect}` and "
                f"`reason` `{self.reason}` with {len(self.statements)} `statements` and "
                f"{len(self.errors)} `errors`"
            )

    def __bool__(self) -> bool:
        return self.allow


class Decisions(Sequence[Decision]):
    """The answers to a list of requests, in their order.

    It has no truth value, because a list of denials would be true: use `all_allowed`, or look at
    each decision.

    >>> from ramgate import Request
    >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> requests = [
    ...     Request(f"acs:ram::1234567890123456:user/{name}", "alikafka:ListTopic", instance)
    ...     for name in ("alice", "carol")
    ... ]
    >>> decisions = client.decide_all(requests)
    >>> decisions.all_allowed
    False
    >>> [decision.effect for decision in decisions]
    ['Allow', 'ImplicitDeny']
    """

    __slots__ = ("_decisions",)

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._decisions = tuple(decisions)

    @property
    def all_allowed(self) -> bool:
        """True exactly if there is a decision and every decision allows."""
        return bool(self._decisions) and all(self._decisions)

    def __bool__(self) -> Never:
        raise TypeError("`Decisions` has no truth value: use `all_allowed`, or each decision")

    def __len__(self) -> int:
        return len(self._decisions)

    @overload
    def __getitem__(self, index: int) -> Decision: ...
    @overload
    def __getitem__(self, index: slice) -> Decisions: ...
    def __getitem__(self, index: int | slice) -> Decision | Decisions:
        if isinstance(index, slice):
            return Decisions(self._decisions[index])
        return self._decisions[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decisions) and self._decisions == other._decisions

    def __hash__(self) -> int:
        return hash(self._decisions)

    def __repr__(self) -> str:
        return f"Decisions({list(self._decisions)!r})"


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `principal` may do `action` on `resource`.

    * `principal`: the ARN of a user, a role, a role session or an account owner, or a service or
      a provider (docs/reference/policy-language.md, section 5).
    * `action`: `<ram-code>:<Operation>`, such as `alikafka:ListTopic`.
    * `resource`: a whole ARN. With `"*"` a Deny of a narrower resource does not match.
    * `context`: condition key to a string, number or boolean, or a sequence of them.
    * `session_policies`: documents from `translate`; for a role session only.

    OPA checks the grammar of each field. Values that JSON cannot express are refused here, before
    a request is sent: raises `InvalidRequest`, which names each field at fault.

    >>> from ramgate import Request
    >>> request = Request(
    ...     "acs:ram::1234567890123456:user/alice",
    ...     "alikafka:ListTopic",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ...     {"acs:SourceIp": "10.0.0.1"},
    ... )
    >>> client.decide_all([request])[0].allow
    True
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
        context = self.context
        if context is not NO_CONTEXT:
            if not context and type(context) is dict:
                force_setattr(self, "context", NO_CONTEXT)
            else:
                checks["context"] = copies.context
        if self.session_policies != ():
            checks["session_policies"] = copies.policies
        if checks:
            copies.normalize(self, **checks)


class Simulation(Request, frozen=True, kw_only=True):
    """A request, and the policies to decide it with in place of the principal's own.

    `policies` maps a name to a document from `translate`. Raises `InvalidRequest` as `Request`
    does.

    >>> from ramgate import Simulation, translate
    >>> policy = {
    ...     "Version": "1",
    ...     "Statement": [{"Effect": "Allow", "Action": "alikafka:List*", "Resource": "*"}],
    ... }
    >>> simulation = Simulation(
    ...     "acs:ram::1234567890123456:user/carol",
    ...     "alikafka:ListTopic",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ...     policies={"draft": translate(policy)},
    ... )
    >>> client.simulate_all([simulation])[0].allow
    True
    """

    policies: Mapping[str, Policy]

    def __post_init__(self) -> None:
        super().__post_init__()
        copies.normalize(self, policies=copies.named_policies)
