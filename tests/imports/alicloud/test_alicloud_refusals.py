"""An import never allows more than the account does, also if calls are refused."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.sdk import Sdk
from alicloud.state import Attachment as Attached
from alicloud_imports import ALLOW_OSS, DENY_OSS, TRUST, imported, shipped
from ramgate import Request
from ramgate.accounts.reader import load
from ramgate.analysis.engine import decide_all
from ramgate.errors import CloudError
from ramgate.imports import folder
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.world import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ramgate.imports.world import World

USERS = ("alice", "bob", "carol", "dave")
TARGETS: Mapping[str, Mapping[str, Any]] = {
    **{operation: {} for operation in CALLS if operation != "GetCallerIdentity"},
    "GetPolicy of a Deny": {"PolicyName": "no-delete"},
    "GetPolicy of an Allow": {"PolicyName": "oss-all"},
    "ListUsersForGroup of a Deny": {"GroupName": "limited"},
    "ListUsersForGroup of an Allow": {"GroupName": "team"},
    "GetRole of one": {"RoleName": "AppRole"},
}
"""The calls to refuse, with the parameters that a call must have."""


GET, DELETE = "oss:GetObject", "oss:DeleteBucket"
WHOLE = {
    (f"acs:ram::{ACCOUNT}:{who}", action, "*")
    for who, actions in {
        "user/alice": (GET,),
        "user/bob": (GET,),
        "user/carol": (GET, DELETE),
        "user/dave": (GET, DELETE),
        "role/AppRole": (GET, DELETE),
        "role/Limited": (GET,),
    }.items()
    for action in actions
} | {
    ("ecs.aliyuncs.com", "sts:AssumeRole", f"acs:ram::{ACCOUNT}:role/{role}")
    for role in ("AppRole", "Idle")
}
"""The requests that the account allows."""


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        build(cloud)
        yield cloud


def build(cloud: FakeCloud) -> None:
    """Build an account with a Deny on every way to a user, and on a role."""
    sdk = Sdk(cloud)
    for user in USERS:
        sdk.ram("CreateUser", user_name=user)
    sdk.ram("CreateUser", user_name="erin")
    for group, members in {"team": USERS, "limited": ("alice",), "idle": ("carol",)}.items():
        sdk.ram("CreateGroup", group_name=group)
        for user in members:
            sdk.ram("AddUserToGroup", user_name=user, group_name=group)
    sdk.ram("CreatePolicy", policy_name="oss-all", policy_document=ALLOW_OSS)
    sdk.ram("CreatePolicy", policy_name="no-delete", policy_document=DENY_OSS)
    sdk.ram("CreatePolicy", policy_name="unused", policy_document=ALLOW_OSS)
    allow = {"policy_name": "oss-all", "policy_type": "Custom"}
    deny = {"policy_name": "no-delete", "policy_type": "Custom"}
    sdk.ram("AttachPolicyToGroup", group_name="team", **allow)
    sdk.ram("AttachPolicyToGroup", group_name="limited", **deny)
    sdk.ram("AttachPolicyToUser", user_name="bob", **deny)
    sdk.ram("CreateRole", role_name="AppRole", assume_role_policy_document=TRUST)
    sdk.ram("AttachPolicyToRole", role_name="AppRole", **allow)
    sdk.ram("CreateRole", role_name="Limited", assume_role_policy_document=TRUST)
    for policy in (allow, deny):
        sdk.ram("AttachPolicyToRole", role_name="Limited", **policy)
    sdk.ram("CreateRole", role_name="Idle", assume_role_policy_document=TRUST)
    sdk.resource_manager("InitResourceDirectory")
    sdk.resource_manager("EnableControlPolicy")


def requests() -> list[Request]:
    principals = [f"acs:ram::{ACCOUNT}:user/{name}" for name in (*USERS, "erin")]
    principals += [f"acs:ram::{ACCOUNT}:role/{name}" for name in ("AppRole", "Limited", "Idle")]
    pairs = itertools.product(principals, (GET, DELETE))
    asked = [Request(who, action, "*") for who, action in pairs]
    roles = (f"acs:ram::{ACCOUNT}:role/{name}" for name in ("AppRole", "Idle"))
    return [*asked, *(Request("ecs.aliyuncs.com", "sts:AssumeRole", role) for role in roles)]


def allowed(world: World, path: Path) -> set[tuple[str, str, str]]:
    """Return the requests that the files of a world allow."""
    folder.write(world, path, source="test")
    asked = requests()
    decisions = decide_all(load(path, shipped()), asked)
    return {
        (request.principal, request.action, request.resource)
        for request, decision in zip(asked, decisions, strict=True)
        if decision.allow
    }


def test_the_account_allows_and_denies(cloud: FakeCloud, tmp_path: Path) -> None:
    world = imported(cloud)
    assert world.notices == []
    assert allowed(world, tmp_path) == WHOLE


@pytest.mark.parametrize("name", TARGETS)
def test_a_refusal_never_allows_more(name: str, cloud: FakeCloud, tmp_path: Path) -> None:
    operation = name.partition(" ")[0]
    cloud.faults.refuse(f"{CALLS[operation].product.lower()}:{operation}", **TARGETS[name])
    world = imported(cloud)
    assert len(world.notices) == 1
    assert str(world.notices[0]).startswith(f"{CALLS[operation]} was refused: NoPermission: ")
    assert allowed(world, tmp_path) <= WHOLE


@pytest.mark.parametrize("name", TARGETS)
def test_a_strict_import_stops_at_a_refusal(name: str, cloud: FakeCloud) -> None:
    operation = name.partition(" ")[0]
    cloud.faults.refuse(f"{CALLS[operation].product.lower()}:{operation}", **TARGETS[name])
    with pytest.raises(CloudError) as caught:
        imported(cloud, strict=True)
    assert str(caught.value) == (
        f"{CALLS[operation]} was refused: NoPermission: `ramgate import alicloud --policy` prints "
        "the policy that an import needs"
    )


def test_a_trust_policy_that_may_not_be_read_says_why(cloud: FakeCloud) -> None:
    cloud.faults.refuse("GetRole", RoleName="AppRole")
    roles = imported(cloud).accounts[ACCOUNT].roles
    cause = "Ram GetRole was refused: NoPermission"
    assert {name: role.trust.missing for name, role in roles.items()} == {
        "AppRole": cause,
        "Idle": "",
        "Limited": "",
    }


def test_members_that_may_not_be_read_could_be_every_user(cloud: FakeCloud) -> None:
    cloud.faults.refuse("ListUsersForGroup", GroupName="limited")
    account = imported(cloud).accounts[ACCOUNT]
    marker = Attachment("unread-members-of-limited")
    assert account.policies[marker.policy].missing == (
        "Ram ListUsersForGroup was refused: NoPermission: a user may be in group `limited`"
    )
    assert all(marker in user.attachments for user in account.users.values())
    assert account.groups["limited"] == [Attachment("no-delete")]


def test_members_of_a_group_without_a_policy_limit_nobody(cloud: FakeCloud, tmp_path: Path) -> None:
    cloud.faults.refuse("ListUsersForGroup", GroupName="idle")
    world = imported(cloud)
    assert allowed(world, tmp_path) == WHOLE
    assert list(world.accounts[ACCOUNT].policies) == ["no-delete", "oss-all", "unused"]


def test_the_stand_in_is_attached_where_the_group_s_policies_are(cloud: FakeCloud) -> None:
    sdk = Sdk(cloud)
    made = sdk.resource_manager("CreateResourceGroup", name="prod", display_name="Production")
    scope = made["ResourceGroup"]["Id"]
    sdk.ram("CreatePolicy", policy_name="unread-members-of-idle", policy_document=ALLOW_OSS)
    sdk.resource_manager(
        "AttachPolicy",
        principal_type="IMSGroup",
        principal_name=f"idle@group.{ACCOUNT}.onaliyun.com",
        resource_group_id=scope,
        policy_name="no-delete",
        policy_type="Custom",
    )
    cloud.faults.refuse("ListUsersForGroup", GroupName="idle")
    account = imported(cloud).accounts[ACCOUNT]
    assert account.users["erin"].attachments == [
        Attachment("unread-members-of-idle-2", "Custom", scope)
    ]


def test_a_long_name_of_a_stand_in_is_cut(cloud: FakeCloud) -> None:
    name = "long_" * 12 + "name"
    sdk = Sdk(cloud)
    state = cloud.account()
    state.groups["g" * 128] = type(state.groups["team"])("1", "g" * 128, "2026", "")
    sdk.ram("CreateGroup", group_name=name)
    for group in (name, "g" * 128):
        sdk.ram(
            "AttachPolicyToGroup", group_name=group, policy_name="no-delete", policy_type="Custom"
        )
    cloud.faults.refuse("ListUsersForGroup")
    policies = imported(cloud).accounts[ACCOUNT].policies
    assert f"unread-members-of-{name.replace('_', '-')}" in policies
    assert max(map(len, policies)) == 128


def test_a_refused_list_leaves_the_entities_that_attachments_name(cloud: FakeCloud) -> None:
    for operation in ("ListUsers", "ListGroups", "ListPolicies", "ListRoles"):
        cloud.faults.refuse(operation)
    account = imported(cloud).accounts[ACCOUNT]
    assert list(account.users) == sorted(USERS)
    assert list(account.groups) == ["limited", "team"]
    assert list(account.policies) == ["no-delete", "oss-all"]


def test_without_attachments_nobody_is_allowed_anything(cloud: FakeCloud, tmp_path: Path) -> None:
    cloud.faults.refuse("ListPolicyAttachments")
    assert {who for who, _, _ in allowed(imported(cloud), tmp_path)} == {"ecs.aliyuncs.com"}


@pytest.mark.parametrize(
    ("operation", "where"),
    [
        ("GetRole", {"RoleName": "AppRole"}),
        ("ListUsersForGroup", {"GroupName": "limited"}),
        ("GetPolicy", {"PolicyName": "no-delete"}),
    ],
)
def test_what_is_gone_since_it_was_listed_is_left_out(
    operation: str, where: dict[str, Any], cloud: FakeCloud
) -> None:
    state = cloud.account()
    [(_, name)] = where.items()
    entities: dict[str, Any] = {
        "GetRole": state.roles,
        "ListUsersForGroup": state.groups,
        "GetPolicy": state.custom_policies,
    }
    attached = [one for one in state.attachments if name in (one.policy, one.principal)]
    assert attached

    def vanish() -> None:
        for attachment in attached:
            state.detach(attachment)
        del entities[operation][name]

    cloud.faults.before(operation, vanish, **where)
    world = imported(cloud)
    account = world.accounts[ACCOUNT]
    assert world.notices == []
    held = [
        *(user.attachments for user in account.users.values()),
        *(role.attachments for role in account.roles.values()),
        *account.groups.values(),
    ]
    policies = {one.policy for attachments in held for one in attachments}
    assert name not in {*account.roles, *account.groups, *account.policies, *policies}


def test_a_system_policy_that_is_not_found_is_missing(cloud: FakeCloud) -> None:
    kafka = {"policy_name": "AliyunKafkaFullAccess", "policy_type": "System"}
    Sdk(cloud).ram("AttachPolicyToUser", user_name="erin", **kafka)
    cloud.faults.refuse(
        "GetPolicy", "EntityNotExist.Policy", status=404, PolicyName="AliyunKafkaFullAccess"
    )
    account = imported(cloud).accounts[ACCOUNT]
    assert account.users["erin"].attachments == [Attachment("AliyunKafkaFullAccess", "System")]
    assert account.system_policies["AliyunKafkaFullAccess"].missing == (
        "Ram GetPolicy found nothing: EntityNotExist.Policy"
    )


def test_an_unknown_kind_of_principal_ends_the_import(cloud: FakeCloud) -> None:
    attachment = Attached("oss-all", "Custom", "Robot", "r2", ACCOUNT)
    cloud.account().attach(attachment, cloud.world.now())
    with pytest.raises(CloudError) as caught:
        imported(cloud)
    assert str(caught.value) == (
        "ResourceManager ListPolicyAttachments answered with an unknown kind of principal: `Robot`"
    )


def test_an_unknown_type_of_policy_ends_the_import(cloud: FakeCloud) -> None:
    cloud.account().custom_policies["no-delete"].type = "Other"
    with pytest.raises(CloudError) as caught:
        imported(cloud)
    assert str(caught.value) == (
        "ResourceManager ListPolicyAttachments answered with an unknown type of policy: `Other`"
    )


def test_a_member_account_is_denied_everything_if_its_control_policies_are_not_known(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    made = Sdk(cloud).resource_manager("CreateResourceAccount", display_name="member")
    number = made["Account"]["AccountId"]
    key = cloud.key(number)
    sdk = Sdk(cloud, key)
    sdk.ram("CreateUser", user_name="alice")
    sdk.ram(
        "AttachPolicyToUser",
        user_name="alice",
        policy_name="AdministratorAccess",
        policy_type="System",
    )
    request = Request(f"acs:ram::{number}:user/alice", GET, "*")
    for directory, reason in ((True, "policy_unreadable"), (False, "statement_allows")):
        path = tmp_path / reason
        folder.write(imported(cloud, key, directory=directory), path, source="test")
        [decision] = decide_all(load(path, shipped()), [request])
        assert decision.reason == reason
