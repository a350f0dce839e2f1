"""An explanation in the form of RAM's DecodeDiagnosticMessage.

The form is that of the page *DecodeDiagnosticMessage* of RAM's API reference, whose sample names
a user, a custom policy and the scope `Account`; the other kinds of holders are named alike.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.model.decision import Context
    from ramgate.model.explanation import Attachment, Considered, Explanation

__all__ = ["diagnostic_message"]

_MEMBER: Final = re.compile(r"acs:ram::([0-9]{16}):(root|[a-z-]+)(?:/(.+))?")
_HOLDERS: Final[Mapping[str, str]] = {
    "group": "RamGroup",
    "level": "ResourceDirectoryNode",
    "role": "RamRole",
    "session": "RamRoleSession",
    "trust": "RamRole",
    "user": "RamUser",
}
# ramgate's accounts have one version of a custom policy
_VERSION: Final = "v1"


def diagnostic_message(explanation: Explanation) -> dict[str, object]:
    """Return the message that RAM would encode into a denied response."""
    request, decision = explanation.request, explanation.decision
    return {
        "DecodedDiagnosticMessage": {
            "ExplicitDeny": decision.effect == "ExplicitDeny",
            "NoPermissionPolicyType": None if decision.allow else decision.policy_type,
            "AuthAction": request.action,
            "AuthResource": request.resource,
            "AuthPrincipal": _principal(request.principal),
            "AuthConditions": list(_conditions(request.context)),
            "MatchedPolicies": list(_policies(explanation)),
        }
    }


def _principal(principal: str) -> dict[str, str]:
    member = _MEMBER.fullmatch(principal)
    if member is None:
        return _identity("Service", "", principal)
    account, kind, name = member.groups()
    match kind:
        case "user":
            return _identity("SubUser", account, name)
        case "role" | "assumed-role":
            return _identity("AssumedRoleUser", account, name.replace("/", ":"))
        case "root":
            return _identity("RootUser", account, account)
        case _:
            return _identity("Federated", account, f"{kind}/{name}")


def _identity(kind: str, account: str, name: str) -> dict[str, str]:
    return {
        "AuthPrincipalType": kind,
        "AuthPrincipalOwnerId": account,
        "AuthPrincipalDisplayName": name,
    }


def _conditions(context: Context) -> Iterator[dict[str, object]]:
    for key, value in sorted(context.items()):
        values = value if isinstance(value, list | tuple) else [value]
        yield {
            "ConditionKey": key,
            "ConditionValues": [one if isinstance(one, str) else json.dumps(one) for one in values],
        }


def _policies(explanation: Explanation) -> Iterator[dict[str, str]]:
    """Yield each policy that decided, once for each way on which it is attached."""
    decision = explanation.decision
    system_policies = catalog.load().system_policies if decision.statements else frozenset()
    seen: set[tuple[str, Attachment]] = set()
    for considered in explanation.considered:
        deciding = considered.statement in decision.statements
        if not deciding or considered.policy_type != decision.policy_type:
            continue
        for attachment in considered.attached:
            if (considered.policy, attachment) not in seen:
                seen.add((considered.policy, attachment))
                kind = "System" if considered.policy in system_policies else "Custom"
                yield _policy(considered, attachment, kind)


def _policy(considered: Considered, attachment: Attachment, kind: str) -> dict[str, str]:
    return {
        "Effect": considered.effect,
        "PolicyIdentifier": considered.policy,
        "PolicyType": kind,
        "PolicyVersion": _VERSION,
        "AttachedEntityType": _HOLDERS[attachment.to],
        "AttachedScope": "ResourceGroup" if attachment.resource_group else "Account",
    }
