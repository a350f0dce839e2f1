"""Find a request that all of some statements match and none of some others, or prove its absence.

Nothing in the language ties an action, a resource and the keys of the context to one another. So
the search takes the actions first, then the resources, then one condition key after the other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.context import Context
from ramgate.analysis.prover.readable import Draft, readable
from ramgate.analysis.prover.reading import is_satisfied
from ramgate.analysis.prover.space import Request
from ramgate.analysis.prover.walk import Choice, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.glob import Glob
    from ramgate.analysis.prover.reading import Condition, Value
    from ramgate.analysis.prover.space import Frame, Space
    from ramgate.analysis.prover.statement import Statement

__all__ = [
    "Point",
    "find_point",
    "is_empty",
]


_PRINCIPAL: Final = "acs:PrincipalARN"


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """A request that was found, with the choices that lead to it.

    `frame` is the form of its resource, `text` the resource as patterns are compared with it, and
    `failing` the statements of which only the conditions fail.
    """

    request: Request
    frame: Frame
    text: str
    failing: tuple[Statement, ...]


def find_point(
    inside: Sequence[Statement], outside: Sequence[Statement], space: Space, budget: Budget
) -> Point | None:
    """Return a request that all of `inside` match and none of `outside`; None is a proof.

    Raises `Undecided` if the time is over, or if the search neither found a request nor tried all.

    >>> from ramgate import translate
    >>> from ramgate.analysis.prover.budget import Budget
    >>> from ramgate.analysis.prover.space import Asker, Space
    >>> from ramgate.analysis.prover.statement import statements_of
    >>> def statement(action):
    ...     parts = {"Effect": "Allow", "Action": action, "Resource": "*"}
    ...     return statements_of("policy", translate({"Version": "1", "Statement": [parts]}))
    >>> space = Space(Asker("user", "1234567890123456", "alice"))
    >>> find_point(statement("oss:Get*"), statement("oss:*"), space, Budget()) is None
    True
    >>> find_point(statement("oss:*"), statement("oss:Get*"), space, Budget()).request.action
    'oss:AbortMultipartUpload'
    """
    search = _search(inside, outside, space, budget)
    return None if search is None else search.point()


def is_empty(
    inside: Sequence[Statement], outside: Sequence[Statement], space: Space, budget: Budget
) -> bool:
    """True if `find_point` returns None. Faster, because no request is written.

    >>> from ramgate.analysis.prover.budget import Budget
    >>> from ramgate.analysis.prover.space import Asker, Space
    >>> is_empty([], [], Space(Asker("user", "1234567890123456", "alice")), Budget())
    False
    """
    search = _search(inside, outside, space, budget)
    return search is None or search.find() is None


def _search(
    inside: Sequence[Statement], outside: Sequence[Statement], space: Space, budget: Budget
) -> _Search | None:
    """Return the search; None if a condition on a fixed key, or equal statements, leave nothing."""
    budget.renew()
    wanted = [_reduced(one, space) for one in inside]
    others = _unequal([_reduced(one, space) for one in outside])
    if any(one is None for one in wanted):
        return None
    known = [one for one in wanted if one is not None]
    meanings = {one.meaning for one in known}
    if any(one.meaning in meanings for one in others):
        return None
    return _Search(known, others, space, budget)


@dataclasses.dataclass(frozen=True, slots=True)
class _Reduced:
    """A statement, and those of its conditions that the question leaves open."""

    statement: Statement
    conditions: tuple[Condition, ...]

    @property
    def meaning(self) -> tuple[str, int]:
        return self.statement.meaning, len(self.conditions)


def _reduced(statement: Statement, space: Space) -> _Reduced | None:
    """Judge the conditions on keys with a fixed value; None if one of them is not satisfied."""
    left = []
    for condition in statement.conditions:
        fixed = space.fixed(condition["key"])
        if fixed is None:
            left.append(condition)
        elif not is_satisfied(
            condition, statement.effect, fixed[0], fold=space.folds(condition["key"])
        ):
            return None
    return _Reduced(statement, tuple(left))


def _unequal(found: Iterable[_Reduced | None]) -> list[_Reduced]:
    return list({one.meaning: one for one in found if one is not None}.values())


class _Search:
    def __init__(
        self,
        inside: Sequence[_Reduced],
        outside: Sequence[_Reduced],
        space: Space,
        budget: Budget,
    ) -> None:
        self._inside = inside
        self._outside = outside
        self._space = space
        self._budget = budget
        self._context = Context(space, budget)
        self._doubt: Undecided | None = None

    def point(self) -> Point | None:
        found = self.find()
        return None if found is None else self._point(*found)

    def find(self) -> tuple[Draft, list[_Reduced], Mapping[str, Value]] | None:
        for action, others in self._actions():
            for frame in self._space.frames:
                for text, failing in self._resources(frame, others):
                    context = self._find_context(failing)
                    if context is not None:
                        return Draft(action, frame, text), failing, context
        if self._doubt is not None:
            raise self._doubt
        return None

    def _actions(self) -> Iterator[tuple[str, list[_Reduced]]]:
        wanted, avoided = self._space.wanted_actions
        for one in self._inside:
            if one.statement.is_except:
                avoided += one.statement.action_globs
            else:
                wanted.append(one.statement.action_globs)
        choices = [
            Choice(one.statement.action_globs, one.statement.is_except) for one in self._outside
        ]
        for action, matched in words(wanted, avoided, choices, self._budget):
            yield action, _chosen(self._outside, matched)

    def _resources(
        self, frame: Frame, others: Sequence[_Reduced]
    ) -> Iterator[tuple[str, list[_Reduced]]]:
        def globs(one: _Reduced) -> Sequence[Glob]:
            return self._space.resources(one.statement, frame)

        wanted = [[one] for one in frame.wanted]
        wanted += [list(globs(one)) for one in self._inside]
        avoided = list(frame.avoided)
        conditional = []
        for one in others:
            if one.conditions:
                conditional.append(one)
            else:
                avoided += globs(one)
        choices = [Choice(globs(one)) for one in conditional]
        for text, matched in words(wanted, avoided, choices, self._budget):
            yield text, _chosen(conditional, matched)

    def _find_context(self, failing: Sequence[_Reduced]) -> Mapping[str, Value] | None:
        try:
            return self._context.find(
                [(one.statement.effect, one.conditions) for one in self._inside],
                [(one.statement.effect, one.conditions) for one in failing],
            )
        except Undecided as doubt:
            if doubt.is_final:
                raise
            self._doubt = doubt
            return None

    def _point(
        self,
        draft: Draft,
        failing: Sequence[_Reduced],
        context: Mapping[str, Value],
    ) -> Point:
        given = {**self._space.given, **context}
        principal = str(given.pop(_PRINCIPAL, self._space.asker.arn))
        draft = readable(
            draft,
            [one.statement for one in self._inside],
            [one.statement for one in self._outside],
            self._space,
            {**given, _PRINCIPAL: principal} if self._space.asker.has_identity else given,
        )
        request = Request(principal, draft.action, draft.frame.spell(draft.text), given)
        return Point(request, draft.frame, draft.text, tuple(one.statement for one in failing))


def _chosen(statements: Sequence[_Reduced], matched: int) -> list[_Reduced]:
    return [one for place, one in enumerate(statements) if matched >> place & 1]
