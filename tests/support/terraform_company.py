"""Accounts documents as resources in states of Terraform: of an account, and of a directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from terraform_files import resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["account_resources", "directory_resources"]

_KINDS = {
    "user": ("IMSUser", "{}@{}.onaliyun.com"),
    "group": ("IMSGroup", "{}@group.{}.onaliyun.com"),
    "role": ("ServiceRole", "{}@role.{}.onaliyunservice.com"),
}


def account_resources(account: Mapping[str, Any], number: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of an account, older and newer names of attributes in turn."""
    yield resource("data.caller_identity.me", account_id=number)
    for place, (name, document) in enumerate(account["policies"].items()):
        text = document["document"] if "unreadable" in document else json.dumps(document)
        attributes = ("policy_name", "policy_document") if place % 2 else ("name", "document")
        values = dict(zip(attributes, (name, text), strict=True))
        yield resource(f"ram_policy.p[{place}]", **values)
    for place, (name, role) in enumerate(account["roles"].items()):
        text = json.dumps(role["trust"])
        if place % 2:
            yield resource(f"ram_role.r[{place}]", name=name, document=text)
        else:
            address = f"resource_manager_role.r[{place}]"
            yield resource(address, role_name=name, assume_role_policy_document=text)
    for place, name in enumerate(account.get("groups", {})):
        yield resource(f"module.groups.ram_group.g[{place}]", group_name=name)
    for place, (name, user) in enumerate(account["users"].items()):
        yield resource(f"ram_user.u[{place}]", name=name)
        for group in user.get("groups", []):
            address = f"ram_user_group_attachment.m[{json.dumps(f'{name}:{group}')}]"
            yield resource(address, user_name=name, group_name=group)
    yield from _declared(account)
    for kind in _KINDS:
        for name, entity in account.get(f"{kind}s", {}).items():
            for place, attached in enumerate(entity.get("policies", [])):
                parts = {"policy": attached} if isinstance(attached, str) else attached
                own = "Custom" if parts["policy"] in account["policies"] else "System"
                key = json.dumps(f"{name}:{place}")
                yield _attachment(kind, name, number, key, {"type": own, **parts})


def _declared(account: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for place, (name, title) in enumerate(account["resource_groups"].items()):
        address = f"resource_manager_resource_group.g[{place}]"
        yield resource(address, id=name, display_name=title)
    for place, name in enumerate(account.get("providers", {}).get("oidc", [])):
        yield resource(f"ims_oidc_provider.o[{place}]", oidc_provider_name=name)
    for place, name in enumerate(account.get("providers", {}).get("saml", [])):
        yield resource(f"ram_saml_provider.s[{place}]", saml_provider_name=name)
    for place, name in enumerate(account.get("service_linked_roles", [])):
        yield resource(f"resource_manager_service_linked_role.l[{place}]", role_name=name)


def _attachment(
    kind: str, name: str, number: str, key: str, parts: Mapping[str, str]
) -> dict[str, Any]:
    policy = {"policy_name": parts["policy"], "policy_type": parts["type"]}
    if "resource_group" not in parts:
        address = f"ram_{kind}_policy_attachment.a[{key}]"
        return resource(address, **policy, **{f"{kind}_name": name})
    type_, form = _KINDS[kind]
    return resource(
        f"resource_manager_policy_attachment.{kind}[{key}]",
        **policy,
        principal_type=type_,
        principal_name=form.format(name, number),
        resource_group_id=parts["resource_group"],
    )


def directory_resources(directory: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the resources of a directory, without FullAliyunAccess, as Terraform has it."""
    start = "resource_manager_"
    yield resource(
        f"{start}resource_directory.d",
        master_account_id=directory["management"],
        root_folder_id="r-root",
    )
    for name, document in directory["policies"].items():
        yield resource(
            f"{start}control_policy.p[{json.dumps(name)}]",
            id=f"cp-{name}",
            control_policy_name=name,
            policy_document=json.dumps(document),
        )
    yield from _levels(directory["root"], "r-root")


def _levels(level: Mapping[str, Any], target: str) -> Iterator[dict[str, Any]]:
    start = "resource_manager_"
    for name in level["control_policies"]:
        if name != "FullAliyunAccess":
            address = f"{start}control_policy_attachment.a[{json.dumps(f'{name}:{target}')}]"
            yield resource(address, policy_id=f"cp-{name}", target_id=target)
    for number, account in level.get("accounts", {}).items():
        yield resource(f'{start}account.a["{number}"]', id=number, folder_id=target)
        yield from _levels(account, number)
    for name, folder in level.get("folders", {}).items():
        id_ = f"fd-{target}-{name}"
        address = f"{start}folder.f[{json.dumps(id_)}]"
        yield resource(address, id=id_, folder_name=name, parent_folder_id=target)
        yield from _levels(folder, id_)
