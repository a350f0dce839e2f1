"""Look up service-linked roles: the list, the facts about one role, and unknown names.

An account's own roles are not here: see `ramgate.accounts.store`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from ramgate import resources
from ramgate.documents.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.accounts.store import Store
    from ramgate.catalog.catalog import Catalog, ServiceLinkedRole

__all__ = ["Grant", "Kind", "KnownRole", "RoleSheet", "find", "listing", "sheet", "unknown_name"]

Kind: TypeAlias = Literal["role", "service", "feature"]


class KnownRole(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One role of the list.

    `accounts` are the numbers of the accounts in which the role exists; the list of a catalog
    alone has no such field.

    >>> from ramgate.catalog import catalog
    >>> [role] = [role for role in listing(catalog.load()) if role.feature == "alikafka.etl"]
    >>> role.role, role.service_name, role.is_published
    ('AliyunServiceRoleForAlikafkaETL', 'etl.alikafka.aliyuncs.com', True)
    """

    role: str
    service_name: str
    policy: str
    is_published: bool
    feature: str | None
    note: str | None
    accounts: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The actions of one service that one statement of the role's policy allows or denies.

    `index` is the statement's position in the policy, from 0. `actions` are without the service:
    `ListBuckets`, not `oss:ListBuckets`. `conditions` maps operator to condition key to values.

    >>> from ramgate.catalog import catalog
    >>> role = find("AliyunServiceRoleForAlikafkaConnector", catalog.load())
    >>> [grant] = [grant for grant in sheet(role).permissions if grant.service == "ram"]
    >>> grant.effect, grant.actions, grant.resources, grant.index
    ('Allow', ('DeleteServiceLinkedRole',), ('*',), 9)
    """

    service: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    index: int


class RoleSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about one role.

    `permissions` are sorted by service, then statement; None if the catalog does not have the
    policy's document. `stops_without_it` lists the features that need the role. `source` names the
    document's source, `newer_version` a version that exists and that the catalog does not have.

    >>> from ramgate.catalog import catalog
    >>> sheet(find("AliyunServiceRoleForAlb", catalog.load())).permissions is None
    True
    """

    role: str
    service_name: str
    policy: str
    is_published: bool
    purpose: str | None
    created_when: str | None
    stops_without_it: tuple[str, ...]
    permissions: tuple[Grant, ...] | None
    note: str | None
    source: str
    newer_version: str | None


def find(name: str, catalog: Catalog) -> ServiceLinkedRole:
    """Return the role with a name, in any case.

    Raises `ValueError` if there is none; the message is that of `unknown_name`.

    >>> from ramgate.catalog import catalog
    >>> find("aliyunserviceroleforalikafkaetl", catalog.load()).service_name
    'etl.alikafka.aliyuncs.com'
    """
    role = catalog.roles.get(name.lower())
    if role is None:
        raise ValueError(unknown_name(name, "role", catalog))
    return role


def unknown_name(name: str, kind: Kind, catalog: Catalog) -> str:
    """Return an error message for an unknown name.

    It names the kind that the name belongs to instead, or the closest name of this kind.

    >>> from ramgate.catalog import catalog
    >>> unknown_name("alikafka.conector", "feature", catalog.load())
    'there is no feature `alikafka.conector`: did you mean `alikafka.connector`?'
    >>> unknown_name("alikafka.etl", "service", catalog.load())
    '`alikafka.etl` is a feature, not a service: its service is `etl.alikafka.aliyuncs.com`'
    """
    known: list[str] = []
    for role in catalog.roles.values():
        names = {
            "role": role.role,
            "service": role.service_name,
            "feature": role.feature,
            "policy": role.policy,
        }
        for other, text in names.items():
            if text.lower() == name.lower() and other == kind:
                return f"there is no {kind} `{name}`: write `{text}`"
            if text.lower() == name.lower():
                meant = f"its {kind} is `{names[kind]}`" if names[kind] else f"it has no {kind}"
                return f"`{name}` is a {other}, not a {kind}: {meant}"
        known.append(names[kind])
    hint = did_you_mean(name, filter(None, known)) or ": `ramgate roles` lists them"
    return f"there is no {kind} `{name}`{hint}"


def listing(catalog: Catalog, store: Store | None = None) -> list[KnownRole]:
    """Return all roles, sorted by name; with a store, also the accounts in which each exists.

    >>> from ramgate.catalog import catalog
    >>> roles = listing(catalog.load())
    >>> len(roles), roles[0].role
    (233, 'AliyunServiceRoleForAccessAnalyzer')
    """
    return [
        KnownRole(
            role=role.role,
            service_name=role.service_name,
            policy=role.policy,
            is_published=role.is_published,
            feature=role.feature or None,
            note=role.note or None,
            accounts=msgspec.UNSET if store is None else _holders(name, store),
        )
        for name, role in sorted(catalog.roles.items())
    ]


def _holders(name: str, store: Store) -> tuple[str, ...]:
    accounts = store["accounts"].items()
    return tuple(sorted(number for number, account in accounts if name in account["roles"]))


def sheet(role: ServiceLinkedRole) -> RoleSheet:
    """Return the facts about a role of the shipped catalog.

    >>> from ramgate.catalog import catalog
    >>> facts = sheet(find("AliyunServiceRoleForAlikafkaConnector", catalog.load()))
    >>> facts.stops_without_it
    ('alikafka.connector',)
    >>> [grant.actions for grant in facts.permissions if grant.service == "oss"]
    [('ListBuckets', 'GetBucketAcl')]
    """
    return RoleSheet(
        role=role.role,
        service_name=role.service_name,
        policy=role.policy,
        is_published=role.is_published,
        purpose=role.purpose or None,
        created_when=role.created_when or None,
        stops_without_it=(role.feature,) if role.feature else (),
        permissions=tuple(_grants(role)) if role.is_published else None,
        note=role.note or None,
        source=role.source,
        newer_version=role.newer_version or None,
    )


def _grants(role: ServiceLinkedRole) -> list[Grant]:
    text = resources.path(f"catalog/policies/{role.policy}.json").read_text(encoding="utf-8")
    grants = [
        Grant(
            service=service,
            effect=statement["Effect"],
            actions=tuple(actions),
            resources=_several(statement["Resource"]),
            conditions={
                operator: {key: _several(values) for key, values in keys.items()}
                for operator, keys in statement.get("Condition", {}).items()
            },
            index=index,
        )
        for index, statement in enumerate(json.loads(text)["Statement"])
        for service, actions in _by_service(_several(statement["Action"])).items()
    ]
    return sorted(grants, key=lambda grant: (grant.service, grant.index))


def _by_service(actions: Iterable[str]) -> dict[str, list[str]]:
    by_service: dict[str, list[str]] = {}
    for action in actions:
        service, _, operation = action.partition(":")
        by_service.setdefault(service, []).append(operation)
    return by_service


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
