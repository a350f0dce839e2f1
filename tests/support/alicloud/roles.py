"""Roles: of RAM 2015-05-01, and of ResourceManager 2020-03-31, which tells service-linked ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from alicloud.refused import Refused, exists, missing
from alicloud.state import ROLE, Attachment, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["RAM", "RESOURCE_MANAGER"]


def _role(call: Call, role: Role) -> Answer:
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": call.account.role_arn(role.name),
        "Description": role.description,
        "CreateDate": role.created,
    }


def _created(call: Call, role: Role) -> Answer:
    return {
        **_role(call, role),
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": role.trust,
    }


def _listed(call: Call, role: Role) -> Answer:
    return {**_role(call, role), "MaxSessionDuration": 3600, "UpdateDate": role.created}


def _linked(call: Call, role: Role) -> Answer:
    return {
        "RolePrincipalName": call.account.principal_name(ROLE, role.name),
        "IsServiceLinkedRole": bool(role.service),
    }


def create_role(call: Call) -> Answer:
    name = call.parameters.name("RoleName", r"[A-Za-z0-9._@-]+", 64)
    trust = call.parameters.document("AssumeRolePolicyDocument", 4096)
    description = call.parameters.text("Description", "")
    if name.lower() in {known.lower() for known in call.account.roles}:
        raise exists("Role", name)
    role = Role(call.world.number(), name, call.now, description, trust)
    call.account.roles[name] = role
    return {"Role": _created(call, role)}


def get_role(call: Call) -> Answer:
    role = call.account.role(call.parameters.text("RoleName"))
    trust = {"AssumeRolePolicyDocument": role.trust}
    return {"Role": {**_listed(call, role), **_linked(call, role), **trust}}


def list_roles(call: Call) -> Answer:
    roles = list(call.account.roles.values())
    page, fields = call.parameters.page_by_marker(roles, lambda role: role.name, 1000)
    return {"Roles": {"Role": [_listed(call, role) for role in page]}, **fields}


def update_role(call: Call) -> Answer:
    role = call.account.role(call.parameters.text("RoleName"))
    role.trust = call.parameters.document("NewAssumeRolePolicyDocument", 4096, role.trust)
    role.description = call.parameters.text("NewDescription", role.description)
    return {"Role": {**_created(call, role), "UpdateDate": role.created}}


def delete_role(call: Call) -> Answer:
    role = call.account.role(call.parameters.text("RoleName"))
    if call.account.attached_to(ROLE, role.name):
        raise Refused(409, "DeleteConflict.Role.Policy", "the role has a policy")
    del call.account.roles[role.name]
    return {}


def create_service_linked_role(call: Call) -> Answer:
    service_name = call.parameters.text("ServiceName")
    description = call.parameters.text("Description", "")
    service = call.world.services.get(service_name)
    if service is None:
        raise missing("Service", service_name)
    if service.role in call.account.roles:
        raise exists("Role", service.role)
    trust = {
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"Service": [service_name]},
            }
        ],
        "Version": "1",
    }
    role = Role(
        call.world.number(), service.role, call.now, description, json.dumps(trust), service_name
    )
    call.account.roles[role.name] = role
    call.account.attach(
        Attachment(service.policy, "System", ROLE, role.name, call.account.number), call.now
    )
    trust_policy = {"AssumeRolePolicyDocument": role.trust}
    return {"Role": {**_role(call, role), **_linked(call, role), **trust_policy}}


def delete_service_linked_role(call: Call) -> Answer:
    role = call.account.role(call.parameters.text("RoleName"))
    if not role.service:
        raise missing("ServiceLinkedRole", role.name)
    for attachment in call.account.attached_to(ROLE, role.name):
        call.account.detach(attachment)
    del call.account.roles[role.name]
    task = f"task/acs-service-role/{role.service}/{role.name}/{call.world.id('task')}"
    return {"DeletionTaskId": task}


def list_roles_with_principal_names(call: Call) -> Answer:
    call.parameters.text("Language", "")
    page, fields = call.parameters.page_by_number(list(call.account.roles.values()))
    found = [{**_listed(call, role), **_linked(call, role)} for role in page]
    return {"Roles": {"Role": found}, **fields}


RAM: Final[Mapping[str, Operation]] = {
    "CreateRole": create_role,
    "CreateServiceLinkedRole": create_service_linked_role,
    "DeleteRole": delete_role,
    "DeleteServiceLinkedRole": delete_service_linked_role,
    "GetRole": get_role,
    "ListRoles": list_roles,
    "UpdateRole": update_role,
}
RESOURCE_MANAGER: Final[Mapping[str, Operation]] = {
    "CreateRole": create_role,
    "CreateServiceLinkedRole": create_service_linked_role,
    "DeleteRole": delete_role,
    "DeleteServiceLinkedRole": delete_service_linked_role,
    "GetRole": get_role,
    "ListRoles": list_roles_with_principal_names,
}
