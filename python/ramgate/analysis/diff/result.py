"""The result of `ramgate diff`. Its JSON is that of `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from ramgate.model.decision import Decision, Request

__all__ = ["Cause", "Change", "Diff", "Principals", "Result", "Undecided"]

_CHANGES: Final = {
    "attached": "the policy is attached",
    "detached": "the policy is detached",
    "statement": "only this side has the statement",
}
Result: TypeAlias = Literal["equivalent", "narrower", "wider", "incomparable", "not_decided"]


class Cause(msgspec.Struct, frozen=True):
    """A difference between the sides that changes the decision on a request.

    * `side`: `new` for a statement that only the new side has, `old` for one that it lacks.
    * `policy`, `index`: the statement, as in a decision. `None` if the denial has no statement.
    * `change`: `attached` or `detached` if the principal holds the policy on one side only; else
      the element that differs (`Action`, `Resource`, `Condition`, …), or `statement` if several do
      or the other side has no such statement. Without a statement it is the reason of the denial.
    * `value`: the patterns or conditions that only one side has, or the policy type of the denial.

    >>> print(Cause("new", "operators", 0, "Action", "ecs:*"))
    operators[0] of the new side: Action: ecs:*
    """

    side: Literal["old", "new"]
    policy: str | None
    index: int | None
    change: str
    value: str

    def __str__(self) -> str:
        value = f": {self.value}" if self.value else ""
        if self.policy is None:
            return f"the {self.side} side denies: {self.change}{value}"
        change = _CHANGES.get(self.change, self.change)
        return f"{self.policy}[{self.index}] of the {self.side} side: {change}{value}"


class Change(msgspec.Struct, frozen=True):
    """A request with another decision on the new side, as OPA decided it on both sides.

    `principal` asks the `request`; `principals` are all principals with the same policies,
    who get the same decisions on their requests.

    >>> from ramgate import Decision, Request
    >>> denied = Decision(
    ...     allow=False,
    ...     effect="ImplicitDeny",
    ...     reason="unknown_principal",
    ...     policy_type=None,
    ...     statements=(),
    ... )
    >>> request = Request("acs:ram::1234567890123456:user/alice", "ecs:StartInstance", "*")
    >>> Change(request.principal, request, denied, denied).because
    ()
    """

    principal: str
    request: Request
    before: Decision
    after: Decision
    because: tuple[Cause, ...] = ()
    principals: tuple[str, ...] = ()


class Undecided(msgspec.Struct, frozen=True):
    """Principals with the same policies for which no answer was found, and the reason.

    `principals` is empty if it is about principals that policy documents do not name.

    >>> Undecided(("acs:ram::1234567890123456:user/alice",), "the time is over").reason
    'the time is over'
    """

    principals: tuple[str, ...]
    reason: str


class Principals(msgspec.Struct, frozen=True):
    """The number of principals with a changed decision, and the number that was compared.

    >>> Principals(changed=1, of=120).of
    120
    """

    changed: int
    of: int


class Diff(msgspec.Struct, frozen=True):
    """The comparison of two sides.

    * `result`: `equivalent`, `narrower` and `wider` are proved for all requests. `incomparable`
      means that some requests are newly allowed and others newly denied. `not_decided` means that
      there is no proof: `not_decided` has the reasons.
    * `newly_allowed`, `newly_denied`: one request for each changed statement and set of principals.

    >>> Diff("equivalent", Principals(0, 3)).newly_allowed
    ()
    """

    result: Result
    principals: Principals
    newly_allowed: tuple[Change, ...] = ()
    newly_denied: tuple[Change, ...] = ()
    not_decided: tuple[Undecided, ...] = ()
