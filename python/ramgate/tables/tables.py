"""Compile decision tables: for most requests, the decision is computed when the bundle is built.

For each set of policies and each action, the decision depends on at most five tests of the request,
each whether a string in it matches one of some patterns. The tables store the complete decision for
every combination of results. They are a cache of the general rule: `rego/ram/table` reads them, and
`docs/reference/translated.md` describes their shapes. The rule itself decides the rest: more tests,
comparisons of numbers, dates and addresses, conditions on the principal or the time, session
policies, and trust policies with more than one plain Allow.
"""

from __future__ import annotations

import collections
import operator
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.tables.grants import with_grants
from ramgate.tables.holdings import holdings
from ramgate.tables.sets import SetCompiler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.accounts.store import Account, Store
    from ramgate.tables.actions import Document
    from ramgate.tables.holdings import Policies
    from ramgate.tables.sets import CompiledSet

__all__ = ["Tables"]

_PARTS: Final = ("assuming", "lines", "otherwise", "patterns", "rest")
_SPARE_LINES: Final = 100_000


class Tables:
    """Compiles the tables of one store after another, and recompiles only the parts that changed.

    Identity means unchanged, on both sides. `ramgate.accounts.reader.Reader` returns an unchanged
    policy or account as the identical object; so its documents, its account and its sets are
    compared with `is` here. The unchanged parts of the tables are again the identical objects, by
    which the encoder of `ramgate.bundle` recognizes them. Treat them as immutable.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import Reader
    >>> from ramgate.catalog import catalog
    >>> reader, example = Reader(catalog.load()), resources.path("examples/accounts.yaml")
    >>> tables = Tables()
    >>> first, second = (tables.add_to(reader.load(example)) for _ in range(2))
    >>> second["who"]["1234567890123456"] is first["who"]["1234567890123456"]
    True
    """

    def __init__(self) -> None:
        self._policies: dict[str, _Policy] = {}
        self._holders: dict[str, _Holders] = {}
        self._sets: dict[str, CompiledSet] = {}

    def add_to(self, store: Store) -> dict[str, object]:
        """Return the store with its tables, and with the plain grants of policies under `grants`.

        The given store stays as it is.

        >>> from ramgate import resources
        >>> from ramgate.accounts.reader import load
        >>> from ramgate.catalog import catalog
        >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
        >>> sorted(Tables().add_to(store).keys() - store.keys())
        ['assuming', 'entries', 'groups', 'lines', 'otherwise', 'patterns', 'rest', 'who']
        """
        # 5.9: the general rule decides by unreadable documents
        documents: Mapping[str, Document] = {
            name: document
            for name, document in store["policies"].items()
            if "unreadable" not in document
        }
        self._policies = {
            name: self._with_grants(name, document) for name, document in documents.items()
        }
        self._holders = {
            number: self._holders_of(number, account, store)
            for number, account in store["accounts"].items()
        }
        self._sets = dict(self._compile(documents))
        entries: dict[str, object] = {}
        for compiled in self._sets.values():
            entries.update(compiled.entries)
        holders = self._holders.items()
        return {
            **store,
            "policies": {
                **store["policies"],
                **{name: policy.with_grants for name, policy in self._policies.items()},
            },
            "who": {number: one.sets for number, one in holders},
            "groups": {number: one.groups for number, one in holders if one.groups},
            **{
                part: {
                    name: compiled.parts[part]
                    for name, compiled in self._sets.items()
                    if part in compiled.parts
                }
                for part in _PARTS
            },
            "entries": entries,
        }

    def _with_grants(self, name: str, document: Document) -> _Policy:
        known = self._policies.get(name)
        if known and known.document is document:
            return known
        return _Policy(document, with_grants(document))

    def _holders_of(self, number: str, account: Account, store: Store) -> _Holders:
        levels: list[list[str]] = []
        if "directory" in store and store["directory"]["management"] != number:
            levels = store["directory"]["levels"].get(number, [])
        known = self._holders.get(number)
        if known and known.account is account and known.levels == levels:
            return known
        sets: dict[str, str] = {}
        groups: dict[str, dict[str, str]] = {}
        policies: dict[str, Policies] = {}
        for arn, group, held in holdings(number, account, levels, store["service_linked_roles"]):
            name = held.name
            policies[name] = held
            if group:
                groups.setdefault(arn, {})[group] = name
            else:
                sets[arn] = name
        return _Holders(account, levels, sets, groups, policies)

    def _compile(self, documents: Mapping[str, Document]) -> Iterator[tuple[str, CompiledSet]]:
        """Yield the sets of one policy, and sets of several until there are too many lines.

        Sets with a policy that is not among the documents are left out: no table decides by them.
        Sets are compiled in order of the number of accounts that use them. Those of several
        policies may have twice as many lines as the policies name actions, and 100,000 more: a set
        for each user could exhaust the memory.
        """
        uses = collections.Counter(name for one in self._holders.values() for name in one.policies)
        policies = {
            name: held for one in self._holders.values() for name, held in one.policies.items()
        }
        left = _SPARE_LINES + 2 * sum(len(document["actions"]) for document in documents.values())
        for name in sorted(uses, key=lambda name: (-uses[name], name)):
            if not documents.keys() >= policies[name].ids:
                continue
            compiled = self._compile_set(name, policies[name], documents)
            if name not in documents:
                left -= compiled.size
            if name in documents or left >= 0:
                yield name, compiled

    def _compile_set(
        self, name: str, policies: Policies, documents: Mapping[str, Document]
    ) -> CompiledSet:
        read = [documents[policy] for _, layer in policies.layers for policy in layer]
        known = self._sets.get(name)
        if known and all(map(operator.is_, known.documents, read)):
            return known
        granted = self._policies[name].with_grants.get("grants", {}) if name in documents else {}
        return SetCompiler(policies, documents).compile(granted)


class _Policy(NamedTuple):
    """A policy's document as the store has it, and with its plain grants moved."""

    document: Document
    with_grants: Document


class _Holders(NamedTuple):
    """The set of each principal of an account, by ARN; for resource groups, by ARN and group."""

    account: Account
    levels: list[list[str]]
    sets: dict[str, str]
    groups: dict[str, dict[str, str]]
    policies: dict[str, Policies]
