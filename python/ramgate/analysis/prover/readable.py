"""Write a request that was found as a person would ask it: a known action, a usual ARN."""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.prover import glob
from ramgate.analysis.prover.reading import ABSENT, is_satisfied
from ramgate.catalog import actions as catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.analysis.prover.glob import Glob
    from ramgate.analysis.prover.reading import Value
    from ramgate.analysis.prover.space import Frame, Space
    from ramgate.analysis.prover.statement import Statement
    from ramgate.catalog.service import Action

__all__ = [
    "Draft",
    "readable",
]

_REGION: Final = "cn-hangzhou"
_GLOBAL: Final = "ram"
"""The service whose resources have no region."""

_WORD: Final = "example"
_MOST: Final = 24
"""The actions that are tried, and the resources with each."""

_PLACEHOLDER: Final = re.compile(r"\$?\{[^}]*\}|<[^>]*>|\$\w+|\*")
_USUAL: Final = ("ecs", "oss", "rds", "log", "vpc", "ram", "kms", "alikafka")
_LEVELS: Final = {"delete": 0, "write": 1, "update": 1, "create": 1, "get": 2, "read": 2, "list": 3}
_REGION_FIELD: Final = 2
_ACCOUNT_FIELD: Final = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """An action in any case, and a resource as patterns are compared with it, in its frame."""

    action: str
    frame: Frame
    text: str


def readable(
    draft: Draft,
    inside: Sequence[Statement],
    outside: Sequence[Statement],
    space: Space,
    context: Mapping[str, Value],
) -> Draft:
    """Return a request that reads better and is still inside and outside, or the draft itself.

    `context` has the values of all keys that the conditions test.
    """
    open_ = [one for one in outside if _may_match(one, space, context)]
    for action in itertools.islice(_actions(draft, inside, space), _MOST):
        rivals = [one for one in open_ if one.covers(action.lower())]
        for frame, text in _resources(draft, action, inside, space):
            if _is_between(frame, text, inside, rivals, space):
                return Draft(action, frame, text)
    return draft


def _may_match(statement: Statement, space: Space, context: Mapping[str, Value]) -> bool:
    """True unless the context fails a condition of the statement.

    A key that every request has, such as the current time, may have any value if it is not given.
    """
    return all(
        (key not in context and not space.domain(key).may_be_absent)
        or is_satisfied(
            condition, statement.effect, context.get(key, ABSENT), fold=space.folds(key)
        )
        for condition in statement.conditions
        for key in (condition["key"],)
    )


def _is_between(
    frame: Frame,
    text: str,
    inside: Iterable[Statement],
    rivals: Iterable[Statement],
    space: Space,
) -> bool:
    return (
        all(glob.matches([one], text) for one in frame.wanted)
        and not glob.matches(frame.avoided, text)
        and all(glob.matches(space.resources(one, frame), text) for one in inside)
        and not any(glob.matches(space.resources(one, frame), text) for one in rivals)
    )


def _actions(draft: Draft, inside: Sequence[Statement], space: Space) -> Iterator[str]:
    """Yield the catalog's actions that all statements inside cover, then the draft's."""
    if space.role is None:
        yield from _known_actions(draft, inside, space)
        yield draft.action
    else:
        yield {"sts:assumerole": "sts:AssumeRole"}.get(draft.action, draft.action)


def _known_actions(draft: Draft, inside: Sequence[Statement], space: Space) -> Iterator[str]:
    service, _, name = draft.action.partition(":")
    wanted, avoided = space.wanted_actions
    for code in (service,) if service in catalog.codes() else _USUAL:
        known = catalog.service(code)
        found = list(known.actions.values()) if known else []
        for action in sorted(found, key=lambda one: (one.name.lower() != name, _rank(one))):
            text = str(action).lower()
            if (
                all(glob.matches(group, text) for group in wanted)
                and not glob.matches(avoided, text)
                and all(one.covers(text) for one in inside)
            ):
                yield str(action)


def _rank(action: Action) -> tuple[bool, int, str]:
    has_form = any(not form.is_any for form in action.resources)
    return not has_form, _LEVELS.get(action.level.lower(), 2), action.name


def _resources(
    draft: Draft, action: str, inside: Sequence[Statement], space: Space
) -> Iterator[tuple[Frame, str]]:
    """Yield ARNs of the action's forms, then the patterns with words in place of wildcards."""
    frame, account = draft.frame, space.asker.account
    if frame.form == "stated":
        code, _, name = action.partition(":")
        known = catalog.service(code) if code in catalog.codes() else None
        found = known.find(name) if known else None
        for form in found.resources if found else ():
            if not form.is_any:
                yield frame, _filled_form(form.template, account)
        for statement in inside:
            for one in space.resources(statement, frame)[:_MOST]:
                yield frame, _filled(one, account)
        yield frame, f"acs:{code}:{'' if code == _GLOBAL else _REGION}:{account}:{_WORD}"
    yield frame, draft.text


def _filled_form(template: str, account: str) -> str:
    fields = template.split(":", _ACCOUNT_FIELD + 1)
    region = "" if fields[1] == _GLOBAL else _REGION
    for place, word in ((_REGION_FIELD, region), (_ACCOUNT_FIELD, account)):
        if len(fields) > place and _PLACEHOLDER.fullmatch(fields[place]):
            fields[place] = word
    return _PLACEHOLDER.sub(_WORD, ":".join(fields))


def _filled(pattern: Glob, account: str) -> str:
    text = ""
    for atom in pattern:
        if not atom.repeats:
            text += glob.stand_in(atom)
            continue
        field = text.count(":")
        if field > _ACCOUNT_FIELD or text.endswith(":"):
            text += {_REGION_FIELD: _REGION, _ACCOUNT_FIELD: account}.get(field, _WORD)
    return text
