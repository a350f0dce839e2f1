"""Users and groups of RAM 2015-05-01."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alicloud.refused import Refused, exists
from alicloud.state import GROUP, USER, Group, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS"]

NAME: Final = r"[A-Za-z0-9._@-]+"
FIELDS: Final = ("DisplayName", "Email", "MobilePhone", "Comments")


def _user(user: User) -> Answer:
    return {
        "UserId": user.id,
        "UserName": user.name,
        **user.fields,
        "CreateDate": user.created,
    }


def _group(group: Group) -> Answer:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": group.created,
    }


def create_user(call: Call) -> Answer:
    name = call.parameters.name("UserName", NAME, 64)
    fields = {field: call.parameters.text(field, "") for field in FIELDS}
    if name in call.account.users:
        raise exists("User", name)
    user = User(call.world.number(), name, call.now, fields)
    call.account.users[name] = user
    return {"User": _user(user)}


def get_user(call: Call) -> Answer:
    user = call.account.user(call.parameters.text("UserName"))
    return {"User": {**_user(user), "UpdateDate": user.created, "LastLoginDate": ""}}


def list_users(call: Call) -> Answer:
    users = list(call.account.users.values())
    page, fields = call.parameters.page_by_marker(users, lambda user: user.name, 1000)
    found = [{**_user(user), "UpdateDate": user.created} for user in page]
    return {"Users": {"User": found}, **fields}


def delete_user(call: Call) -> Answer:
    user = call.account.user(call.parameters.text("UserName"))
    if user.joined:
        raise Refused(409, "DeleteConflict.User.Group", "the user is in a group")
    if call.account.attached_to(USER, user.name):
        raise Refused(409, "DeleteConflict.User.Policy", "the user has a policy")
    del call.account.users[user.name]
    return {}


def create_group(call: Call) -> Answer:
    name = call.parameters.name("GroupName", NAME, 64)
    comments = call.parameters.text("Comments", "")
    if name in call.account.groups:
        raise exists("Group", name)
    group = Group(call.world.id("g"), name, call.now, comments)
    call.account.groups[name] = group
    return {"Group": _group(group)}


def get_group(call: Call) -> Answer:
    group = call.account.group(call.parameters.text("GroupName"))
    return {"Group": {**_group(group), "UpdateDate": group.created}}


def list_groups(call: Call) -> Answer:
    groups = list(call.account.groups.values())
    page, fields = call.parameters.page_by_marker(groups, lambda group: group.name, 100)
    found = [{**_group(group), "UpdateDate": group.created} for group in page]
    return {"Groups": {"Group": found}, **fields}


def delete_group(call: Call) -> Answer:
    group = call.account.group(call.parameters.text("GroupName"))
    if any(group.name in user.joined for user in call.account.users.values()):
        raise Refused(409, "DeleteConflict.Group.User", "the group has a member")
    if call.account.attached_to(GROUP, group.name):
        raise Refused(409, "DeleteConflict.Group.Policy", "the group has a policy")
    del call.account.groups[group.name]
    return {}


def add_user_to_group(call: Call) -> Answer:
    user = call.account.user(call.parameters.text("UserName"))
    group = call.account.group(call.parameters.text("GroupName"))
    if group.name in user.joined:
        raise exists("User.Group", group.name)
    user.joined[group.name] = call.now
    return {}


def remove_user_from_group(call: Call) -> Answer:
    user = call.account.user(call.parameters.text("UserName"))
    group = call.account.group(call.parameters.text("GroupName"))
    if group.name not in user.joined:
        raise Refused(404, "EntityNotExist.User.Group", "the user is not in the group")
    del user.joined[group.name]
    return {}


def list_users_for_group(call: Call) -> Answer:
    group = call.account.group(call.parameters.text("GroupName"))
    members = [user for user in call.account.users.values() if group.name in user.joined]
    page, fields = call.parameters.page_by_marker(members, lambda user: user.name, 1000)
    found = [
        {
            "UserName": user.name,
            "DisplayName": user.fields["DisplayName"],
            "JoinDate": user.joined[group.name],
        }
        for user in page
    ]
    return {"Users": {"User": found}, **fields}


def list_groups_for_user(call: Call) -> Answer:
    user = call.account.user(call.parameters.text("UserName"))
    found = [
        {
            "GroupId": call.account.groups[name].id,
            "GroupName": name,
            "Comments": call.account.groups[name].comments,
            "JoinDate": date,
        }
        for name, date in user.joined.items()
    ]
    return {"Groups": {"Group": found}}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AddUserToGroup": add_user_to_group,
    "CreateGroup": create_group,
    "CreateUser": create_user,
    "DeleteGroup": delete_group,
    "DeleteUser": delete_user,
    "GetGroup": get_group,
    "GetUser": get_user,
    "ListGroups": list_groups,
    "ListGroupsForUser": list_groups_for_user,
    "ListUsers": list_users,
    "ListUsersForGroup": list_users_for_group,
    "RemoveUserFromGroup": remove_user_from_group,
}
