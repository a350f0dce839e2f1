"""Read the entries of service-linked roles and system policies in the files of the catalog."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.documents import shape
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from ramgate.documents.source import Source
    from ramgate.faults import Place

__all__ = [
    "ServiceLinkedRole",
    "read_date",
    "read_known_roles",
    "read_newer_versions",
    "read_role",
    "read_system_policy",
]

_SOURCE: Final = ("title", "version", "created", "date")
_ROLE: Final = ("role", "service_name", "policy")
_MORE_OF_A_ROLE: Final = ("feature", "created_when", "purpose", "note")
_KNOWN_ROLE: Final = (*_ROLE, "note")
_SYSTEM_POLICY: Final = ("policy", "kind", "purpose", "note")
_NEWER_VERSION: Final = ("role", "version", "date", "visible")


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceLinkedRole:
    """A service-linked role: its name, its service, its policy, its purpose, and the source.

    A role that `known-roles.yaml` lists is not `is_published`: the catalog does not have its
    policy's document. `newer_version` is the version and the date of a newer document that exists,
    but that the catalog does not have.

    >>> from ramgate.catalog import catalog
    >>> role = catalog.load().roles["aliyunserviceroleforalikafka"]
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
    newer_version: str = dataclasses.field(default="", kw_only=True)

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
    entry, place = _entry(source, (*_ROLE, *_MORE_OF_A_ROLE), _ROLE, policies), source.place
    _check_names(entry, place)
    return None if place.findings.faults else ServiceLinkedRole(**entry, is_published=True)


def read_known_roles(source: Source) -> Iterator[tuple[ServiceLinkedRole, Place]]:
    """Yield each service-linked role of `known-roles.yaml` with its place.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> source = read(resources.path("catalog/known-roles.yaml"), root="")
    >>> len(list(read_known_roles(source)))
    158
    """
    found = shape.fields(source.value, source.place, ("source", "roles"), ("source", "roles"))
    origin = _source(found, source.place)
    for item, place in shape.items(found.get("roles", []), source.place / "roles"):
        entry = shape.texts(shape.fields(item, place, _KNOWN_ROLE, _ROLE), place)
        _check_names(entry, place)
        if not place.findings.faults:
            yield ServiceLinkedRole(**entry, is_published=False, source=origin), place


def _check_names(entry: Mapping[str, str], place: Place) -> None:
    for key, form, kind in (
        ("role", grammar.NAME, "role name"),
        ("service_name", grammar.SERVICE_NAME, "service name"),
    ):
        if key in entry:
            shape.name(entry[key], place / key, form, kind)


def read_newer_versions(source: Source) -> dict[str, str]:
    """Return the version and the date of each role in `newer-versions.yaml`.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> source = read(resources.path("catalog/newer-versions.yaml"), root="")
    >>> read_newer_versions(source)["AliyunServiceRoleForAlikafka"]
    'v10, 2025-11-03'
    """
    found = {}
    for item, place in shape.items(source.value, source.place):
        entry = shape.texts(shape.fields(item, place, _NEWER_VERSION, ("role",)), place)
        known = [entry[key] for key in ("version", "date") if key in entry]
        found[entry.get("role", "")] = ", ".join(known) or "of an unknown date"
    return found


def read_system_policy(source: Source, policies: Container[str]) -> str:
    """Return the name of the system policy of a file of `system-policies/`, empty if it has none.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> file = resources.path("catalog/system-policies/AliyunKafkaFullAccess.yaml")
    >>> read_system_policy(read(file, root=""), ["AliyunKafkaFullAccess"])
    'AliyunKafkaFullAccess'
    """
    return _entry(source, _SYSTEM_POLICY, ("policy",), policies).get("policy", "")


def read_date(source: Source) -> str:
    """Return the day on which the catalog was collected, from `catalog.yaml`.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> read_date(read(resources.path("catalog/catalog.yaml"), root="")) >= "2026-11-29"
    True
    """
    found = shape.fields(source.value, source.place, ("date",), ("date",))
    return shape.texts(found, source.place).get("date", "")


def _entry(
    source: Source, known: Sequence[str], required: Sequence[str], policies: Container[str]
) -> dict[str, str]:
    place = source.place
    found = shape.fields(source.value, place, (*known, "source"), (*required, "source"))
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
    return ", ".join(texts[key] for key in ("title", "version", "date") if key in texts)
