"""Compile the tables of one set of policies.

For each action that a policy of the set names, a line names an entry. For all other actions, one
entry is enough, or patterns of the action choose one.
"""

from __future__ import annotations

import contextlib
import functools
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ramgate.tables.actions import ASSUME, ASSUMING, LONGEST, If, indexes_about, indexes_by_service
from ramgate.tables.clauses import (
    RESOURCE,
    Layer,
    NoTableError,
    Test,
    compile_statement,
)
from ramgate.tables.entries import MOST_PATTERNS, MOST_TESTS, Entry, entry, flags, outcomes
from ramgate.tables.holdings import digest
from ramgate.tables.indexes import divide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ramgate.tables.actions import Document
    from ramgate.tables.clauses import Statement
    from ramgate.tables.holdings import Policies

__all__ = ["About", "CompiledSet", "SetCompiler"]

# 5.8: identity policies alone do not decide on assuming a role
_NO_STS: Final = {"sts": None}
_PREFIX: Final = re.compile(r"[a-z0-9_.:-]*\*")
# With so many patterns of resources, an index and one entry are faster than one entry with all.
_PATTERNS_OF_AN_INDEX: Final = 4
_IS_A_ROLE: Final = Test(RESOURCE, ("acs:ram:*:*:role/*",))


class About(NamedTuple):
    """The statements of one policy that apply to an action; `layer` counts the set's layers."""

    layer: int
    policy: str
    indexes: tuple[int, ...]


class CompiledSet(NamedTuple):
    """The set's part of each table, the entries that it names, and the documents it came from."""

    parts: dict[str, Any]
    entries: dict[str, object]
    documents: list[Document]

    @property
    def size(self) -> int:
        """The number of lines, with those that patterns choose from."""
        services = self.parts.get("patterns", {}).get("services", {})
        by_patterns = sum(len(line["entries"]) for line in services.values() if line)
        return len(self.parts.get("lines", ())) + by_patterns + len(self.entries)


