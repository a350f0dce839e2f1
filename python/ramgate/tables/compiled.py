"""The compiled tables of one store, from which those of the next store are made.

A state is copied and then changed, so an error in the middle leaves the last one as it was. The
mappings in it are never changed later; they are parts of stores.
"""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ramgate.accounts.identity import touched
from ramgate.tables.grants import with_grants
from ramgate.tables.trusts import Trusts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ramgate.accounts.store import Account, Store
    from ramgate.tables.actions import Document
    from ramgate.tables.holdings import Policies
    from ramgate.tables.sets import CompiledSet

__all__ = ["Holders", "State"]

_PARTS: Final = ("assuming", "keyed", "lines", "otherwise", "patterns", "rest", "timed")
_SPARE_LINES: Final = 100_000

_T = TypeVar("_T")


class Holders(NamedTuple):
    """The set of each principal of an account, by ARN; for resource groups, by ARN and group."""

    account: Account
    levels: list[list[str]]
    sets: dict[str, str]
    groups: dict[str, dict[str, str]]
    policies: dict[str, Policies]


@dataclasses.dataclass(slots=True)
class State:
    """The tables, and the objects that they came from.

    `read` has the policies of the store, `documents` those that could be read, `policies` all of
    them with their plain grants. `uses` counts the accounts that use a set of policies, `held` has
    the sets. `several` are the sets of several policies, and `lines` the lines of those that are
    compiled. `trusts` has who may assume each role, `fields` the other fields of the store.
    `is_complete` is False if sets were left out, because there were too many lines.
    """

    read: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    documents: dict[str, Document] = dataclasses.field(default_factory=dict)
    policies: dict[str, Document] = dataclasses.field(default_factory=dict)
    actions: int = 0
    holders: Mapping[str, Holders] = dataclasses.field(default_factory=dict)
    uses: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    held: dict[str, Policies] = dataclasses.field(default_factory=dict)
    several: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    sets: Mapping[str, CompiledSet] = dataclasses.field(default_factory=dict)
    lines: dict[str, int] = dataclasses.field(default_factory=dict)
    trusts: Trusts = dataclasses.field(default_factory=Trusts)
    fields: dict[str, dict[str, Any]] = dataclasses.field(
        default_factory=lambda: {name: {} for name in (*_PARTS, "entries")}
    )
    entry_uses: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    is_complete: bool = True

    def copy(self) -> State:
        """Return a state that can be changed."""
        return dataclasses.replace(
            self,
            documents=dict(self.documents),
            policies=dict(self.policies),
            uses=self.uses.copy(),
            held=dict(self.held),
            several=dict(self.several),
            lines=dict(self.lines),
            trusts=self.trusts.copy(),
            fields={name: dict(field) for name, field in self.fields.items()},
            entry_uses=self.entry_uses.copy(),
        )

    @property
    def most_lines(self) -> int:
        """The number of lines that sets of several policies may have.

        A set for each user could exhaust the memory, so it is twice as many as the policies name
        actions, and 100,000 more.
        """
        return _SPARE_LINES + 2 * self.actions

    def read_policies(self, store: Store) -> Collection[str]:
        """Take the policies of a store; return the ids of those that changed."""
        changed = touched(self.read, store["policies"])
        self.read = store["policies"]
        for name in changed:
            document: Document | None = self.read.get(name)
            # 5.9: the general rule decides by unreadable documents
            readable = None if document is None or "unreadable" in document else document
            for one, factor in ((self.documents.get(name), -1), (readable, 1)):
                self.actions += factor * len(one["actions"]) if one else 0
            _put(self.documents, name, readable)
            self.trusts.put(name, readable)
            _put(self.policies, name, with_grants(readable) if readable else document)
        return changed

    def read_holders(self, holders: Mapping[str, Holders]) -> set[str]:
        """Take the principals of all accounts; return the sets that are new, or used no more."""
        before, self.holders = self.holders, holders
        found: set[str] = set()
        for number in touched(before, holders):
            for one, factor in ((before.get(number), -1), (holders.get(number), 1)):
                for name, policies in one.policies.items() if one else ():
                    self.uses[name] += factor
                    self.held[name] = policies
                    found.add(name)
        for name in found:
            ids = self.held[name].ids
            if not self.uses[name]:
                del self.uses[name], self.held[name]
                self.several.pop(name, None)
            elif ids != {name}:
                self.several[name] = ids
        return found

    def users_of(self, policies: Collection[str]) -> Iterable[str]:
        """Return the sets that have one of these policies."""
        changed = set(policies)
        yield from changed & self.held.keys()
        for name, ids in self.several.items() if changed else ():
            if not ids.isdisjoint(changed):
                yield name

    def take_sets(self, sets: Mapping[str, CompiledSet]) -> None:
        """Take the compiled sets, and change the fields of the store accordingly."""
        before, self.sets = self.sets, sets
        entries = self.fields["entries"]
        for name in touched(before, sets):
            old, new = before.get(name), sets.get(name)
            for part in _PARTS:
                _put(self.fields[part], name, new.parts.get(part) if new else None)
            for entry, compiled in new.entries.items() if new else ():
                self.entry_uses[entry] += 1
                entries.setdefault(entry, compiled)
            for entry in old.entries if old else ():
                self.entry_uses[entry] -= 1
                if not self.entry_uses[entry]:
                    del self.entry_uses[entry], entries[entry]


def _put(mapping: dict[str, _T], name: str, value: _T | None) -> None:
    """Set a value, or remove it if it is None."""
    if value is None:
        mapping.pop(name, None)
    else:
        mapping[name] = value
