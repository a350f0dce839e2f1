"""The single changes of which a fix consists: each needs one statement, or one level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ramgate.analysis.fixes.case import ACCOUNT_LEVEL, CONTROL, GROUP_LEVEL, TRUST
from ramgate.analysis.fixes.values import failing, satisfying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ramgate.analysis.fixes.case import Case
    from ramgate.analysis.fixes.draft import Keys
    from ramgate.analysis.fixes.fix import Kind
    from ramgate.analysis.fixes.policies import Attachment
    from ramgate.analysis.fixes.proposal import Proposal
    from ramgate.analysis.prover.reading import Value

__all__ = ["Step", "control_steps", "deny_steps", "identity_steps", "trust_steps"]

Step: TypeAlias = "tuple[Kind, Callable[[Proposal], bool]]"
"""A kind of fix, and a function that changes a proposal, or returns False if it cannot."""

_PRINCIPAL: Final = "acs:PrincipalARN"
_GROUP: Final = "acs:ResourceGroupId"
_OTHER_THAN: Final = "StringNotEquals"
_MOST: Final = 3
"""The changes of one kind that are proposed."""


def control_steps(case: Case) -> Iterator[Step]:
    """Yield a step for each level of control policies that does not allow."""
    for entry in _matching(case, CONTROL):
        yield "ask_control_policy", _except(case, entry)
    levels = [one for one in case.explained["layers"] if one["policy_type"] == CONTROL]
    for depth, level in enumerate(levels):
        if level["effect"] == "ImplicitDeny":
            yield "ask_control_policy", _allow_at_level(case, depth)


def deny_steps(case: Case, *, by_context: bool = False) -> Iterator[Step]:
    """Yield a step for each Deny of an identity or trust policy that matches.

    With `by_context`, a Deny with conditions is avoided by another context.
    """
    for entry in _matching(case, ACCOUNT_LEVEL, GROUP_LEVEL, TRUST):
        if by_context and entry["conditions"]:
            yield "give_context", _give(failing, entry["conditions"])
        else:
            yield "except_from_deny", _except(case, entry)


def identity_steps(case: Case, allowing: Sequence[Attachment]) -> Iterator[Step]:
    """Yield the changes that let the principal's own policies allow, if they do not."""
    near = list(case.considered("Allow", ACCOUNT_LEVEL, GROUP_LEVEL))
    if case.effect(ACCOUNT_LEVEL) is None or any(one["matches"] for one in near):
        return
    yield from _nearby(case, [one for one in near if one["resource"]])
    yield from _in_groups(case)
    yield "add_statement", _grant(case)
    for policy in allowing[:_MOST]:
        yield "attach_policy", _attach(case, policy)


def trust_steps(case: Case) -> Iterator[Step]:
    """Yield the changes that let the role's trust policy allow, if it does not."""
    if case.effect(TRUST) in (None, "Allow"):
        return
    near = list(case.considered("Allow", TRUST))
    yield from _nearby(case, [one for one in near if one["principal"]["matches"]])
    yield "trust_principal", _trust(case)


def _matching(case: Case, *policy_types: str) -> Iterator[Mapping[str, Any]]:
    """Yield the Denies that match, once each: a policy may be attached in several places."""
    seen = set()
    for entry in case.considered("Deny", *policy_types):
        place = (entry["policy"], entry["index"])
        if entry["matches"] and place not in seen:
            seen.add(place)
            yield entry


