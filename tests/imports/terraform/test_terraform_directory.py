from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.imports.terraform import read
from ramgate.imports.terraform.attributes import placeholder
from ramgate.imports.world import Attachment, Directory, Document, Folder
from terraform_files import NUMBER, me, plan, resource, state, written

if TYPE_CHECKING:
    from pathlib import Path

MEMBER, OTHER = "2" * 16, "3" * 16
DENY = json.dumps(
    {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "ram:*", "Resource": "*"}]}
)
FULL = Attachment("FullAliyunAccess", "System")
CLOSED = Attachment("unknown-control-policies")
DENIES = Attachment("deny")
WITHOUT_FULL_ACCESS = (
    "Terraform does not have the attachments of FullAliyunAccess that RAM makes: give "
    "`--full-aliyun-access` if each folder and each member account has it"
)
LATER = "is not known until the plan is applied"

POLICY = resource(
    "resource_manager_control_policy.p",
    id="cp-1",
    control_policy_name="deny",
    policy_document=DENY,
)


def folder(name: str, id_: str, parent: str | None = "r-root") -> dict[str, Any]:
    address = f"resource_manager_folder.{id_}"
    return resource(address, folder_name=name, id=id_, parent_folder_id=parent)


def member(number: str | None, parent: str | None = "r-root") -> dict[str, Any]:
    return resource(f"resource_manager_account.a{number}", id=number, folder_id=parent)


def attached(policy: str | None, target: str | None, name: str = "a") -> dict[str, Any]:
    address = f"resource_manager_control_policy_attachment.{name}"
    return resource(address, policy_id=policy, target_id=target)


def of_state(
    path: Path, *resources: dict[str, Any], full: bool = True, management: str | None = None
) -> tuple[Directory, tuple[str, ...]]:
    file = written(path / "state.json", state(*resources))
    world = read(file, full_access=full, management=management)
    assert world.directory is not None
    return world.directory, tuple(world.notices)


def test_policies_are_attached_at_every_level(tmp_path: Path) -> None:
    found, notices = of_state(
        tmp_path,
        *(POLICY, folder("prod", "fd-1"), folder("inner", "fd-2", "fd-1")),
        *(member(MEMBER, "fd-2"), member(OTHER, None)),
        *(attached("cp-1", target, f"a{n}") for n, target in enumerate(["r-root", "fd-2", OTHER])),
    )
    inner = Folder((DENIES, FULL)[::-1], {MEMBER: (FULL,)})
    root = Folder(
        (FULL, DENIES), {OTHER: (FULL, DENIES)}, {"prod": Folder((FULL,), {}, {"inner": inner})}
    )
    assert found == Directory(NUMBER, {"deny": Document(DENY)}, root)
    assert notices == ()


def test_without_full_access_the_members_are_not_allowed_anything(tmp_path: Path) -> None:
    found, notices = of_state(tmp_path, member(MEMBER), full=False)
    assert notices == (WITHOUT_FULL_ACCESS,)
    assert found.root == Folder((CLOSED,), {MEMBER: ()})
    assert found.policies == {CLOSED.policy: Document(missing=WITHOUT_FULL_ACCESS)}


def test_a_directory_without_members_says_nothing_about_full_access(tmp_path: Path) -> None:
    found, notices = of_state(tmp_path, POLICY, full=False)
    assert (found.root, notices) == (Folder(), ())


@pytest.mark.parametrize("full", [True, False])
def test_full_access_that_terraform_attaches_is_not_added_elsewhere(
    tmp_path: Path, *, full: bool
) -> None:
    everywhere = [
        attached("FullAliyunAccess", target, f"a{n}") for n, target in enumerate(["r-root", MEMBER])
    ]
    found, notices = of_state(tmp_path, member(MEMBER), *everywhere, full=full)
    assert (found.root, notices) == (Folder((FULL,), {MEMBER: (FULL,)}), ())
    found, notices = of_state(tmp_path, member(MEMBER), everywhere[0], full=full)
    assert notices == (WITHOUT_FULL_ACCESS,)
    assert found.root == Folder((FULL, CLOSED), {MEMBER: ()})


