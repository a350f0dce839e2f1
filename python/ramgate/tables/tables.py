"""Compile decision tables: for most requests, the decision is computed when the bundle is built.

For each set of policies and each action, the decision depends on at most five tests of the request,
each whether a string in it passes one of some patterns, blocks of addresses or spans of time. The
tables store the complete decision for every combination of results. They are a cache of the general
rule: `rego/ram/table` reads them, and `docs/reference/translated.md` describes their shapes. The
rule itself decides the rest: more tests, comparisons of numbers, conditions on the principal,
session policies, and trust policies that deny or have conditions.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from ramgate.tables.compiled import Holders, State
from ramgate.tables.holdings import holdings
from ramgate.tables.sets import SetCompiler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ramgate.accounts.store import Account, Store
    from ramgate.tables.holdings import Policies
    from ramgate.tables.sets import CompiledSet

__all__ = ["Tables"]


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
        self._last = State()

    def add_to(self, store: Store) -> dict[str, object]:
        """Return the store with its tables, and with the plain grants of policies under `grants`.

        The given store stays as it is.

        >>> from ramgate import resources
        >>> from ramgate.accounts.reader import load
        >>> from ramgate.catalog import catalog
        >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
        >>> print(*sorted(Tables().add_to(store).keys() - store.keys()))
        assuming consents entries groups keyed lines otherwise patterns rest timed trusts who
        """
        state = self._last.copy()
        changed = state.read_policies(store)
        holders = {
            number: self._holders_of(number, account, store)
            for number, account in store["accounts"].items()
        }
        changed_sets = state.read_holders(holders).union(state.users_of(changed))
        sets = _recompiled(state, changed_sets)
        state.take_sets(dict(_compiled(state)) if sets is None else sets)
        self._last = state
        return {
            **store,
            "policies": state.policies,
            "who": {number: one.sets for number, one in holders.items()},
            "groups": {number: one.groups for number, one in holders.items() if one.groups},
            "trusts": state.trusts.names,
            "consents": state.trusts.consents,
            **state.fields,
        }

    def _holders_of(self, number: str, account: Account, store: Store) -> Holders:
        levels: list[list[str]] = []
        if "directory" in store and store["directory"]["management"] != number:
            levels = store["directory"]["levels"].get(number, [])
        known = self._last.holders.get(number)
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
        return Holders(account, levels, sets, groups, policies)


def _recompiled(state: State, names: Iterable[str]) -> dict[str, CompiledSet] | None:
    """Return all sets after these have changed; None if sets are, or were, left out."""
    if not state.is_complete:
        return None
    sets = dict(state.sets)
    for name in names:
        policies = state.held.get(name)
        if policies is None or not state.documents.keys() >= policies.ids:
            sets.pop(name, None)
            state.lines.pop(name, None)
            continue
        sets[name] = _compile(name, policies, state)
        if name in state.several:
            state.lines[name] = sets[name].size
    return sets if sum(state.lines.values()) <= state.most_lines else None


def _compiled(state: State) -> Iterator[tuple[str, CompiledSet]]:
    """Yield the sets of one policy, and sets of several until there are too many lines.

    Sets with a policy that is not among the documents are left out: no table decides by them. Sets
    are compiled in order of the number of accounts that use them.
    """
    left, uses = state.most_lines, state.uses
    state.lines.clear()
    for name in sorted(uses, key=lambda name: (-uses[name], name)):
        policies = state.held[name]
        if not state.documents.keys() >= policies.ids:
            continue
        compiled = _compile(name, policies, state)
        if name in state.several:
            left -= compiled.size
            state.lines[name] = compiled.size
        if name not in state.several or left >= 0:
            yield name, compiled
    state.is_complete = left >= 0


def _compile(name: str, policies: Policies, state: State) -> CompiledSet:
    read = [state.documents[policy] for _, layer in policies.layers for policy in layer]
    known = state.sets.get(name)
    if known and all(map(operator.is_, known.documents, read)):
        return known
    granted = state.policies[name].get("grants", {}) if name in state.documents else {}
    return SetCompiler(policies, state.documents).compile(granted)
