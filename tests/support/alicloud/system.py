"""System policies and services with service-linked roles: those of the catalog, and two more."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import TYPE_CHECKING, Final

from alicloud.state import Policy, Version
from ramgate import resources
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NEW_POLICY", "NEW_SERVICE", "Service", "policies", "services"]

NEW_SERVICE: Final = "fresh.aliyuncs.com"
"""A service whose service-linked role the catalog does not know."""
NEW_POLICY: Final = "AliyunFreshFullAccess"
"""A system policy that the catalog does not know."""
TWO_VERSIONS: Final = ("AliyunKafkaFullAccess", "AliyunKafkaReadOnlyAccess")
"""System policies with an older version, `v1`; the default version is `v2`."""
_CREATED: Final = "2015-04-28T03:18:16Z"
_UPDATED: Final = "2026-03-11T08:00:00Z"


@dataclasses.dataclass(frozen=True)
class Service:
    role: str
    policy: str


@functools.cache
def services() -> Mapping[str, Service]:
    """Return the services with service-linked roles by their names."""
    known = {
        role.service_name: Service(role.role, role.policy) for role in catalog.load().roles.values()
    }
    fresh = Service("AliyunServiceRoleForFresh", "AliyunServiceRolePolicyForFresh")
    return {**known, NEW_SERVICE: fresh}


def _document(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "1", "Statement": [statement]})


def _policy(name: str, document: str) -> Policy:
    versions = {"v1": Version("v1", document, _CREATED)}
    if name in TWO_VERSIONS:
        versions = {
            "v1": Version("v1", _document("alikafka:ListInstance"), _CREATED),
            "v2": Version("v2", document, _UPDATED),
        }
    return Policy(name, "System", _CREATED, f"The policy {name}.", versions, max(versions))


@functools.cache
def policies() -> Mapping[str, Policy]:
    """Return all system policies by their names; nobody changes them."""
    folder = resources.path("catalog/policies")
    documents = {file.stem: file.read_text() for file in sorted(folder.glob("*.json"))}
    documents[NEW_POLICY] = _document("fresh:*")
    for service in services().values():
        documents.setdefault(service.policy, _document("fresh:Get*"))
    return {name: _policy(name, document) for name, document in documents.items()}
