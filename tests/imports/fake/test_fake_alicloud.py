"""The fake of the identity APIs, asked by the unmodified SDKs: every kind, every page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from alicloud import system
from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.reading import by_marker, by_number, refusal
from alicloud.sdk import Sdk

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
ENCODED = "%7B%22Version%22%3A%20%221%22+ü~*%7D"
TRUST = '{"Version": "1", "Statement": []}'


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


@pytest.fixture
def sdk(cloud: FakeCloud) -> Sdk:
    return Sdk(cloud)


def names(items: list[Any], field: str) -> list[str]:
    return [item[field] for item in items]


def test_users_groups_and_members(sdk: Sdk) -> None:
    people = ["alice", "bob", "carol", "dave", "erin"]
    for name in people:
        created = sdk.ram("CreateUser", user_name=name, display_name=name.title())["User"]
        assert created["UserName"] == name
    for name in ("ops", "dev", "web"):
        sdk.ram("CreateGroup", group_name=name, comments="a team")
    for name in people[1:]:
        sdk.ram("AddUserToGroup", user_name=name, group_name="ops")
    sdk.ram("AddUserToGroup", user_name="bob", group_name="web")

    users = by_marker(lambda **page: sdk.ram("ListUsers", **page), "Users", "User")
    assert names(users, "UserName") == people
    assert sdk.ram("GetUser", user_name="bob")["User"]["DisplayName"] == "Bob"
    groups = by_marker(lambda **page: sdk.ram("ListGroups", **page), "Groups", "Group")
    assert names(groups, "GroupName") == ["dev", "ops", "web"]
    assert sdk.ram("GetGroup", group_name="dev")["Group"]["Comments"] == "a team"
    members = by_marker(
        lambda **page: sdk.ram("ListUsersForGroup", group_name="ops", **page), "Users", "User"
    )
    assert names(members, "UserName") == people[1:]
    of_bob = sdk.ram("ListGroupsForUser", user_name="bob")["Groups"]["Group"]
    assert names(of_bob, "GroupName") == ["ops", "web"]

    sdk.ram("RemoveUserFromGroup", user_name="bob", group_name="web")
    sdk.ram("DeleteGroup", group_name="web")
    sdk.ram("DeleteUser", user_name="alice")
    assert len(sdk.ram("ListGroups")["Groups"]["Group"]) == 2
    assert names(sdk.ram("ListUsers")["Users"]["User"], "UserName") == people[1:]


def test_the_environment_of_a_key(cloud: FakeCloud) -> None:
    program = """
