"""The result of `ramgate prove`. Its JSON is that of `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from ramgate.analysis.prove.rules import Kind
    from ramgate.model.decision import Decision, Request

__all__ = ["Proof", "Result", "Violation"]

Result: TypeAlias = Literal["proved", "broken", "not_decided"]


class Violation(msgspec.Struct, frozen=True):
    """Requests that break a rule, with the decisions of OPA.

    All but `never_together` need one request. `principals` are those with the same policies, whose
    own requests break the rule, too.

    >>> Violation(("acs:ram::1234567890123456:user/alice",), (), ()).requests
    ()
    """

    principals: tuple[str, ...]
    requests: tuple[Request, ...]
    decisions: tuple[Decision, ...]


class Proof(msgspec.Struct, frozen=True):
    """The answer to a rule: `proved` for all requests, `broken` with violations, or neither.

    `because` is the rule's own text, `reasons` say why it was not decided. A rule with a violation
    is `broken`, also if something else about it was not decided.

    >>> Proof("topics-stay", "never", "proved").violations
    ()
    """

    rule: str
    kind: Kind
    result: Result
    because: str = ""
    violations: tuple[Violation, ...] = ()
    reasons: tuple[str, ...] = ()