def directory(**values: object) -> dict[str, Any]:
    return resource("resource_manager_resource_directory.d", **values)


def test_the_management_account_is_the_directorys_then_the_callers(tmp_path: Path) -> None:
    stated = directory(master_account_id=MEMBER, root_folder_id="r-x")
    found, _ = of_state(tmp_path, stated, member(MEMBER), management=OTHER)
    assert (found.management, dict(found.root.accounts)) == (MEMBER, {})
    found, _ = of_state(tmp_path, member(MEMBER), management=OTHER)
    assert (found.management, list(found.root.accounts)) == (OTHER, [MEMBER])


def test_a_folder_or_a_member_that_is_not_in_the_file_is_closed(tmp_path: Path) -> None:
    found, notices = of_state(
        tmp_path,
        *(POLICY, folder("below", "fd-1", "fd-x"), member(MEMBER, "fd-y")),
        *(attached("cp-1", "fd-z", "z"), attached("cp-1", OTHER, "o")),
    )
    closed = (FULL, CLOSED)
    assert found.root == Folder(
        (FULL,),
        {OTHER: (FULL, DENIES, CLOSED)},
        {
            "fd-x": Folder(closed, {}, {"below": Folder((FULL,))}),
            "fd-y": Folder(closed, {MEMBER: (FULL,)}),
            "fd-z": Folder((FULL, DENIES, CLOSED)),
        },
    )
    start = "alicloud_resource_manager_"
    assert notices == (
        f"the account {OTHER} is not in the Terraform file: {start}control_policy_attachment.o",
        f"the folder `fd-x` is not in the Terraform file: {start}folder.fd-1",
        f"the folder `fd-y` is not in the Terraform file: {start}account.a{MEMBER}",
        f"the folder `fd-z` is not in the Terraform file: {start}control_policy_attachment.z",
    )
    assert found.policies[CLOSED.policy].missing == "; ".join(notices)


def test_a_policy_that_is_not_in_the_file_is_unreadable(tmp_path: Path) -> None:
    found, notices = of_state(tmp_path, member(MEMBER), attached("cp-x", MEMBER))
    address = "alicloud_resource_manager_control_policy_attachment.a"
    reason = f"the control policy `cp-x` is not in the Terraform file: {address}"
    assert found.root.accounts == {MEMBER: (FULL, Attachment(placeholder(address)))}
    assert found.policies == {placeholder(address): Document(missing=reason)}
    assert notices == (reason,)


def test_folders_and_policies_with_one_name_stay_apart(tmp_path: Path) -> None:
    other = resource(
        "resource_manager_control_policy.q",
        id="cp-2",
        control_policy_name="deny",
        policy_document="{}",
    )
    found, _ = of_state(tmp_path, POLICY, other, folder("same", "fd-1"), folder("same", "fd-2"))
    assert list(found.root.folders) == ["same", "same-fd-2"]
    assert list(found.policies) == ["deny", "deny-cp-2"]


def test_folders_below_each_other_are_put_below_the_root_and_closed(tmp_path: Path) -> None:
    found, notices = of_state(
        tmp_path,
        *(folder("a", "fd-a", "fd-b"), folder("b", "fd-b", "fd-a"), folder("c", "fd-c", "fd-c")),
        member(MEMBER, "fd-b"),
    )
    assert notices == ("the folder `a` is below itself", "the folder `c` is below itself")
    inner = Folder((FULL,), {MEMBER: (FULL,)})
    assert found.root.folders == {
        "a": Folder((FULL, CLOSED), {}, {"b": inner}),
        "c": Folder((FULL, CLOSED)),
    }


