"""Read the lists of an account: the names of its entities, and its attachments."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, TypeVar

from ramgate.imports.alicloud.attachments import Held, held
from ramgate.imports.alicloud.listings import (
    ATTACHMENTS,
    CUSTOM_POLICIES,
    GROUPS,
    OIDC_PROVIDERS,
    RESOURCE_GROUPS,
    ROLES,
    SAML_PROVIDERS,
    USERS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ramgate.imports.alicloud.answers import Named
    from ramgate.imports.alicloud.listings import Listing
    from ramgate.imports.alicloud.work import Work

__all__ = ["Lists", "read_lists"]

_P = TypeVar("_P")
_T = TypeVar("_T")
_NAMES: Final[Sequence[tuple[Listing[Named], str]]] = (
    (USERS, "users without a policy and without a group are missing"),
    (GROUPS, "groups without a policy are missing"),
    (CUSTOM_POLICIES, "custom policies that are attached to nothing are missing"),
    (OIDC_PROVIDERS, "the OIDC providers are not declared"),
    (SAML_PROVIDERS, "the SAML providers are not declared"),
)
_NO_ATTACHMENTS: Final = "nothing is attached, so users and roles are denied everything"


@dataclasses.dataclass(frozen=True, slots=True)
class Lists:
    """The lists of an account; `None` for a list that was refused.

    `roles` has the names of roles, each with whether it is service-linked, if that is known.
    """

    users: Sequence[str] | None
    groups: Sequence[str] | None
    custom_policies: Sequence[str] | None
    oidc_providers: Sequence[str] | None
    saml_providers: Sequence[str] | None
    roles: Mapping[str, bool | None] | None
    resource_groups: Mapping[str, str] | None
    held: Held


def read_lists(work: Work, account: str) -> Lists:
    """Return the lists of the account of that number."""
    users, principals, policies, oidc, saml = map(_names, work.lists(_NAMES))
    [attached] = work.lists([(ATTACHMENTS, _NO_ATTACHMENTS)])
    [roles] = work.lists([(ROLES, "roles without a policy are missing")])
    [groups] = work.lists([(RESOURCE_GROUPS, "the resource groups are not declared")])
    return Lists(
        users=users,
        groups=principals,
        custom_policies=policies,
        oidc_providers=oidc,
        saml_providers=saml,
        roles=_mapping(roles, lambda one: (one.role_name, one.is_service_linked_role)),
        resource_groups=_mapping(groups, lambda one: (one.id, one.display_name)),
        held=held(attached or (), account),
    )


def _names(found: Sequence[Named] | None) -> list[str] | None:
    return None if found is None else sorted(one.name for one in found)


def _mapping(
    found: Sequence[_P] | None, pair: Callable[[_P], tuple[str, _T]]
) -> dict[str, _T] | None:
    return None if found is None else dict(map(pair, found))
