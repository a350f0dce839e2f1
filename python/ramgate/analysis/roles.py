"""What is known of each service-linked role, to be read and to be looked up by any of its names."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from ramgate import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.accounts.store import Store
    from ramgate.catalog.catalog import Catalog, ServiceLinkedRole

__all__ = ["Grant", "Kind", "KnownRole", "RoleSheet", "find", "listing", "sheet", "unknown"]

Kind: TypeAlias = Literal["role", "service", "feature"]


class KnownRole(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the list: `accounts` are those where the role exists, where any were named."""

    role: str
    service_name: str
    policy: str
    is_published: bool
    feature: str | None
    note: str | None
    accounts: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What one statement, `index` from 0, says of the actions of one service."""

    service: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    index: int


class RoleSheet(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a role; `permissions` is None where its document is not public.

    `permissions` are sorted by service, then statement. `stops_without_it` has the features that
    need the role.
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


def find(name: str, catalog: Catalog) -> ServiceLinkedRole:
    """The role of that name, in any case.

    Raises `ValueError`, which names the role that is meant where that shows.
    """
    role = catalog.roles.get(name.lower())
    if role is None:
        raise ValueError(unknown(name, "role", catalog))
    return role


def unknown(name: str, kind: Kind, catalog: Catalog) -> str:
    """Why a name names nothing of that kind: what it is instead, or what comes close."""
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
                return f"`{name}` is no {kind}: it is written `{text}`"
            if text.lower() == name.lower():
                meant = f"its {kind} is `{names[kind]}`" if names[kind] else f"it has no {kind}"
                return f"`{name}` is a {other}, not a {kind}: {meant}"
        known.append(names[kind])
    lowered = {text.lower(): text for text in known if text}
    close = difflib.get_close_matches(name.lower(), lowered, n=1)
    hint = f"did you mean `{lowered[close[0]]}`?" if close else "`ramgate roles` lists them"
    return f"there is no {kind} `{name}`: {hint}"


def listing(catalog: Catalog, store: Store | None = None) -> list[KnownRole]:
    """All roles by their names, and where they exist, if there is a store."""
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
    """All that is known of one of the shipped catalog's roles."""
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
    )


def _grants(role: ServiceLinkedRole) -> list[Grant]:
    text = resources.path(f"catalog/policies/{role.policy}.json").read_text(encoding="utf-8")
    found = [
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
    return sorted(found, key=lambda grant: (grant.service, grant.index))


def _by_service(actions: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for action in actions:
        service, _, operation = action.partition(":")
        found.setdefault(service, []).append(operation)
    return found


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
