"""What Alibaba Cloud publishes, read from the files of `catalog/`.

`roles/*.yaml` are service-linked roles, `system-policies/*.yaml` system policies, and
`policies/*.json` the documents of both, byte for byte as they were published.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate import grammar, resources, shape
from ramgate.errors import InvalidFiles
from ramgate.source import read
from ramgate.translate import translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.faults import Fault, Place

__all__ = ["Catalog", "Role", "load"]

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
    directory = directory or resources.path("catalog")
    faults: list[Fault] = []
    policies, roles, system_policies = {}, {}, set()
    for path in sorted(directory.glob("policies/*.json")):
        source = read(path)
        policies[path.stem] = translated(source.value, source.place)
        faults += source.place.findings.faults
    for path in sorted(directory.glob("roles/*.yaml")):
        source = read(path, root="")
        found = _entry(source.value, source.place, _ROLE, policies)
        shape.name(found.get("service_name"), source.place, grammar.SERVICE_NAME, "service name")
        if not source.place.findings.faults:
            roles[found["role"].lower()] = Role(**found)
        faults += source.place.findings.faults
    for path in sorted(directory.glob("system-policies/*.yaml")):
        source = read(path, root="")
        found = _entry(source.value, source.place, _SYSTEM_POLICY, policies)
        system_policies.add(found.get("policy", ""))
        faults += source.place.findings.faults
    if faults:
        raise InvalidFiles(sorted(faults))
    return Catalog(roles, policies, frozenset(system_policies))


def _entry(
    value: object, place: Place, known: tuple[str, ...], policies: Mapping[str, object]
) -> dict[str, str]:
    found = shape.fields(value, place, (*known, "source"), (*known, "source"))
    source = shape.fields(found.pop("source", {}), place / "source", _SOURCE, ("title",))
    shape.texts(source, place / "source")
    entry = shape.texts(found, place)
    if "policy" in entry and entry["policy"] not in policies:
        (place / "policy").fault(f"there is no `policies/{entry['policy']}.json`")
    return {key: text.strip() for key, text in entry.items()}
