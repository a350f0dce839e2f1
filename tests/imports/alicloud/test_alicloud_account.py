from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

import pytest

from alicloud import system
from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.sdk import Sdk
from alicloud_imports import ALLOW_OSS, DENY_OSS, TRUST, document, imported
from ramgate.imports.world import Attachment, Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.imports.world import Account

OSS = {"policy_name": "oss-all", "policy_type": "Custom"}
KAFKA = {"policy_name": "AliyunKafkaFullAccess", "policy_type": "System"}


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud(alias="example") as cloud:
        yield cloud


@pytest.fixture
def sdk(cloud: FakeCloud) -> Sdk:
    sdk = Sdk(cloud)
    for name in ("alice", "bob"):
        sdk.ram("CreateUser", user_name=name)
    for name in ("team", "empty"):
        sdk.ram("CreateGroup", group_name=name)
    sdk.ram("AddUserToGroup", user_name="alice", group_name="team")
    sdk.ram("CreatePolicy", policy_name="oss-all", policy_document=ALLOW_OSS)
    sdk.ram("CreateRole", role_name="AppRole", assume_role_policy_document=TRUST)
    return sdk


def account(cloud: FakeCloud) -> Account:
    world = imported(cloud)
    assert world.notices == []
    assert world.directory is None
    return world.accounts[ACCOUNT]


