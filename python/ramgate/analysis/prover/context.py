"""Find a context: some conditions must be satisfied, and of each other statement one must fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.analysis.prover.key_values import Requirement, find_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.reading import Condition, Value
    from ramgate.analysis.prover.space import Space

__all__ = [
    "Context",
]

_Conditional: TypeAlias = "tuple[str, Sequence[Condition]]"
_Chosen: TypeAlias = "dict[str, dict[tuple[int, str, bool], Requirement]]"
_NOTHING: Final = object()


class Context:
    """Finds contexts, and remembers the values that it found for a key.

    A statement is given as its effect and its conditions.
    """

    def __init__(self, space: Space, budget: Budget) -> None:
        self._space = space
        self._budget = budget
        self._values: dict[tuple[str, frozenset[tuple[int, str, bool]]], object] = {}

    def find(
        self, inside: Sequence[_Conditional], failing: Sequence[_Conditional]
    ) -> Mapping[str, Value] | None:
        """Return a context that satisfies all conditions of `inside` and fails each of `failing`.

        Only the keys that are needed have a value. None means that there is no such context.
        """
        chosen: _Chosen = {}
        for effect, conditions in inside:
            for condition in conditions:
                _choose(chosen, Requirement(condition, effect, wanted=True))
        if not all(self._is_possible(chosen, key) for key in chosen):
            return None
        ordered = sorted(failing, key=lambda one: len(one[1]))
        if not self._fail(chosen, ordered, 0):
            return None
        values = {key: self._value(chosen, key) for key in sorted(chosen)}
        return {key: value for key, value in values.items() if value != ()}  # type: ignore[misc]

    def _fail(self, chosen: _Chosen, failing: Sequence[_Conditional], at: int) -> bool:
        """Choose a condition that fails of each statement from this one on."""
        self._budget.spend()
        if at == len(failing):
            return True
        effect, conditions = failing[at]
        wanted = [Requirement(condition, effect, wanted=False) for condition in conditions]
        if any(_name(one) in chosen.get(one.condition["key"], {}) for one in wanted):
            return self._fail(chosen, failing, at + 1)
        for one in sorted(wanted, key=lambda one: one.condition["key"] in chosen):
            key = one.condition["key"]
            _choose(chosen, one)
            if self._is_possible(chosen, key) and self._fail(chosen, failing, at + 1):
                return True
            del chosen[key][_name(one)]
            if not chosen[key]:
                del chosen[key]
        return False

    def _is_possible(self, chosen: _Chosen, key: str) -> bool:
        return self._value(chosen, key) is not None

    def _value(self, chosen: _Chosen, key: str) -> object:
        requirements = chosen[key]
        name = (key, frozenset(requirements))
        found = self._values.get(name, _NOTHING)
        if found is _NOTHING:
            found = find_value(list(requirements.values()), self._space.domain(key), self._budget)
            self._values[name] = found
        return found


def _choose(chosen: _Chosen, requirement: Requirement) -> None:
    chosen.setdefault(requirement.condition["key"], {})[_name(requirement)] = requirement


def _name(requirement: Requirement) -> tuple[int, str, bool]:
    return id(requirement.condition), requirement.effect, requirement.wanted
