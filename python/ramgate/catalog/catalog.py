"""What Alibaba Cloud publishes, read from the files of `catalog/`.

`roles/*.yaml` are service-linked roles, `system-policies/*.yaml` system policies, and
`policies/*.json` the documents of both, byte for byte as they were published. `known-roles.yaml`
lists the service-linked roles whose documents are not public.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.documents import shape
from ramgate.documents.source import read
from ramgate.errors import InvalidFiles
from ramgate.faults import Findings
from ramgate.language import grammar
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

    from ramgate.documents.source import Source
    from ramgate.faults import Place

__all__ = [
    "Catalog",
    "Role",
    "examine",
    "load",
    "read_known_roles",
    "read_role",
    "read_system_policy",
]

_SOURCE: Final = ("title", "version", "date")
_ROLE: Final = ("role", "service_name", "policy", "feature", "created_when", "purpose")
_KNOWN_ROLE: Final = ("role", "service_name", "policy", "note")
_SYSTEM_POLICY: Final = ("policy", "purpose")


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """A service-linked role: what it is called, whose it is, what it is for, and who says so."""

    role: str
    service_name: str
    policy: str
    feature: str = ""
    created_when: str = ""
    purpose: str = ""
    note: str = ""
    is_published: bool = dataclasses.field(default=True, kw_only=True)
    source: str = dataclasses.field(default="", kw_only=True)

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

    @property
    def creation_id(self) -> str:
        """What the policy that lets somebody have the role created is called in the store."""
        return f"creation:{self.service_name}"

    @property
    def creation_policy(self) -> dict[str, object]:
        """That policy: the template of ApsaraMQ for Kafka's page, the service's name filled in."""
        statement = {
            "Action": ["ram:CreateServiceLinkedRole"],
            "Resource": "*",
            "Effect": "Allow",
            "Condition": {"StringEquals": {"ram:ServiceName": self.service_name}},
        }
        return {"Statement": [statement], "Version": "1"}


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
    found, policies, system_policies = Findings(), {}, set()
    roles: dict[str, Role] = {}
    for path in sorted(directory.glob("policies/*.json")):
        source = read(path)
        policies[path.stem] = translate_at(source.value, source.place)
        if policies[path.stem].get("kind") == "trust":
            source.place.fault("is a trust policy: a role's says only that its service assumes it")
        found.add(source.place.findings)
    for path in sorted(directory.glob("roles/*.yaml")):
        source = read(path, root="")
        role = read_role(source, policies)
        if role is not None:
            _add(roles, role, source.place / "role")
        found.add(source.place.findings)
    for path in directory.glob("known-roles.yaml"):
        source = read(path, root="")
        for role, place in read_known_roles(source):
            _add(roles, role, place / "role")
        found.add(source.place.findings)
    for path in sorted(directory.glob("system-policies/*.yaml")):
        source = read(path, root="")
        system_policies.add(read_system_policy(source, policies))
        found.add(source.place.findings)
    return Catalog(roles, policies, frozenset(system_policies)), found


def _add(roles: dict[str, Role], role: Role, place: Place) -> None:
    if role.role.lower() in roles:
        place.fault(f"`{role.role}` is in the catalog already")
    if any(other.service_name == role.service_name for other in roles.values()):
        place.fault(f"`{role.service_name}` has another role already")
    roles[role.role.lower()] = role


def read_role(source: Source, policies: Container[str]) -> Role | None:
    """The service-linked role that a file of `roles/` describes; None, and faults, for none."""
    entry, place = _entry(source, _ROLE, policies), source.place
    _check_names(entry, place)
    return (
        None
        if place.findings.faults
        else Role(*(entry[key] for key in _ROLE), source=entry["source"])
    )


def read_known_roles(source: Source) -> Iterator[tuple[Role, Place]]:
    """The service-linked roles that `known-roles.yaml` lists, each with its place."""
    found = shape.fields(source.value, source.place, ("source", "roles"), ("source", "roles"))
    origin = _source(found, source.place)
    for item, place in shape.items(found.get("roles", []), source.place / "roles"):
        entry = shape.texts(shape.fields(item, place, _KNOWN_ROLE, _KNOWN_ROLE[:-1]), place)
        _check_names(entry, place)
        if not place.findings.faults:
            note = entry.pop("note", "")
            yield Role(**entry, note=note, is_published=False, source=origin), place


def _check_names(entry: Mapping[str, str], place: Place) -> None:
    for key, form, what in (
        ("role", grammar.NAME, "role name"),
        ("service_name", grammar.SERVICE_NAME, "service name"),
    ):
        if key in entry:
            shape.name(entry[key], place / key, form, what)


def read_system_policy(source: Source, policies: Container[str]) -> str:
    """The name of the system policy that a file of `system-policies/` describes."""
    return _entry(source, _SYSTEM_POLICY, policies).get("policy", "")


def _entry(source: Source, known: tuple[str, ...], policies: Container[str]) -> dict[str, str]:
    place = source.place
    found = shape.fields(source.value, place, (*known, "source"), (*known, "source"))
    origin = _source(found, place)
    entry = {**shape.texts(found, place), "source": origin}
    if "policy" in entry and entry["policy"] not in policies:
        (place / "policy").fault(f"there is no `policies/{entry['policy']}.json`")
    return {key: text.strip() for key, text in entry.items()}


def _source(found: dict[str, object], place: Place) -> str:
    """Where the entry comes from, taken out of it: title, version and date in a line."""
    if "source" not in found:
        return ""
    here = place / "source"
    texts = shape.texts(shape.fields(found.pop("source"), here, _SOURCE, ("title",)), here)
    return ", ".join(texts[key] for key in _SOURCE if key in texts)
