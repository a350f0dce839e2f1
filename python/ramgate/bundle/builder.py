"""Build the OPA bundle: ramgate's Rego and the data of the accounts, under one revision."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import gzip
import hashlib
import io
import tarfile
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from ramgate import resources
from ramgate.accounts import named_files
from ramgate.accounts.reader import Reader
from ramgate.authzen import mapping
from ramgate.bundle import signature
from ramgate.bundle.example import allowed_request
from ramgate.catalog import catalog
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ramgate.accounts.named_files import Read
    from ramgate.accounts.store import Store
    from ramgate.bundle.signature import Signer

__all__ = ["ROOTS", "Builder", "Bundle", "Serial", "build"]

Serial: TypeAlias = "int | Callable[[], int] | None"

ROOTS: Final = ("authzen", "ram", "slr", "store", "system")
_SPEED_BEFORE_SIZE: Final = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as OPA loads it.

    `content` is a gzipped tar archive. `revision` is a digest of everything that a decision depends
    on: the same accounts and the same ramgate give the same revision and the same bytes. `counts`
    has the numbers of accounts, policies, roles and users, `example` a request that the accounts
    allow (`principal`, `action`, `resource`). `serial` is the number that the bundle was given, to
    tell a newer one from an older one.

    >>> bundle = build()
    >>> bundle.counts
    {'accounts': 1, 'policies': 183, 'roles': 5, 'users': 3}
    >>> bundle.example["principal"], bundle.example["action"]
    ('acs:ram::1234567890123456:user/alice', 'alikafka:ListTopic')
    """

    content: bytes = dataclasses.field(repr=False)
    revision: str
    counts: Mapping[str, int]
    example: Mapping[str, str] = dataclasses.field(default_factory=dict)
    serial: int | None = None


def build(accounts: Path | None = None, authzen: Path | None = None) -> Bundle:
    """Build the bundle of an accounts file or a folder of them; without a path, of the example.

    `authzen` is the file with the mapping of AuthZEN's names, by default none. Raises
    `InvalidFiles` with every fault of every file, `UnreadableFiles` if a file could not be read.

    >>> from ramgate import resources
    >>> build() == build(resources.path("examples/accounts.yaml"))
    True
    """
    return Builder(authzen).build(accounts)


class Builder:
    """Builds bundles repeatedly, and translates only the files that changed since the last one.

    Rego, catalog and the mapping of AuthZEN are read once, when the builder is made, which raises
    `InvalidFiles` for faults of the mapping. The bundles carry `serial`, which is part of what
    their revision digests, or the number that `serial` returns for each, and are signed by
    `signer`.

    >>> from pathlib import Path
    >>> builder, file = Builder(), Path("accounts.yaml")
    >>> for users in ("{}", "{alice: {}}"):
    ...     _ = file.write_text(f"accounts: {{'1234567890123456': {{users: {users}}}}}")
    ...     print(builder.build(file).counts["users"])
    0
    1
    """

    def __init__(
        self,
        authzen: Path | None = None,
        *,
        serial: Serial = None,
        signer: Signer | None = None,
    ) -> None:
        self._mapping = mapping.EMPTY if authzen is None else mapping.read(authzen)
        self._serial = serial
        self._signer = signer
        self._rego = _rego()
        self._reader = Reader(catalog.load())
        self._tables = Tables()
        self._encoder = _Encoder()

    def build(
        self,
        accounts: Path | None = None,
        contents: Mapping[Path, bytes] | None = None,
        read: Read = named_files.content,
    ) -> Bundle:
        """Build a bundle, as the function `build` does; raises the same.

        `contents` has the bytes of the accounts files, if the caller has read them, and `read`
        returns those of the files that they name.
        """
        with _gc_disabled():
            store = self._reader.load(
                accounts or resources.path("examples/accounts.yaml"), contents, read
            )
        files = dict(self._rego)
        files["data.json"] = self._encoder.encode(
            {**self._tables.add_to(store), "authzen": self._mapping}
        )
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(b"%s %d\n" % (name.encode(), len(files[name])))
            digest.update(files[name])
        manifest: dict[str, object] = {"roots": ROOTS, "rego_version": 1}
        serial = self._serial() if callable(self._serial) else self._serial
        if serial is not None:
            digest.update(b"serial %d\n" % serial)
            manifest["metadata"] = {"serial": serial}
        revision = digest.hexdigest()[:16]
        files[".manifest"] = msgspec.json.encode({"revision": revision, **manifest})
        if self._signer is not None:
            files[signature.SIGNATURES] = self._signer.sign(files)
        example = allowed_request(store)
        return Bundle(_archive(files), revision, _counts(store), example, serial)

    def named(self, accounts: Path, contents: Mapping[Path, bytes]) -> frozenset[Path]:
        """Return the files that accounts files with these contents name; none is read."""
        return self._reader.named(accounts, contents)


class _Encoder:
    """Encodes stores repeatedly, and only those of their members that are new objects.

    It relies on identity: `Reader` and `Tables` return an unchanged policy, account, set or entry
    as the same object, and nothing changes such an object. So its text is looked up by its `id()`.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, msgspec.Raw]] = {}

    def encode(self, store: Mapping[str, object]) -> bytes:
        """Return the bundle's `data.json`, with sorted keys."""
        before, self._known = self._known, {}
        encoded = {name: self._part(part, before) for name, part in store.items()}
        return msgspec.json.encode({"store": encoded}, order="sorted")

    def _part(self, part: object, before: Mapping[int, tuple[object, msgspec.Raw]]) -> object:
        if not isinstance(part, dict):
            return part
        encoded = {}
        for name, member in part.items():
            # Keep a reference to the member, so that its `id()` cannot be reused.
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
    """Return a gzipped tar archive of the files, by their names, without times and owners."""
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
    accounts = store["accounts"].values()
    return {
        "accounts": len(accounts),
        "policies": sum(":" not in policy for policy in store["policies"]),
        "roles": sum(len(account["roles"]) for account in accounts),
        "users": sum(len(account["users"]) for account in accounts),
    }
