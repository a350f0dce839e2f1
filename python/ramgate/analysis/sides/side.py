"""Load the two sides of a comparison: accounts, bundles, policy documents, and commits of `git`."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.accounts.reader import Reader
from ramgate.analysis.sides import bundles, git, hidden, terraform
from ramgate.analysis.sides.documents import Documents, stores
from ramgate.analysis.validate import translate_found
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault
from ramgate.formats.find import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.accounts.store import Store
    from ramgate.formats.find import Found

__all__ = ["Side", "load", "load_pair"]

_POLICY_KINDS: Final = ("identity", "trust", "control")
_NOT_STATED: Final = "control policies change, and the account's users and roles are not stated"
_NO_MEMBERS: Final = "its policies change, and no member of the group is in the file"
_DENY_GONE: Final = "a Deny goes or changes, and other policies may be missing in the file"
_UNNAMED: Final = re.compile(r"[^A-Za-z0-9._@-]+")
_HOLDER: Final = "holder"
_BUNDLES: Final = {".gz", ".tgz"}


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: its name, as the argument says it, and its data.

    `holders` is True if the data was made for policy documents: the accounts in it are not real.
    `further` has more such data: each is compared by itself with that of the other side.
    `doubts` are the reasons for which a principal that such a document tells apart may be missing.
    `unknown` has the principals whose policies change while one of them cannot be read, is not
    known to Terraform yet, or may be missing; and groups and accounts whose members are not stated.

    >>> from ramgate import resources
    >>> side = load(str(resources.path("examples/accounts.yaml")))
    >>> sorted(side.store["accounts"]), side.holders
    (['1234567890123456'], False)
    """

    name: str
    store: Store
    holders: bool = False
    doubts: tuple[str, ...] = ()
    unknown: tuple[terraform.Unknown, ...] = ()
    further: tuple[Store, ...] = ()

    @property
    def stores(self) -> tuple[Store, ...]:
        """All data of the side."""
        return (self.store, *self.further)


@dataclasses.dataclass(slots=True)
class _Read:
    """Everything that was read at one argument: a store, or documents by their names."""

    name: str
    store: Store | None = None
    policies: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)
    trust: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)


def load(argument: str) -> Side:
    """Return the accounts that an argument names: a file, a folder, a bundle, or `git:REF:PATH`.

    `terraform:FILE` is a state of Terraform, or the accounts after a plan; with an account's number
    before the file, `terraform:NUMBER:FILE`, that of an account whose number is not in it.

    Raises `InvalidFiles` with all faults, `UnreadableFiles` if a file could not be read or `git`
    does not have it.

    >>> load("git:HEAD")
    Traceback (most recent call last):
    ramgate.errors.UnreadableFiles: git:HEAD: is not a reference and a path: write `git:REF:PATH`...
    """
    read = _read(argument, Reader(catalog.load()))
    if read.store is None:
        raise _fault(argument, "is a policy document, not an accounts file, a folder or a bundle")
    return Side(argument, read.store)


def load_pair(old: str, new: str | None = None) -> tuple[Side, Side]:
    """Return the two sides of a comparison, each as `load` does, or two policy documents.

    Without `new`, the sides are those before and after a plan, `terraform:FILE`.

    Documents are compared by their names; the only documents of both sides are compared whatever
    their names are. Raises as `load` does, with the faults of both sides.

    >>> from pathlib import Path
    >>> _ = Path("policy.json").write_text(
    ...     '{"Version": "1", "Statement":'
    ...     ' [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}'
    ... )
    >>> before, after = load_pair("policy.json", "policy.json")
    >>> before.store == after.store, list(before.store["accounts"]["1234567890123456"]["users"])
    (True, ['holder'])
    """
    if new is None:
        if not old.startswith(terraform.PREFIX):
            raise ValueError(
                f"`{old}` is one side: name the other one, or a plan as `{terraform.PREFIX}FILE`"
            )
        return _of_terraform(old, new, *terraform.both(old))
    reader, faults, read, unreadable = Reader(catalog.load()), list[Fault](), [], False
    for argument in (old, new):
        try:
            read.append(_read(argument, reader))
        except InvalidFiles as error:
            unreadable |= isinstance(error, UnreadableFiles)
            faults += error.faults
    if faults:
        raise (UnreadableFiles if unreadable else InvalidFiles)(faults)
    before, after = read
    if before.store is not None and after.store is not None:
        if old.startswith(terraform.PREFIX) or new.startswith(terraform.PREFIX):
            return _of_terraform(old, new, before.store, after.store)
        unknown = terraform.unknown(before.store, after.store, is_planned=False)
        members = _unknown(hidden.members(before.store, after.store), _NOT_STATED)
        return Side(old, before.store), Side(new, after.store, unknown=(*unknown, *members))
    if (before.store is None) != (after.store is None):
        one, other = (old, new) if before.store is None else (new, old)
        raise _fault(
            one, f"is a policy document, and `{other}` has accounts: compare two of a kind"
        )
    for name in ("policies", "trust"):
        _align(getattr(before, name), getattr(after, name))
    base = Reader(catalog.load()).examine(Path(), {})[0]
    pairs, doubts = stores(
        base, Documents(before.policies, before.trust), Documents(after.policies, after.trust)
    )
    before_stores, after_stores = zip(*pairs, strict=True)
    return _of_documents(old, before_stores, doubts), _of_documents(new, after_stores, doubts)


