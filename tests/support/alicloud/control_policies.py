"""Control policies, of ResourceDirectoryMaster 2022-04-19 and ResourceManager 2020-03-31."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alicloud.directory import ControlPolicy, Directory
from alicloud.directory_tree import directory_of
from alicloud.policies import TYPES
from alicloud.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS"]


def _fields(policy: ControlPolicy) -> Answer:
    return {
        "PolicyId": policy.id,
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "EffectScope": policy.scope,
    }


def _policy(directory: Directory, policy: ControlPolicy) -> Answer:
    count = sum(attached == policy.id for _, attached in directory.attachments)
    return {
        **_fields(policy),
        "AttachmentCount": str(count),
        "CreateDate": policy.created,
        "UpdateDate": policy.created,
    }


def create_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "CreateControlPolicy")
    name = call.parameters.name("PolicyName", r"[A-Za-z0-9-]+", 128)
    scope = call.parameters.choice("EffectScope", ("All", "RAM"))
    document = call.parameters.document("PolicyDocument", 4096)
    description = call.parameters.text("Description", "")
    if name in {policy.name for policy in directory.control_policies.values()}:
        raise Refused(409, "EntityAlreadyExists.ControlPolicy", "the control policy exists")
    policy = ControlPolicy(
        call.world.id("cp"), name, "Custom", description, scope, document, call.now
    )
    directory.control_policies[policy.id] = policy
    return {"ControlPolicy": _policy(directory, policy)}


def get_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "GetControlPolicy")
    call.parameters.text("Language", "")
    policy = directory.control_policy(call.parameters.text("PolicyId"))
    return {"ControlPolicy": {**_policy(directory, policy), "PolicyDocument": policy.document}}


def delete_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "DeleteControlPolicy")
    policy = directory.control_policy(call.parameters.text("PolicyId"))
    if any(attached == policy.id for _, attached in directory.attachments):
        raise Refused(409, "DeleteConflict.ControlPolicy.Attachment", "the policy is attached")
    del directory.control_policies[policy.id]
    return {}


def list_control_policies(call: Call) -> Answer:
    directory = directory_of(call, "ListControlPolicies")
    call.parameters.text("Language", "")
    wanted = call.parameters.choice("PolicyType", TYPES, "")
    policies = [
        policy for policy in directory.control_policies.values() if wanted in ("", policy.type)
    ]
    page, fields = call.parameters.page_by_number(policies)
    found = [_policy(directory, policy) for policy in page]
    return {"ControlPolicies": {"ControlPolicy": found}, **fields}


def enable_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "EnableControlPolicy")
    directory.is_enabled = True
    for target in directory.targets:
        directory.cover(target, call.now)
    return {"EnablementStatus": "PendingEnable"}


def disable_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "DisableControlPolicy")
    directory.is_enabled = False
    directory.attachments.clear()
    return {"EnablementStatus": "PendingDisable"}


def get_control_policy_enablement_status(call: Call) -> Answer:
    directory = directory_of(call, "GetControlPolicyEnablementStatus")
    return {"EnablementStatus": "Enabled" if directory.is_enabled else "Disabled"}


def attach_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "AttachControlPolicy")
    policy = directory.control_policy(call.parameters.text("PolicyId"))
    target = call.parameters.text("TargetId")
    directory.target(target)
    if (target, policy.id) in directory.attachments:
        raise Refused(409, "EntityAlreadyExists.Policy.Attachment", "the policy is attached")
    directory.attachments[target, policy.id] = call.now
    return {}


def detach_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "DetachControlPolicy")
    policy = directory.control_policy(call.parameters.text("PolicyId"))
    target = call.parameters.text("TargetId")
    directory.target(target)
    directory.detach(target, policy.id)
    return {}


def list_control_policy_attachments_for_target(call: Call) -> Answer:
    directory = directory_of(call, "ListControlPolicyAttachmentsForTarget")
    call.parameters.text("Language", "")
    wanted = call.parameters.text("TargetId")
    directory.target(wanted)
    found = [
        {**_fields(directory.control_policies[policy]), "AttachDate": date}
        for (target, policy), date in directory.attachments.items()
        if target == wanted
    ]
    return {"ControlPolicyAttachments": {"ControlPolicyAttachment": found}}


def list_target_attachments_for_control_policy(call: Call) -> Answer:
    directory = directory_of(call, "ListTargetAttachmentsForControlPolicy")
    wanted = directory.control_policy(call.parameters.text("PolicyId"))
    found = []
    for (target, policy), date in directory.attachments.items():
        if policy == wanted.id:
            name, kind = directory.target(target)
            found.append(
                {"TargetId": target, "TargetName": name, "TargetType": kind, "AttachDate": date}
            )
    page, fields = call.parameters.page_by_number(found)
    return {"TargetAttachments": {"TargetAttachment": list(page)}, **fields}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AttachControlPolicy": attach_control_policy,
    "CreateControlPolicy": create_control_policy,
    "DeleteControlPolicy": delete_control_policy,
    "DetachControlPolicy": detach_control_policy,
    "DisableControlPolicy": disable_control_policy,
    "EnableControlPolicy": enable_control_policy,
    "GetControlPolicy": get_control_policy,
    "GetControlPolicyEnablementStatus": get_control_policy_enablement_status,
    "ListControlPolicies": list_control_policies,
    "ListControlPolicyAttachmentsForTarget": list_control_policy_attachments_for_target,
    "ListTargetAttachmentsForControlPolicy": list_target_attachments_for_control_policy,
}
