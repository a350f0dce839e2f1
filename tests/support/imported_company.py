"""A company with at least 60 entities of every kind: as an accounts file, and in the fake cloud.

`written()` is the accounts document of the company, as somebody would write it by hand. `build`
makes the same company through the API of the fake. Numbers of accounts and ids of resource groups
are given by the API, so `build` returns the names of the document that they stand for.
"""

from __future__ import annotations

import base64
import copy
import functools
import json
import re
from typing import TYPE_CHECKING, Any, Final

from alicloud.sdk import Sdk
from companies import ACCOUNT, MANAGEMENT, company
from generator import seed_pick
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.cloud import FakeCloud

__all__ = ["MEMBER", "OWNER", "build", "renamed", "written"]

OWNER: Final = MANAGEMENT
"""The management account of the directory, an account with a few users."""
MEMBER: Final = ACCOUNT
"""The large account, a member of the directory."""

_MANY: Final = 60
_UNREADABLE: Final = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "oss:*",
            "Resource": "*",
            "Condition": {"Null": {"acs:SourceVpc": "true"}},
        }
    ],
}
_SYSTEM: Final = ("AliyunOSSReadOnlyAccess", "AliyunECSFullAccess", "AliyunRAMReadOnlyAccess")


@functools.cache
def _company() -> dict[str, Any]:
    pick = seed_pick(2026)
    document = copy.deepcopy(company(pick).document)
    _extend(document["accounts"][MEMBER])
    document["accounts"][OWNER] = {
        "users": {"auditor": {"policies": ["AliyunRAMReadOnlyAccess"]}, "idle": {}},
        "roles": {
            "Audit": {"trust": _trust({"RAM": f"acs:ram::{MEMBER}:root"}), "policies": ["ReadAll"]}
        },
        "policies": {"ReadAll": _allow(["oss:Get*", "ram:Get*", "ram:List*"])},
        "resource_groups": {},
    }
    document["directory"] = _directory()
    return document


def written() -> dict[str, Any]:
    """Return the accounts document of the company."""
    return copy.deepcopy(_company())


def _extend(account: dict[str, Any]) -> None:
    """Add to the account of `companies.py` whatever it lacks, and more of whatever it has."""
    policies, names = account["policies"], list(account["policies"])
    account["resource_groups"] = {
        f"rg-{place:02}": f'Team {place} · 第{place}组: "a" #b' for place in range(_MANY)
    }
    account["resource_groups"]["rg-finance"] = "Finance"
    account["providers"] = {
        "oidc": [f"cluster-{place}" for place in range(_MANY)],
        "saml": [f"idp-{place}" for place in range(_MANY)],
    }
    policies["from-an-old-tool"] = {
        "unreadable": "the operator `Null` is not one of RAM's",
        "document": json.dumps(_UNREADABLE),
    }
    policies["AliyunOSSReadOnlyAccess"] = _allow(["oss:GetObject"])
    for place in range(_MANY):
        group = account["groups"].setdefault(f"g{place}", {"policies": [names[place]]})
        group["policies"].append({"policy": names[-place], "resource_group": f"rg-{place:02}"})
        user = account["users"].setdefault(f"user-{place}", {"policies": [], "groups": []})
        user["groups"] = sorted({*user["groups"], f"g{place}"})
        user["policies"].append({"policy": _SYSTEM[place % 3], "type": "System"})
        provider = f"acs:ram::{MEMBER}:oidc-provider/cluster-{place}"
        condition = {"StringEquals": {"oidc:sub": f"system:serviceaccount:default:app-{place}"}}
        account["roles"][f"Pod-{place}"] = {
            "trust": _trust({"Federated": provider}, condition),
            "policies": [
                names[place],
                {"policy": names[place], "resource_group": f"rg-{place:02}"},
            ],
        }
    account["users"]["user-7"]["policies"].append("from-an-old-tool")
    account["users"]["user-8"]["policies"].append({"policy": _SYSTEM[0], "type": "Custom"})
    account["roles"]["Sso"] = {
        "trust": _trust({"Federated": f"acs:ram::{MEMBER}:saml-provider/idp-3"}),
        "policies": [{"policy": "AliyunECSFullAccess", "type": "System"}],
    }
    published = [role.role for role in catalog.load().roles.values() if role.is_published]
    account["service_linked_roles"] = published[:_MANY]


def _directory() -> dict[str, Any]:
    denied = [f"oss:Delete{place}*" for place in range(_MANY)]
    policies: dict[str, Any] = {
        f"no-{place}": {
            "Version": "1",
            "Statement": [
                {"Effect": "Deny", "Action": [denied[place], "kms:Schedule*"], "Resource": "*"},
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
            ],
        }
        for place in range(_MANY)
    }
    policies["guard"] = {
        "Version": "1",
        "Statement": [
            {"Effect": "Deny", "Action": ["ecs:Delete*", "oss:PutBucketAcl"], "Resource": "*"},
            {"Effect": "Deny", "Action": "rds:*", "Resource": "acs:rds:eu-central-1:*:*"},
        ],
    }
    full = ["FullAliyunAccess"]
    folders = {
        f"team-{place}": {
            "control_policies": [*full, f"no-{place}"],
            "accounts": {_member(place): {"control_policies": full}},
            "folders": {"inner": {"control_policies": full}},
        }
        for place in range(1, _MANY)
    }
    work = {
        "control_policies": [*full, "guard"],
        "accounts": {MEMBER: {"control_policies": [*full, "no-0"]}},
    }
    root = {"control_policies": full, "folders": {**folders, "work": work}}
    return {"management": OWNER, "policies": policies, "root": root}


