from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.imports.terraform import read
from ramgate.imports.terraform.attributes import placeholder
from ramgate.imports.terraform.documents import allows_only
from ramgate.imports.world import Account, Document, World
from terraform_files import NUMBER, me, plan, resource, state, written

if TYPE_CHECKING:
    from pathlib import Path

LATER = "is not known until the plan is applied"


def of_state(path: Path, *resources: dict[str, Any]) -> Account:
    return read(written(path / "state.json", state(*resources))).accounts[NUMBER]


def of_plan(path: Path, *resources: dict[str, Any], **configuration: Any) -> World:  # noqa: ANN401
    stated = {name.replace("__", "."): one for name, one in configuration.items()}
    value = plan(me(), *resources, configuration=stated)
    return read(written(path / "plan.json", value))


@pytest.mark.parametrize("name", ["name", "user_name"])
def test_old_and_new_names_of_attributes_are_read(tmp_path: Path, name: str) -> None:
    old = name == "name"
    found = of_state(
        tmp_path,
        resource("ram_user.u", **{name: "anna"}),
        resource("ram_group.g", **{"name" if old else "group_name": "team"}),
        resource(
            "ram_role.r",
            **{
                "name" if old else "role_name": "App",
                "document" if old else "assume_role_policy_document": "{}",
            },
        ),
        resource(
            "ram_policy.p",
            **{
                "name" if old else "policy_name": "readers",
                "document" if old else "policy_document": "{}",
            },
        ),
        resource("resource_manager_policy.p", policy_name="writers", policy_document="[]"),
        resource("resource_manager_role.r", role_name="Rd", assume_role_policy_document="[]"),
    )
    assert list(found.users) == ["anna"]
    assert list(found.groups) == ["team"]
    assert {name: role.trust.text for name, role in found.roles.items()} == {
        "App": "{}",
        "Rd": "[]",
    }
    assert found.policies == {"readers": Document("{}"), "writers": Document("[]")}
    assert (found.oidc_providers, found.saml_providers, found.resource_groups) == (None,) * 3


def test_one_kind_of_providers_is_enough_to_declare_both(tmp_path: Path) -> None:
    found = of_state(tmp_path, resource("ram_saml_provider.s", saml_provider_name="idp"))
    assert (found.oidc_providers, found.saml_providers) == ((), ("idp",))
    found = of_state(tmp_path, resource("ims_oidc_provider.o", oidc_provider_name="gha"))
    assert (found.oidc_providers, found.saml_providers) == (("gha",), ())


def test_a_resource_group_without_a_title_has_an_empty_one(tmp_path: Path) -> None:
    found = of_state(tmp_path, resource("resource_manager_resource_group.g", id="rg-a"))
    assert found.resource_groups == {"rg-a": ""}


def test_two_resources_with_different_documents_of_one_policy_are_unreadable(
    tmp_path: Path,
) -> None:
    one, two = (resource(f"ram_policy.{n}", policy_name="p", policy_document=n) for n in "ab")
    same = resource("resource_manager_policy.s", policy_name="p", policy_document="a")
    assert of_state(tmp_path, one, same).policies == {"p": Document("a")}
    assert of_state(tmp_path, one, two).policies == {
        "p": Document(missing="two resources have the policy `p`")
    }


BLOCK = {"effect": "Allow", "action": ["oss:Get*"], "resource": ["*"]}
COMPOSED = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": ["oss:Get*"], "Resource": ["*"]}],
}


def test_the_older_blocks_of_a_policy_are_its_document(tmp_path: Path) -> None:
    values: dict[str, Any] = {"name": "p", "version": "1", "statement": [BLOCK]}
    found = of_state(tmp_path, resource("ram_policy.p", **values)).policies["p"]
    assert json.loads(found.text) == COMPOSED
    # after a change of the blocks, a plan repeats the document before it
    stale = resource("ram_policy.p", **values, document="old", policy_document="old")
    after = of_plan(tmp_path, stale, ram_policy__p={"statement": None, "name": "p"})
    assert json.loads(after.accounts[NUMBER].policies["p"].text) == COMPOSED
    assert after.notices == ()


@pytest.mark.parametrize(
    "blocks",
    [
        None,
        [],
        [{**BLOCK, "effect": None}],
        [{**BLOCK, "action": None}],
        [{**BLOCK, "action": ["oss:Get*", None]}],
        [BLOCK, {**BLOCK, "resource": []}],
    ],
)
def test_blocks_that_are_not_known_are_no_document(tmp_path: Path, blocks: object) -> None:
    values = {"name": "p", "statement": blocks, "document": "old"}
    found = of_plan(
        tmp_path,
        resource("ram_policy.p", **values),
        ram_policy__p={"statement": None, "name": "p"},
    )
    reason = f"the document {LATER}: alicloud_ram_policy.p"
    assert found.accounts[NUMBER].policies["p"] == Document(missing=reason)
    assert found.notices == (reason,)


