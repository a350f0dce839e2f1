"""One world, imported from Terraform's state and through the APIs, has the same decisions."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from alicloud.cloud import FakeCloud
from alicloud.sdk import Sdk
from alicloud_imports import imported
from imported_company import MEMBER, OWNER, written
from ramgate.accounts import reader
from ramgate.analysis.diff import diff
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.imports import folder
from ramgate.imports.terraform import read
from terraform_company import account_resources, directory_resources
from terraform_files import DATA, NUMBER, values_of

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store

TRUST: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
SERVICE: dict[str, Any] = {**TRUST, "Principal": {"Service": ["ecs.aliyuncs.com"]}}
OF_OWNER: dict[str, Any] = {**TRUST, "Principal": {"RAM": [f"acs:ram::{NUMBER}:root"]}}
READS: dict[str, Any] = {
    "Action": ["oss:GetObject"],
    "Effect": "Allow",
    "Resource": ["acs:oss:*:*:b/*"],
}
DENIES: dict[str, Any] = {"Action": ["ram:DeleteRole"], "Effect": "Deny", "Resource": ["*"]}


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": [statement]})


def build(cloud: FakeCloud) -> str:
    """Make the things of the recorded state; return the id of the resource group."""
    sdk = Sdk(cloud)
    for user in ("anna", "bob"):
        sdk.ram("CreateUser", user_name=user)
    sdk.ram("CreateGroup", group_name="team")
    for user in ("anna", "bob"):
        sdk.ram("AddUserToGroup", user_name=user, group_name="team")
    sdk.ram("CreatePolicy", policy_name="team-policy", policy_document=document(READS))
    for role, trust in (("AppRole0", SERVICE), ("AppRole1", SERVICE), ("svc-role", OF_OWNER)):
        sdk.ram("CreateRole", role_name=role, assume_role_policy_document=document(trust))
    own = {"policy_name": "team-policy", "policy_type": "Custom"}
    sdk.ram("AttachPolicyToUser", user_name="anna", **own)
    sdk.ram("AttachPolicyToRole", role_name="AppRole0", **own)
    sdk.ram(
        "AttachPolicyToGroup",
        group_name="team",
        policy_name="AliyunECSReadOnlyAccess",
        policy_type="System",
    )
    issuer = "https://token.actions.githubusercontent.com"
    sdk.ims("CreateOIDCProvider", oidcprovider_name="gha", issuer_url=issuer)
    metadata = base64.b64encode(b"<xml/>").decode()
    sdk.ims("CreateSAMLProvider", samlprovider_name="idp", encoded_samlmetadata_document=metadata)
    sdk.resource_manager("CreateServiceLinkedRole", service_name="connector.alikafka.aliyuncs.com")
    made = sdk.resource_manager("CreateResourceGroup", name="rg-prod", display_name="prod")
    group: str = made["ResourceGroup"]["Id"]
    sdk.resource_manager(
        "AttachPolicy",
        **own,
        principal_type="IMSUser",
        principal_name=f"anna@{NUMBER}.onaliyun.com",
        resource_group_id=group,
    )
    root = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]["RootFolderId"]
    sdk.directory("EnableControlPolicy")
    inner = sdk.directory("CreateFolder", folder_name="prod", parent_folder_id=root)
    control = sdk.directory(
        "CreateControlPolicy",
        policy_name="deny-x",
        effect_scope="RAM",
        policy_document=document(DENIES),
    )
    sdk.directory(
        "AttachControlPolicy",
        policy_id=control["ControlPolicy"]["PolicyId"],
        target_id=inner["Folder"]["FolderId"],
    )
    return group


def test_the_state_and_the_api_are_proved_equivalent(tmp_path: Path) -> None:
    with FakeCloud(NUMBER) as cloud:
        group = build(cloud)
        world = imported(cloud, strict=True)
    text = (DATA / "state.json").read_text().replace("rg-ee2c878f4ef94c2", group)
    (tmp_path / "state.json").write_text(text)
    state = read(tmp_path / "state.json", full_access=True)
    from_terraform, from_api = tmp_path / "terraform", tmp_path / "api"
    folder.write(state, from_terraform, source="a test")
    folder.write(world, from_api, source="a test")
    found = diff(from_terraform, from_api)
    assert (found.result, found.not_decided) == ("equivalent", ())
    assert found.principals.of > 6
    trees: list[Any] = [
        source.read(one / "directory.yaml", root="").value for one in (from_terraform, from_api)
    ]
    assert trees[0]["directory"]["root"] == trees[1]["directory"]["root"]


def test_the_states_of_a_company_are_its_accounts_file(tmp_path: Path) -> None:
    document = json.loads(json.dumps(written()))
    (tmp_path / "accounts.json").write_text(json.dumps(document))
    by_hand = reader.load(tmp_path / "accounts.json", catalog.load())
    for number in (OWNER, MEMBER):
        parts = [*account_resources(document["accounts"][number], number)]
        if number == OWNER:
            parts += directory_resources(document["directory"])
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({"format_version": "1.0", "values": values_of(parts)}))
        world = read(path, full_access=True)
        assert world.notices == ()
        folder.write(world, tmp_path / "accounts", source="ramgate import terraform")
    found = reader.load(tmp_path / "accounts", catalog.load())
    assert found["accounts"] == by_hand["accounts"]
    assert found["directory"] == by_hand["directory"]
    assert _without_reasons(found) == _without_reasons(by_hand)


def _without_reasons(store: Store) -> dict[str, object]:
    """Return the documents, without the reasons for which some are unreadable."""
    return {
        name: "unreadable" if "unreadable" in document else document
        for name, document in store["policies"].items()
    }
