"""A decision on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ramgate.model.decision import Decision

__all__ = ["summary"]


def summary(decision: Decision, level: str | None = None) -> str:
    """Return a decision on one line: the effect, the reason and its statements, the policy type.

    `level` names the level of the control policies that deny.

    >>> from ramgate import Decision
    >>> decision = Decision(
    ...     allow=False,
    ...     effect="ImplicitDeny",
    ...     reason="no_statement_matches",
    ...     policy_type="ControlPolicy",
    ...     statements=(),
    ... )
    >>> print(summary(decision, "level 0, the root folder"))
    ImplicitDeny  no_statement_matches  (ControlPolicy at level 0, the root folder)
    """
    statements = ", ".join(map(str, decision.statements))
    reason = f"{decision.reason}: {statements}" if statements else decision.reason
    layer = f"{decision.policy_type} at {level}" if level else decision.policy_type
    return "  ".join([decision.effect, reason, *([f"({layer})"] if layer else [])])
