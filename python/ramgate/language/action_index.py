"""The index of a translated document: the positions of the statements that may cover an action."""

from __future__ import annotations

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
        for pattern in sorted(set(patterns or ())):
            service = pattern.partition(":")[0]
            if not grammar.WILDCARD.search(pattern):
                positions = self._actions
            elif not grammar.WILDCARD.search(service):
                positions = self._wildcards.setdefault(service, {})
            else:
                positions = self._service_wildcards
            positions.setdefault(glob(pattern), []).append(position)

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
