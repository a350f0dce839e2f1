"""Read the control policies of the Resource Directory, and the folders and accounts they limit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.imports.alicloud.answers import ControlPolicyDocument, part
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.alicloud.documents import plain
from ramgate.imports.alicloud.listings import CONTROL_POLICIES, TARGETS
from ramgate.imports.alicloud.outcomes import Absent, Refused
from ramgate.imports.alicloud.pages import entries
from ramgate.imports.world import Attachment, Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.imports.alicloud.answers import ControlPolicy
    from ramgate.imports.alicloud.caller import Caller
    from ramgate.imports.alicloud.work import Work

__all__ = ["FULL_ACCESS", "UNREAD", "ControlPolicies", "read_control_policies"]

FULL_ACCESS: Final = Attachment("FullAliyunAccess", "System")
"""The control policy that allows everything."""

UNREAD: Final = Attachment("unread-control-policies", "Custom")
"""The attachment that stands for control policies that the caller may not read."""

_EFFECT: Final = "the control policies of the root are ones that ramgate cannot read"


@dataclasses.dataclass(frozen=True, slots=True)
class ControlPolicies:
    """Custom and system control policies by their names, and the attachments of each target's id.

    `unread` says why some are not known; then `UNREAD` must limit every member account.
    """

    custom: dict[str, Document] = dataclasses.field(default_factory=dict)
    system: dict[str, Document] = dataclasses.field(default_factory=dict)
    targets: dict[str, list[Attachment]] = dataclasses.field(default_factory=dict)
    unread: list[str] = dataclasses.field(default_factory=list)


def read_control_policies(work: Work) -> ControlPolicies:
    """Return the control policies, as far as the caller may read them."""
    result = ControlPolicies()
    policies: list[ControlPolicy] = []
    lists = work.lists([(listing, _EFFECT) for listing in CONTROL_POLICIES])
    for listing, listed in zip(CONTROL_POLICIES, lists, strict=True):
        policies += listed or ()
        if listed is None:
            result.unread.append(
                f"the control policies of type {listing.fixed['PolicyType']} may not be listed"
            )
    _read_targets(work, policies, result)
    _read_documents(work, policies, result)
    return result


def _read_targets(work: Work, policies: Sequence[ControlPolicy], result: ControlPolicies) -> None:
    def targets(caller: Caller, policy: ControlPolicy) -> list[str]:
        found = entries(caller, TARGETS, PolicyId=policy.policy_id)
        return [entry.name for entry in found]

    for policy, outcome in work.each("targets of control policies", targets, policies):
        name = policy.policy_name
        if isinstance(outcome, Refused):
            work.notices.refused(outcome, _EFFECT, name)
            result.unread.append(f"{outcome}: the targets of `{name}`")
        elif not isinstance(outcome, Absent):
            for target in outcome:
                result.targets.setdefault(target, []).append(_attachment(policy))


def _read_documents(work: Work, policies: Sequence[ControlPolicy], result: ControlPolicies) -> None:
    call = CALLS["GetControlPolicy"]

    def document(caller: Caller, policy: ControlPolicy) -> Document:
        answer = caller(call, PolicyId=policy.policy_id)
        found = part(call, answer, "ControlPolicy", ControlPolicyDocument)
        return Document(plain(found.policy_document), date=found.update_date[:10])

    for policy, outcome in work.each("control policies", document, policies):
        documents = result.system if _attachment(policy).type == "System" else result.custom
        if isinstance(outcome, Absent):
            for attached in result.targets.values():
                if _attachment(policy) in attached:
                    attached.remove(_attachment(policy))
        elif isinstance(outcome, Refused):
            work.notices.refused(
                outcome, "these control policies allow nothing", policy.policy_name
            )
            documents[policy.policy_name] = Document(missing=str(outcome))
        else:
            documents[policy.policy_name] = outcome


def _attachment(policy: ControlPolicy) -> Attachment:
    is_system = policy.policy_type == "System"
    return Attachment(policy.policy_name, "System" if is_system else "Custom")
