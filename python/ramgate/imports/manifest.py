"""The manifest of a folder: the files that imports made, by their owners.

An owner is an account, by its number, or `directory`. An import changes and removes only files that
the manifest lists under the owners of that import.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from ramgate.documents.messages import describe
from ramgate.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["NAME", "parse", "to_json"]

NAME: Final = ".ramgate-import.json"

_FORMAT: Final = 1
_OWNER: Final = re.compile("[0-9]{16}|directory")
_FILE: Final = r"{0}\.yaml|policies/{0}/(?:system/)?[A-Za-z0-9-]{{1,128}}(?:\.[0-9a-f]{{8}})?\.json"


class _Format(msgspec.Struct):
    format: int


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal[1]
    files: dict[str, list[str]]


def parse(content: bytes, path: str) -> dict[str, list[str]]:
    """Return the files by their owners; raise `EditError` for content that no import wrote.

    >>> parse(b'{"format": 1, "files": {"directory": ["directory.yaml"]}}', "DIR")
    {'directory': ['directory.yaml']}
    """
    try:
        if msgspec.json.decode(content, type=_Format).format > _FORMAT:
            raise EditError(f"`{path}` was made by a newer ramgate: use that one")
        manifest = msgspec.json.decode(content, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EditError(f"`{path}` is damaged: {error}") from error
    for owner, files in manifest.files.items():
        form = re.compile(_FILE.format(owner)) if _OWNER.fullmatch(owner) else None
        for file in files:
            if form is None or not form.fullmatch(file):
                raise EditError(f"`{path}` is damaged: {describe(file)} is not a file of an import")
    return manifest.files


def to_json(files: Mapping[str, Iterable[str]]) -> bytes:
    """Return the content of a manifest, sorted.

    >>> to_json({"directory": ["directory.yaml"]}).count(b"directory.yaml")
    1
    """
    listed = {owner: sorted(files[owner]) for owner in sorted(files)}
    text = msgspec.json.encode({"format": _FORMAT, "files": listed})
    return msgspec.json.format(text, indent=2) + b"\n"
