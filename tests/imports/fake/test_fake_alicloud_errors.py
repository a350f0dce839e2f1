"""The errors of the fake are those that the operations document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alicloud import operations, system
from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.reading import refusal
from alicloud.sdk import CLIENTS, Sdk

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
TRUST = '{"Version": "1", "Statement": []}'


@pytest.fixture(scope="module")
def sdk() -> Iterator[Sdk]:
    """Give one account for all errors: an operation that is refused changes nothing."""
    with FakeCloud() as cloud:
        sdk = Sdk(cloud)
        build(sdk)
        yield sdk


def build(sdk: Sdk) -> None:
    for name in ("alice", "bob"):
        sdk.ram("CreateUser", user_name=name)
    for name in ("ops", "web"):
        sdk.ram("CreateGroup", group_name=name)
    sdk.ram("AddUserToGroup", user_name="alice", group_name="ops")
    sdk.ram("CreateRole", role_name="App", assume_role_policy_document=TRUST)
    sdk.resource_manager("CreateServiceLinkedRole", service_name=system.NEW_SERVICE)
    for name in ("p", "two"):
        sdk.ram("CreatePolicy", policy_name=name, policy_document=DOCUMENT)
    sdk.ram("CreatePolicyVersion", policy_name="two", policy_document=DOCUMENT)
    held = {"policy_name": "p", "policy_type": "Custom"}
    sdk.ram("AttachPolicyToUser", user_name="bob", **held)
    sdk.ram("AttachPolicyToGroup", group_name="web", **held)
    sdk.ram("AttachPolicyToRole", role_name="App", **held)
    sdk.ims("CreateSAMLProvider", samlprovider_name="idp", encoded_samlmetadata_document="PHg+")


@pytest.mark.parametrize("product", CLIENTS)
def test_every_operation_of_the_fake_is_one_of_the_sdk(product: str) -> None:
    known = next(known for name, known in operations.PRODUCTS.values() if name == product)
    assert len(known) > 8
    assert [name for name in known if not CLIENTS[product].has(name)] == []
    assert not CLIENTS[product].has("ListEverything")


@pytest.mark.parametrize(
    ("operation", "parameters", "status", "code"),
    [
        ("CreateUser", {"user_name": "a b"}, 400, "InvalidParameter.UserName.InvalidChars"),
        ("CreateUser", {"user_name": "a" * 65}, 400, "InvalidParameter.UserName.Length"),
        ("CreateUser", {"user_name": "alice"}, 409, "EntityAlreadyExists.User"),
        ("CreateUser", {}, 400, "MissingParameter"),
        ("CreateGroup", {"group_name": "ops"}, 409, "EntityAlreadyExists.Group"),
        ("AddUserToGroup", {"user_name": "x", "group_name": "ops"}, 404, "EntityNotExist.User"),
        ("AddUserToGroup", {"user_name": "bob", "group_name": "x"}, 404, "EntityNotExist.Group"),
        (
            "AddUserToGroup",
            {"user_name": "alice", "group_name": "ops"},
            409,
            "EntityAlreadyExists.User.Group",
        ),
        (
            "RemoveUserFromGroup",
            {"user_name": "bob", "group_name": "ops"},
            404,
            "EntityNotExist.User.Group",
        ),
        ("DeleteUser", {"user_name": "alice"}, 409, "DeleteConflict.User.Group"),
        ("DeleteUser", {"user_name": "bob"}, 409, "DeleteConflict.User.Policy"),
        ("DeleteGroup", {"group_name": "ops"}, 409, "DeleteConflict.Group.User"),
        ("DeleteGroup", {"group_name": "web"}, 409, "DeleteConflict.Group.Policy"),
        ("GetRole", {"role_name": "x"}, 404, "EntityNotExist.Role"),
        (
            "CreateRole",
            {"role_name": "aPP", "assume_role_policy_document": "{}"},
            409,
            "EntityAlreadyExists.Role",
        ),
        ("DeleteRole", {"role_name": "App"}, 409, "DeleteConflict.Role.Policy"),
        (
            "CreatePolicy",
            {"policy_name": "p", "policy_document": "{}"},
            409,
            "EntityAlreadyExists.Policy",
        ),
        (
            "CreatePolicy",
            {"policy_name": "q", "policy_document": " " * 6145},
            400,
            "InvalidParameter.PolicyDocument.Length",
        ),
        ("GetPolicy", {"policy_name": "p", "policy_type": "System"}, 404, "EntityNotExist.Policy"),
        (
            "GetPolicy",
            {"policy_name": "p", "policy_type": "Own"},
            400,
            "InvalidParameter.PolicyType",
        ),
        (
            "GetPolicyVersion",
            {"policy_name": "p", "policy_type": "Custom", "version_id": "v9"},
            404,
            "EntityNotExist.Policy.Version",
        ),
        (
            "DeletePolicyVersion",
            {"policy_name": "p", "version_id": "v1"},
            409,
            "DeleteConflict.Policy.Version.Default",
        ),
        ("DeletePolicy", {"policy_name": "p"}, 409, "DeleteConflict.Policy.User"),
        ("DeletePolicy", {"policy_name": "two"}, 409, "DeleteConflict.Policy.Version"),
        (
            "AttachPolicyToUser",
            {"user_name": "bob", "policy_name": "p", "policy_type": "Custom"},
            409,
            "EntityAlreadyExists.User.Policy",
        ),
        (
            "DetachPolicyFromUser",
            {"user_name": "alice", "policy_name": "p", "policy_type": "Custom"},
            404,
            "EntityNotExist.User.Policy",
        ),
        ("ListUsers", {"max_items": 1001}, 400, "InvalidParameter.MaxItems"),
        ("ListGroups", {"max_items": 101}, 400, "InvalidParameter.MaxItems"),
        ("ListUsers", {"marker": "?"}, 400, "InvalidParameter.Marker"),
    ],
)
def test_errors_of_ram(
    sdk: Sdk, operation: str, parameters: dict[str, str], status: int, code: str
) -> None:
    assert refusal(lambda: sdk.ram(operation, **parameters)) == (status, code)


@pytest.mark.parametrize(
    ("operation", "parameters", "status", "code"),
    [
        ("CreateServiceLinkedRole", {"service_name": "x"}, 404, "EntityNotExist.Service"),
        (
            "CreateServiceLinkedRole",
            {"service_name": system.NEW_SERVICE},
            409,
            "EntityAlreadyExists.Role",
        ),
        (
            "DeleteServiceLinkedRole",
            {"role_name": "App"},
            404,
            "EntityNotExist.ServiceLinkedRole",
        ),
        (
            "ListPolicyAttachments",
            {"resource_group_id": "rg-x"},
            404,
            "EntityNotExists.ResourceGroup",
        ),
        ("ListPolicyAttachments", {"page_size": 101}, 400, "InvalidParameter.PageSize"),
        ("ListPolicyAttachments", {"page_number": 0}, 400, "InvalidParameter.PageNumber"),
        (
            "AttachPolicy",
            {
                "policy_name": "AdministratorAccess",
                "policy_type": "System",
                "principal_name": "app@x.onaliyun.com",
                "principal_type": "IMSUser",
                "resource_group_id": ACCOUNT,
            },
            404,
            "EntityNotExist.User",
        ),
        (
            "CreateResourceGroup",
            {"name": "default", "display_name": "x"},
            409,
            "EntityAlreadyExists.ResourceGroup",
        ),
        ("ListRoles", {"language": "en", "page_size": 0}, 400, "InvalidParameter.PageSize"),
        ("ListResourceGroups", {"name": "default"}, 400, "UnsupportedParameter"),
    ],
)
def test_errors_of_resource_manager(
    sdk: Sdk, operation: str, parameters: dict[str, str], status: int, code: str
) -> None:
    assert refusal(lambda: sdk.resource_manager(operation, **parameters)) == (status, code)


def test_errors_of_ims(sdk: Sdk) -> None:
    provider = {"samlprovider_name": "idp", "encoded_samlmetadata_document": "PHg+"}
    again = refusal(lambda: sdk.ims("CreateSAMLProvider", **provider))
    assert again == (409, "EntityAlreadyExists.SAMLProvider")
    none = refusal(lambda: sdk.ims("GetOIDCProvider", oidcprovider_name="idp"))
    assert none == (404, "EntityNotExist.OIDCProvider")