from alibabacloud_credentials.client import Client
found = Client().get_credential()
print(found.access_key_id, found.access_key_secret, found.security_token)
"""
    for key in (cloud.owner, cloud.key(role="App")):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env={"PATH": os.environ["PATH"], **key.environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert ran.stdout.split() == [key.id, key.secret, key.token or "None"]


def test_policies_and_their_versions(sdk: Sdk) -> None:
    sdk.ram("CreatePolicy", policy_name="odd", policy_document=ENCODED, description="odd")
    for name in ("a", "b", "c"):
        sdk.ram("CreatePolicy", policy_name=name, policy_document=DOCUMENT)
    added = sdk.ram("CreatePolicyVersion", policy_name="a", policy_document=ENCODED)
    assert added["PolicyVersion"]["VersionId"] == "v2"

    custom = by_marker(
        lambda **page: sdk.ram("ListPolicies", policy_type="Custom", **page), "Policies", "Policy"
    )
    assert names(custom, "PolicyName") == ["a", "b", "c", "odd"]
    odd = sdk.ram("GetPolicy", policy_name="odd", policy_type="Custom")
    assert odd["DefaultPolicyVersion"]["PolicyDocument"] == ENCODED
    assert odd["Policy"]["Description"] == "odd"

    def default() -> tuple[str, str]:
        found = sdk.ram("GetPolicy", policy_name="a", policy_type="Custom")["DefaultPolicyVersion"]
        return found["VersionId"], found["PolicyDocument"]

    assert default() == ("v1", DOCUMENT)
    sdk.ram("SetDefaultPolicyVersion", policy_name="a", version_id="v2")
    assert default() == ("v2", ENCODED)
    sdk.ram("DeletePolicyVersion", policy_name="a", version_id="v1")
    sdk.ram("CreatePolicyVersion", policy_name="a", policy_document=DOCUMENT, set_as_default=True)
    assert default() == ("v3", DOCUMENT)
    second = sdk.ram("GetPolicyVersion", policy_name="a", policy_type="Custom", version_id="v2")
    assert second["PolicyVersion"]["PolicyDocument"] == ENCODED
    assert second["PolicyVersion"]["IsDefaultVersion"] is False
    versions = sdk.ram("ListPolicyVersions", policy_name="a", policy_type="Custom")
    assert names(versions["PolicyVersions"]["PolicyVersion"], "VersionId") == ["v2", "v3"]

    sdk.ram("DeletePolicy", policy_name="b")
    sdk.ram("DeletePolicy", policy_name="a", cascading_delete=True)
    left = sdk.ram("ListPolicies", policy_type="Custom")["Policies"]["Policy"]
    assert names(left, "PolicyName") == ["c", "odd"]


def test_a_policy_has_at_most_five_versions(sdk: Sdk) -> None:
    sdk.ram("CreatePolicy", policy_name="p", policy_document=DOCUMENT)

    def add(**more: str) -> Any:  # noqa: ANN401 - a JSON tree
        version = sdk.ram("CreatePolicyVersion", policy_name="p", policy_document=DOCUMENT, **more)
        return version["PolicyVersion"]["VersionId"]

    assert [add() for _ in range(4)] == ["v2", "v3", "v4", "v5"]
    assert refusal(add) == (409, "LimitExceeded.Policy.Version")
    assert add(rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded") == "v6"
    found = sdk.ram("ListPolicyVersions", policy_name="p", policy_type="Custom")
    left = names(found["PolicyVersions"]["PolicyVersion"], "VersionId")
    assert left == ["v1", "v3", "v4", "v5", "v6"]


def test_system_policies_come_with_the_account(cloud: FakeCloud, sdk: Sdk) -> None:
    def document(name: str) -> tuple[str, str]:
        found = sdk.ram("GetPolicy", policy_name=name, policy_type="System")
        return found["Policy"]["DefaultVersion"], found["DefaultPolicyVersion"]["PolicyDocument"]

    every = by_marker(lambda **page: sdk.ram("ListPolicies", **page), "Policies", "Policy", size=99)
    assert len(every) == len(system.policies()) > 300
    assert names(every, "PolicyName") == sorted(system.policies())
    version, administrator = document("AdministratorAccess")
    assert version == "v1"
    assert json.loads(administrator)["Statement"][0]["Action"] == "*"
    assert document(system.TWO_VERSIONS[0])[0] == "v2"
    cloud.add_system_policy("AliyunOddAccess", DOCUMENT, ENCODED, default=2)
    assert document("AliyunOddAccess") == ("v2", ENCODED)
    assert "AliyunOddAccess" not in system.policies()


def test_roles_of_ram_and_of_resource_manager(sdk: Sdk) -> None:
    for name in ("App", "Build", "Deploy"):
        sdk.ram("CreateRole", role_name=name, assume_role_policy_document=TRUST)
    made = sdk.resource_manager("CreateServiceLinkedRole", service_name="alikafka.aliyuncs.com")
    linked = made["Role"]["RoleName"]
    assert made["Role"]["IsServiceLinkedRole"] is True

    roles = by_marker(lambda **page: sdk.ram("ListRoles", **page), "Roles", "Role")
    assert sorted(names(roles, "RoleName")) == [linked, "App", "Build", "Deploy"]
    assert not any("IsServiceLinkedRole" in role for role in roles)
    assert not any("AssumeRolePolicyDocument" in role for role in roles)
    roles = by_number(lambda **page: sdk.resource_manager("ListRoles", **page), "Roles", "Role")
    told = {role["RoleName"]: role["IsServiceLinkedRole"] for role in roles}
    assert told == {"App": False, "Build": False, "Deploy": False, linked: True}

    app = sdk.ram("GetRole", role_name="App")["Role"]
    assert app["Arn"] == f"acs:ram::{ACCOUNT}:role/app"
    assert app["AssumeRolePolicyDocument"] == TRUST
    assert app["RolePrincipalName"] == f"app@role.{ACCOUNT}.onaliyunservice.com"
    sdk.ram("UpdateRole", role_name="App", new_assume_role_policy_document=ENCODED)
    assert sdk.ram("GetRole", role_name="App")["Role"]["AssumeRolePolicyDocument"] == ENCODED
    trust = json.loads(sdk.ram("GetRole", role_name=linked)["Role"]["AssumeRolePolicyDocument"])
    assert trust["Statement"][0]["Principal"] == {"Service": ["alikafka.aliyuncs.com"]}
    held = sdk.ram("ListPoliciesForRole", role_name=linked)["Policies"]["Policy"]
    assert names(held, "PolicyName") == ["AliyunServiceRolePolicyForAlikafka"]

    sdk.resource_manager("DeleteServiceLinkedRole", role_name=linked)
    sdk.ram("DeleteRole", role_name="Build")
    assert names(sdk.ram("ListRoles")["Roles"]["Role"], "RoleName") == ["App", "Deploy"]


def test_attachments_of_all_kinds(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.add_account("6543210987654321", "payroll")
    sdk = Sdk(cloud, cloud.key("6543210987654321"))
    domain = sdk.ims("GetDefaultDomain")["DefaultDomainName"]
    sdk.ram("CreateUser", user_name="alice")
    sdk.ram("CreateGroup", group_name="ops")
    sdk.ram("CreateRole", role_name="App", assume_role_policy_document=TRUST)
    sdk.ram("CreatePolicy", policy_name="p", policy_document=DOCUMENT)
    made = sdk.resource_manager("CreateResourceGroup", name="prod", display_name="Production")
    group = made["ResourceGroup"]["Id"]
    custom = {"policy_name": "p", "policy_type": "Custom"}
    administrator = {"policy_name": "AdministratorAccess", "policy_type": "System"}
    sdk.ram("AttachPolicyToUser", user_name="alice", **custom)
    sdk.ram("AttachPolicyToGroup", group_name="ops", **administrator)
    sdk.ram("AttachPolicyToRole", role_name="App", **custom)
    sdk.ram("AttachPolicyToUser", user_name="alice", **administrator, resource_group_id=group)
    to_group = {
        "principal_name": f"ops@group.{domain}",
        "principal_type": "IMSGroup",
        "resource_group_id": group,
    }
    sdk.resource_manager("AttachPolicy", **custom, **to_group)
    sdk.resource_manager(
        "AttachPolicy",
        **administrator,
        principal_name="app@role.payroll.onaliyunservice.com",
        principal_type="ServiceRole",
        resource_group_id="6543210987654321",
    )

    attachments = by_number(
        lambda **page: sdk.resource_manager("ListPolicyAttachments", **page),
        "PolicyAttachments",
        "PolicyAttachment",
    )
    fields = ("PolicyName", "PolicyType", "PrincipalName", "PrincipalType", "ResourceGroupId")
    account = "6543210987654321"
    alice, ops = "alice@payroll.onaliyun.com", "ops@group.payroll.onaliyun.com"
    app = "app@role.payroll.onaliyunservice.com"
    assert [tuple(each[field] for field in fields) for each in attachments] == [
        ("p", "Custom", alice, "IMSUser", account),
        ("AdministratorAccess", "System", ops, "IMSGroup", account),
        ("p", "Custom", app, "ServiceRole", account),
        ("AdministratorAccess", "System", alice, "IMSUser", group),
        ("p", "Custom", ops, "IMSGroup", group),
        ("AdministratorAccess", "System", app, "ServiceRole", account),
    ]
    in_group = sdk.resource_manager("ListPolicyAttachments", resource_group_id=group)
    assert in_group["TotalCount"] == 2
    of_alice = sdk.ram("ListPoliciesForUser", user_name="alice")["Policies"]["Policy"]
    assert names(of_alice, "PolicyName") == ["p"]
    of_ops = sdk.ram("ListPoliciesForGroup", group_name="ops")["Policies"]["Policy"]
    assert names(of_ops, "PolicyName") == ["AdministratorAccess"]
    entities = sdk.ram("ListEntitiesForPolicy", **custom)
    assert names(entities["Users"]["User"], "UserName") == ["alice"]
    assert names(entities["Groups"]["Group"], "GroupName") == ["ops"]
    assert names(entities["Roles"]["Role"], "RoleName") == ["App"]
    counted = sdk.ram("GetPolicy", **custom)["Policy"]["AttachmentCount"]
    assert counted == 3

    sdk.resource_manager("DetachPolicy", **custom, **to_group)
    sdk.ram("DetachPolicyFromUser", user_name="alice", **custom)
    sdk.ram("DetachPolicyFromGroup", group_name="ops", **administrator)
    sdk.ram("DetachPolicyFromRole", role_name="App", **custom)
    assert sdk.resource_manager("ListPolicyAttachments")["TotalCount"] == 2

    sdk.ram("AttachPolicyToUser", user_name="alice", **custom)
    sdk.ram("DeletePolicy", policy_name="p", cascading_delete=True)
    assert len(cloud.account("6543210987654321").attachments) == 2
    assert not cloud.account().attachments


def test_resource_groups(sdk: Sdk) -> None:
    made = [
        sdk.resource_manager("CreateResourceGroup", name=name, display_name=name.title())
        for name in ("prod", "test")
    ]
    groups = by_number(
        lambda **page: sdk.resource_manager("ListResourceGroups", **page),
        "ResourceGroups",
        "ResourceGroup",
    )
    assert names(groups, "DisplayName") == ["default resource group", "Prod", "Test"]
    identity = made[0]["ResourceGroup"]["Id"]
    found = sdk.resource_manager("GetResourceGroup", resource_group_id=identity)["ResourceGroup"]
    assert (found["Name"], found["AccountId"]) == ("prod", ACCOUNT)
    sdk.ram("CreateUser", user_name="alice")
    administrator = {"policy_name": "AdministratorAccess", "policy_type": "System"}
    scope = {"user_name": "alice", "resource_group_id": identity}
    sdk.ram("AttachPolicyToUser", **administrator, **scope)
    sdk.ram("AttachPolicyToUser", **administrator, user_name="alice")
    sdk.resource_manager("DeleteResourceGroup", resource_group_id=identity)
    assert sdk.resource_manager("ListResourceGroups")["TotalCount"] == 2
    assert sdk.resource_manager("ListPolicyAttachments")["TotalCount"] == 1


def test_providers(sdk: Sdk) -> None:
    for name in ("gha", "gitlab", "k8s"):
        sdk.ims(
            "CreateOIDCProvider",
            oidcprovider_name=name,
            issuer_url="https://issuer.example",
            client_ids="sts.aliyuncs.com",
        )
        sdk.ims("CreateSAMLProvider", samlprovider_name=name, encoded_samlmetadata_document="PHg+")
    for kind in ("OIDC", "SAML"):
        found = by_marker(
            lambda kind=kind, **page: sdk.ims(f"List{kind}Providers", **page),
            f"{kind}Providers",
            f"{kind}Provider",
        )
        assert names(found, f"{kind}ProviderName") == ["gha", "gitlab", "k8s"]
        assert found[0]["Arn"] == f"acs:ram::{ACCOUNT}:{kind.lower()}-provider/gha"
    oidc = sdk.ims("GetOIDCProvider", oidcprovider_name="gha")["OIDCProvider"]
    assert oidc["ClientIds"] == "sts.aliyuncs.com"
    assert sdk.ims("GetSAMLProvider", samlprovider_name="k8s")["SAMLProvider"]["Arn"]
    sdk.ims("DeleteOIDCProvider", oidcprovider_name="gha")
    sdk.ims("DeleteSAMLProvider", samlprovider_name="k8s")
    assert len(sdk.ims("ListOIDCProviders")["OIDCProviders"]["OIDCProvider"]) == 2
    assert len(sdk.ims("ListSAMLProviders")["SAMLProviders"]["SAMLProvider"]) == 2


def test_the_caller(cloud: FakeCloud, sdk: Sdk) -> None:
    root = sdk.caller()
    assert (root["IdentityType"], root["AccountId"]) == ("Account", ACCOUNT)
    assert root["Arn"] == f"acs:ram::{ACCOUNT}:root"
    sdk.ram("CreateUser", user_name="alice")
    user = Sdk(cloud, cloud.key(user="alice")).caller()
    assert (user["IdentityType"], user["Arn"]) == ("RAMUser", f"acs:ram::{ACCOUNT}:user/alice")
    sdk.ram("CreateRole", role_name="App", assume_role_policy_document=TRUST)
    session = Sdk(cloud, cloud.key(role="App")).caller()
    assert session["IdentityType"] == "AssumedRoleUser"
    assert session["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/App/import"
