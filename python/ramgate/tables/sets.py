"""Compile the tables of one set of policies.

For each action that a policy of the set names, a line names an entry. For all other actions, one
entry is enough, or patterns of the action choose one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ramgate.tables.actions import ASSUMING, If, indexes_about, indexes_by_service
from ramgate.tables.clauses import RESOURCE, Layer, NoTableError, Test, compile_statement
from ramgate.tables.entries import BITS, MOST_PATTERNS, MOST_TESTS, entry, outcomes
from ramgate.tables.holdings import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.tables.actions import Document
    from ramgate.tables.clauses import Statement
    from ramgate.tables.holdings import Policies

__all__ = ["About", "CompiledSet", "SetCompiler"]

# 5.8: identity policies alone do not decide on assuming a role
_NO_STS: Final = {"sts": None}
# The longest action of a request (rego/ram/limit): no table decides on a longer one.
_MAX_ACTION: Final = 2048
_PREFIX: Final = re.compile(r"[a-z0-9_.:-]*\*")
_IS_OF_RAM: Final = Test(RESOURCE, ("acs:ram:**",))


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
        return len(self.parts.get("lines", ())) + by_patterns


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

    def compile(self, granted: Mapping[str, object]) -> CompiledSet:
        """Compile the set; its policy decides the `granted` actions by its plain grants."""
        read = [self._documents[policy] for _, policy in self._policies]
        actions = {action for document in read for action in document["actions"]}
        services = {service for document in read for service in document["wildcards"]}
        parts: dict[str, Any] = {
            "lines": {action: self._line(action) for action in sorted(actions - granted.keys())},
            "assuming": dict(self._assuming()),
        }
        otherwise = self._by_patterns(None)
        if services or otherwise is None or len(otherwise["entries"]) > 1:
            others = sorted(services - _NO_STS.keys())
            by_service = {service: self._by_patterns(service) for service in others}
            parts["patterns"] = {"services": by_service | _NO_STS, "otherwise": otherwise}
        else:
            parts["otherwise" if granted else "rest"] = otherwise["entries"]["false"]
        return CompiledSet({name: one for name, one in parts.items() if one}, self._entries, read)

    def _line(self, action: str) -> str | None:
        if action in ASSUMING or len(action) > _MAX_ACTION:
            return None
        return self._name(self._about(action))

    def _about(self, action: str) -> tuple[About, ...]:
        return tuple(
            About(layer, policy, indexes)
            for layer, policy in self._policies
            if (indexes := indexes_about(self._documents[policy], action))
        )

    def _assuming(self) -> Iterator[tuple[str, str]]:
        """Yield the actions that assume a role, each with the entry of the identity policies (5.8).

        The general rule decides if no statement applies, and if control policies or those of a
        resource group do.
        """
        for action in sorted(ASSUMING) if len(self._types) == 1 else ():
            about = self._about(action)
            if about and (name := self._name(about, is_assuming=True)):
                yield action, name

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
        for bits, results in outcomes(tests):
            about = tuple(
                About(layer, policy, tuple(i for i, one in found.items() if one.holds(results)))
                for layer, policy, found in candidates
            )
            entries[bits] = self._name(about, most=MOST_TESTS - len(tests))
        match tests:
            case []:
                return {"prefixes": [], "entries": {"false": entries[""]}}
            case [patterns] if all(map(_PREFIX.fullmatch, patterns)):
                by_result = {"false": entries[""], "true": entries["a"]}
                return {"prefixes": [pattern[:-1] for pattern in patterns], "entries": by_result}
            case _:
                return {"tests": list(zip(BITS, tests, strict=False)), "entries": entries}

    def _name(
        self, about: tuple[About, ...], *, most: int = MOST_TESTS, is_assuming: bool = False
    ) -> str | None:
        """Return the name of the statements' entry, or None if the general rule decides."""
        key = (about, most, is_assuming)
        if key not in self._names:
            try:
                layers = self._layers(about, is_assuming=is_assuming)
                may_be_about_roles = not is_assuming and _may_be_about_roles(layers)
                compiled = entry(layers, [_IS_OF_RAM] if may_be_about_roles else [], most)
            except NoTableError:
                self._names[key] = None
            else:
                self._names[key] = name = digest(compiled)
                self._entries[name] = compiled
        return self._names[key]

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


def _may_be_about_roles(layers: Iterable[Layer]) -> bool:
    # 3.4: a resource that is a role is compared with the patterns without case
    heads = (
        re.split(r"[*?\\\[{]", pattern.lower(), maxsplit=1)[0]
        for layer in layers
        for statement in layer.statements
        for clause in statement.clauses
        for (path, patterns), _ in clause
        if path == RESOURCE
        for pattern in patterns
    )
    return any(head.startswith("acs:ram:") or "acs:ram:".startswith(head) for head in heads)
