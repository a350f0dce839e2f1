"""A statement of a translated document, with its patterns as globs."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover import glob
from ramgate.language.resource_pattern import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.analysis.prover.glob import Glob
    from ramgate.analysis.prover.reading import Condition

__all__ = [
    "Statement",
    "statements_of",
]

_ACCOUNT: Final = 3
_INDEXES: Final = ("actions", "service_wildcards")


@dataclasses.dataclass(frozen=True, eq=False)
class Statement:
    """A statement, its place, and its actions, which the document keeps in an index.

    `policy` is the id of the policy in the store, `index` the position in the document. `actions`
    are patterns in lower case; with `is_except` the statement covers all other actions. Two
    statements that say the same have the same `meaning`.
    """

    policy: str
    index: int
    effect: str
    actions: tuple[str, ...]
    is_except: bool
    parts: Mapping[str, Any]
    meaning: str

    @property
    def conditions(self) -> Sequence[Condition]:
        """The conditions, all of which must be satisfied."""
        conditions: Sequence[Condition] = self.parts.get("conditions", ())
        return conditions

    @property
    def principals(self) -> Sequence[str]:
        """The principals of a trust policy's statement."""
        principals: Sequence[str] = self.parts.get("principals", ())
        return principals

    @property
    def is_trust(self) -> bool:
        """True for a statement of a trust policy, which names no resource."""
        return "principals" in self.parts

    @functools.cached_property
    def action_globs(self) -> tuple[Glob, ...]:
        """The globs of the actions that the statement names."""
        return tuple(map(glob.plain, self.actions))

    def covers(self, action: str) -> bool:
        """True if the statement is about the action, which is in lower case."""
        return glob.matches(self.action_globs, action) != self.is_except

    @functools.cached_property
    def resource_globs(self) -> tuple[Glob, ...]:
        """The globs of the resources."""
        return tuple(_globs(self.parts))

    @functools.cached_property
    def role_globs(self) -> tuple[Glob, ...]:
        """The globs that are compared with a role, in lower case (3.4)."""
        return glob.lower(self.resource_globs)

    def unstated_globs(self, account: str) -> tuple[Glob, ...]:
        """Return further globs for a request that does not state its account (3.5).

        In an Allow, an empty account stands for the account of the caller.
        """
        if self.effect == "Deny":
            return ()
        return tuple(_without_account(self.parts, account))


def statements_of(policy: str, document: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of a translated document.

    >>> from ramgate import translate
    >>> parts = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}
    >>> document = translate({"Version": "1", "Statement": [parts]})
    >>> [(one.index, one.actions) for one in statements_of("all", document)]
    [(0, ('a:b',))]
    """
    actions: dict[int, list[str]] = {}
    for name in _INDEXES:
        _collect(document[name], actions)
    for patterns in document["wildcards"].values():
        _collect(patterns, actions)
    found = []
    for index, parts in enumerate(document["statements"]):
        is_except = "except" in parts
        patterns = tuple(sorted(parts["except"] if is_except else actions[index]))
        meaning = json.dumps([patterns, parts], sort_keys=True)
        found.append(Statement(policy, index, parts["effect"], patterns, is_except, parts, meaning))
    return found


def _collect(patterns: Mapping[str, Sequence[int]], actions: dict[int, list[str]]) -> None:
    for pattern, positions in patterns.items():
        for position in positions:
            actions.setdefault(position, []).append(pattern)


def _globs(parts: Mapping[str, Any]) -> Iterator[Glob]:
    if parts.get("any_resource"):
        yield glob.ANYTHING
    for one in parts.get("resources", ()):
        yield glob.text(one)
    for one in parts.get("resource_prefixes", ()):
        yield (*glob.text(one), *glob.ANYTHING)
    for one in parts.get("resource_patterns", ()):
        yield from glob.resource(one)
    for globs in parts.get("resource_fields", ()):
        yield from glob.by_fields(globs)


def _without_account(parts: Mapping[str, Any], account: str) -> Iterator[Glob]:
    yield from _globs(
        {
            **{
                name: [
                    ":".join((*fields[:_ACCOUNT], account, *fields[_ACCOUNT + 1 :]))
                    for one in parts.get(name, ())
                    if len(fields := one.split(":", FIELDS - 1)) == FIELDS and not fields[_ACCOUNT]
                ]
                for name in ("resources", "resource_prefixes", "resource_patterns")
            },
            "resource_fields": [
                [*globs[:_ACCOUNT], account, *globs[_ACCOUNT + 1 :]]
                for globs in parts.get("resource_fields", ())
                if len(globs) > _ACCOUNT and globs[_ACCOUNT] == ""
            ],
        }
    )
