"""Read the catalog: the service-linked roles and system policies that Alibaba Cloud publishes.

In the folder `catalog/`, `roles/*.yaml` are service-linked roles, `system-policies/*.yaml` system
policies, and `policies/*.json` the documents of both, each action, resource and condition as it was
published. `known-roles.yaml` lists the service-linked roles whose documents the catalog does not
have, `newer-versions.yaml` the documents that are known to have a newer version, and `catalog.yaml`
the date. `services/*.yaml` are the catalog of actions, which `ramgate.catalog.actions` reads.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.catalog.entries import (
    ServiceLinkedRole,
    read_date,
    read_known_roles,
    read_newer_versions,
    read_role,
    read_system_policy,
)
from ramgate.catalog.unknown_policy import describe_unknown_policy
from ramgate.documents.messages import describe, did_you_mean
from ramgate.documents.source import Source, read
from ramgate.errors import InvalidFiles
from ramgate.faults import Findings
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ramgate.faults import Place

__all__ = [
    "FILES",
    "Catalog",
    "ServiceLinkedRole",
    "examine",
    "load",
    "read_known_roles",
    "read_role",
    "read_system_policy",
]

FILES: Final = (
    "catalog.yaml",
    "known-roles.yaml",
    "newer-versions.yaml",
    "policies/*.json",
    "roles/*.yaml",
    "system-policies/*.yaml",
)
"""The files of roles and policies in a catalog's folder, as patterns."""


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    """Service-linked roles by their names in lower case; translated policies by their names.

    `policies` has the translated documents of the roles and of the system policies. Only the system
    policies, whose names are in `system_policies`, may be attached. `date` is the day on which the
    catalog was collected.

    >>> catalog = load()
    >>> len(catalog.roles), "AliyunKafkaFullAccess" in catalog.system_policies
    (233, True)
    """

    roles: Mapping[str, ServiceLinkedRole]
    policies: Mapping[str, dict[str, object]]
    system_policies: frozenset[str]
    date: str = ""

    def describe_unknown_role(self, name: str) -> str:
        """Return a message for a name that is not exactly a service-linked role's name.

        >>> load().describe_unknown_role("AliyunServiceRoleForAlikafkaELT")[-56:]
        'catalog: did you mean `AliyunServiceRoleForAlikafkaETL`?'
        """
        hint = did_you_mean(name, (role.role for role in self.roles.values()))
        return f"{describe(name)} is not a service-linked role of the catalog{hint}"

    def describe_unknown_policy(self, name: str, candidates: Iterable[str]) -> str:
        """Return a message for the name of a policy that is not one of the candidates.

        `candidates` are the names that could be meant.

        >>> known = ["AliyunOSSReadOnlyAccess", "AliyunOTSFullAccess"]
        >>> print(load().describe_unknown_policy("AliyunOSSReadOnlyAcess", known))
        there is no policy `AliyunOSSReadOnlyAcess`: did you mean `AliyunOSSReadOnlyAccess`?
        >>> load().describe_unknown_policy("AliyunOSSFullAccess", known)[:65]
        '`AliyunOSSFullAccess` looks like a system policy that the catalog'
        """
        return describe_unknown_policy(name, candidates, self.date)


def load(directory: Path | None = None) -> Catalog:
    """Return the catalog in a folder; without a folder, the shipped catalog.

    Raises `InvalidFiles` with the faults of all of its files.

    >>> load().policies["AdministratorAccess"]["service_wildcards"]
    {'*': [0]}
    """
    catalog, findings = examine(directory or resources.path("catalog"))
    if findings.faults:
        raise InvalidFiles(findings.faults)
    return catalog


def examine(directory: Path) -> tuple[Catalog, Findings]:
    """Return the catalog in a folder and the findings; if there is a fault, it is incomplete.

    Raises `InvalidFiles` for a file that cannot be parsed.

    >>> from ramgate import resources
    >>> catalog, findings = examine(resources.path("catalog"))
    >>> findings.faults
    []
    """
    found, policies, date = Findings(), {}, ""
    roles = _Roles()
    for path in sorted(directory.glob("policies/*.json")):
        source = read(path)
        policies[path.stem] = translate_at(source.value, source.place)
        if policies[path.stem].get("kind") == "trust":
            source.place.fault("is a trust policy: ramgate adds the trust policy of a role itself")
        found.add(source.place.findings)
    for source in _sources(directory, "newer-versions.yaml", found):
        roles.newer_versions = read_newer_versions(source)
    for source in _sources(directory, "roles/*.yaml", found):
        if role := read_role(source, policies):
            roles.add(role, source.place / "role")
    for source in _sources(directory, "known-roles.yaml", found):
        for role, place in read_known_roles(source):
            roles.add(role, place / "role")
    system_policies = {
        read_system_policy(source, policies)
        for source in _sources(directory, "system-policies/*.yaml", found)
    }
    for source in _sources(directory, "catalog.yaml", found):
        date = read_date(source)
    return Catalog(roles.by_name, policies, frozenset(system_policies), date), found


def _sources(directory: Path, pattern: str, found: Findings) -> Iterator[Source]:
    """Yield the documents of the files; add the findings of each once the caller has read it."""
    for path in sorted(directory.glob(pattern)):
        source = read(path, root="")
        yield source
        found.add(source.place.findings)


class _Roles:
    """Collects service-linked roles, each name and each service once."""

    def __init__(self) -> None:
        self.by_name: dict[str, ServiceLinkedRole] = {}
        self.newer_versions: Mapping[str, str] = {}
        self._services: set[str] = set()

    def add(self, role: ServiceLinkedRole, place: Place) -> None:
        name, version = role.role.lower(), self.newer_versions.get(role.role, "")
        if name in self.by_name:
            place.fault(f"`{role.role}` is in the catalog already")
        if role.service_name in self._services:
            place.fault(f"`{role.service_name}` has another role already")
        self.by_name[name] = dataclasses.replace(role, newer_version=version) if version else role
        self._services.add(role.service_name)
