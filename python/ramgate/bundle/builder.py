"""Build the OPA bundle: ramgate's Rego and the data of the accounts, under one revision."""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from ramgate import resources
from ramgate.accounts import named_files
from ramgate.accounts.reader import Reader
from ramgate.authzen import mapping
from ramgate.bundle import signature
from ramgate.bundle.archive import ROOTS, manifest, snapshot
from ramgate.bundle.change import change
from ramgate.bundle.encoded import encode
from ramgate.bundle.example import allowed_request
from ramgate.catalog import catalog
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ramgate.accounts.named_files import Read
    from ramgate.accounts.store import Store
    from ramgate.bundle.change import Change
    from ramgate.bundle.encoded import Encoded
    from ramgate.bundle.signature import Signer

__all__ = ["ROOTS", "Builder", "Bundle", "Serial", "build"]

_MANY: Final = 5_000

Serial: TypeAlias = "int | Callable[[], int] | None"


class _Pack(Protocol):
    """Packs an archive, which takes patches or does not."""

    def __call__(self, *, is_patchable: bool) -> bytes:
        """Return the archive."""


class Bundle:
    """A bundle as OPA loads it.

    `content` is a gzipped tar archive, given as bytes or as a function that packs it. `revision` is
    a digest of everything that a decision depends on: the same accounts and the same ramgate give
    the same revision and the same bytes. `counts` has the numbers of accounts, policies, roles and
    users, `example` a request that the accounts allow (`principal`, `action`, `resource`). `serial`
    is the number that the bundle was given, to tell a newer one from an older one. `change` leads
    from the bundle that was built before to this one.

    >>> bundle = build()
    >>> bundle.counts
    {'accounts': 1, 'policies': 183, 'roles': 5, 'users': 3}
    >>> bundle.example["principal"], bundle.example["action"]
    ('acs:ram::1234567890123456:user/alice', 'alikafka:ListTopic')
    """

    def __init__(  # noqa: PLR0913 - the last two by name
        self,
        content: bytes | _Pack,
        revision: str,
        counts: Mapping[str, int],
        example: Mapping[str, str] | None = None,
        *,
        serial: int | None = None,
        change: Change | None = None,
    ) -> None:
        self._content = content
        self._packed: dict[bool, bytes] = {}
        self.revision = revision
        self.counts = counts
        self.example = example or {}
        self.serial = serial
        self.change = change

    @property
    def content(self) -> bytes:
        """The archive."""
        return self._archive(is_patchable=False)

    @property
    def patchable(self) -> bytes:
        """The archive for an OPA that takes patches; the same as `content` if that was given."""
        return self._archive(is_patchable=True)

    def _archive(self, *, is_patchable: bool) -> bytes:
        if isinstance(self._content, bytes):
            return self._content
        if is_patchable not in self._packed:
            self._packed[is_patchable] = self._content(is_patchable=is_patchable)
        return self._packed[is_patchable]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Bundle)
            and self._shown() == other._shown()
            and (self.content == other.content)
        )

    def __hash__(self) -> int:
        return hash(self.revision)

    def __repr__(self) -> str:
        return f"Bundle{self._shown()}"

    def _shown(self) -> tuple[object, ...]:
        return self.revision, self.counts, self.example, self.serial


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
    their revision digests, and are signed by `signer`. If `serial` is a function, each bundle gets
    the number that it returns, or the next number after the last bundle's if that is greater.

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
        self._last_serial = -1
        self._signer = signer
        self._rego = _rego()
        self._rego_digest = _digest(self._rego)
        with _gc_disabled():
            self._reader = Reader(catalog.load())
        self._tables = Tables()
        self._last: tuple[str, Encoded] | None = None

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
            whole = {**self._tables.add_to(store), "authzen": self._mapping}
            encoded = encode(whole, self._last and self._last[1])
            if self._last is None and len(store["policies"]) > _MANY:
                # A collection would look at all accounts and tables: 1 s with 10,000 roles.
                gc.freeze()
        digest = hashlib.sha256(self._rego_digest + encoded.digest)
        serial = self._serial
        if callable(serial):
            # A clock may be set back, and two changes may be in one second.
            serial = self._last_serial = max(serial(), self._last_serial + 1)
        if serial is not None:
            digest.update(b"serial %d\n" % serial)
        revision = digest.hexdigest()[:16]
        led = self._last and change(*self._last, revision, encoded)
        counts, example = _counts(store), allowed_request(store)
        pack = functools.partial(self._pack, revision, serial, encoded)
        content = pack if self._signer is None else pack(is_patchable=False)
        self._last = (revision, encoded)
        return Bundle(content, revision, counts, example, serial=serial, change=led)

    def _pack(
        self, revision: str, serial: int | None, encoded: Encoded, *, is_patchable: bool
    ) -> bytes:
        files = {".manifest": manifest(revision, serial, is_patchable=is_patchable)}
        if self._signer is not None:
            signed = {**self._rego, **files, "data.json": encoded.text()}
            files[signature.SIGNATURES] = self._signer.sign(signed)
        return snapshot({**self._rego, **files}, encoded)

    def named(self, accounts: Path, contents: Mapping[Path, bytes]) -> frozenset[Path]:
        """Return the files that accounts files with these contents name; none is read."""
        return self._reader.named(accounts, contents)


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


def _digest(files: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(b"%s %d\n" % (name.encode(), len(content)))
        digest.update(content)
    return digest.digest()


def _counts(store: Store) -> dict[str, int]:
    accounts = store["accounts"].values()
    return {
        "accounts": len(accounts),
        "policies": sum(":" not in policy for policy in store["policies"]),
        "roles": sum(len(account["roles"]) for account in accounts),
        "users": sum(len(account["users"]) for account in accounts),
    }
