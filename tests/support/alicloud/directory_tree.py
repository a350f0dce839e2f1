"""Folders and member accounts, of ResourceDirectoryMaster 2022-04-19 and ResourceManager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from alicloud.directory import FULL_ACCESS, ControlPolicy, Directory, Folder, Member
from alicloud.gate import no_permission
from alicloud.refused import Refused, missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS", "RESOURCE_MANAGER", "directory_of"]


def directory_of(call: Call, operation: str) -> Directory:
    """Return the directory of the account, which must be its management account."""
    number = call.account.number
    if number in call.world.directories:
        return call.world.directories[number]
    if call.account.directory:
        raise no_permission(call.key, f"resourcemanager:{operation}")
    raise missing("ResourceDirectory", number, spelling="EntityNotExists")


def _folder(folder: Folder) -> Answer:
    return {"FolderId": folder.id, "FolderName": folder.name, "CreateTime": folder.created}


def _member(directory: Directory, member: Member) -> Answer:
    return {
        "AccountId": member.number,
        "AccountName": f"{member.number}@{directory.id}.aliyunid.com",
        "DisplayName": member.display_name,
        "FolderId": member.folder,
        "JoinMethod": "created",
        "JoinTime": member.joined,
        "ModifyTime": member.joined,
        "ResourceDirectoryId": directory.id,
        "Status": "CreateSuccess",
        "Type": "ResourceAccount",
    }


def _with_path(directory: Directory, member: Member) -> Answer:
    path = [directory.id, *(folder.id for folder in directory.path(member.folder)), member.number]
    return {**_member(directory, member), "ResourceDirectoryPath": "/".join(path)}


def init_resource_directory(call: Call) -> Answer:
    number = call.account.number
    if number in call.world.directories or call.account.directory:
        raise Refused(409, "EntityAlreadyExists.ResourceDirectory", "the directory exists")
    root = Folder(call.world.id("r"), "root", "", call.now)
    directory = Directory(call.world.id("rd"), root.id, number, call.now)
    directory.folders[root.id] = root
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    directory.control_policies[FULL_ACCESS] = ControlPolicy(
        FULL_ACCESS,
        "FullAliyunAccess",
        "System",
        "Everything is allowed.",
        "All",
        json.dumps({"Version": "1", "Statement": [statement]}),
        "2020-08-05T06:32:24Z",
    )
    call.world.directories[number] = directory
    call.account.directory = number
    return {
        "ResourceDirectory": {
            "ResourceDirectoryId": directory.id,
            "RootFolderId": root.id,
            "MasterAccountId": number,
            "MasterAccountName": call.account.alias,
            "CreateTime": directory.created,
        }
    }


def get_resource_directory(call: Call) -> Answer:
    directory = call.world.directories.get(call.account.directory)
    if directory is None:
        raise Refused(404, "ResourceDirectoryNotInUse", "there is no directory")
    return {
        "ResourceDirectory": {
            "ResourceDirectoryId": directory.id,
            "RootFolderId": directory.root,
            "MasterAccountId": directory.management,
            "MasterAccountName": call.world.accounts[directory.management].alias,
            "CreateTime": directory.created,
            "ControlPolicyStatus": "Enabled" if directory.is_enabled else "Disabled",
            "MemberDeletionStatus": "Disabled",
        }
    }


def create_folder(call: Call) -> Answer:
    directory = directory_of(call, "CreateFolder")
    name = call.parameters.text("FolderName")
    parent = directory.folder(call.parameters.text("ParentFolderId", directory.root))
    siblings = {folder.name for folder in directory.folders.values() if folder.parent == parent.id}
    if name in siblings:
        raise Refused(400, "InvalidParameter.Folder.Name.AlreadyUsed", "the folder exists")
    if len(directory.path(parent.id)) > 5:
        raise Refused(409, "LimitExceeded.Folder.Depth", "there are five levels")
    folder = Folder(call.world.id("fd"), name, parent.id, call.now)
    directory.folders[folder.id] = folder
    directory.cover(folder.id, call.now)
    return {"Folder": {**_folder(folder), "ParentFolderId": parent.id}}


def get_folder(call: Call) -> Answer:
    directory = directory_of(call, "GetFolder")
    folder = directory.folder(call.parameters.text("FolderId"))
    return {"Folder": {**_folder(folder), "ParentFolderId": folder.parent}}


def delete_folder(call: Call) -> Answer:
    directory = directory_of(call, "DeleteFolder")
    folder = directory.folder(call.parameters.text("FolderId"))
    if any(other.parent == folder.id for other in directory.folders.values()):
        raise Refused(409, "DeleteConflict.Folder.SubFolder", "the folder has a folder")
    if any(member.folder == folder.id for member in directory.members.values()):
        raise Refused(409, "DeleteConflict.Folder.Account", "the folder has an account")
    del directory.folders[folder.id]
    directory.remove_target(folder.id)
    return {}


def list_folders_for_parent(call: Call) -> Answer:
    directory = directory_of(call, "ListFoldersForParent")
    parent = directory.folder(call.parameters.text("ParentFolderId", directory.root))
    folders = [folder for folder in directory.folders.values() if folder.parent == parent.id]
    page, fields = call.parameters.page_by_number(folders)
    return {"Folders": {"Folder": [_folder(folder) for folder in page]}, **fields}


def list_ancestors(call: Call) -> Answer:
    directory = directory_of(call, "ListAncestors")
    child = call.parameters.text("ChildId")
    if child in directory.members:
        path = directory.path(directory.members[child].folder)
    else:
        path = directory.path(child)[:-1]
    return {"Folders": {"Folder": [_folder(folder) for folder in path]}}


def create_resource_account(call: Call) -> Answer:
    directory = directory_of(call, "CreateResourceAccount")
    name = call.parameters.text("DisplayName")
    folder = directory.folder(call.parameters.text("ParentFolderId", directory.root))
    if name in {member.display_name for member in directory.members.values()}:
        raise Refused(409, "InvalidParameter.Account.DisplayName.AlreadyUsed", "it exists")
    account = call.world.new_account()
    account.directory = directory.management
    member = Member(account.number, name, folder.id, call.now)
    directory.members[member.number] = member
    directory.cover(member.number, call.now)
    return {"Account": _member(directory, member)}


def move_account(call: Call) -> Answer:
    directory = directory_of(call, "MoveAccount")
    member = directory.member(call.parameters.text("AccountId"))
    member.folder = directory.folder(call.parameters.text("DestinationFolderId")).id
    return {}


def get_account(call: Call) -> Answer:
    directory = directory_of(call, "GetAccount")
    member = directory.member(call.parameters.text("AccountId"))
    return {"Account": _with_path(directory, member)}


def list_accounts(call: Call) -> Answer:
    directory = directory_of(call, "ListAccounts")
    page, fields = call.parameters.page_by_number(list(directory.members.values()))
    return {"Accounts": {"Account": [_with_path(directory, each) for each in page]}, **fields}


def list_accounts_for_parent(call: Call) -> Answer:
    directory = directory_of(call, "ListAccountsForParent")
    parent = directory.folder(call.parameters.text("ParentFolderId", directory.root))
    members = [member for member in directory.members.values() if member.folder == parent.id]
    page, fields = call.parameters.page_by_number(members)
    return {"Accounts": {"Account": [_member(directory, each) for each in page]}, **fields}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateFolder": create_folder,
    "CreateResourceAccount": create_resource_account,
    "DeleteFolder": delete_folder,
    "GetAccount": get_account,
    "GetFolder": get_folder,
    "GetResourceDirectory": get_resource_directory,
    "ListAccounts": list_accounts,
    "ListAccountsForParent": list_accounts_for_parent,
    "ListAncestors": list_ancestors,
    "ListFoldersForParent": list_folders_for_parent,
    "MoveAccount": move_account,
}
RESOURCE_MANAGER: Final[Mapping[str, Operation]] = {
    "InitResourceDirectory": init_resource_directory,
}
