"""A proposal: a change that may allow a denied request, before it is tried."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ramgate.analysis.fixes.draft import Draft
from ramgate.analysis.fixes.fix import Change
from ramgate.analysis.fixes.steps import control_steps, deny_steps, identity_steps, trust_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ramgate.analysis.fixes.case import Case
    from ramgate.analysis.fixes.fix import Kind
    from ramgate.analysis.fixes.policies import Attachment
    from ramgate.analysis.fixes.steps import Step
    from ramgate.model.decision import Policy

__all__ = ["Proposal", "proposals"]


@dataclasses.dataclass(slots=True)
class Proposal:
    """A change of a copy of the accounts, and values to add to the request's context."""

    kind: Kind
    draft: Draft
    context: dict[str, Any] = dataclasses.field(default_factory=dict)
    document: Policy | None = None
    attach_to: str | None = None

    @property
    def patch(self) -> tuple[Change, ...]:
        """The steps, those on the request first."""
        given = [
            Change("request", "add", f"/context/{key.replace('~', '~0').replace('/', '~1')}", value)
            for key, value in self.context.items()
        ]
        return (*given, *self.draft.patch)


def proposals(case: Case, allowing: Sequence[Attachment]) -> Iterator[Proposal]:
    """Yield changes that may allow the request; `allowing` names policies that may do so.

    Each removes every obstacle: the levels, and the Denies, if possible first by another context.
    Then it lets the principal's policies allow, and the role's trust policy. There is one proposal
    for each way to do that.
    """
    control, denies = list(control_steps(case)), list(deny_steps(case))
    by_context = list(deny_steps(case, by_context=True))
    avoided = any(kind == "give_context" for kind, _ in by_context)
    for needed in [by_context, denies] if avoided else [denies]:
        yield from _removing(case, allowing, [*needed, *control])


def _removing(
    case: Case, allowing: Sequence[Attachment], needed: Sequence[Step]
) -> Iterator[Proposal]:
    identity, trust = list(identity_steps(case, allowing)), list(trust_steps(case))
    if identity:
        ways = [[one, *trust[-1:]] for one in identity]
        ways += [[one, identity[0]] for one in trust[:-1]]
    else:
        ways = [[one] for one in trust]
    for way in ways or ([[]] if needed else []):
        steps = [*way, *needed]
        proposal = Proposal(steps[0][0], Draft(*case.accounts))
        if all(change(proposal) for _, change in steps):
            yield proposal
