"""Write the archive that OPA loads."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.bundle.encoded import compressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.bundle.encoded import Encoded

__all__ = ["PATCHABLE_ROOTS", "ROOTS", "manifest", "snapshot"]

ROOTS: Final = ("authzen", "ram", "slr", "store", "system")
"""The roots of the bundle in OPA's data."""

PATCHABLE_ROOTS: Final = (
    "authzen",
    "ram",
    "slr",
    "store",
    "system/authz",
    "system/log",
    "system/status",
)
"""The roots of a bundle that leaves the records about bundles, `system/bundles`, to patches."""

_DATA: Final = "data.json"
_END: Final = bytes(2 * tarfile.BLOCKSIZE)


def manifest(revision: str, serial: int | None = None, *, is_patchable: bool = False) -> bytes:
    """Return the manifest of a bundle; OPA can be patched only if its bundle is patchable.

    The metadata of a patchable bundle have a mark of its revision (`ramgate.bundle.history`).

    >>> manifest("a1b2")
    b'{"revision":"a1b2","roots":["authzen","ram","slr","store","system"],"rego_version":1}'
    """
    roots = PATCHABLE_ROOTS if is_patchable else ROOTS
    found: dict[str, object] = {"revision": revision, "roots": roots, "rego_version": 1}
    metadata: dict[str, object] = {} if serial is None else {"serial": serial}
    if is_patchable:
        metadata["at"] = {revision: True}
    return msgspec.json.encode({**found, "metadata": metadata} if metadata else found)


def snapshot(files: Mapping[str, bytes], store: Encoded) -> bytes:
    """Return the archive of a bundle with these files and this store, as a gzip file.

    The groups of the store that were compressed before are not compressed again.
    """
    size = store.size
    before = {name: content for name, content in files.items() if name < _DATA}
    first = b"".join(_file(*file) for file in sorted(before.items())) + _head(_DATA, size)
    after = sorted(file for file in files.items() if file[0] not in before)
    last = _padding(size) + b"".join(_file(*file) for file in after) + _END
    return b"".join([compressed(first), *store.pieces(), compressed(last)])


def _file(name: str, content: bytes) -> bytes:
    return _head(name, len(content)) + content + _padding(len(content))


def _head(name: str, size: int) -> bytes:
    """Return the head of a file in a tar archive, without a time and an owner."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
