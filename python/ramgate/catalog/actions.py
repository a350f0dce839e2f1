"""Find services and actions in the catalog of actions, which `lint` and `actions` read.

A service's file is read when the service is asked for. No decision depends on the catalog.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.catalog.service_file import read_product_codes, read_service
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.catalog.service import Action, Service

__all__ = ["Call", "calls", "catalog_date", "codes", "product_codes", "service"]

_DATE: Final = re.compile(rb'^date: "([0-9-]{10})"', re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """An API operation of a service, and the actions that it needs.

    If no source describes the operation, `actions` has the action of the same name if the catalog
    knows one, and is empty otherwise: RAM may check the operation under another name.

    >>> call = calls("StopInstance")[0]
    >>> call.service, call.operation, call.actions[0].name, call.is_documented
    ('alikafka', 'StopInstance', 'ReleaseInstance', True)
    """

    service: str
    operation: str
    actions: tuple[Action, ...]

    @property
    def is_documented(self) -> bool:
        """True if a source names the operation beside its actions."""
        return any(self.operation in action.operations for action in self.actions)


@functools.cache
def codes() -> frozenset[str]:
    """Return the codes of all services, as RAM spells them, without reading their files.

    >>> "alikafka" in codes(), "sls" in codes(), "kafka" in codes()
    (True, True, False)
    """
    return frozenset(path.stem for path in _folder().glob("*.yaml"))


@functools.cache
def service(code: str) -> Service | None:
    """Return a service by its code, in any case; None if the catalog does not have it.

    Raises `InvalidFiles` if the service's file has faults.

    >>> kafka = service("alikafka")
    >>> kafka.find("listtopic").operations, service("kafka")
    (('GetTopicList', 'GetTopicStatus', 'GetQuotaTip'), None)
    """
    if code.lower() not in codes():
        return None
    found, findings = read_service(_folder() / f"{code.lower()}.yaml")
    if findings.faults:
        raise InvalidFiles(findings.faults)
    return found


@functools.cache
def product_codes() -> Mapping[str, str]:
    """Return the service codes of the API products that have another name, in lower case.

    >>> product_codes()["sls"]
    'log'
    """
    found, findings = read_product_codes(resources.path("catalog/product-codes.yaml"))
    if findings.faults:
        raise InvalidFiles(findings.faults)
    return found


@functools.cache
def catalog_date() -> datetime.date:
    """Return the newest date of the services' files.

    >>> catalog_date() >= datetime.date(2026, 11, 29)
    True
    """
    texts = (_DATE.search(path.read_bytes()) for path in _folder().glob("*.yaml"))
    return max(datetime.date.fromisoformat(match[1].decode()) for match in texts if match)


def calls(operation: str) -> list[Call]:
    """Return the API operations of a name, in any case, one for each service that has it.

    >>> [(call.service, str(call.actions[0])) for call in calls("GetTopicList")]
    [('alikafka', 'alikafka:ListTopic')]
    >>> [call.service for call in calls("ModifySecurityIps")][:3]
    ['dds', 'gpdb', 'kvstore']
    """
    word = re.compile(rb"\b%s\b" % re.escape(operation).encode(), re.IGNORECASE)
    found = []
    for path in sorted(_folder().glob("*.yaml")):
        if word.search(path.read_bytes()) and (known := service(path.stem)):
            found += _calls(known, operation.lower())
    return found


def _calls(known: Service, operation: str) -> list[Call]:
    """Return the operation of a service, whose name is given in lower case, if it has it."""
    names = {name.lower(): name for name in known.operations}
    documented = tuple(
        action
        for action in known.actions.values()
        if operation in (name.lower() for name in action.operations)
    )
    if documented:
        spelling = next(name for name in documented[0].operations if name.lower() == operation)
        return [Call(known.code, spelling, documented)]
    if operation not in names:
        return []
    same = known.find(operation)
    return [Call(known.code, names[operation], (same,) if same else ())]


def _folder() -> Path:
    return resources.path("catalog/services")
