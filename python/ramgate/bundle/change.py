"""Describe a change of the store as a patch of the members that changed.

A patch is a list of operations for `PATCH /v1/data` of OPA, which OPA applies in one transaction.
It adds, replaces and removes values, as deep in the store as that makes the patch shorter.
"""

from __future__ import annotations

import dataclasses
import operator
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from ramgate.accounts.identity import touched
from ramgate.bundle.encoded import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.bundle.encoded import Encoded

__all__ = ["ABSENT", "Change", "Pair", "change", "joined", "operation", "operations"]

ABSENT: Final = object()
"""The value of a member that does not exist."""

_LEVELS: Final = 2
_MOST_OPERATIONS: Final = 5_000


class Pair(NamedTuple):
    """The value of a member before and after a change; `ABSENT` if there is none."""

    old: object
    new: object


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The members that differ between two revisions, by field and name."""

    base: str
    revision: str
    members: Mapping[tuple[str, str], Pair]


def change(base: str, before: Encoded, revision: str, after: Encoded) -> Change | None:
    """Return the change between two stores, or None if a patch cannot express it.

    Fields as a whole, and fields that are no objects, are not patched: they change rarely.
    """
    members: dict[tuple[str, str], Pair] = {}
    if before.fields.keys() != after.fields.keys():
        return None
    for name, field in after.fields.items():
        known = before.fields[name]
        if isinstance(known, Field) and isinstance(field, Field):
            old, new = before.members(name), after.members(name)
            for member in () if known is field else touched(old, new):
                pair = Pair(old.get(member, ABSENT), new.get(member, ABSENT))
                members[name, member] = pair
        elif known != field:
            return None
    return Change(base, revision, members)


def joined(changes: Iterable[Change]) -> Change:
    """Return consecutive changes, at least one, as one change."""
    first, *others = changes
    members, revision = dict(first.members), first.revision
    for other in others:
        revision = other.revision
        for place, pair in other.members.items():
            members[place] = Pair(members[place].old if place in members else pair.old, pair.new)
    return Change(first.base, revision, members)


def operations(change: Change) -> list[bytes]:
    """Return the operations of the patch, encoded as JSON.

    There are none if nothing differs, if the patch would be large, or if a name has no path.
    """
    found: list[bytes] = []
    for (field, name), (old, new) in sorted(change.members.items(), key=operator.itemgetter(0)):
        found += _differences(f"/store/{_step(field)}/{_step(name)}", old, new, _LEVELS)
        if len(found) > _MOST_OPERATIONS or not name:
            return []
    return found


def _differences(path: str, old: object, new: object, levels: int) -> Iterator[bytes]:
    """Yield the operations that replace one value by another, on as many levels below it."""
    if new is ABSENT:
        if old is not ABSENT:
            yield operation("remove", path)
    elif old is ABSENT:
        yield operation("add", path, new)
    elif (text := _json(new)) != _json(old):
        whole = [_operation("replace", path, text)]
        inside: list[bytes] = []
        if levels and isinstance(old, dict) and isinstance(new, dict) and new:
            inside = _inside(path, old, new, levels - 1)
        yield from min(filter(None, (inside, whole)), key=_length)


def _inside(
    path: str, old: Mapping[str, object], new: Mapping[str, object], levels: int
) -> list[bytes]:
    """Return the operations on the members of two objects; none if a name has no path."""
    names = sorted(touched(old, new))
    if "" in names:
        return []
    return [
        one
        for name in names
        for one in _differences(
            f"{path}/{_step(name)}", old.get(name, ABSENT), new.get(name, ABSENT), levels
        )
    ]


def operation(kind: str, path: str, value: object = None) -> bytes:
    """Return an operation of a patch, encoded as JSON: `add`, `replace` or `remove`.

    >>> operation("replace", "/store/who/1234567890123456", {})
    b'{"op":"replace","path":"/store/who/1234567890123456","value":{}}'
    """
    return _operation(kind, path, _json(value))


def _length(operations: Iterable[bytes]) -> int:
    return sum(map(len, operations))


def _operation(kind: str, path: str, value: bytes) -> bytes:
    tail = b"" if kind == "remove" else b',"value":' + value
    return b'{"op":"%s","path":%s%s}' % (kind.encode(), _json(path), tail)


def _step(name: str) -> str:
    """Escape a name as a step of a path: OPA undoes `%` first, then RFC 6901."""
    return name.replace("~", "~0").replace("/", "~1").replace("%", "%25")


def _json(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")
