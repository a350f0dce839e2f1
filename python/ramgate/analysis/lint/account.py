"""Accounts and directories in a form that checks read: policies, and who holds which."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.accounts.named_files import NamedFiles
from ramgate.analysis.lint.document import read_document

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Document
    from ramgate.analysis.lint.held import Holdings
    from ramgate.faults import Place

__all__ = ["Accounts", "Attachment", "Holder", "Scope", "read_accounts"]

_KINDS: Final = {"users": "user", "groups": "group", "roles": "role"}


class Attachment(NamedTuple):
    """A policy's name where it is attached, and the resource group, empty for the whole account."""

    policy: str
    resource_group: str
    place: Place
    is_system: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """A user, a group, a role, or a level of a directory, with its attached policies."""

    kind: str
    name: str
    place: Place
    attachments: tuple[Attachment, ...]
    trust: Document | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """An account, or a directory, which has no `number`: its own policies, and their holders."""

    number: str
    policies: Mapping[str, Document]
    holders: tuple[Holder, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts and the directory of one accounts file.

    `holdings` says who holds each policy; it is None if a file has a fault.
    """

    scopes: tuple[Scope, ...]
    holdings: Holdings | None = None

    @property
    def documents(self) -> Iterator[Document]:
        """The policies of each scope, then the trust policies of its roles."""
        for scope in self.scopes:
            yield from scope.policies.values()
            yield from (holder.trust for holder in scope.holders if holder.trust)


class _Reading(NamedTuple):
    """The time of the check, and the files that the accounts file names."""

    now: datetime.datetime
    files: NamedFiles

    def document(self, value: object, place: Place, name: str, account: str) -> Document:
        """Return the document at a place, or in the file that is named there."""
        file = self.files.find(value, place)
        if file is None:
            return read_document(value, place, name, account, self.now)
        found = read_document(file.source.value, file.source.place, name, account, self.now)
        return dataclasses.replace(found, named_at=place)


def read_accounts(
    value: object,
    place: Place,
    now: datetime.datetime,
    holdings: Holdings | None = None,
    files: NamedFiles | None = None,
) -> Accounts:
    """Return the parts of an accounts file that can be read, with the `files` that it names.

    Only the place collects faults, which `ramgate.accounts.reader` finds, too.
    """
    reading = _Reading(now, files or NamedFiles(Path(place.findings.file)))
    scopes = [
        _account(number, account, here, reading)
        for number, account, here in _members(_member(value, "accounts"), place / "accounts")
    ]
    if directory := _member(value, "directory"):
        here = place / "directory"
        policies = _policies(directory, here, "", reading)
        levels = tuple(_levels("root", _member(directory, "root"), here / "root"))
        scopes.append(Scope("", policies, levels))
    return Accounts(tuple(scopes), holdings)


def _account(number: str, value: object, place: Place, reading: _Reading) -> Scope:
    holders = []
    for key, kind in _KINDS.items():
        for name, member, here in _members(_member(value, key), place / key):
            attachments = tuple(_attachments(_member(member, "policies"), here / "policies"))
            trust = None
            if kind == "role":
                trust = reading.document(_member(member, "trust"), here / "trust", name, number)
            holders.append(Holder(kind, name, here, attachments, trust))
    return Scope(number, _policies(value, place, number, reading), tuple(holders))


def _policies(value: object, place: Place, account: str, reading: _Reading) -> dict[str, Document]:
    return {
        name: reading.document(document, here, name, account)
        for name, document, here in _members(_member(value, "policies"), place / "policies")
    }


def _levels(name: str, value: object, place: Place) -> Iterator[Holder]:
    """Yield a level and those below it."""
    key = "control_policies"
    yield Holder("level", name, place, tuple(_attachments(_member(value, key), place / key)))
    for below in ("folders", "accounts"):
        for member, level, here in _members(_member(value, below), place / below):
            yield from _levels(member, level, here)


def _attachments(value: object, place: Place) -> Iterator[Attachment]:
    for position, item in enumerate(value if isinstance(value, list) else ()):
        here = place / position
        if isinstance(item, str):
            yield Attachment(item, "", here)
        elif isinstance(name := _member(item, "policy"), str):
            group = _member(item, "resource_group")
            is_system = _member(item, "type") == "System"
            yield Attachment(name, group if isinstance(group, str) else "", here, is_system)


def _members(value: object, place: Place) -> Iterator[tuple[str, object, Place]]:
    for key, member in value.items() if isinstance(value, Mapping) else ():
        yield str(key), member, place / str(key)


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None