def _nearby(case: Case, near: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    """Yield the changes of statements that fail in one element only."""
    for entry in near[:_MOST]:
        unmet = [one for one in entry["conditions"] if not one["satisfied"]]
        resource = entry["resource"] is None or entry["resource"]["matches"]
        action = entry["action"]["matches"]
        if action and resource and unmet:
            yield "give_context", _give(satisfying, unmet)
            yield "relax_condition", _relax(case, entry, unmet)
        elif action and not resource and not unmet:
            yield "widen_resource", _extend(case, entry, "Resource", case.request.resource)
        elif resource and not action and not unmet and not entry["action"]["not_action"]:
            yield "widen_action", _extend(case, entry, "Action", case.request.action)


def _give(
    find: Callable[[Sequence[Mapping[str, Any]]], dict[str, Value] | None],
    conditions: Sequence[Mapping[str, Any]],
) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        values = find(conditions)
        proposal.context.update(values or {})
        return values is not None

    return change


def _relax(
    case: Case, entry: Mapping[str, Any], unmet: Sequence[Mapping[str, Any]]
) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        keys = case.statement(proposal.draft, entry)
        if keys is None:
            return False
        for one in unmet:
            proposal.draft.remove(_condition(proposal, keys, one["operator"], one["key"]))
        return True

    return change


def _condition(proposal: Proposal, keys: Keys, operator: str, key: str) -> Keys:
    """Return the path to a condition: alone under its operator, it is removed with the operator.

    An explanation leaves out a quantifier that makes no difference.
    """
    written, tests = next(
        (written, tests)
        for written, tests in proposal.draft.get((*keys, "Condition")).items()
        if key in tests and _comparison(written) == _comparison(operator)
    )
    path = (*keys, "Condition", written)
    return path if len(tests) == 1 else (*path, key)


def _comparison(operator: str) -> str:
    return operator.rpartition(":")[2].removesuffix("IncludeBorder")


def _extend(
    case: Case, entry: Mapping[str, Any], element: str, value: str
) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        keys = case.statement(proposal.draft, entry)
        if keys is None:
            return False
        proposal.draft.extend((*keys, element), value)
        return True

    return change


def _except(case: Case, entry: Mapping[str, Any]) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        keys = case.statement(proposal.draft, entry)
        if keys is None or not case.members:
            return False
        path: Keys = (*keys, "Condition", _OTHER_THAN, _PRINCIPAL)
        if proposal.draft.get(path) is None:
            proposal.draft.add(path, [case.arn])
        else:
            proposal.draft.extend(path, case.arn)
        return True

    return change


def _allow_at_level(case: Case, depth: int) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        root = proposal.draft.directory()["root"]
        keys = _levels(root, case.owner, ("directory", "root"))[depth]
        name = proposal.draft.new_policy(("directory",), _document(case))
        proposal.draft.add((*keys, "control_policies", "-"), name)
        return True

    return change


def _levels(folder: Mapping[str, Any], account: str, keys: Keys) -> list[Keys]:
    """Return the paths to the levels, from this folder down to the account."""
    if account in folder.get("accounts", {}):
        return [keys, (*keys, "accounts", account)]
    for name, inner in folder.get("folders", {}).items():
        if found := _levels(inner, account, (*keys, "folders", name)):
            return [keys, *found]
    return []


def _in_groups(case: Case) -> Iterator[Step]:
    for hint in case.explained["hints"]:
        if hint["code"] == "would_allow_in_resource_group":
            yield "give_context", _name_group(hint["resource_group"])
            yield "move_to_account_scope", _move(case, hint)


def _name_group(group: str) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        proposal.context[_GROUP] = group
        return True

    return change


def _move(case: Case, hint: Mapping[str, Any]) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        keys, entry = _attachments(case, proposal, hint)[0]
        scope = {key: value for key, value in entry.items() if key != "resource_group"}
        proposal.draft.replace(keys, scope if "type" in scope else scope["policy"])
        return True

    return change


def _attachments(
    case: Case, proposal: Proposal, hint: Mapping[str, Any]
) -> list[tuple[Keys, dict[str, str]]]:
    """Return where the principal or one of its groups has the policy for the resource group."""
    member: Keys = ("accounts", case.account, *(case.member(proposal.draft) or ()))
    groups = proposal.draft.get((*member, "groups")) or []
    wanted = (hint["policy"], hint["resource_group"])
    return [
        ((*holder, "policies", place), one)
        for holder in (member, *(("accounts", case.account, "groups", group) for group in groups))
        for place, one in enumerate(proposal.draft.get((*holder, "policies")) or [])
        if isinstance(one, dict) and (one["policy"], one.get("resource_group")) == wanted
    ]


def _grant(case: Case) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        member = case.member(proposal.draft)
        if member is None:
            return False
        proposal.document = _document(case)
        proposal.attach_to = case.arn
        name = proposal.draft.new_policy(("accounts", case.account), proposal.document)
        proposal.draft.attach(case.account, *member, name)
        return True

    return change


def _attach(case: Case, policy: Attachment) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        member = case.member(proposal.draft)
        if member is None:
            return False
        proposal.attach_to = case.arn
        proposal.draft.attach(case.account, *member, policy)
        return True

    return change


def _trust(case: Case) -> Callable[[Proposal], bool]:
    def change(proposal: Proposal) -> bool:
        roles = (proposal.draft.account(case.owner) or {}).get("roles", {})
        role = next((one for one in roles if one.lower() == case.role.lower()), None)
        if role is None:
            return False
        kind = "RAM" if case.members else "Federated"
        kind = "Service" if case.request.principal.endswith(".aliyuncs.com") else kind
        statement = {
            "Effect": "Allow",
            "Action": case.request.action,
            "Principal": {kind: [case.arn]},
        }
        keys = ("accounts", case.owner, "roles", role, "trust", "Statement", "-")
        proposal.draft.add(keys, statement)
        return True

    return change


def _document(case: Case) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": case.request.action,
        "Resource": case.request.resource,
    }
    return {"Version": "1", "Statement": [statement]}