def _member(place: int) -> str:
    return str(5_000_000_000_000_000 + place)


def _allow(actions: list[str]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "1", "Statement": [statement]}


def _trust(principal: Mapping[str, str], condition: object = None) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": principal,
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "1", "Statement": [statement]}


def renamed(names: Mapping[str, str], text: str) -> str:
    """Return the text with the API's names in place of the document's."""
    return re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)


def build(cloud: FakeCloud) -> dict[str, str]:
    """Build the company through the API; return the API's names by those of the document.

    The fake's first account becomes the management account.
    """
    document = written()
    names = {OWNER: cloud.owner.account}
    _build_directory(Sdk(cloud), document["directory"], names)
    for number in (OWNER, MEMBER):
        sdk = Sdk(cloud, cloud.key(names[number]))
        _Builder(sdk, names).build(document["accounts"][number])
    return names


def _build_directory(sdk: Sdk, directory: Mapping[str, Any], names: dict[str, str]) -> None:
    made = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]
    sdk.directory("EnableControlPolicy")
    ids = {}
    for name, document in directory["policies"].items():
        answer = sdk.directory(
            "CreateControlPolicy",
            policy_name=name,
            effect_scope="RAM",
            policy_document=json.dumps(document),
        )
        ids[name] = answer["ControlPolicy"]["PolicyId"]

    def fill(target: str, level: Mapping[str, Any]) -> None:
        for name in level["control_policies"]:
            if name != "FullAliyunAccess":
                sdk.directory("AttachControlPolicy", policy_id=ids[name], target_id=target)
        for number, account in level.get("accounts", {}).items():
            answer = sdk.directory(
                "CreateResourceAccount", display_name=f"account-{number}", parent_folder_id=target
            )
            names[number] = answer["Account"]["AccountId"]
            fill(names[number], account)
        for name, folder in level.get("folders", {}).items():
            answer = sdk.directory("CreateFolder", folder_name=name, parent_folder_id=target)
            fill(answer["Folder"]["FolderId"], folder)

    fill(made["RootFolderId"], directory["root"])


class _Builder:
    """Makes one account's entities through the API."""

    def __init__(self, sdk: Sdk, names: dict[str, str]) -> None:
        self._sdk = sdk
        self._names = names

    def build(self, account: Mapping[str, Any]) -> None:
        self._make_groups_and_providers(account)
        self._make_policies_and_roles(account)
        self._make_users(account)
        for kind in ("user", "group", "role"):
            for name, entity in account.get(f"{kind}s", {}).items():
                for attached in entity.get("policies", []):
                    self._attach(account, kind, name, attached)

    def _make_groups_and_providers(self, account: Mapping[str, Any]) -> None:
        sdk = self._sdk
        for place, (group, title) in enumerate(account["resource_groups"].items()):
            answer = sdk.resource_manager(
                "CreateResourceGroup", name=f"group-{place}", display_name=title
            )
            self._names[group] = answer["ResourceGroup"]["Id"]
        for name in account.get("providers", {}).get("oidc", []):
            issuer = f"https://{name}.example.com"
            sdk.ims("CreateOIDCProvider", oidcprovider_name=name, issuer_url=issuer)
        for name in account.get("providers", {}).get("saml", []):
            metadata = base64.b64encode(b"<xml/>").decode()
            sdk.ims(
                "CreateSAMLProvider", samlprovider_name=name, encoded_samlmetadata_document=metadata
            )

    def _make_policies_and_roles(self, account: Mapping[str, Any]) -> None:
        sdk = self._sdk
        for name, policy in account["policies"].items():
            text = policy["document"] if "unreadable" in policy else json.dumps(policy)
            sdk.ram("CreatePolicy", policy_name=name, policy_document=renamed(self._names, text))
        for name in account.get("service_linked_roles", []):
            service = catalog.load().roles[name.lower()].service_name
            sdk.resource_manager("CreateServiceLinkedRole", service_name=service)
        for name, role in account["roles"].items():
            trust = renamed(self._names, json.dumps(role["trust"]))
            sdk.ram("CreateRole", role_name=name, assume_role_policy_document=trust)

    def _make_users(self, account: Mapping[str, Any]) -> None:
        for name in account.get("groups", {}):
            self._sdk.ram("CreateGroup", group_name=name)
        for name, user in account["users"].items():
            self._sdk.ram("CreateUser", user_name=name)
            for group in user.get("groups", []):
                self._sdk.ram("AddUserToGroup", user_name=name, group_name=group)

    def _attach(self, account: Mapping[str, Any], kind: str, name: str, attached: Any) -> None:  # noqa: ANN401 - a name or an object
        parts = {"policy": attached} if isinstance(attached, str) else attached
        own = "Custom" if parts["policy"] in account["policies"] else "System"
        fields = {
            "policy_name": parts["policy"],
            "policy_type": parts.get("type", own),
        }
        if "resource_group" not in parts:
            operation = f"AttachPolicyTo{kind.title()}"
            self._sdk.ram(operation, **fields, **{f"{kind}_name": name})
            return
        middle = {"user": "", "group": "group.", "role": "role."}[kind]
        domain = "onaliyunservice.com" if kind == "role" else "onaliyun.com"
        self._sdk.resource_manager(
            "AttachPolicy",
            **fields,
            principal_type={"user": "IMSUser", "group": "IMSGroup", "role": "ServiceRole"}[kind],
            principal_name=f"{name}@{middle}{self._names.get(MEMBER, '')}.{domain}",
            resource_group_id=self._names[parts["resource_group"]],
        )
