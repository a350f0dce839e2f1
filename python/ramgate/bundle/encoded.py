"""Encode a store as JSON, group by group, and only the groups that changed.

A *member* is what stands under one name of one field of the store, such as one policy, or the sets
of one account's principals. The members of a field are encoded in groups of about 64, in the order
of their names. A name begins a group if its checksum says so: thus equal stores have equal groups,
whatever was changed before, and a change touches the group of its member alone. The digest of a
store is one of the digests of its groups.
"""

from __future__ import annotations

import bisect
import collections
import hashlib
import itertools
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.accounts.identity import touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Encoded", "Field", "compressed", "encode"]

_GROUP: Final = 64
_SPEED_BEFORE_SIZE: Final = 1
_WITH_GZIP_HEADER: Final = zlib.MAX_WBITS | 16


class Encoded:
    """An encoded store: its digest, its size as JSON, and its JSON as compressed pieces.

    >>> encoded = encode({"format": 2, "accounts": {"1234567890123456": {}}})
    >>> zlib.decompress(b"".join(encoded.pieces()), zlib.MAX_WBITS | 16)[:11]
    b'{"store":{"'
    """

    def __init__(self, store: Mapping[str, object], fields: Mapping[str, Field | bytes]) -> None:
        self._store = store
        self.fields = fields
        digest = hashlib.sha256()
        for name, field in sorted(fields.items()):
            found = field.digest if isinstance(field, Field) else hashlib.sha256(field).digest()
            digest.update(b"%s %d\n" % (name.encode(), isinstance(field, Field)))
            digest.update(found)
        self.digest = digest.digest()

    def members(self, field: str) -> Mapping[str, object]:
        """Return the members of a field of the store that is an object."""
        found = self._store[field]
        return found if isinstance(found, dict) else {}

    @property
    def size(self) -> int:
        """The length of the JSON."""
        return sum(
            len(piece) if isinstance(piece, bytes) else piece.size + (not is_first)
            for piece, is_first in self._pieces()
        )

    def pieces(self) -> Iterator[bytes]:
        """Yield the JSON as compressed pieces; joined, they are one gzip file."""
        for piece, is_first in self._pieces():
            yield (
                compressed(piece) if isinstance(piece, bytes) else piece.packed(is_first=is_first)
            )

    def text(self) -> bytes:
        """Return the JSON."""
        return b"".join(
            piece if isinstance(piece, bytes) else piece.text(is_first=is_first)
            for piece, is_first in self._pieces()
        )

    def _pieces(self) -> Iterator[tuple[bytes | _Group, bool]]:
        text = b'{"store":{'
        for name, field in sorted(self.fields.items()):
            text += msgspec.json.encode(name) + b":"
            if isinstance(field, bytes):
                text += field + b","
                continue
            yield text + b"{", True
            groups = [group for group in field.groups if group.size]
            yield from ((group, group is groups[0]) for group in groups)
            text = b"},"
        yield text.removesuffix(b",") + b"}}", True


class Field:
    """The members of one field of a store, in groups.

    `bounds` has the first name of each group; the first group begins with every name, and may be
    empty.
    """

    def __init__(self, groups: Sequence[_Group], bounds: Sequence[str]) -> None:
        self.groups = groups
        self.bounds = bounds
        self.digest = hashlib.sha256(b"".join(group.digest for group in groups)).digest()

    @classmethod
    def of(cls, members: Mapping[str, object], *, pack: bool) -> Field:
        """Encode the members of a field, and compress them at once if `pack` is set."""
        groups, bounds, is_first = list[_Group](), list[str](), True
        for bound, names in _split("", sorted(members)):
            bounds.append(bound)
            groups.append(_Group(names, members, is_first=is_first if pack else None))
            is_first = not groups[-1].size
        return cls(groups, bounds)

    def changed(self, members: Mapping[str, object], names: Iterable[str]) -> Field:
        """Return the field with these members, which differ under these names alone."""
        at: dict[int, set[str]] = collections.defaultdict(set)
        for name in names:
            index = bisect.bisect_right(self.bounds, name) - 1
            at[index].add(name)
            if index and name == self.bounds[index] and name not in members:
                at[index - 1] |= set()  # without its first name, a group joins the one before
        groups, bounds, done = list[_Group](), list[str](), 0
        for first, last in _runs(sorted(at)):
            groups += self.groups[done:first]
            bounds += self.bounds[done:first]
            done = last + 1
            left = set().union(*(group.names for group in self.groups[first:done]))
            for index in range(first, done):
                left |= at[index]
            for bound, found in _split(self.bounds[first], sorted(left & members.keys())):
                bounds.append(bound)
                groups.append(_Group(found, members))
        return Field([*groups, *self.groups[done:]], [*bounds, *self.bounds[done:]])


class _Group:
    """Consecutive members of a field: their names, and the digest and the length of their JSON."""

    __slots__ = ("_members", "_packed", "digest", "names", "size")

    def __init__(
        self,
        names: Sequence[str],
        members: Mapping[str, object],
        *,
        is_first: bool | None = None,
    ) -> None:
        self.names = names
        self._members = [members[name] for name in names]
        self._packed: dict[bool, bytes] = {}
        text = self.text(is_first=True)
        self.digest = hashlib.sha256(text).digest()
        self.size = len(text)
        if is_first is not None:
            self._packed[is_first] = compressed(text if is_first else b"," + text)

    def packed(self, *, is_first: bool) -> bytes:
        """Return the compressed JSON of the members, which begins with a comma unless first."""
        if is_first not in self._packed:
            self._packed = {is_first: compressed(self.text(is_first=is_first))}
        return self._packed[is_first]

    def text(self, *, is_first: bool) -> bytes:
        """Return the JSON of the members, which begins with a comma unless first."""
        members = dict(zip(self.names, self._members, strict=True))
        text = msgspec.json.encode(members, order="sorted")[1:-1]
        return text if is_first else b"," + text


def encode(store: Mapping[str, object], before: Encoded | None = None) -> Encoded:
    """Encode a store, the groups that are not as `before` alone.

    A member that is the identical object is unchanged: `ramgate.accounts.reader.Reader` and
    `ramgate.tables.tables.Tables` return it so, and nothing changes such an object.
    """
    fields: dict[str, Field | bytes] = {}
    for name, members in store.items():
        known = before and before.fields.get(name)
        if not isinstance(members, dict):
            fields[name] = msgspec.json.encode(members, order="sorted")
        elif before is None or not isinstance(known, Field):
            fields[name] = Field.of(members, pack=before is None)
        else:
            names = touched(before.members(name), members)
            fields[name] = known.changed(members, names) if names else known
    return Encoded(store, fields)


def compressed(data: bytes) -> bytes:
    """Return the data as a gzip file without a name and a time; such files can be joined."""
    packer = zlib.compressobj(_SPEED_BEFORE_SIZE, zlib.DEFLATED, _WITH_GZIP_HEADER)
    return packer.compress(data) + packer.flush()


def _split(bound: str, names: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the groups of sorted names, each with its bound; the first has the given one."""
    start = 0
    for index, name in enumerate(names):
        if name != bound and zlib.crc32(name.encode()) % _GROUP == 0:
            yield bound, names[start:index]
            bound, start = name, index
    yield bound, names[start:]


def _runs(indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of consecutive numbers.

    >>> list(_runs([1, 2, 3, 7]))
    [(1, 3), (7, 7)]
    """
    for _, run in itertools.groupby(enumerate(indexes), lambda one: one[1] - one[0]):
        numbers = [index for _, index in run]
        yield numbers[0], numbers[-1]