def _of_documents(name: str, found: Sequence[Store], doubts: Iterable[str]) -> Side:
    first, *further = found
    return Side(name, first, holders=True, doubts=tuple(doubts), further=tuple(further))


def _of_terraform(old: str, new: str | None, before: Store, after: Store) -> tuple[Side, Side]:
    """Return two sides with accounts, one of them from Terraform."""
    unknown = (
        *terraform.unknown(before, after),
        *_unknown(hidden.members(before, after), _NOT_STATED),
        *_unknown(hidden.groups(before, after), _NO_MEMBERS),
        *_unknown(hidden.losing_a_deny(before, after), _DENY_GONE, anyone=False),
    )
    return Side(old, before), Side(old if new is None else new, after, unknown=unknown)


def _unknown(
    names: Iterable[str], reason: str, *, anyone: bool = True
) -> Iterator[terraform.Unknown]:
    if found := tuple(names):
        yield terraform.Unknown(found, reason, anyone)


def _align(old: dict[str, dict[str, object]], new: dict[str, dict[str, object]]) -> None:
    """Give the only documents of both sides one name."""
    if len(old) == len(new) == 1 and old.keys() != new.keys():
        old[_HOLDER], new[_HOLDER] = old.popitem()[1], new.popitem()[1]


def _read(argument: str, reader: Reader) -> _Read:
    if argument.startswith(terraform.PREFIX):
        return _Read(argument, terraform.store(argument))
    if not argument.startswith(git.PREFIX):
        return _read_path(argument, source.argument_path(argument), reader)
    with tempfile.TemporaryDirectory(prefix="ramgate-") as folder:
        copied = git.copy(argument, Path(folder))
        with _renaming(argument, copied):
            return _read_path(argument, copied, reader)


@contextlib.contextmanager
def _renaming(argument: str, copied: Path) -> Iterator[None]:
    """Name the files of the commit in faults, in place of their copies."""
    try:
        yield
    except InvalidFiles as error:
        # the files that an accounts file names were copied beside it
        copy, name = f"{copied.parent}/", git.beside(argument)
        if copied.is_dir():
            copy, name = str(copied), argument.rstrip("/")
        faults = [
            dataclasses.replace(
                fault,
                file=fault.file.replace(copy, name),
                message=fault.message.replace(copy, name),
            )
            for fault in error.faults
        ]
        raise type(error)(faults) from None


def _read_path(argument: str, path: Path, reader: Reader) -> _Read:
    if path.suffix in _BUNDLES and not path.is_dir():
        content = source.content(path)
        if bundles.is_bundle(content):
            return _Read(argument, bundles.read(content, str(path)))
    read, faults, unreadable = _Read(argument), list[Fault](), False
    for found in documents(path):
        if found.kind == "accounts" and not (read.policies or read.trust):
            # as `--accounts` reads them: without the subfolders of a folder
            contents = None if path.is_dir() else found.contents
            read.store = reader.load(Path(found.place.findings.file), contents)
            return read
        unreadable |= found.kind == "unreadable"
        faults += _take(read, found, path)
    if faults:
        raise (UnreadableFiles if unreadable else InvalidFiles)(faults)
    return read


def _take(read: _Read, found: Found, path: Path) -> list[Fault]:
    """Add a policy document to everything that was read; return the faults of any other."""
    findings = found.place.findings
    if found.kind in _POLICY_KINDS:
        _add(read, found, path)
    elif found.kind == "nothing":
        return findings.advice
    elif found.kind == "accounts" or found.kind.startswith("catalog"):
        message = "is a file of accounts or of the catalog, among policy documents"
        return [Fault(findings.file, message=message)]
    return findings.faults


def _add(read: _Read, found: Found, path: Path) -> None:
    """Translate a document and add it; everything that a template computes is a fault."""
    findings = found.place.findings
    document = translate_found(found)
    findings.faults.extend(found.computed)
    group = read.trust if found.kind == "trust" else read.policies
    file = Path(findings.file)
    name = _UNNAMED.sub("-", found.name or (file.stem if file != path else _HOLDER))[:64]
    if name in group:
        found.place.fault(
            f"is a second document named `{name}`: which one is compared is not clear"
        )
    group[name] = document


def _fault(argument: str, message: str) -> InvalidFiles:
    return InvalidFiles([Fault(argument, message=message)])