PLANNED: dict[str, Any] = {
    "resource_manager_resource_directory.d": {},
    "resource_manager_control_policy.p": {"control_policy_name": "deny", "policy_document": DENY},
    "resource_manager_folder.f": {
        "folder_name": "prod",
        "parent_folder_id": ["alicloud_resource_manager_resource_directory.d.root_folder_id"],
    },
    "resource_manager_folder.inner": {
        "folder_name": "inner",
        "parent_folder_id": ["alicloud_resource_manager_folder.f.id"],
    },
    "resource_manager_account.m": {"folder_id": ["alicloud_resource_manager_folder.inner.id"]},
    "resource_manager_control_policy_attachment.a": {
        "policy_id": ["alicloud_resource_manager_control_policy.p.id"],
        "target_id": ["alicloud_resource_manager_folder.inner.id"],
    },
}


def of_plan(
    path: Path,
    *resources: dict[str, Any],
    **configuration: Any,  # noqa: ANN401
) -> tuple[Directory, tuple[str, ...]]:
    stated = {
        f"resource_manager_{name.replace('__', '.')}": one for name, one in configuration.items()
    }
    file = written(path / "plan.json", plan(me(), *resources, configuration=PLANNED | stated))
    world = read(file, full_access=True)
    assert world.directory is not None
    return world.directory, tuple(world.notices)


CREATED = (
    resource("resource_manager_resource_directory.d"),
    resource("resource_manager_control_policy.p", control_policy_name="deny", policy_document=DENY),
    resource("resource_manager_folder.f", folder_name="prod"),
    resource("resource_manager_folder.inner", folder_name="inner"),
    resource("resource_manager_control_policy_attachment.a"),
)


def test_ids_that_do_not_exist_yet_connect_the_directory(tmp_path: Path) -> None:
    moved = resource("resource_manager_account.m", id=MEMBER)
    found, notices = of_plan(tmp_path, *CREATED, moved)
    inner = Folder((FULL, DENIES), {MEMBER: (FULL,)})
    assert found.root == Folder((FULL,), {}, {"prod": Folder((FULL,), {}, {"inner": inner})})
    assert (found.management, notices) == (NUMBER, ())


def test_an_account_that_does_not_exist_yet_is_left_out(tmp_path: Path) -> None:
    found, notices = of_plan(tmp_path, *CREATED, resource("resource_manager_account.m"))
    [notice] = notices
    assert notice == (
        f"the number of a member account {LATER}: alicloud_resource_manager_account.m: "
        "it is left out"
    )
    assert found.root.folders["prod"].folders["inner"].accounts == {}


def test_parts_that_no_reference_decides_close_their_level(tmp_path: Path) -> None:
    two = ["alicloud_resource_manager_folder.f.id", "alicloud_resource_manager_folder.inner.id"]
    found, notices = of_plan(
        tmp_path,
        *CREATED,
        resource("resource_manager_account.m", id=MEMBER),
        resource("resource_manager_control_policy_attachment.b", target_id="r-root"),
        control_policy_attachment__a={"target_id": two, "policy_id": two},
        folder__inner={"folder_name": "inner", "parent_folder_id": two},
        account__m={"folder_id": two},
        control_policy__p={"policy_document": ["random_pet.p.id"]},
    )
    start = "alicloud_resource_manager_"
    assert notices == (
        f"a control policy {LATER}: {start}control_policy_attachment.a",
        f"a control policy {LATER}: {start}control_policy_attachment.b",
        f"the folder above {LATER}: {start}account.m",
        f"the folder above {LATER}: {start}folder.inner",
        f"the target of a control policy {LATER}: {start}control_policy_attachment.a",
    )
    b = Attachment(placeholder(f"{start}control_policy_attachment.b"))
    assert found.root == Folder(
        tuple(sorted((FULL, CLOSED, b))),
        {MEMBER: (FULL, CLOSED)},
        {"inner": Folder((FULL, CLOSED)), "prod": Folder((FULL,))},
    )


def test_a_control_policy_with_an_unknown_document_is_unreadable(tmp_path: Path) -> None:
    unknown = resource("resource_manager_control_policy.p", control_policy_name="deny")
    found, notices = of_plan(tmp_path, unknown)
    reason = f"the document {LATER}: alicloud_resource_manager_control_policy.p"
    assert (found.policies, notices) == ({"deny": Document(missing=reason)}, (reason,))
