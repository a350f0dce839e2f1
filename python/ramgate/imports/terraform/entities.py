"""Read the users, groups, roles and policies that Terraform has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.imports.terraform.attributes import placeholder
from ramgate.imports.terraform.documents import document
from ramgate.imports.world import Document

if TYPE_CHECKING:
    from ramgate.formats.terraform_resources import Resource
    from ramgate.imports.terraform.attributes import Meaning
    from ramgate.imports.terraform.draft import Draft
    from ramgate.imports.terraform.references import Values

__all__ = ["add_entities", "providers", "resource_groups"]

_GROUP: Final = "alicloud_resource_manager_resource_group"
_LINKED: Final = "alicloud_resource_manager_service_linked_role"
_OIDC: Final = "alicloud_ims_oidc_provider"
_POLICIES: Final = ("alicloud_ram_policy", "alicloud_resource_manager_policy")
_ROLES: Final = ("alicloud_ram_role", "alicloud_resource_manager_role")
_SAML: Final = "alicloud_ram_saml_provider"
_VERSION: Final = "alicloud_resource_manager_policy_version"


def add_entities(draft: Draft, values: Values) -> None:
    """Add the users, groups, roles and custom policies to an account."""
    for user in values.of_types("alicloud_ram_user"):
        draft.manage("user", _name(draft, values, user, "user"))
    for group in values.of_types("alicloud_ram_group"):
        draft.manage("group", _name(draft, values, group, "group"))
    for role in values.of_types(*_ROLES):
        name = _name(draft, values, role, "role")
        draft.manage("role", name)
        draft.trust[name] = _noted(draft, document(values, role))
    for role in values.of_types(_LINKED):
        _add_linked(draft, values, role)
    for policy in values.of_types(*_POLICIES):
        name = _name(draft, values, policy, "policy")
        found = document(values, policy)
        if draft.policies.setdefault(name, found) != found:
            draft.policies[name] = Document(missing=f"two resources have the policy `{name}`")
        _noted(draft, draft.policies[name])
    for version in values.of_types(_VERSION):
        _add_version(draft, values, version)


def providers(values: Values) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return the OIDC and the SAML providers; None and None if Terraform has none of them."""
    oidc = sorted(
        filter(None, (values.find(one, "oidc provider") for one in values.of_types(_OIDC)))
    )
    saml = sorted(
        filter(None, (values.find(one, "saml provider") for one in values.of_types(_SAML)))
    )
    return (tuple(oidc), tuple(saml)) if oidc or saml else (None, None)


def resource_groups(values: Values) -> dict[str, str] | None:
    """Return the display names of the resource groups by their ids, None if there are none."""
    found = {
        id_: values.find(group, "title") or ""
        for group in values.of_types(_GROUP)
        if (id_ := values.find(group, "resource group"))
    }
    return dict(sorted(found.items())) or None


def _name(draft: Draft, values: Values, resource: Resource, meaning: Meaning) -> str:
    """Return the name of an entity, and note that it is a placeholder if it is one."""
    name = values.find(resource, meaning) or ""
    if name == placeholder(resource.address):
        reason = values.reason(resource, f"the name of a {meaning}")
        draft.notices.add(f"{reason}, so it is called `{name}`")
    return name


def _noted(draft: Draft, found: Document) -> Document:
    if found.missing:
        draft.notices.add(found.missing)
    return found


def _add_linked(draft: Draft, values: Values, resource: Resource) -> None:
    """Add a service-linked role: its name before it exists is the catalog's for its service."""
    name = values.find(resource, "role") or ""
    service = values.find(resource, "service")
    if name == placeholder(resource.address) and not values.find(resource, "suffix"):
        roles = [one.role for one in draft.catalog.roles.values() if one.service_name == service]
        name = roles[0] if len(roles) == 1 else name
    known = draft.catalog.roles.get(name.lower())
    if known is not None:
        draft.service_linked_roles.add(known.role)
        return
    reason = f"Terraform does not have the documents of a service-linked role: {resource.address}"
    draft.manage("role", name)
    draft.trust[name] = Document(missing=reason)
    draft.hold("role", name, [draft.stand_in(placeholder(resource.address), reason)])


def _add_version(draft: Draft, values: Values, resource: Resource) -> None:
    """Replace the document of a policy by that of its default version."""
    attribute = "is_default_version"
    is_default = resource.values.get(attribute)
    name = values.find(resource, "policy")
    if is_default is False or (is_default is None and not values.is_stated(resource, attribute)):
        return
    reason = values.reason(resource, "the default version of a policy")
    if name is None:
        draft.notices.add(reason)
        for one in draft.policies:
            draft.policies[one] = Document(missing=reason)
    elif is_default is True:
        draft.policies[name] = _noted(draft, document(values, resource))
    else:
        draft.policies[name] = _noted(draft, Document(missing=reason))
