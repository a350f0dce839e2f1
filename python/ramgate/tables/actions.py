"""Find the statements of a translated document that apply to an action, or to a service's actions.

Actions and patterns are in lower case. For the actions that no policy names, a statement applies
`Always`, or `If` one of its patterns matches the action (or none does, for `NotAction`).
"""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ASSUME",
    "ASSUMING",
    "LONGEST",
    "Always",
    "Document",
    "If",
    "indexes_about",
    "indexes_by_service",
]

Document: TypeAlias = dict[str, Any]

ASSUME: Final = "sts:assumerole"

ASSUMING: Final = frozenset({ASSUME, "sts:setsourceidentity", "sts:tagsession"})
"""The actions on which a role's trust policy decides, too (5.8)."""

LONGEST: Final = 2048
"""The most characters of a request's action (rego/ram/limit): no table decides on a longer one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Always:
    """The statement applies to each of the actions."""

    def holds(self, results: Mapping[tuple[str, ...], bool]) -> bool:  # noqa: ARG002 - as of `If`
        """True, whichever patterns match."""
        return True


@dataclasses.dataclass(frozen=True, slots=True)
class If:
    """The statement applies to an action if "any pattern matches it" equals `expected`."""

    patterns: tuple[str, ...]
    expected: bool

    def holds(self, results: Mapping[tuple[str, ...], bool]) -> bool:
        """True if the statement applies, given the result of each tuple of patterns."""
        return results[self.patterns] is self.expected


def indexes_about(document: Document, action: str) -> tuple[int, ...]:
    """Return the indexes of the statements that apply to an action, sorted."""
    service = action.partition(":")[0]
    exact = document["actions"].get(action, ())
    wildcards = document["wildcards"].get(service, {})
    if not (wildcards or document["service_wildcards"] or document["not_actions"]):
        return tuple(exact)
    found = set(exact)
    for patterns in (wildcards, document["service_wildcards"]):
        for pattern, indexes in patterns.items():
            if fnmatch.fnmatchcase(action, pattern):
                found.update(indexes)
    for index in document["not_actions"]:
        excepted = document["statements"][index]["except"]
        if not any(fnmatch.fnmatchcase(action, pattern) for pattern in excepted):
            found.add(index)
    return tuple(sorted(found))


def indexes_by_service(document: Document, service: str | None) -> dict[int, Always | If]:
    """Return the statements that may apply to an action of the service that no policy names.

    Without a service, the actions are those of all services that have no wildcards of their own.
    """
    patterns_of: dict[int, set[str]] = collections.defaultdict(set)
    for patterns in (document["wildcards"].get(service, {}), document["service_wildcards"]):
        for pattern, indexes in patterns.items():
            for index in indexes:
                patterns_of[index].add(pattern)
    found: dict[int, Always | If] = {}
    for index, named in patterns_of.items():
        left = _distinguishing(named, service)
        if left is None:
            found[index] = Always()
        elif left:
            found[index] = If(left, expected=True)
    for index in document["not_actions"]:
        left = _distinguishing(document["statements"][index]["except"], service)
        if left is not None:
            found[index] = If(left, expected=False) if left else Always()
    return dict(sorted(found.items()))


def _distinguishing(patterns: Iterable[str], service: str | None) -> tuple[str, ...] | None:
    """Return the patterns that match some actions of the service, or None if one matches all."""
    left = []
    for pattern in sorted(patterns):
        of, _, operation = pattern.partition(":")
        matches_service = not of.strip("*") or (service and fnmatch.fnmatchcase(service, of))
        if matches_service and not operation.strip("*"):
            return None
        if matches_service or service is None:
            left.append(pattern)
    return tuple(left)
