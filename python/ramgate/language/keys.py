"""The condition keys that Alibaba Cloud names, read from `catalog/condition-keys.yaml`.

The file is the only list of these keys. The translator gets it from `spellings`, Rego as
`data.store.condition_keys`.
"""

from __future__ import annotations

import dataclasses
import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.documents import shape
from ramgate.documents.source import read
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.faults import Place

__all__ = ["ConditionKey", "fold", "load", "spelling", "spellings"]

_FIELDS: Final = ("key", "type", "meaning", "source")
_REQUIRED: Final = ("key", "meaning", "source")
_SOURCE: Final = ("title", "date")
_TYPES: Final = ("", "String", "Numeric", "Date", "Bool", "IpAddress")


@dataclasses.dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition key: its spelling, the type of its values, its meaning, the page that names it.

    A key that ends in a slash, such as `acs:ResourceTag/`, stands for all keys that begin so.
    `type` is the family of operators that compare such values, empty if no source states it.

    >>> {key.key: key.type for key in load()}["acs:SourceIp"]
    'IpAddress'
    """

    key: str
    meaning: str
    source: str
    type: str = ""


def fold(key: str) -> str:
    """Return the key in lower case, as OPA's `lower` makes it.

    >>> fold("acs:SourceIp")
    'acs:sourceip'
    """
    # OPA's `lower` turns `İ` into `i`, Python's into two characters.
    return key.replace("İ", "i").lower()


@functools.cache
def spellings() -> Mapping[str, str]:
    """Return the spelling of each shipped key by the key in lower case; the file is read once.

    >>> spellings()["acs:mfapresent"]
    'acs:MFAPresent'
    """
    return MappingProxyType({fold(known.key): known.key for known in load()})


def spelling(key: str) -> str:
    """Return RAM's spelling of a condition key; of the key of a tag, only the part before the tag.

    >>> spelling("acs:sourceip"), spelling("ACS:ResourceTag/Env"), spelling("my:own")
    ('acs:SourceIp', 'acs:ResourceTag/Env', 'my:own')
    """
    start, slash, tag = key.partition("/")
    of_tags = spellings().get(fold(start + slash))
    if slash and of_tags:
        return of_tags + tag
    return spellings().get(fold(key), key)


def load(path: Path | None = None) -> list[ConditionKey]:
    """Return the condition keys of a file, the shipped one by default, in the file's order.

    Raises `InvalidFiles` with every fault of the file.

    >>> len(load())
    24
    """
    source = read(path or resources.path("catalog/condition-keys.yaml"), root="")
    found = shape.fields(source.value, source.place, ("keys",), ("keys",))
    known: dict[str, ConditionKey] = {}
    for item, place in shape.items(found.get("keys", []), source.place / "keys"):
        key = _key(item, place)
        if key.key and fold(key.key) in known:
            (place / "key").fault(f"`{known[fold(key.key)].key}` is in the list already")
        known[fold(key.key)] = key
    if found.get("keys") == []:
        (source.place / "keys").fault("must not be empty")
    if source.place.findings.faults:
        raise InvalidFiles(source.place.findings.faults)
    return list(known.values())


def _key(item: object, place: Place) -> ConditionKey:
    entry = shape.fields(item, place, _FIELDS, _REQUIRED)
    here = place / "source"
    origin = {}
    if "source" in entry:
        origin = shape.fields(entry.pop("source"), here, _SOURCE, ("title",))
    texts = shape.texts(entry, place)
    if texts.get("type", "") not in _TYPES:
        (place / "type").fault(f"must be one of {', '.join(_TYPES[1:])}, or left out")
    return ConditionKey(
        key=texts.get("key", ""),
        meaning=texts.get("meaning", ""),
        source=", ".join(shape.texts(origin, here).values()),
        type=texts.get("type", ""),
    )
