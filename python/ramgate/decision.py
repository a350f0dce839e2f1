"""What is asked and what is answered, as values.

The shapes are those of `POST /v1/data/ram/authz/decision`: a `Request` is encoded as it stands, an
empty `context` or `session_policies` left out, and an answer is decoded straight into a
`Decision`. A `Decision` that contradicts itself cannot be made, neither by an answer nor by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias, TypeGuard, TypeVar

import msgspec

from ramgate.errors import InvalidRequest

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

_T = TypeVar("_T")

Scalar: TypeAlias = str | int | float | bool
Context: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]
Policy: TypeAlias = Mapping[str, object]

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

NO_CONTEXT: Context = MappingProxyType({})
"""A request's `context` when it has none."""


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
        errors: list[str] = []
        if not type(self.principal) is type(self.action) is type(self.resource) is str:
            for field in ("principal", "action", "resource"):
                _settle(self, field, _text, errors)
        if self.context is not NO_CONTEXT:
            _settle(self, "context", _context, errors)
        if self.session_policies != ():
            _settle(self, "session_policies", _policies, errors)
        if errors:
            raise InvalidRequest(errors)


class Simulation(Request, frozen=True, kw_only=True):
    """A request, and the translated documents to judge it by.

    `policies`, name to document, stands in for the principal's own policies.
    """

    policies: Mapping[str, Policy]

    def __post_init__(self) -> None:
        super().__post_init__()
        errors: list[str] = []
        _settle(self, "policies", _named_policies, errors)
        if errors:
            raise InvalidRequest(errors)


def _settle(
    request: Request, field: str, check: Callable[[object], object], errors: list[str]
) -> None:
    """Put a plain copy of the value in its place, which the caller cannot change any more."""
    try:
        value = check(getattr(request, field))
    except (TypeError, ValueError) as error:
        errors.append(f"`{field}` {error}")
    else:
        msgspec.structs.force_setattr(request, field, value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"is of type `{type(value).__name__}`, not a string")
    return str.__str__(value)


def _scalar(value: object) -> Scalar:
    match value:
        case bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"is `{value}`, a number that JSON does not have")
            return float(value)
        case _:
            raise TypeError(f"is of type `{type(value).__name__}`, not a string, number or boolean")


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple) or (
        not isinstance(value, str | bytes | bytearray | memoryview) and isinstance(value, Sequence)
    )


def _context_value(value: object) -> Scalar | tuple[Scalar, ...]:
    if _is_list(value):
        return tuple(map(_scalar, value))
    return _scalar(value)


def _mapping(value: object, inner: Callable[[object], _T]) -> dict[str, _T]:
    if not isinstance(value, dict | Mapping):
        raise TypeError(f"is of type `{type(value).__name__}`, not a mapping")
    settled: dict[str, _T] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"has the key `{key!r}`, which is not a string")
        try:
            settled[str.__str__(key)] = inner(item)
        except (TypeError, ValueError) as error:
            raise type(error)(f"at `{key}` {error}") from None
    return settled


def _document(value: object) -> dict[str, object]:
    return _mapping(value, lambda item: item)


def _context(value: object) -> Context:
    return _mapping(value, _context_value) or NO_CONTEXT


def _policies(value: object) -> tuple[Policy, ...]:
    if not _is_list(value):
        raise TypeError(f"is of type `{type(value).__name__}`, not a sequence")
    return tuple(map(_document, value))


def _named_policies(value: object) -> dict[str, Policy]:
    return _mapping(value, _document)
