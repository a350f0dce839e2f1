"""One accounts file's part of the store, which is read again once the file has changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ramgate.accounts.named_files import NamedFiles
    from ramgate.accounts.store import Account, Directory
    from ramgate.accounts.stored import Named
    from ramgate.faults import Findings

__all__ = ["Part", "reuse_unchanged"]

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One file's part of the store, the findings of its reading, and the files that it names.

    `is_unreadable` is True if a file that it names could not be read.
    """

    digest: bytes
    found: Findings
    policies: dict[str, dict[str, object]]
    accounts: dict[str, Account]
    directory: Directory | None
    named: dict[Path, Named]
    is_unreadable: bool

    @property
    def claims(self) -> Iterable[str]:
        """The accounts, and `directory`, that no other file may define."""
        return self.accounts if self.directory is None else (*self.accounts, "directory")

    @property
    def is_valid(self) -> bool:
        """True if neither the file nor a file that it names has a fault."""
        return not (self.found.faults or any(one.found.faults for one in self.named.values()))

    def is_current(self, digest: bytes, defined_in: Mapping[str, str], others: NamedFiles) -> bool:
        """True if neither the file nor a file that it names has changed since it was read."""
        return (
            self.digest == digest
            and defined_in.keys().isdisjoint(self.claims)
            and all(others.file(path).digest == one.digest for path, one in self.named.items())
        )


def reuse_unchanged(new: dict[str, _T], old: Mapping[str, _T]) -> dict[str, _T]:
    """Replace each new object that equals the old one of its name by that old object.

    >>> old = {"alice": {"policies": []}}
    >>> reuse_unchanged({"alice": {"policies": []}}, old)["alice"] is old["alice"]
    True
    """
    for name in new.keys() & old.keys():
        if new[name] == old[name]:
            new[name] = old[name]
    return new
