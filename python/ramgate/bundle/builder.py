"""Build the OPA bundle: ramgate's Rego and the data of the accounts, under one revision."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import gzip
import hashlib
import io
import tarfile
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate import resources
from ramgate.accounts.reader import Reader
from ramgate.catalog import catalog
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ramgate.accounts.store import Store

__all__ = ["ROOTS", "Builder", "Bundle", "build"]

ROOTS: Final = ("ram", "slr", "store", "system")
_SPEED_BEFORE_SIZE: Final = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as OPA loads it.

    `content` is a gzipped tar archive, `revision` a digest of all that a decision depends on (the
    same accounts and the same ramgate give the same revision, byte for byte), `counts` how many
    accounts, policies, roles and users it knows, `example` a request by somebody it knows.
    """

    content: bytes = dataclasses.field(repr=False)
    revision: str
    counts: Mapping[str, int]
    example: Mapping[str, str] = dataclasses.field(default_factory=dict)


def build(accounts: Path | None = None) -> Bundle:
    """The bundle of an accounts file or a folder of them, the shipped example where none is named.

    Raises `InvalidFiles` with every fault of every file.
    """
    return Builder().build(accounts)


class Builder:
    """Builds one bundle after the other, and translates only the files that have changed.

    ramgate's own files are those that were there when it was made.
    """

    def __init__(self) -> None:
        self._rego = _rego()
        self._reader = Reader(catalog.load())
        self._tables = Tables()
        self._encoder = _Encoder()

    def build(self, accounts: Path | None = None) -> Bundle:
        """What `build` answers and raises."""
        with _gc_disabled():
            store = self._reader.load(accounts or resources.path("examples/accounts.yaml"))
        files = dict(self._rego)
        files["data.json"] = self._encoder.encode(self._tables.beside(store))
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(b"%s %d\n" % (name.encode(), len(files[name])))
            digest.update(files[name])
        revision = digest.hexdigest()[:16]
        manifest = {"revision": revision, "roots": ROOTS, "rego_version": 1}
        files[".manifest"] = msgspec.json.encode(manifest)
        return Bundle(_archive(files), revision, _counts(store), _example(store))


class _Encoder:
    """Encodes one store after the other, and of their members only those that are new objects."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, msgspec.Raw]] = {}

    def encode(self, store: Mapping[str, object]) -> bytes:
        """The data of OPA that `store` is, its keys in order."""
        before, self._known = self._known, {}
        encoded = {name: self._part(part, before) for name, part in store.items()}
        return msgspec.json.encode({"store": encoded}, order="sorted")

    def _part(self, part: object, before: Mapping[int, tuple[object, msgspec.Raw]]) -> object:
        if not isinstance(part, dict):
            return part
        encoded = {}
        for name, member in part.items():
            # The member is kept beside its text, so no other object has its id.
            known = before.get(id(member)) or (
                member,
                msgspec.Raw(msgspec.json.encode(member, order="sorted")),
            )
            self._known[id(member)] = known
            encoded[name] = known[1]
        return encoded


@contextlib.contextmanager
def _gc_disabled() -> Iterator[None]:
    """Disable the garbage collector, which would take a third of the time: there are no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _rego() -> Mapping[str, bytes]:
    root = resources.path("rego")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*.rego")
        if not path.name.endswith("_test.rego")
    }


def _archive(files: Mapping[str, bytes]) -> bytes:
    """The files in order of their names, without times and owners."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(
            fileobj=packed, mode="wb", compresslevel=_SPEED_BEFORE_SIZE, mtime=0
        ) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _counts(store: Store) -> dict[str, int]:
    held = store["accounts"].values()
    return {
        "accounts": len(held),
        "policies": sum(":" not in policy for policy in store["policies"]),
        "roles": sum(len(account["roles"]) for account in held),
        "users": sum(len(account["users"]) for account in held),
    }


def _example(store: Store) -> dict[str, str]:
    """What the first account's first role may do first, or else what its owner may."""
    number = min(store["accounts"], default="1234567890123456")
    arn = f"acs:ram::{number}:"
    account = store["accounts"].get(number)
    for _, role in sorted(account["roles"].items()) if account else ():
        for policy in role["policies"]:
            actions = store["policies"][policy].get("actions")
            for action in actions if isinstance(actions, dict) else ():
                return {"principal": f"{arn}role/{role['name']}", "action": action, "resource": "*"}
    return {"principal": f"{arn}root", "action": "ram:ListRoles", "resource": "*"}
