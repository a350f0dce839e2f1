"""The text of an explanation: the cause, the decision, the layers, the statements."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from ramgate.faults import printable
from ramgate.model import condition_text, hint_text
from ramgate.model.hint import KeyAbsent
from ramgate.model.names import listed
from ramgate.model.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.model.considered import Considered
    from ramgate.model.decision import Reason
    from ramgate.model.explanation import Explanation, Layer

__all__ = ["cause", "control_level", "text"]

_WIDTH: Final = 100
_NOTES: Final[Mapping[str | None, str]] = {
    "no_directory": "the account of the resource is in no directory",
    "no_resource_group": "the request names no resource group",
    "none_given": "the request has none",
    "not_a_role": "the request assumes no role that exists",
    "not_bound": "it does not bind this principal",
    "not_published": "the policy of the service-linked role is not public",
    "owner": "it does not bind an account owner",
    "policy_unreadable": "a document cannot be read",
}
# the causes of denials without a hint
_CAUSES: Final[Mapping[Reason, str]] = {
    "no_statement_matches": "no statement matches the request",
    "policy_not_published": "the policy of this service-linked role is not public",
    "policy_unreadable": "ramgate cannot read a policy of the layer that decides",
    "resource_of_another_account": (
        "the resource belongs to another account: a bucket or key policy there could allow it, "
        "which ramgate does not read"
    ),
    "unknown_principal": "the principal does not exist in the accounts",
    "unknown_role": "the role does not exist in the accounts",
}


def text(explanation: Explanation) -> str:
    """Return all lines: the cause, then lines of at most 100 columns, but for longer words."""
    return "\n".join(_lines(explanation))


def cause(explanation: Explanation) -> str:
    """Return the cause of the decision in one sentence."""
    decision = explanation.decision
    if decision.reason == "account_owner":
        return "an account owner is allowed everything in the account"
    if decision.allow:
        return printable(f"{_decided(explanation, 'allow')}{_holders(explanation)}")
    if decision.statements:
        absent = (one for one in explanation.hints if isinstance(one, KeyAbsent))
        denying = next((one for one in absent if one.effect == "Deny"), None)
        if denying is not None:
            return printable(hint_text.text(denying, explanation.request))
        return printable(f"{_decided(explanation, 'den')}{_conditions(explanation)}")
    return next(iter(explanation.hint_texts), "") or _CAUSES.get(decision.reason, decision.reason)


def control_level(explanation: Explanation) -> str | None:
    """Name the level whose control policies deny; None if none does.

    The levels are counted from 0, the root folder.
    """
    if explanation.decision.policy_type != "ControlPolicy" or explanation.decision.allow:
        return None
    effects = [one.effect for one in explanation.layers if one.policy_type == "ControlPolicy"]
    depth = next((at for at, effect in enumerate(effects) if effect != "Allow"), 0)
    if depth == 0:
        return "level 0, the root folder"
    return f"level {depth}, {'the account' if depth == len(effects) - 1 else 'a folder'}"


def _lines(explanation: Explanation) -> Iterator[str]:
    word = "Allowed" if explanation.decision.allow else "Denied"
    # not wrapped: the first line is the whole cause, also for `head -1`
    yield printable(f"{word}: {cause(explanation)}")
    yield from _wrap(summary(explanation.decision, control_level(explanation)))
    others = [text for text in explanation.hint_texts if text != cause(explanation)]
    if others:
        yield from ("", "also")
        for one in others:
            yield from _wrap(f"  {one}")
    if explanation.layers:
        yield from ("", "layers")
        for layer in explanation.layers:
            yield from _layer(layer)
    if explanation.considered:
        yield from ("", "statements, nearest first")
        for considered in explanation.considered:
            yield from _considered(considered)
    if explanation.more:
        yield f"  and {explanation.more} more, which are farther from matching"


def _decided(explanation: Explanation, verb: str) -> str:
    """Return a sentence about the statements that decided; `verb` has no ending."""
    statements = explanation.decision.statements
    ending = {"allow": ("s", ""), "den": ("ies", "y")}[verb][len(statements) > 1]
    return f"{listed(f'`{one}`' for one in statements)} {verb}{ending} it"


def _holders(explanation: Explanation) -> str:
    """Return the group or the resource group through which the first statement allows."""
    attached = [one for first in _first(explanation) for one in first.attached]
    ways = [str(one) for one in attached if one.to == "group" or one.resource_group]
    direct = any(one.to != "group" and not one.resource_group for one in attached)
    return "" if direct or not ways else f", through {listed(ways)}"


def _conditions(explanation: Explanation) -> str:
    """Return the conditions for which the first statement denies."""
    found = [
        condition_text.because(one) for first in _first(explanation) for one in first.conditions
    ]
    return f", because {listed(found)}" if found else ""


def _first(explanation: Explanation) -> list[Considered]:
    """Return the first statement that decided; nothing if so many match that it is left out."""
    decision = explanation.decision
    found = [
        one
        for one in explanation.considered
        if one.statement == decision.statements[0] and one.policy_type == decision.policy_type
    ]
    return found[:1]


def _layer(layer: Layer) -> list[str]:
    name = f"{layer.policy_type} of {layer.level}" if layer.level else layer.policy_type
    parts = [layer.effect or "-", ", ".join(map(str, layer.statements)), _NOTES.get(layer.note, "")]
    return _wrap(f"  {name:<37}  {'  '.join(filter(None, parts))}", 41)


def _considered(considered: Considered) -> Iterator[str]:
    holders = "; ".join(map(str, considered.attached))
    state = "matches" if considered.matches else "does not match"
    yield from _wrap(f"  {considered.statement}  {considered.effect}, {state}  ({holders})")
    for name, line in _differences(considered):
        yield from _wrap(f"    {name:<10} {line}", 15)


def _differences(considered: Considered) -> Iterator[tuple[str, str]]:
    """Yield the elements that differ, or why a Deny's conditions are satisfied."""
    action, resource = considered.action, considered.resource
    if not action.matches:
        pattern = f"`{action.pattern}`"
        yield (
            "action",
            f"NotAction excepts {pattern}" if action.not_action else f"{pattern} does not match",
        )
    if resource is not None and not resource.matches:
        way = f": {resource.differs_at}" if resource.differs_at else " does not match"
        yield "resource", f"`{resource.pattern}`{way}"
    if considered.principal is not None and not considered.principal.matches:
        yield "principal", "is not one of those that the statement names"
    for condition in considered.conditions:
        if considered.matches or not condition.satisfied:
            yield "condition", str(condition)


def _wrap(line: str, indent: int | None = None) -> list[str]:
    own = len(line) - len(line.lstrip(" "))
    return textwrap.wrap(
        printable(line),
        _WIDTH,
        initial_indent="",
        subsequent_indent=" " * (own + 2 if indent is None else indent),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
