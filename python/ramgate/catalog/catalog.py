"""Read the catalog: the service-linked roles and system policies that Alibaba Cloud publishes.

In the folder `catalog/`, `roles/*.yaml` are service-linked roles, `system-policies/*.yaml` system
policies, and `policies/*.json` the documents of both, byte for byte as they were published.
`known-roles.yaml` lists the service-linked roles whose documents are not public.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.catalog.unknown_policy import describe_unknown_policy
from ramgate.documents import shape
from ramgate.documents.messages import describe, did_you_mean
from ramgate.documents.source import read
from ramgate.errors import InvalidFiles
from ramgate.faults import Findings
from ramgate.language import grammar
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from ramgate.documents.source import Source
    from ramgate.faults import Place

__all__ = [
    "Catalog",
    "ServiceLinkedRole",
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
class ServiceLinkedRole:
    """A service-linked role: its name, its service, its policy, its purpose, and the source.

    A role that `known-roles.yaml` lists is not `is_published`: its policy's document is not public.

    >>> role = load().roles["aliyunserviceroleforalikafka"]
    >>> role.service_name, role.policy
    ('alikafka.aliyuncs.com', 'AliyunServiceRolePolicyForAlikafka')
    """

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
        """The id of the role's trust policy in the store."""
        return f"trust:{self.role}"

    @property
    def trust_policy(self) -> dict[str, object]:
        """The role's trust policy: only its service may assume it."""
        principal = {"Service": [self.service_name]}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        return {"Version": "1", "Statement": [statement]}

    @property
    def creation_id(self) -> str:
        """The id of `creation_policy` in the store."""
        return f"creation:{self.service_name}"

    @property
    def creation_policy(self) -> dict[str, object]:
        """A policy that allows its holder to create the role.

        It is the template of ApsaraMQ for Kafka's page, with the service's name filled in.
        """
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

    `policies` has the translated documents of the roles and of the system policies. Only the system
    policies, whose names are in `system_policies`, may be attached.

    >>> catalog = load()
    >>> len(catalog.roles), "AliyunKafkaFullAccess" in catalog.system_policies
    (196, True)
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
    found, policies, system_policies = Findings(), {}, set()
    roles: dict[str, ServiceLinkedRole] = {}
    for path in sorted(directory.glob("policies/*.json")):
        source = read(path)
        policies[path.stem] = translate_at(source.value, source.place)
        if policies[path.stem].get("kind") == "trust":
            source.place.fault("is a trust policy: ramgate adds the trust policy of a role itself")
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
    date = ""
    for path in directory.glob("catalog.yaml"):
        source = read(path, root="")
        date = shape.texts(
            shape.fields(source.value, source.place, ("date",), ("date",)), source.place
        ).get("date", "")
        found.add(source.place.findings)
    return Catalog(roles, policies, frozenset(system_policies), date), found


def _add(roles: dict[str, ServiceLinkedRole], role: ServiceLinkedRole, place: Place) -> None:
    if role.role.lower() in roles:
        place.fault(f"`{role.role}` is in the catalog already")
    if any(other.service_name == role.service_name for other in roles.values()):
        place.fault(f"`{role.service_name}` has another role already")
    roles[role.role.lower()] = role


def read_role(source: Source, policies: Container[str]) -> ServiceLinkedRole | None:
    """Return the service-linked role of a file of `roles/`, or None if the file has faults.

    `policies` are the names of the known documents. Faults are added to the findings of `source`.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> source = read(resources.path("catalog/roles/AliyunServiceRoleForAlikafkaETL.yaml"), root="")
    >>> role = read_role(source, ["AliyunServiceRolePolicyForAlikafkaETL"])
    >>> role.feature
    'alikafka.etl'
    >>> read_role(source, []) is None
    True
    """
    entry, place = _entry(source, _ROLE, policies), source.place
    _check_names(entry, place)
    return (
        None
        if place.findings.faults
        else ServiceLinkedRole(*(entry[key] for key in _ROLE), source=entry["source"])
    )


def read_known_roles(source: Source) -> Iterator[tuple[ServiceLinkedRole, Place]]:
    """Yield each service-linked role of `known-roles.yaml` with its place.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> source = read(resources.path("catalog/known-roles.yaml"), root="")
    >>> len(list(read_known_roles(source)))
    192
    """
    found = shape.fields(source.value, source.place, ("source", "roles"), ("source", "roles"))
    origin = _source(found, source.place)
    for item, place in shape.items(found.get("roles", []), source.place / "roles"):
        entry = shape.texts(shape.fields(item, place, _KNOWN_ROLE, _KNOWN_ROLE[:-1]), place)
        _check_names(entry, place)
        if not place.findings.faults:
            note = entry.pop("note", "")
            yield ServiceLinkedRole(**entry, note=note, is_published=False, source=origin), place


def _check_names(entry: Mapping[str, str], place: Place) -> None:
    for key, form, kind in (
        ("role", grammar.NAME, "role name"),
        ("service_name", grammar.SERVICE_NAME, "service name"),
    ):
        if key in entry:
            shape.name(entry[key], place / key, form, kind)


def read_system_policy(source: Source, policies: Container[str]) -> str:
    """Return the name of the system policy of a file of `system-policies/`, empty if it has none.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> file = resources.path("catalog/system-policies/AliyunKafkaFullAccess.yaml")
    >>> read_system_policy(read(file, root=""), ["AliyunKafkaFullAccess"])
    'AliyunKafkaFullAccess'
    """
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
    """Remove the entry's `source` and return it as one line: title, version and date."""
    if "source" not in found:
        return ""
    here = place / "source"
    texts = shape.texts(shape.fields(found.pop("source"), here, _SOURCE, ("title",)), here)
    return ", ".join(texts[key] for key in _SOURCE if key in texts)
