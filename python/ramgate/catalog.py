"""What Alibaba Cloud publishes, read from the files of `catalog/`.

`roles/*.yaml` are service-linked roles, `system-policies/*.yaml` system policies, and
`policies/*.json` the documents of both, byte for byte as they were published.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate import grammar, resources, shape
from ramgate.errors import InvalidFiles
from ramgate.faults import Findings
from ramgate.source import read
from ramgate.translate import translated

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from ramgate.source import Source

__all__ = ["Catalog", "Role", "examine", "load", "read_role", "read_system_policy"]

_SOURCE: Final = ("title", "version", "date")
_ROLE: Final = ("role", "service_name", "policy", "feature", "created_when", "purpose")
_SYSTEM_POLICY: Final = ("policy", "purpose")


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """A service-linked role: what it is called, whose it is, and what it is for."""

    role: str
    service_name: str
    policy: str
    feature: str
    created_when: str
    purpose: str

    @property
    def trust_id(self) -> str:
        """What the role's trust policy is called in the store."""
        return f"trust:{self.role}"

    @property
    def trust_policy(self) -> dict[str, object]:
        """The role's trust policy: its service may assume it, nobody else."""
        principal = {"Service": [self.service_name]}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        return {"Version": "1", "Statement": [statement]}


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    """Service-linked roles by their names in lower case; translated policies by their names.

    `policies` holds the documents of the roles and the system policies; the names of those that
    may be attached are `system_policies`.
    """

    roles: Mapping[str, Role]
    policies: Mapping[str, dict[str, object]]
    system_policies: frozenset[str]


def load(directory: Path | None = None) -> Catalog:
    """The catalog in a folder, the shipped one where none is named.

    Raises `InvalidFiles` with the faults of all of its files.
    """
    catalog, findings = examine(directory or resources.path("catalog"))
    if findings.faults:
        raise InvalidFiles(findings.faults)
    return catalog


def examine(directory: Path) -> tuple[Catalog, Findings]:
    """The catalog in a folder and what its reading found; with a fault, it is incomplete.

    Raises `InvalidFiles` for a file that is no document.
    """
    found, policies, roles, system_policies = Findings(), {}, {}, set()
    for path in sorted(directory.glob("policies/*.json")):
        source = read(path)
        policies[path.stem] = translated(source.value, source.place)
        if policies[path.stem].get("kind") == "trust":
            source.place.fault("is a trust policy: a role's says only that its service assumes it")
        found.add(source.place.findings)
    for path in sorted(directory.glob("roles/*.yaml")):
        source = read(path, root="")
        role = read_role(source, policies)
        if role is not None and role.role.lower() in roles:
            (source.place / "role").fault(f"`{role.role}` is in another file already")
        elif role is not None:
            roles[role.role.lower()] = role
        found.add(source.place.findings)
    for path in sorted(directory.glob("system-policies/*.yaml")):
        source = read(path, root="")
        system_policies.add(read_system_policy(source, policies))
        found.add(source.place.findings)
    return Catalog(roles, policies, frozenset(system_policies)), found


def read_role(source: Source, policies: Container[str]) -> Role | None:
    """The service-linked role that a file of `roles/` describes; None, and faults, for none."""
    entry, place = _entry(source, _ROLE, policies), source.place
    for key, form, what in (
        ("role", grammar.NAME, "role name"),
        ("service_name", grammar.SERVICE_NAME, "service name"),
    ):
        if key in entry:
            shape.name(entry[key], place / key, form, what)
    return None if place.findings.faults else Role(**entry)


def read_system_policy(source: Source, policies: Container[str]) -> str:
    """The name of the system policy that a file of `system-policies/` describes."""
    return _entry(source, _SYSTEM_POLICY, policies).get("policy", "")


def _entry(source: Source, known: tuple[str, ...], policies: Container[str]) -> dict[str, str]:
    place = source.place
    found = shape.fields(source.value, place, (*known, "source"), (*known, "source"))
    if "source" in found:
        here = place / "source"
        shape.texts(shape.fields(found.pop("source"), here, _SOURCE, ("title",)), here)
    entry = shape.texts(found, place)
    if "policy" in entry and entry["policy"] not in policies:
        (place / "policy").fault(f"there is no `policies/{entry['policy']}.json`")
    return {key: text.strip() for key, text in entry.items()}