@pytest.mark.parametrize(
    ("stated", "values", "principals"),
    [
        (
            ("services", "ram_users"),
            {"services": ["ecs.aliyuncs.com"], "ram_users": [f"acs:ram::{NUMBER}:root"]},
            {"RAM": [f"acs:ram::{NUMBER}:root"], "Service": ["ecs.aliyuncs.com"]},
        ),
        (("services",), {"services": ["ecs.aliyuncs.com"]}, {"Service": ["ecs.aliyuncs.com"]}),
        (("services",), {"services": None}, None),
        (("services", "ram_users"), {"services": ["ecs.aliyuncs.com"]}, None),
        (("services",), {"services": ["a.aliyuncs.com"], "ram_users": ["x", None]}, None),
        (("role_name",), {"services": [], "ram_users": []}, None),
    ],
)
def test_the_older_lists_of_a_role_are_its_trust_policy(
    tmp_path: Path, stated: tuple[str, ...], values: dict[str, Any], principals: object
) -> None:
    found = of_plan(
        tmp_path,
        resource("ram_role.r", role_name="r", **values),
        ram_role__r=dict.fromkeys(stated, "constant"),
    )
    trust = found.accounts[NUMBER].roles["r"].trust
    if principals is None:
        assert trust == Document(missing=f"the document {LATER}: alicloud_ram_role.r")
        return
    assert json.loads(trust.text) == {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principals}],
    }


LINKED = "resource_manager_service_linked_role.r"
KAFKA = {"service_name": "connector.alikafka.aliyuncs.com"}


def test_a_service_linked_role_is_named_by_the_catalog_before_it_exists(tmp_path: Path) -> None:
    found = of_plan(tmp_path, resource(LINKED, **KAFKA))
    account = found.accounts[NUMBER]
    assert account.service_linked_roles == ("AliyunServiceRoleForAlikafkaConnector",)
    assert (dict(account.roles), found.notices) == ({}, ())


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({**KAFKA, "custom_suffix": "x"}, placeholder(f"alicloud_{LINKED}")),
        ({"service_name": "new.aliyuncs.com"}, placeholder(f"alicloud_{LINKED}")),
        ({"role_name": "AliyunServiceRoleForNew"}, "AliyunServiceRoleForNew"),
    ],
)
def test_a_service_linked_role_outside_the_catalog_is_unreadable(
    tmp_path: Path, values: dict[str, Any], name: str
) -> None:
    found = of_plan(tmp_path, resource(LINKED, **values))
    account = found.accounts[NUMBER]
    reason = f"Terraform does not have the documents of a service-linked role: alicloud_{LINKED}"
    assert found.notices == (reason,)
    assert account.service_linked_roles == ()
    assert account.roles[name].trust == Document(missing=reason)
    [attachment] = account.roles[name].attachments
    assert account.policies[attachment.policy] == Document(missing=reason)


def version(**values: object) -> dict[str, Any]:
    return resource("resource_manager_policy_version.v", policy_document="new", **values)


@pytest.mark.parametrize(
    ("values", "stated", "text"),
    [
        ({"policy_name": "p", "is_default_version": True}, {}, "new"),
        ({"policy_name": "p", "is_default_version": False}, {}, "old"),
        ({"policy_name": "p"}, {}, "old"),
        ({"policy_name": "p"}, {"is_default_version": ["var.x"]}, ""),
        ({"is_default_version": True}, {}, ""),
    ],
)
def test_the_default_version_of_a_policy_is_its_document(
    tmp_path: Path, values: dict[str, Any], stated: dict[str, Any], text: str
) -> None:
    found = of_plan(
        tmp_path,
        resource("resource_manager_policy.p", policy_name="p", policy_document="old"),
        version(**values),
        resource_manager_policy_version__v=stated,
    )
    address = "alicloud_resource_manager_policy_version.v"
    reason = f"the default version of a policy {LATER}: {address}"
    document = Document(text) if text else Document(missing=reason)
    assert found.accounts[NUMBER].policies == {"p": document}
    assert found.notices == (() if text else (reason,))


@pytest.mark.parametrize(
    ("text", "allows"),
    [
        ('{"Statement": [{"Effect": "Allow"}]}', True),
        ('{"Statement": [{"Effect": "Allow"}, {"Effect": "Deny"}]}', False),
        ('{"Statement": [{}]}', False),
        ('{"Statement": []}', False),
        ('{"Statement": {"Effect": "Deny"}}', False),
        ("{}", False),
        ("[]", False),
        ("{", False),
        ("", False),
    ],
)
def test_a_document_allows_only_if_each_statement_does(text: str, *, allows: bool) -> None:
    assert allows_only(Document(text)) is allows
