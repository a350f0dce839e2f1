"""The index of a translated document: the positions of the statements that may cover an action."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ramgate.language import grammar
from ramgate.language.condition import glob

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ActionIndex"]


class ActionIndex:
    """Statement positions by exact action, by pattern of one service, and by any other pattern.

    >>> index = ActionIndex()
    >>> index.add(0, ["ecs:start", "ecs:list*"])
    >>> index.data()["actions"], index.data()["wildcards"]
    ({'ecs:start': [0]}, {'ecs': {'ecs:list*': [0]}})
    """

    def __init__(self) -> None:
        self._actions: dict[str, list[int]] = {}
        self._wildcards: dict[str, dict[str, list[int]]] = {}
        self._service_wildcards: dict[str, list[int]] = {}
        self._not_actions: list[int] = []

    def add(self, position: int, patterns: Iterable[str] | None) -> None:
        """Index a statement by the patterns of its `Action`; None means that it has `NotAction`."""
        if patterns is None:
            self._not_actions.append(position)
        found = set(patterns or ())
        for pattern in sorted(found) if len(found) > 1 else found:
            written, has_wildcard, service = _read(pattern)
            if not has_wildcard:
                positions = self._actions
            elif service:
                positions = self._wildcards.setdefault(service, {})
            else:
                positions = self._service_wildcards
            positions.setdefault(written, []).append(position)

    def data(self) -> dict[str, object]:
        """Return the fields of a translated document that make up its index, keys sorted."""
        return {
            "actions": dict(sorted(self._actions.items())),
            "wildcards": {
                service: dict(sorted(patterns.items()))
                for service, patterns in sorted(self._wildcards.items())
            },
            "service_wildcards": dict(sorted(self._service_wildcards.items())),
            "not_actions": self._not_actions,
        }


@functools.lru_cache(maxsize=4096)
def _read(pattern: str) -> tuple[str, bool, str]:
    """Return the glob of a pattern, whether it has a wildcard, and the service if that has none.

    Most policies name the same actions: each is read once.
    """
    service = pattern.partition(":")[0]
    has_wildcard = grammar.WILDCARD.search(pattern) is not None
    return glob(pattern), has_wildcard, "" if grammar.WILDCARD.search(service) else service
