"""Read a rule file: rules by their names, each with one of four verbs."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from ramgate.analysis.question import Question
from ramgate.documents import shape, source
from ramgate.documents.messages import describe, join_names
from ramgate.errors import InvalidFiles, InvalidPolicy, InvalidRequest
from ramgate.language import grammar
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ramgate.faults import Place
    from ramgate.model.decision import Context

__all__ = ["Kind", "Part", "Rule", "read"]

Kind: TypeAlias = Literal["never", "never_together", "only_when", "always"]
Part: TypeAlias = tuple[Question, ...]
"""Questions about several actions on one resource: a request of any of them belongs to the part."""

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")
_SHARED: Final = ("resource", "context", "because")
_FIELDS: Final[Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "never": (("except", *_SHARED), ()),
    "never_together": (("except", *_SHARED), ()),
    "only_when": (("action", "except", *_SHARED), ("action",)),
    "always": (("principals", *_SHARED), ("principals",)),
}
_PRINCIPAL: Final = re.compile(
    rf"{grammar.RAM_PRINCIPAL.pattern}|{grammar.FEDERATED.pattern}"
    rf"|{grammar.SERVICE_PRINCIPAL.pattern}"
)
_PREFIX: Final = "$.Statement[0].Condition"
_SEVERAL: Final = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its verb.

    `parts` has one part, for `never_together` several. `exceptions` are principals, also patterns;
    `principals` those of `always`. `condition` is a translated document whose only statement has
    the conditions of `only_when`.
    """

    name: str
    kind: Kind
    parts: tuple[Part, ...]
    exceptions: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    condition: Mapping[str, Any] | None = None
    because: str = ""


def read(path: Path) -> list[Rule]:
    """Return the rules of a file. Raises `InvalidFiles` with all faults, each with its line."""
    document = source.read(path, root="")
    place, rules = document.place, list[Rule]()
    found = shape.fields(document.value, place, ("rules",), ("rules",))
    for name, value, here in shape.members(found.get("rules", {}), place / "rules"):
        shape.name(name, here, _NAME, "name of a rule")
        if rule := _rule(name, value, here):
            rules.append(rule)
    if not (rules or place.findings.faults):
        (place / "rules").fault("has no rule: a file without rules would prove nothing")
    if place.findings.faults:
        raise InvalidFiles(sorted(place.findings.faults))
    return rules


def _rule(name: str, value: object, place: Place) -> Rule | None:
    kinds = [kind for kind in _KINDS if isinstance(value, dict) and kind in value]
    if len(kinds) != 1:
        known = {field for kind in _KINDS for field in (kind, *_FIELDS[kind][0])}
        shape.fields(value, place, sorted(known))
        if isinstance(value, dict):
            place.fault(f"a rule has exactly one of {join_names(_KINDS)}")
        return None
    [kind] = kinds
    optional, required = _FIELDS[kind]
    fields = shape.fields(value, place, (kind, *optional), required)
    context = _context(fields.get("context", {}), place / "context")
    resource = fields.get("resource", "*")
    because = shape.texts({"because": fields.get("because", "")}, place)
    parts: list[Part] = []
    if kind == "never_together":
        for item, here in _several(fields[kind], place / kind):
            parts.append(_part(item, resource, context, here))
        if len(parts) < _SEVERAL:
            (place / kind).fault("needs two actions or more: for one action write `never`")
    elif kind == "only_when":
        parts.append(_part(fields.get("action", "*"), resource, context, place / "action"))
    else:
        parts.append(
            _part(fields[kind], resource, context, place / kind, is_closed=kind == "always")
        )
    return Rule(
        name,
        kind,
        tuple(parts),
        tuple(_principals(fields.get("except", []), place / "except", has_patterns=True)),
        tuple(_principals(fields.get("principals", []), place / "principals")),
        _condition(fields[kind], place / kind) if kind == "only_when" else None,
        because.get("because", ""),
    )


def _part(
    value: object,
    resource: object,
    context: Context,
    place: Place,
    *,
    is_closed: bool = False,
) -> Part:
    """Return the questions of an action, a list of actions, or an object with a `resource`."""
    if isinstance(value, dict):
        fields = shape.fields(value, place, ("action", "resource"), ("action",))
        return _part(
            fields.get("action", "*"),
            fields.get("resource", resource),
            context,
            place / "action",
            is_closed=is_closed,
        )
    questions = []
    for action, here in _several(value, place):
        if not (isinstance(action, str) and isinstance(resource, str)):
            wrong = resource if isinstance(action, str) else action
            here.fault(f"must be an action on a resource, not {describe(wrong)}")
            continue
        try:
            # all keys are unknown, so the rule holds in any context, except for `always`
            unknown = frozenset[str]() if is_closed else None
            questions.append(Question(action, resource, context, unknown, as_pattern=True))
        except InvalidRequest as error:
            for message in error.errors:
                here.fault(message)
    return tuple(questions)


def _several(value: object, place: Place) -> Iterator[tuple[object, Place]]:
    if isinstance(value, list):
        yield from shape.items(value, place)
        if not value:
            place.fault("must not be an empty list")
    else:
        yield value, place


def _context(value: object, place: Place) -> Context:
    found: dict[str, str | list[str]] = {}
    for key, member, here in shape.members(value, place):
        texts = [one for one, _ in _several(member, here)]
        wrong = [one for one in texts if not isinstance(one, str)]
        for one in wrong[:1]:
            here.fault(f"must be a string or a list of strings, not {describe(one)}")
        if not wrong:
            found[key] = member if isinstance(member, str) else [str(one) for one in texts]
    return found


def _principals(value: object, place: Place, *, has_patterns: bool = False) -> Iterator[str]:
    for name, here in _several(value, place) if value != [] else ():
        text = name if isinstance(name, str) else ""
        instance = text.replace("::*:", f"::{'1' * 16}:").replace("*", "x").replace("?", "x")
        if not _PRINCIPAL.fullmatch(instance if has_patterns else text):
            here.fault(f"{describe(name)} is not a principal: write an ARN or a service")
        else:
            yield text


def _condition(value: object, place: Place) -> dict[str, object] | None:
    """Return the conditions as those of the only statement of a translated document."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": value}
    try:
        document = translate({"Version": "1", "Statement": [statement]})
    except InvalidPolicy as error:
        for fault in error.faults:
            inner = fault.path.removeprefix(_PREFIX).removeprefix(".")
            (place / inner if inner else place).fault(fault.message)
        return None
    if value == {}:
        place.fault("has no condition, such as `IpAddress: {acs:SourceIp: 10.0.0.0/8}`")
    return document