def test_users_have_their_groups_and_their_own_attachments(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram("AttachPolicyToUser", user_name="bob", **OSS)
    sdk.ram("AttachPolicyToUser", user_name="bob", **KAFKA)
    users = account(cloud).users
    assert list(users) == ["alice", "bob"]
    assert (users["alice"].groups, users["alice"].attachments) == (["team"], [])
    assert users["bob"].groups == []
    assert users["bob"].attachments == [
        Attachment("AliyunKafkaFullAccess", "System"),
        Attachment("oss-all"),
    ]


def test_groups_have_their_attachments(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram("AttachPolicyToGroup", group_name="team", **OSS)
    assert account(cloud).groups == {"empty": [], "team": [Attachment("oss-all")]}


def test_a_role_keeps_the_case_of_its_name(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram("AttachPolicyToRole", role_name="AppRole", **OSS)
    roles = account(cloud).roles
    assert list(roles) == ["AppRole"]
    assert roles["AppRole"].trust == Document(TRUST)
    assert roles["AppRole"].attachments == [Attachment("oss-all")]


def test_attachments_to_a_resource_group_name_it(cloud: FakeCloud, sdk: Sdk) -> None:
    made = sdk.resource_manager("CreateResourceGroup", name="prod", display_name="Production")
    group = made["ResourceGroup"]["Id"]
    for scope in (group, ACCOUNT):
        sdk.resource_manager(
            "AttachPolicy",
            principal_type="IMSUser",
            principal_name="alice@example.onaliyun.com",
            resource_group_id=scope,
            **OSS,
        )
    found = account(cloud)
    assert found.users["alice"].attachments == [
        Attachment("oss-all", "Custom"),
        Attachment("oss-all", "Custom", group),
    ]
    assert found.resource_groups is not None
    assert found.resource_groups[group] == "Production"


def test_custom_policies_are_read_in_their_default_version(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram("CreatePolicyVersion", policy_name="oss-all", policy_document=DENY_OSS)
    assert account(cloud).policies["oss-all"].text == ALLOW_OSS
    sdk.ram("SetDefaultPolicyVersion", policy_name="oss-all", version_id="v2")
    found = account(cloud).policies["oss-all"]
    assert (found.text, found.version) == (DENY_OSS, "v2")
    assert found.date == cloud.world.now()[:10]
    assert cloud.count("GetPolicy") == 2


def test_used_system_policies_are_read_once(cloud: FakeCloud, sdk: Sdk) -> None:
    for name in ("alice", "bob"):
        sdk.ram("AttachPolicyToUser", user_name=name, **KAFKA)
    assert account(cloud).system_policies == {
        "AliyunKafkaFullAccess": Document(
            system.policies()["AliyunKafkaFullAccess"].versions["v2"].document, "v2", "2026-03-11"
        )
    }
    assert cloud.count("GetPolicy") == 2


@pytest.mark.usefixtures("sdk")
def test_a_service_linked_role_of_the_catalog_is_named_with_the_policy_in_force(
    cloud: FakeCloud,
) -> None:
    Sdk(cloud).resource_manager("CreateServiceLinkedRole", service_name="alikafka.aliyuncs.com")
    policy = "AliyunServiceRolePolicyForAlikafka"
    text = document("Allow", "ecs:Describe*")
    cloud.add_system_policy(policy, text, text, default=2)
    found = account(cloud)
    assert found.service_linked_roles == ["AliyunServiceRoleForAlikafka"]
    assert list(found.roles) == ["AppRole"]
    assert found.system_policies == {policy: Document(text, "v2", "2026-03-11")}
    assert cloud.count("GetRole") == 1


def test_another_service_linked_role_is_a_role(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.resource_manager("CreateServiceLinkedRole", service_name=system.NEW_SERVICE)
    found = account(cloud)
    assert found.service_linked_roles == []
    role = found.roles["AliyunServiceRoleForFresh"]
    assert system.NEW_SERVICE in role.trust.text
    assert role.attachments == [Attachment("AliyunServiceRolePolicyForFresh", "System")]
    assert list(found.system_policies) == ["AliyunServiceRolePolicyForFresh"]


def test_a_service_linked_role_with_another_policy_than_in_the_catalog_is_told(
    cloud: FakeCloud, sdk: Sdk
) -> None:
    sdk.resource_manager("CreateServiceLinkedRole", service_name="alikafka.aliyuncs.com")
    sdk.ram("AttachPolicyToRole", role_name="AliyunServiceRoleForAlikafka", **KAFKA)
    [notice] = imported(cloud).notices
    assert notice == (
        "`AliyunServiceRoleForAlikafka` holds `AliyunKafkaFullAccess`, in the catalog it holds "
        "`AliyunServiceRolePolicyForAlikafka`: the import follows the catalog"
    )


def test_a_role_that_only_has_the_name_of_a_service_linked_one_is_a_role(
    cloud: FakeCloud, sdk: Sdk
) -> None:
    sdk.ram(
        "CreateRole",
        role_name="AliyunServiceRoleForAlikafka",
        assume_role_policy_document=TRUST,
    )
    found = account(cloud)
    assert found.service_linked_roles == []
    assert list(found.roles) == ["AliyunServiceRoleForAlikafka", "AppRole"]


def test_providers_are_named(cloud: FakeCloud, sdk: Sdk) -> None:
    assert account(cloud).oidc_providers == []
    sdk.ims("CreateOIDCProvider", oidcprovider_name="github", issuer_url="https://example.com")
    sdk.ims(
        "CreateSAMLProvider", samlprovider_name="corp", encoded_samlmetadata_document="PHhtbC8+"
    )
    found = account(cloud)
    assert (found.oidc_providers, found.saml_providers) == (["github"], ["corp"])


def test_documents_may_be_percent_encoded(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram(
        "CreatePolicy", policy_name="encoded", policy_document=urllib.parse.quote_plus(DENY_OSS)
    )
    sdk.ram(
        "CreateRole",
        role_name="Encoded",
        assume_role_policy_document=urllib.parse.quote(TRUST),
    )
    found = account(cloud)
    assert found.policies["encoded"].text == DENY_OSS
    assert found.roles["Encoded"].trust.text == TRUST


def test_a_policy_of_each_type_with_one_name(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram("CreatePolicy", policy_name="AliyunKafkaFullAccess", policy_document=DENY_OSS)
    sdk.ram("AttachPolicyToUser", user_name="alice", **KAFKA)
    sdk.ram("AttachPolicyToUser", user_name="alice", **{**KAFKA, "policy_type": "Custom"})
    found = account(cloud)
    assert found.policies["AliyunKafkaFullAccess"].text == DENY_OSS
    assert found.system_policies["AliyunKafkaFullAccess"].text != DENY_OSS
    assert len(found.users["alice"].attachments) == 2


def test_a_key_of_a_session_reads_the_account(cloud: FakeCloud, sdk: Sdk) -> None:
    assert sdk
    key = cloud.key(role="AppRole")
    assert list(imported(cloud, key).accounts) == [ACCOUNT]


def test_at_most_n_calls_are_made_at_once(cloud: FakeCloud, sdk: Sdk) -> None:
    for number in range(12):
        sdk.ram("CreatePolicy", policy_name=f"p-{number}", policy_document=ALLOW_OSS)
    cloud.calls.clear()
    cloud.faults.slow("GetPolicy", 0.02)
    imported(cloud, parallel=3)
    assert 1 < cloud.most_at_once <= 3


def test_the_progress_counts(cloud: FakeCloud, sdk: Sdk) -> None:
    assert sdk
    before, shown = len(cloud.calls), list[str]()
    imported(cloud, show=shown.append)
    assert shown[0] == "looking for credentials"
    assert shown[-1] == f"the Resource Directory: 1 of 1 ({len(cloud.calls) - before} calls)"
