"""Attachments of policies: of RAM 2015-05-01 and of ResourceManager 2020-03-31."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from alicloud.policies import TYPES
from alicloud.state import GROUP, PRINCIPAL_TYPES, ROLE, USER, Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["RAM", "RESOURCE_MANAGER"]


def _principal(call: Call, principal_type: str) -> str:
    """Return the principal that the operation of RAM names, by its own name."""
    parameter = f"{PRINCIPAL_TYPES[principal_type]}Name"
    name = call.parameters.text(parameter)
    if principal_type == USER:
        return call.account.user(name).name
    if principal_type == GROUP:
        return call.account.group(name).name
    return call.account.role(name).name


def _scope(call: Call, resource_group: str) -> str:
    if resource_group != call.account.number:
        call.account.resource_group(resource_group)
    return resource_group


def _of_ram(call: Call, principal_type: str) -> Attachment:
    policy_type = call.parameters.choice("PolicyType", TYPES)
    principal = _principal(call, principal_type)
    policy = call.account.policy(call.parameters.text("PolicyName"), policy_type)
    scope = _scope(call, call.parameters.text("ResourceGroupId", call.account.number))
    return Attachment(policy.name, policy_type, principal_type, principal, scope)


def _attach(principal_type: str, call: Call) -> Answer:
    call.account.attach(_of_ram(call, principal_type), call.now)
    return {}


def _detach(principal_type: str, call: Call) -> Answer:
    call.account.detach(_of_ram(call, principal_type))
    return {}


def _list_for(principal_type: str, call: Call) -> Answer:
    principal = _principal(call, principal_type)
    found = []
    for attachment in call.account.attached_to(principal_type, principal):
        if attachment.resource_group == call.account.number:
            policy = call.account.policy(attachment.policy, attachment.policy_type)
            found.append(
                {
                    "PolicyName": policy.name,
                    "PolicyType": policy.type,
                    "Description": policy.description,
                    "DefaultVersion": policy.default,
                    "AttachDate": call.account.attachments[attachment],
                }
            )
    return {"Policies": {"Policy": found}}


def list_entities_for_policy(call: Call) -> Answer:
    policy_type = call.parameters.choice("PolicyType", TYPES)
    policy = call.account.policy(call.parameters.text("PolicyName"), policy_type)
    found: dict[str, list[object]] = {USER: [], GROUP: [], ROLE: []}
    for attachment in call.account.attachments_of(policy):
        name = f"{PRINCIPAL_TYPES[attachment.principal_type]}Name"
        found[attachment.principal_type].append(
            {name: attachment.principal, "AttachDate": call.account.attachments[attachment]}
        )
    return {
        f"{PRINCIPAL_TYPES[principal_type]}s": {PRINCIPAL_TYPES[principal_type]: entities}
        for principal_type, entities in found.items()
    }


def _of_resource_manager(call: Call) -> Attachment:
    policy_type = call.parameters.choice("PolicyType", TYPES)
    principal_type = call.parameters.choice("PrincipalType", tuple(PRINCIPAL_TYPES))
    principal = call.account.principal(principal_type, call.parameters.text("PrincipalName"))
    policy = call.account.policy(call.parameters.text("PolicyName"), policy_type)
    scope = _scope(call, call.parameters.text("ResourceGroupId"))
    return Attachment(policy.name, policy_type, principal_type, principal, scope)


def attach_policy(call: Call) -> Answer:
    call.account.attach(_of_resource_manager(call), call.now)
    return {}


def detach_policy(call: Call) -> Answer:
    call.account.detach(_of_resource_manager(call))
    return {}


def list_policy_attachments(call: Call) -> Answer:
    account = call.account
    call.parameters.text("Language", "")
    call.parameters.choice("PolicyType", TYPES, "")
    call.parameters.choice("PrincipalType", tuple(PRINCIPAL_TYPES), "")
    scope = call.parameters.text("ResourceGroupId", "")
    if scope:
        _scope(call, scope)
    names = ("PolicyName", "PolicyType", "PrincipalName", "PrincipalType", "ResourceGroupId")
    filters = {name: call.parameters.text(name, "") for name in names}
    found = []
    for attachment, date in account.attachments.items():
        policy = account.policy(attachment.policy, attachment.policy_type)
        fields = {
            "PolicyName": policy.name,
            "PolicyType": policy.type,
            "PrincipalName": account.principal_name(
                attachment.principal_type, attachment.principal
            ),
            "PrincipalType": attachment.principal_type,
            "ResourceGroupId": attachment.resource_group,
            "AttachDate": date,
            "Description": policy.description,
        }
        if all(filters[name] in ("", fields[name]) for name in names):
            found.append(fields)
    page, fields_of_page = call.parameters.page_by_number(found)
    return {"PolicyAttachments": {"PolicyAttachment": list(page)}, **fields_of_page}


RAM: Final[Mapping[str, Operation]] = {
    "ListEntitiesForPolicy": list_entities_for_policy,
    **{
        operation.replace("X", kind): functools.partial(work, principal_type)
        for operation, work in (
            ("AttachPolicyToX", _attach),
            ("DetachPolicyFromX", _detach),
            ("ListPoliciesForX", _list_for),
        )
        for principal_type, kind in PRINCIPAL_TYPES.items()
    },
}
RESOURCE_MANAGER: Final[Mapping[str, Operation]] = {
    "AttachPolicy": attach_policy,
    "DetachPolicy": detach_policy,
    "ListPolicyAttachments": list_policy_attachments,
}
