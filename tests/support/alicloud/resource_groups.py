"""Resource groups of ResourceManager 2020-03-31."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alicloud.refused import Refused
from alicloud.state import ResourceGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS"]


def _group(call: Call, group: ResourceGroup) -> Answer:
    return {
        "Id": group.id,
        "Name": group.name,
        "DisplayName": group.display_name,
        "AccountId": call.account.number,
        "Status": "OK",
        "CreateDate": group.created,
    }


def create_resource_group(call: Call) -> Answer:
    name = call.parameters.name("Name", r"[A-Za-z0-9_-]+", 50)
    display_name = call.parameters.text("DisplayName")
    if any(group.name == name for group in call.account.resource_groups.values()):
        raise Refused(409, "EntityAlreadyExists.ResourceGroup", f"the group exists: {name}")
    group = ResourceGroup(call.world.id("rg"), name, display_name, call.now)
    call.account.resource_groups[group.id] = group
    return {"ResourceGroup": _group(call, group)}


def get_resource_group(call: Call) -> Answer:
    group = call.account.resource_group(call.parameters.text("ResourceGroupId"))
    return {"ResourceGroup": _group(call, group)}


def delete_resource_group(call: Call) -> Answer:
    group = call.account.resource_group(call.parameters.text("ResourceGroupId"))
    for attachment in list(call.account.attachments):
        if attachment.resource_group == group.id:
            call.account.detach(attachment)
    del call.account.resource_groups[group.id]
    return {"ResourceGroup": {**_group(call, group), "Status": "PendingDelete"}}


def list_resource_groups(call: Call) -> Answer:
    groups = list(call.account.resource_groups.values())
    page, fields = call.parameters.page_by_number(groups)
    found = [_group(call, group) for group in page]
    return {"ResourceGroups": {"ResourceGroup": found}, **fields}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateResourceGroup": create_resource_group,
    "DeleteResourceGroup": delete_resource_group,
    "GetResourceGroup": get_resource_group,
    "ListResourceGroups": list_resource_groups,
}
