"""Read the store out of a bundle that `ramgate build` wrote."""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import Any, Final, cast

import msgspec

from ramgate.accounts.store import Store
from ramgate.documents.messages import join_names
from ramgate.errors import InvalidFiles
from ramgate.faults import Fault
from ramgate.language.translation import FORMAT

__all__ = ["is_bundle", "read"]

_GZIP: Final = b"\x1f\x8b"
_OPTIONAL: Final = {"directory"}
_UNREADABLE: Final = (
    *(tarfile.TarError, KeyError, EOFError, OSError),
    *(zlib.error, msgspec.DecodeError),
)


def is_bundle(content: bytes) -> bool:
    """True if the bytes of a file are compressed as those of a bundle are."""
    return content.startswith(_GZIP)


def read(content: bytes, name: str) -> Store:
    """Return the store of a bundle's bytes; `name` is the file's.

    Raises `InvalidFiles` if it is not a bundle of ramgate, or of another format.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            member = archive.extractfile("data.json")
            data = b"" if member is None else member.read()
        found = msgspec.json.decode(data, type=dict[str, dict[str, object]])["store"]
    except _UNREADABLE as error:
        message = f"is not a bundle of `ramgate build`: {error}"
        raise InvalidFiles([Fault(name, message=message)]) from error
    # the decision tables, a cache of the store, are left out
    store = cast("Store", {key: found[key] for key in Store.__annotations__ if key in found})
    if missing := Store.__annotations__.keys() - store.keys() - _OPTIONAL:
        message = f"is not a bundle of `ramgate build`: it has no {join_names(sorted(missing))}"
        raise InvalidFiles([Fault(name, message=message)])
    if store["format"] != FORMAT:
        message = (
            f"has the format {store['format']}, not {FORMAT}: build it again with this ramgate"
        )
        raise InvalidFiles([Fault(name, message=message)])
    store["policies"] = {
        policy: _without_grants(document) for policy, document in store["policies"].items()
    }
    return store


def _without_grants(document: dict[str, object]) -> dict[str, object]:
    """Return a document with its plain grants back in its statements (`ramgate.tables.grants`)."""
    if "grants" not in document:
        return document
    restored: dict[str, Any] = {name: part for name, part in document.items() if name != "grants"}
    statements, actions = list(restored["statements"]), dict(restored["actions"])
    grants = cast("dict[str, tuple[int, str]]", document["grants"])
    for action, (index, resource) in grants.items():
        statements[index] = {"effect": "Allow", "resources": [resource]}
        actions[action] = [index]
    return {**restored, "statements": statements, "actions": dict(sorted(actions.items()))}
