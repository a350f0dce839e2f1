"""The Resource Directory of the fake, built and read by the unmodified SDKs."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

import pytest

from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.directory import FULL_ACCESS
from alicloud.reading import by_number, refusal
from alicloud.sdk import Sdk

if TYPE_CHECKING:
    from collections.abc import Iterator

DENIES = '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


@pytest.fixture
def sdk(cloud: FakeCloud) -> Sdk:
    return Sdk(cloud)


def folder(sdk: Sdk, name: str, parent: str) -> str:
    made = sdk.resource_manager("CreateFolder", folder_name=name, parent_folder_id=parent)
    return str(made["Folder"]["FolderId"])


def member(sdk: Sdk, name: str, parent: str) -> str:
    made = sdk.resource_manager("CreateResourceAccount", display_name=name, parent_folder_id=parent)
    return str(made["Account"]["AccountId"])


def policy(sdk: Sdk, name: str) -> str:
    made = sdk.resource_manager(
        "CreateControlPolicy", policy_name=name, policy_document=DENIES, effect_scope="RAM"
    )
    return str(made["ControlPolicy"]["PolicyId"])


def test_an_account_without_a_directory(sdk: Sdk) -> None:
    none = refusal(lambda: sdk.directory("GetResourceDirectory"))
    assert none == (404, "ResourceDirectoryNotInUse")
    for operation in ("ListAccounts", "ListFoldersForParent", "ListControlPolicies"):
        listed = refusal(functools.partial(sdk.directory, operation))
        assert listed == (404, "EntityNotExists.ResourceDirectory")


def test_folders_and_member_accounts(cloud: FakeCloud, sdk: Sdk) -> None:
    root = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]["RootFolderId"]
    found = sdk.directory("GetResourceDirectory")["ResourceDirectory"]
    assert (found["MasterAccountId"], found["RootFolderId"]) == (ACCOUNT, root)
    core = folder(sdk, "core", root)
    web, log = folder(sdk, "web", core), folder(sdk, "log", core)
    folder(sdk, "lab", root)
    first = member(sdk, "first", root)
    others = [member(sdk, name, web) for name in ("second", "third", "fourth")]

    folders = by_number(
        lambda **page: sdk.directory("ListFoldersForParent", parent_folder_id=core, **page),
        "Folders",
        "Folder",
        size=1,
    )
    assert [each["FolderId"] for each in folders] == [web, log]
    of_root = sdk.directory("ListFoldersForParent")["Folders"]["Folder"]
    assert [each["FolderName"] for each in of_root] == ["core", "lab"]
    in_web = by_number(
        lambda **page: sdk.directory("ListAccountsForParent", parent_folder_id=web, **page),
        "Accounts",
        "Account",
    )
    assert [each["AccountId"] for each in in_web] == others
    of_root = sdk.directory("ListAccountsForParent")["Accounts"]["Account"]
    assert [each["AccountId"] for each in of_root] == [first]
    every = by_number(lambda **page: sdk.directory("ListAccounts", **page), "Accounts", "Account")
    assert [each["AccountId"] for each in every] == [first, *others]
    assert every[1]["ResourceDirectoryPath"].endswith(f"/{root}/{core}/{web}/{others[0]}")
    assert sdk.directory("GetAccount", account_id=first)["Account"]["DisplayName"] == "first"
    assert sdk.directory("GetFolder", folder_id=log)["Folder"]["ParentFolderId"] == core
    for child in (others[0], folder(sdk, "deep", web)):
        above = sdk.directory("ListAncestors", child_id=child)["Folders"]["Folder"]
        assert [each["FolderId"] for each in above] == [root, core, web]

    sdk.directory("MoveAccount", account_id=others[0], destination_folder_id=log)
    assert sdk.directory("GetAccount", account_id=others[0])["Account"]["FolderId"] == log
    held = refusal(lambda: sdk.resource_manager("DeleteFolder", folder_id=log))
    assert held == (409, "DeleteConflict.Folder.Account")
    held = refusal(lambda: sdk.resource_manager("DeleteFolder", folder_id=core))
    assert held == (409, "DeleteConflict.Folder.SubFolder")
    sdk.resource_manager("DeleteFolder", folder_id=child)
    assert Sdk(cloud, cloud.key(first)).caller()["AccountId"] == first


def test_a_member_sees_the_directory_only(cloud: FakeCloud, sdk: Sdk) -> None:
    root = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]["RootFolderId"]
    number = member(sdk, "first", root)
    inside = Sdk(cloud, cloud.key(number))
    found = inside.directory("GetResourceDirectory")["ResourceDirectory"]
    assert found["MasterAccountId"] == ACCOUNT
    assert refusal(lambda: inside.directory("ListAccounts")) == (403, "NoPermission")
    for each in (sdk, inside):
        again = refusal(functools.partial(each.resource_manager, "InitResourceDirectory"))
        assert again == (409, "EntityAlreadyExists.ResourceDirectory")


def test_control_policies(sdk: Sdk) -> None:
    root = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]["RootFolderId"]
    core = folder(sdk, "core", root)
    first = member(sdk, "first", core)
    assert sdk.directory("GetControlPolicyEnablementStatus")["EnablementStatus"] == "Disabled"
    sdk.resource_manager("EnableControlPolicy")
    assert sdk.directory("GetControlPolicyEnablementStatus")["EnablementStatus"] == "Enabled"
    found = sdk.directory("GetResourceDirectory")["ResourceDirectory"]
    assert found["ControlPolicyStatus"] == "Enabled"
    second = member(sdk, "second", core)
    lab = folder(sdk, "lab", root)
    denies, spare = policy(sdk, "denies"), policy(sdk, "spare")
    for target in (root, core, first):
        sdk.resource_manager("AttachControlPolicy", policy_id=denies, target_id=target)

    policies = by_number(
        lambda **page: sdk.directory("ListControlPolicies", **page),
        "ControlPolicies",
        "ControlPolicy",
    )
    assert [each["PolicyId"] for each in policies] == [FULL_ACCESS, denies, spare]
    assert [each["AttachmentCount"] for each in policies] == ["5", "3", "0"]
    custom = sdk.directory("ListControlPolicies", policy_type="Custom")
    assert custom["TotalCount"] == 2
    whole = sdk.directory("GetControlPolicy", policy_id=denies)["ControlPolicy"]
    assert (whole["PolicyDocument"], whole["EffectScope"]) == (DENIES, "RAM")
    full = sdk.directory("GetControlPolicy", policy_id=FULL_ACCESS)["ControlPolicy"]
    assert json.loads(full["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
    targets = by_number(
        lambda **page: sdk.directory(
            "ListTargetAttachmentsForControlPolicy", policy_id=denies, **page
        ),
        "TargetAttachments",
        "TargetAttachment",
    )
    assert [(each["TargetId"], each["TargetType"]) for each in targets] == [
        (root, "Root"),
        (core, "Folder"),
        (first, "Account"),
    ]

    def attached(target: str) -> list[str]:
        found = sdk.directory("ListControlPolicyAttachmentsForTarget", target_id=target)
        pairs = found["ControlPolicyAttachments"]["ControlPolicyAttachment"]
        return [each["PolicyId"] for each in pairs]

    assert attached(core) == [FULL_ACCESS, denies]
    assert attached(second) == attached(lab) == [FULL_ACCESS]
    used = refusal(lambda: sdk.resource_manager("DeleteControlPolicy", policy_id=denies))
    assert used == (409, "DeleteConflict.ControlPolicy.Attachment")
    sdk.resource_manager("DetachControlPolicy", policy_id=FULL_ACCESS, target_id=core)
    assert attached(core) == [denies]
    pair = {"policy_id": denies, "target_id": core}
    last = refusal(lambda: sdk.resource_manager("DetachControlPolicy", **pair))
    assert last == (400, "NotSupport.DetachLastControlPolicy")
    sdk.resource_manager("DeleteControlPolicy", policy_id=spare)
    sdk.resource_manager("DeleteFolder", folder_id=lab)
    sdk.resource_manager("DisableControlPolicy")
    assert attached(core) == []
    sdk.resource_manager("AttachControlPolicy", **pair)
    sdk.resource_manager("DetachControlPolicy", **pair)
    assert attached(core) == []


def test_errors_of_the_directory(sdk: Sdk) -> None:
    root = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]["RootFolderId"]
    member(sdk, "first", root)
    denies = policy(sdk, "denies")
    sdk.resource_manager("AttachControlPolicy", policy_id=denies, target_id=root)
    deep = root
    for number in range(5):
        deep = folder(sdk, f"level{number}", deep)

    assert refusal(lambda: folder(sdk, "level0", root)) == (
        400,
        "InvalidParameter.Folder.Name.AlreadyUsed",
    )
    assert refusal(lambda: folder(sdk, "x", deep)) == (409, "LimitExceeded.Folder.Depth")
    assert refusal(lambda: folder(sdk, "x", "fd-x")) == (404, "EntityNotExists.Folder")
    assert refusal(lambda: member(sdk, "first", root)) == (
        409,
        "InvalidParameter.Account.DisplayName.AlreadyUsed",
    )
    assert refusal(lambda: sdk.directory("GetAccount", account_id="1")) == (
        404,
        "EntityNotExists.Account",
    )
    assert refusal(lambda: policy(sdk, "denies")) == (409, "EntityAlreadyExists.ControlPolicy")
    assert refusal(lambda: sdk.directory("GetControlPolicy", policy_id="cp-x")) == (
        404,
        "EntityNotExists.ControlPolicy",
    )
    pair = {"policy_id": denies, "target_id": root}
    assert refusal(lambda: sdk.resource_manager("AttachControlPolicy", **pair)) == (
        409,
        "EntityAlreadyExists.Policy.Attachment",
    )
    pair["target_id"] = deep
    assert refusal(lambda: sdk.resource_manager("DetachControlPolicy", **pair)) == (
        404,
        "EntityNotExists.Policy.Attachment",
    )
    pair["target_id"] = "fd-x"
    assert refusal(lambda: sdk.resource_manager("AttachControlPolicy", **pair)) == (
        404,
        "EntityNotExists.Target",
    )
