"""Find services and actions in the catalog of actions, which `lint` and `actions` read.

A service's file is read when the service is asked for. No decision depends on the catalog. Each
function takes a folder `more`, a catalog that `ramgate catalog update` wrote: what it says comes
before the shipped catalog's entries. They raise `UnreadableFiles` if it is not a catalog.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.catalog.service_file import read_product_codes, read_service
from ramgate.documents.source import read
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ramgate.catalog.service import Action, Service

__all__ = [
    "FILES",
    "Call",
    "calls",
    "catalog_date",
    "codes",
    "examine",
    "load_service",
    "named",
    "product_codes",
    "read_service",
    "service",
]

FILES: Final = ("product-codes.yaml", "services/*.yaml")
"""The files of the catalog of actions in a catalog's folder, as patterns."""

_NO_CATALOG: Final = "has no folder `services`: name a folder that `ramgate catalog update` wrote"
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
def codes(more: Path | None = None) -> frozenset[str]:
    """Return the codes of all services, as RAM spells them, without reading their files.

    >>> "alikafka" in codes(), "sls" in codes(), "kafka" in codes()
    (True, True, False)
    """
    return frozenset(path.stem for folder in _folders(more) for path in _files(folder))


@functools.cache
def service(code: str, more: Path | None = None) -> Service | None:
    """Return a service by its code, in any case; None if the catalog does not have it.

    Raises `InvalidFiles` if the service's file has faults.

    >>> kafka = service("alikafka")
    >>> kafka.find("listtopic").operations, service("kafka")
    (('GetTopicList', 'GetTopicStatus', 'GetQuotaTip'), None)
    """
    if code.lower() not in codes(more):
        return None
    name = f"services/{code.lower()}.yaml"
    first, *others = (folder / name for folder in _folders(more) if (folder / name).is_file())
    found = load_service(first)
    for other in others:
        found = found.joined(load_service(other))
    return found


def load_service(path: Path) -> Service:
    """Return the service of a file. Raises `InvalidFiles` with the faults of the file.

    >>> load_service(resources.path("catalog/services/sts.yaml")).find("GetCallerIdentity").name
    'GetCallerIdentity'
    """
    source = read(path, root="")
    found = read_service(source)
    if source.place.findings.faults:
        raise InvalidFiles(source.place.findings.faults)
    return found


@functools.cache
def product_codes() -> Mapping[str, str]:
    """Return the service codes of the API products that have another name, in lower case.

    >>> product_codes()["sls"]
    'log'
    """
    return read_product_codes(read(resources.path("catalog/product-codes.yaml"), root=""))


@functools.cache
def catalog_date(more: Path | None = None) -> datetime.date:
    """Return the newest date of the services' files.

    >>> catalog_date() >= datetime.date(2026, 11, 29)
    True
    """
    files = (path for folder in _folders(more) for path in _files(folder))
    texts = (_DATE.search(path.read_bytes()) for path in files)
    return max(datetime.date.fromisoformat(match[1].decode()) for match in texts if match)


def examine(folder: Path) -> Findings:
    """Return the findings of the services' files in the folder of a catalog.

    Raises `InvalidFiles` for a file that cannot be parsed.

    >>> examine(resources.path("catalog")).faults
    []
    """
    found = Findings()
    for path in _files(folder):
        source = read(path, root="")
        read_service(source)
        found.add(source.place.findings)
    for path in folder.glob("product-codes.yaml"):
        source = read(path, root="")
        read_product_codes(source)
        found.add(source.place.findings)
    return found


def calls(operation: str, more: Path | None = None) -> list[Call]:
    """Return the API operations of a name, in any case, one for each service that has it.

    >>> [(call.service, str(call.actions[0])) for call in calls("GetTopicList")]
    [('alikafka', 'alikafka:ListTopic')]
    >>> [call.service for call in calls("ModifySecurityIps")][:3]
    ['dds', 'gpdb', 'kvstore']
    """
    found = (_call(known, operation.lower()) for known in _mentioning(operation, more))
    return [call for call in found if call]


def named(name: str, more: Path | None = None) -> list[Action]:
    """Return the actions of a name without a service, in any case, one for each service.

    >>> [str(action) for action in named("ReleaseInstance")]
    ['alikafka:ReleaseInstance']
    """
    found = (known.find(name) for known in _mentioning(name, more))
    return [action for action in found if action]


def _mentioning(word: str, more: Path | None) -> Iterable[Service]:
    """Return the services whose files contain a word: most files need not be parsed."""
    pattern = re.compile(rb"\b%s\b" % re.escape(word).encode(), re.IGNORECASE)
    files = (path for folder in _folders(more) for path in _files(folder))
    found = {path.stem for path in files if pattern.search(path.read_bytes())}
    return filter(None, (service(code, more) for code in sorted(found)))


def _call(known: Service, operation: str) -> Call | None:
    """Return the operation of a service, whose name is given in lower case; None if it has none."""
    names = {name.lower(): name for name in known.operations}
    documented = tuple(
        action
        for action in known.actions.values()
        if operation in (name.lower() for name in action.operations)
    )
    if documented:
        spelling = next(name for name in documented[0].operations if name.lower() == operation)
        return Call(known.code, spelling, documented)
    if operation not in names:
        return None
    same = known.find(operation)
    return Call(known.code, names[operation], (same,) if same else ())


def _folders(more: Path | None) -> list[Path]:
    if more and not (more / "services").is_dir():
        raise UnreadableFiles([Fault(str(more), message=_NO_CATALOG)])
    return [*([more] if more else []), resources.path("catalog")]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("services/*.yaml"))
