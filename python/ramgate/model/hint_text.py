"""The texts of hints: one sentence each, for a person in a hurry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.model import condition_text, hint, resource_text
from ramgate.model.names import layer_name, listed, short, statement_name

if TYPE_CHECKING:
    from ramgate.model.decision import Request

__all__ = ["text"]

_PASSES: Final = "ram:passrole"


def text(found: hint.Hint, request: Request) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return the sentence for a hint about a request."""
    match found:
        case hint.UnknownName():
            return _unknown_name(found)
        case hint.OwnerCannotAssume():
            return "an account owner can never assume a role: ask as a user or a role"
        case hint.UnreadablePolicy():
            layer = layer_name(found, request.principal)
            return f"ramgate cannot read `{found.policy}`, so {layer} allow nothing"
        case hint.IdentityMissing():
            return (
                f"role `{found.role}` trusts {short(request.principal)}, whose own policies do not "
                f"allow {found.action} on it"
            )
        case hint.WouldAllowInResourceGroup():
            return _resource_group(found, request)
        case hint.KeyAbsent():
            return _key_absent(found, request)
        case hint.OnlyConditionDiffers():
            return _condition(found, request)
        case hint.WildcardResourceAsked():
            return _wildcard(found)
        case hint.OnlyResourceDiffers():
            return f"{statement_name(found)} {resource_text.difference(found)}"
        case hint.OnlyActionDiffers():
            return _action(found)
        case hint.NearAction():
            return str(found)
        case hint.TrustAdmits():
            return _trust(found)
        case hint.NoStatementForService():
            return _service(found, request)
        case _:
            return _nothing(found, request)


def _trust(found: hint.TrustAdmits) -> str:
    policy = f"the trust policy of role `{found.role}`"
    admits = listed(short(one, found.account) for one in found.admits)
    if not admits:
        return f"{policy} admits no principal"
    return f"{policy} admits only {admits}, not {short(found.given, found.account)}"


def _unknown_name(found: hint.UnknownName) -> str:
    if found.account is None:
        return "the resource is not the ARN of a role: write `acs:ram::<account>:role/<name>`"
    near = f": did you mean {_or(found.near)}?" if found.near else ""
    if found.kind == "account":
        return f"account `{found.account}` does not exist{near}"
    return f"account `{found.account}` has no {found.kind} `{found.name}`{near}"


def _resource_group(found: hint.WouldAllowInResourceGroup, request: Request) -> str:
    asked = request.context.get("acs:ResourceGroupId")
    named = "which is not named" if asked is None else f"not in `{asked}`"
    group = f"resource group `{found.resource_group}`"
    return f"{statement_name(found)} allows it only in {group}, {named}"


def _key_absent(found: hint.KeyAbsent, request: Request) -> str:
    statement = statement_name(found)
    if found.effect == "Deny":
        end = f": did you mean `{found.near}`?" if found.near else ""
        return f"{statement} denies it, because the request has no `{found.key}`{end}"
    if found.not_filled_by_service:
        return f"calls of {request.action} never carry `{found.key}`, which {statement} wants"
    if found.near:
        return f"{statement} wants `{found.key}`, which is absent: did you mean `{found.near}`?"
    wanted = condition_text.wanted(found.operator, found.values)
    return f"the request has no `{found.key}`, and {statement} wants {wanted}"


def _condition(found: hint.OnlyConditionDiffers, request: Request) -> str:
    statement = statement_name(found)
    wanted = condition_text.wanted(found.operator, found.values)
    given = condition_text.given(found.given)
    if found.reason == "unreadable":
        return f"`{found.key}` is {given}, which {found.operator} of {statement} cannot read"
    if request.action.lower() == _PASSES and found.key == "acs:Service":
        return f"{statement} lets the role be passed to {wanted}, not to {given}"
    slash = condition_text.only_a_slash(found.values, found.given)
    end = ": only a slash differs" if slash else ""
    return f"`{found.key}` is {given}, and {statement} wants {wanted}{end}"


def _wildcard(found: hint.WildcardResourceAsked) -> str:
    verb = "allows" if found.effect == "Allow" else "denies"
    form = f"; its form is `{found.forms[0]}`" if found.forms else ""
    named = f"{statement_name(found)} {verb} `{found.pattern}`"
    return f"ask with the ARN of the resource, not with `*`: {named}{form}"


def _action(found: hint.OnlyActionDiffers) -> str:
    statement = statement_name(found)
    if found.not_action:
        return f"{statement} allows all but `{found.pattern}` (NotAction), so not {found.given}"
    near = f", its nearest action is `{found.pattern}`" if found.pattern else ""
    return f"{statement} does not list {found.given}{near}"


def _service(found: hint.NoStatementForService, request: Request) -> str:
    layer = layer_name(found, request.principal)
    others = f", only about {listed(found.services)}" if found.services else ""
    if request.action.lower() == _PASSES:
        return f"`ram:PassRole` is missing: {layer} have no statement about `{found.service}`"
    if found.alias:
        end = f": {found.note}" if found.note else ""
        return f"{layer} are about `{found.alias}`, not about `{found.service}`{end}"
    return f"{layer} have no statement about `{found.service}`{others}"


def _nothing(found: hint.NothingAttached, request: Request) -> str:
    match found.policy_type:
        case None:
            return f"{short(request.principal)} can only assume a role: ask as the role"
        case "ControlPolicy":
            return f"level `{found.level}` has no control policy, so it allows nothing"
        case "ResourceGroupLevelIdentityBasedPolicy":
            group = request.context.get("acs:ResourceGroupId")
            return (
                f"{short(request.principal)} holds no policy, neither in `{group}` nor outside it"
            )
        case _:
            return f"{short(request.principal)} holds no policy at all"


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)