class SetCompiler:
    """Compiles the tables of one set. Actions to which the same statements apply share an entry."""

    def __init__(self, policies: Policies, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._types = [policy_type for policy_type, _ in policies.layers]
        self._policies = [
            (layer, policy) for layer, (_, ids) in enumerate(policies.layers) for policy in ids
        ]
        self._names: dict[tuple[tuple[About, ...], int, bool], str | None] = {}
        self._entries: dict[str, object] = {}
        self._keyed: dict[str, dict[str, str]] = {"keyed": {}, "timed": {}}

    def compile(self, granted: Mapping[str, object]) -> CompiledSet:
        """Compile the set; its policy decides the `granted` actions by its plain grants."""
        read = [self._documents[policy] for _, policy in self._policies]
        actions = set().union(*(document["actions"] for document in read))
        services = {service for document in read for service in document["wildcards"]}
        lines = {action: self._line(action) for action in sorted(actions - granted.keys())}
        parts: dict[str, Any] = {
            "lines": lines,
            **{
                part: {action: names[name] for action, name in lines.items() if name in names}
                for part, names in self._keyed.items()
            },
            "assuming": self._assuming(),
        }
        otherwise = self._by_patterns(None)
        others = sorted(services - _NO_STS.keys())
        if services or otherwise is None or otherwise["entries"].keys() != {"false"}:
            by_service = {service: self._by_patterns(service) for service in others}
            parts["patterns"] = {"services": by_service | _NO_STS, "otherwise": otherwise}
        else:
            parts["otherwise" if granted else "rest"] = otherwise["entries"]["false"]
        return CompiledSet(
            {name: one for name, one in parts.items() if one},
            self._entries,
            read,
        )

    def _line(self, action: str) -> str | None:
        if action in ASSUMING or len(action) > LONGEST:
            return None
        return self._name(self._about(action))

    def _about(self, action: str) -> tuple[About, ...]:
        return tuple(
            About(layer, policy, indexes)
            for layer, policy in self._policies
            if (indexes := indexes_about(self._documents[policy], action))
        )

    def _assuming(self) -> str | None:
        """Return the entry of the identity policies about assuming a role (5.8).

        None if the general rule decides: if no statement applies, and if control policies or those
        of a resource group do.
        """
        about = self._about(ASSUME) if len(self._types) == 1 else ()
        return self._name(about, is_assuming=True) if about else None

    def _by_patterns(self, service: str | None) -> dict[str, Any] | None:
        """Return the tests of an action, and the name of the entry for each outcome.

        The actions are those of `indexes_by_service`. None if the general rule decides them.
        """
        candidates = [
            (layer, policy, indexes_by_service(self._documents[policy], service))
            for layer, policy in self._policies
        ]
        conditions = (one for *_, found in candidates for one in found.values())
        tests = list(dict.fromkeys(one.patterns for one in conditions if isinstance(one, If)))
        if len(tests) > MOST_TESTS or sum(map(len, tests)) > MOST_PATTERNS:
            return None
        entries = {}
        for text, results in outcomes(tests):
            about = tuple(
                About(layer, policy, tuple(i for i, one in found.items() if one.holds(results)))
                for layer, policy, found in candidates
            )
            entries[text] = self._name(about, most=MOST_TESTS - len(tests))
        match tests:
            case []:
                return {"prefixes": [], "entries": {"false": entries[""]}}
            case [patterns] if all(map(_PREFIX.fullmatch, patterns)):
                by_result = {"false": entries["0"], "true": entries["1"]}
                return {"prefixes": [pattern[:-1] for pattern in patterns], "entries": by_result}
            case _:
                return {"tests": tests, "entries": entries}

    def _name(
        self, about: tuple[About, ...], *, most: int = MOST_TESTS, is_assuming: bool = False
    ) -> str | None:
        """Return the name of the statements' entry, or None if the general rule decides."""
        key = (about, most, is_assuming)
        if key not in self._names:
            try:
                self._names[key] = self._compile(about, most, is_assuming=is_assuming)
            except NoTableError:
                self._names[key] = None
        return self._names[key]

    def _compile(self, about: tuple[About, ...], most: int, *, is_assuming: bool) -> str:
        """Return the name of the statements' entry, or of the index that leads to their entries."""
        if not any(one.indexes for one in about):
            return self._put(*_of_nothing(*self._types))
        layers = self._layers(about, is_assuming=is_assuming)
        if is_assuming:
            return self._put(entry(layers, [], most))
        if not _may_be_about_roles(layers):
            return self._put(self._entry_or_index(layers, [], most))
        # 3.4: a resource that is a role is compared with the patterns without case
        found = self._entry_or_index(layers, [_IS_A_ROLE], most)
        with contextlib.suppress(NoTableError):
            of_roles = entry(self._layers(about, is_assuming=True), [], most)
            found.stored["of_roles"] = self._put(of_roles)
        return self._put(found)

    def _entry_or_index(self, layers: Sequence[Layer], left: Sequence[Test], most: int) -> Entry:
        if _patterns(layers) < _PATTERNS_OF_AN_INDEX:
            with contextlib.suppress(NoTableError):
                return entry(layers, left, most)
        try:
            index = divide(layers)
        except NoTableError:
            return entry(layers, left, most)
        entries: dict[str, str | None] = {}
        for part in index.parts:
            try:
                entries[part.key] = self._put(entry(part.layers, left, most))
            except NoTableError:
                entries[part.key] = None
        return Entry({"cut": index.cut, "entries": entries, **flags(layers)})

    def _put(self, one: Entry, name: str = "") -> str:
        """Keep an entry, and return its name."""
        # both forms: they may differ in the lists that they take, where the stored one does not
        name = name or digest(tuple(one))
        self._entries[name] = one.stored
        if one.keyed:
            keyed = digest(one.keyed)
            self._keyed["timed" if "time" in one.keyed else "keyed"][name] = keyed
            self._entries[keyed] = one.keyed
        return name

    def _layers(self, about: Iterable[About], *, is_assuming: bool) -> list[Layer]:
        statements: list[list[Statement]] = [[] for _ in self._types]
        for layer, policy, indexes in about:
            document = self._documents[policy]
            statements[layer] += (
                compile_statement(
                    policy, index, document["statements"][index], is_assuming=is_assuming
                )
                for index in indexes
            )
        return list(map(Layer, self._types, statements))


@functools.lru_cache(maxsize=256)
def _of_nothing(*policy_types: str) -> tuple[Entry, str]:
    """Return the entry of layers without statements, which nearly every set has, and its name."""
    found = entry([Layer(policy_type, []) for policy_type in policy_types], [], MOST_TESTS)
    return found, digest(tuple(found))


def _patterns(layers: Iterable[Layer]) -> int:
    """Return the number of resource patterns."""
    return sum(
        len(test.listed)
        for layer in layers
        for statement in layer.statements
        for clause in statement.clauses[:1]
        for test, _ in clause
        if test.path == RESOURCE
    )


def _may_be_about_roles(layers: Iterable[Layer]) -> bool:
    """True if a pattern may match a role's ARN, in one spelling or another."""
    heads = (
        re.split(r"[*?\\\[{]", str(pattern).lower(), maxsplit=1)[0]
        for layer in layers
        for statement in layer.statements
        for clause in statement.clauses
        for test, _ in clause
        if test.path == RESOURCE
        for pattern in test.listed
    )
    return any(head.startswith("acs:ram:") or "acs:ram:".startswith(head) for head in heads)
