from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.sdk import Sdk
from alicloud_imports import DENY_OSS, imported
from ramgate.errors import CloudError
from ramgate.imports.alicloud.control_policies import FULL_ACCESS, UNREAD
from ramgate.imports.alicloud.pages import READINGS
from ramgate.imports.world import Attachment, Directory, Folder

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_OSS = Attachment("no-oss")


class Organization:
    """The directory of the fake: root with a member, `prod` with a member, `prod/eu` below it."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud
        self.sdk = Sdk(cloud)
        made = self.sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]
        self.root = made["RootFolderId"]
        self.sdk.resource_manager("EnableControlPolicy")
        self.prod = self.folder("prod", self.root)
        self.eu = self.folder("eu", self.prod)
        self.first = self.member("first", self.root)
        self.second = self.member("second", self.prod)
        policy = self.sdk.resource_manager(
            "CreateControlPolicy",
            policy_name="no-oss",
            effect_scope="RAM",
            policy_document=DENY_OSS,
        )
        self.policy = policy["ControlPolicy"]["PolicyId"]

    def folder(self, name: str, parent: str) -> str:
        made = self.sdk.resource_manager("CreateFolder", folder_name=name, parent_folder_id=parent)
        return str(made["Folder"]["FolderId"])

    def member(self, name: str, folder: str) -> str:
        made = self.sdk.resource_manager(
            "CreateResourceAccount", display_name=name, parent_folder_id=folder
        )
        return str(made["Account"]["AccountId"])

    def attach(self, target: str) -> None:
        self.sdk.resource_manager("AttachControlPolicy", policy_id=self.policy, target_id=target)

    def move(self, account: str, folder: str) -> None:
        self.sdk.resource_manager("MoveAccount", account_id=account, destination_folder_id=folder)


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


@pytest.fixture
def there(cloud: FakeCloud) -> Organization:
    return Organization(cloud)


def directory(cloud: FakeCloud) -> Directory:
    world = imported(cloud)
    assert world.notices == []
    assert world.directory is not None
    return world.directory


def test_the_directory_has_its_folders_members_and_control_policies(
    cloud: FakeCloud, there: Organization
) -> None:
    for target in (there.prod, there.first):
        there.attach(target)
    found = directory(cloud)
    full = [FULL_ACCESS]
    assert found.management == ACCOUNT
    assert found.root == Folder(
        full,
        {there.first: [FULL_ACCESS, NO_OSS]},
        {"prod": Folder([FULL_ACCESS, NO_OSS], {there.second: full}, {"eu": Folder(full)})},
    )
    assert {name: policy.text for name, policy in found.policies.items()} == {"no-oss": DENY_OSS}
    assert found.policies["no-oss"].date == cloud.world.now()[:10]
    assert list(found.system_policies) == ["FullAliyunAccess"]


def test_an_account_without_a_directory_has_none(cloud: FakeCloud) -> None:
    world = imported(cloud)
    assert (world.directory, world.notices) == (None, [])


def test_the_directory_can_be_left_out(cloud: FakeCloud, there: Organization) -> None:
    assert there.root
    cloud.calls.clear()
    world = imported(cloud, directory=False)
    assert (world.directory, world.notices) == (None, [])
    assert not [call for call in cloud.calls if call.product == "resourcedirectorymaster"]


def test_without_control_policies_every_level_allows_everything(
    cloud: FakeCloud, there: Organization
) -> None:
    there.sdk.resource_manager("DisableControlPolicy")
    world = imported(cloud)
    full = [FULL_ACCESS]
    assert world.directory == Directory(
        ACCOUNT,
        {},
        Folder(
            full,
            {there.first: full},
            {"prod": Folder(full, {there.second: full}, {"eu": Folder(full)})},
        ),
    )
    [notice] = world.notices
    assert notice == (
        "control policies are disabled in the Resource Directory: the import has "
        "`FullAliyunAccess` at every level"
    )


def test_a_member_account_cannot_read_what_limits_it(cloud: FakeCloud, there: Organization) -> None:
    world = imported(cloud, cloud.key(there.second))
    found = world.directory
    assert found is not None
    assert found.management == ACCOUNT
    assert found.root == Folder([UNREAD], {there.second: []})
    refused = "ResourceDirectoryMaster {} was refused: NoPermission: the {} `{}`"
    assert found.policies[UNREAD.policy].missing.split("; ") == [
        "the control policies of type Custom may not be listed",
        "the control policies of type System may not be listed",
        refused.format("ListAccountsForParent", "accounts in", there.root),
        refused.format("ListFoldersForParent", "subfolders of", there.root),
        f"no folder of the Resource Directory lists account {there.second}",
    ]
    assert [notice.partition(" was refused")[0] for notice in world.notices] == [
        f"ResourceDirectoryMaster {operation}"
        for operation in ("ListControlPolicies", "ListAccountsForParent", "ListFoldersForParent")
    ]


def test_control_policies_that_may_not_be_read_limit_every_account(
    cloud: FakeCloud, there: Organization
) -> None:
    cloud.faults.refuse("ListControlPolicies")
    world = imported(cloud)
    assert world.directory is not None
    assert world.directory.root.control_policies == [UNREAD]
    assert world.directory.root.accounts == {there.first: []}
    [notice] = world.notices
    assert notice == (
        "ResourceDirectoryMaster ListControlPolicies was refused: NoPermission: the control "
        "policies of the root are ones that ramgate cannot read"
    )


def test_targets_that_may_not_be_read_could_be_every_account(
    cloud: FakeCloud, there: Organization
) -> None:
    cloud.faults.refuse("ListTargetAttachmentsForControlPolicy", PolicyId=there.policy)
    world = imported(cloud)
    assert world.directory is not None
    assert world.directory.root.control_policies == [FULL_ACCESS, UNREAD]
    assert world.directory.policies[UNREAD.policy].missing == (
        "ResourceDirectoryMaster ListTargetAttachmentsForControlPolicy was refused: NoPermission: "
        "the targets of `no-oss`"
    )


def test_a_document_that_may_not_be_read_is_missing(cloud: FakeCloud, there: Organization) -> None:
    there.attach(there.first)
    cloud.faults.refuse("GetControlPolicy")
    world = imported(cloud)
    assert world.directory is not None
    assert world.directory.root.accounts[there.first] == [FULL_ACCESS, NO_OSS]
    cause = "ResourceDirectoryMaster GetControlPolicy was refused: NoPermission"
    assert world.directory.policies["no-oss"].missing == cause
    assert world.directory.system_policies["FullAliyunAccess"].missing == cause
    assert world.notices == [
        f"{cause}: these control policies allow nothing: `FullAliyunAccess`, `no-oss`"
    ]


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        ("ListFoldersForParent", "the subfolders of"),
        ("ListAccountsForParent", "the accounts in"),
    ],
)
def test_folders_that_may_not_be_read_close_the_root(
    operation: str, lost: str, cloud: FakeCloud, there: Organization
) -> None:
    below = there.member("below", there.eu)
    there.attach(below)
    cloud.faults.refuse(operation, ParentFolderId=there.prod)
    world = imported(cloud)
    assert world.directory is not None
    root = world.directory.root
    assert root.control_policies == [FULL_ACCESS, UNREAD]
    cause = f"ResourceDirectoryMaster {operation} was refused: NoPermission: "
    assert world.directory.policies[UNREAD.policy].missing == f"{cause}{lost} `{there.prod}`"
    # an account that is in no folder that was read is limited, too
    full = [FULL_ACCESS]
    if operation == "ListFoldersForParent":
        assert root.accounts == {there.first: full, below: [FULL_ACCESS, NO_OSS]}
        assert root.folders == {"prod": Folder(full, {there.second: full})}
    else:
        assert root.accounts == {there.first: full, there.second: full}
        assert root.folders["prod"].accounts == {}
    [notice] = world.notices
    assert notice.startswith(f"{cause}the control policies of the root are ones that ramgate ")
    assert notice.endswith(f"`{there.prod}`")


def test_accounts_of_folders_that_may_not_be_read_do_not_count_if_nothing_limits_them(
    cloud: FakeCloud, there: Organization
) -> None:
    there.sdk.resource_manager("DisableControlPolicy")
    cloud.faults.refuse("ListAccountsForParent", ParentFolderId=there.prod)
    world = imported(cloud)
    assert world.directory is not None
    assert world.directory.root.accounts == {there.first: [FULL_ACCESS]}
    assert world.notices[1].endswith(f"member accounts are missing: `{there.prod}`")


def test_a_directory_that_may_not_be_read_is_told(cloud: FakeCloud, there: Organization) -> None:
    assert there.root
    cloud.faults.refuse("GetResourceDirectory")
    world = imported(cloud)
    assert world.directory is None
    [notice] = world.notices
    assert notice == (
        "ResourceDirectoryMaster GetResourceDirectory was refused: NoPermission: if the account "
        "is in a Resource Directory, its control policies are not in the import, so ramgate may "
        "allow what they deny"
    )


def test_a_control_policy_that_is_gone_since_it_was_listed_is_left_out(
    cloud: FakeCloud, there: Organization
) -> None:
    there.attach(there.first)

    def delete() -> None:
        there.sdk.resource_manager(
            "DetachControlPolicy", policy_id=there.policy, target_id=there.first
        )
        there.sdk.resource_manager("DeleteControlPolicy", policy_id=there.policy)

    cloud.faults.before("GetControlPolicy", delete, PolicyId=there.policy)
    found = directory(cloud)
    assert found.policies == {}
    assert found.root.accounts == {there.first: [FULL_ACCESS]}


def test_a_control_policy_that_is_gone_before_its_targets_are_listed_is_left_out(
    cloud: FakeCloud, there: Organization
) -> None:
    cloud.faults.before(
        "ListTargetAttachmentsForControlPolicy",
        lambda: there.sdk.resource_manager("DeleteControlPolicy", policy_id=there.policy),
        PolicyId=there.policy,
    )
    assert directory(cloud).policies == {}


@pytest.mark.parametrize("operation", ["ListFoldersForParent", "ListAccountsForParent"])
def test_a_folder_that_is_gone_since_it_was_listed_is_empty(
    operation: str, cloud: FakeCloud, there: Organization
) -> None:
    delete = {"folder_id": there.eu}
    cloud.faults.before(
        operation,
        lambda: there.sdk.resource_manager("DeleteFolder", **delete),
        ParentFolderId=there.eu,
    )
    assert directory(cloud).root.folders["prod"].folders == {"eu": Folder([FULL_ACCESS])}


def test_the_folders_are_read_again_if_an_account_moves(
    cloud: FakeCloud, there: Organization
) -> None:
    cloud.faults.before(
        "ListAccountsForParent",
        lambda: there.move(there.first, there.prod),
        ParentFolderId=there.prod,
    )
    root = directory(cloud).root
    assert root.accounts == {}
    assert sorted(root.folders["prod"].accounts) == sorted([there.first, there.second])


def test_folders_that_never_stop_changing_are_an_error(
    cloud: FakeCloud, there: Organization
) -> None:
    for number in range(1, READINGS + 1):
        cloud.faults.before(
            "ListAccountsForParent",
            lambda: there.move(there.first, there.root),
            call=number,
            ParentFolderId=there.root,
        )
        cloud.faults.before(
            "ListAccountsForParent",
            lambda: there.move(there.first, there.prod),
            call=number,
            ParentFolderId=there.prod,
        )
    with pytest.raises(CloudError, match="changed during each of 5 readings: try again later"):
        imported(cloud)


def test_a_folder_in_itself_is_an_error(cloud: FakeCloud, there: Organization) -> None:
    folder = cloud.world.directories[ACCOUNT].folders[there.prod]
    folder.parent = there.eu
    cloud.world.directories[ACCOUNT].folders[there.eu].parent = there.root
    cloud.world.directories[ACCOUNT].folders[there.root].parent = there.prod
    with pytest.raises(CloudError, match="changed during each of 5 readings"):
        imported(cloud)


def test_a_directory_without_a_bottom_is_an_error(cloud: FakeCloud, there: Organization) -> None:
    state = cloud.world.directories[ACCOUNT]
    folder = state.folders[there.eu]
    for number in range(30):
        folder = type(folder)(f"fd-{number}", "deeper", folder.id, folder.created)
        state.folders[folder.id] = folder
    with pytest.raises(CloudError, match="has more than 20 levels of folders"):
        imported(cloud)


@pytest.mark.parametrize("name", ["生产", "a b", "eu"])
def test_a_folder_has_its_id_if_its_name_cannot_stand_in_a_file(
    name: str, cloud: FakeCloud, there: Organization
) -> None:
    state = cloud.world.directories[ACCOUNT]
    other = there.folder("other", there.prod)
    state.folders[other].name = name
    names = directory(cloud).root.folders["prod"].folders
    assert set(names) == ({there.eu, other} if name == "eu" else {"eu", other})
