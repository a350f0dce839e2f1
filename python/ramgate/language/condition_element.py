"""Translate the `Condition` element: one entry for each operator and condition key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ramgate.documents.messages import describe
from ramgate.language import condition
from ramgate.language.elements import SURROGATE, strings
from ramgate.language.keys import spelling, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Place
    from ramgate.language.condition import Operator, Value

__all__ = ["translate_conditions"]

_T = TypeVar("_T")

_QUANTIFIERS: Final = {"ForAllValues": "every", "ForAnyValue": "some"}


def translate_conditions(value: object, place: Place, *, is_deny: bool) -> list[dict[str, object]]:
    """Return the conditions of a statement, sorted; an empty object has none (1.9)."""
    if not isinstance(value, Mapping):
        place.fault(f"must be an object, not {describe(value)}")
        return []
    conditions: list[dict[str, object]] = []
    for name, keys in value.items():
        quantifier, colon, bare_name = str(name).rpartition(":")
        operator = condition.OPERATORS.get(bare_name)
        if operator is None or (colon and quantifier not in _QUANTIFIERS):
            place.fault(f"unknown operator {describe(name)}")
            continue
        if colon:
            # 4.7
            (place / name).advise(
                f"RAM's pages do not list `{quantifier}`, but RAM's own policies use it",
                "SET_OPERATOR",
            )
        for one, here in _keys(
            keys, place / name, bare_name, operator, _QUANTIFIERS.get(quantifier)
        ):
            _check_key(one, here, is_deny=is_deny)
            conditions.append(one)
    return _ordered(conditions)


def _keys(
    keys: object, place: Place, name: str, operator: Operator, quantifier: str | None
) -> Iterator[tuple[dict[str, object], Place]]:
    if not isinstance(keys, Mapping) or not keys:
        kind = "an empty one" if keys == {} else describe(keys)
        place.fault(f"must be an object of condition keys, not {kind}")
        return
    for key, values in keys.items():
        here = place / str(key)
        if not isinstance(key, str) or not key or SURROGATE.search(key):
            here.fault(f"a condition key must be a non-empty string, not {describe(key)}")
            continue
        known = spelling(key)
        if known != key:
            here.fault(f"the condition key is spelled `{known}`")
        one = {
            "operator": operator.comparison,
            "negated": operator.negated,
            # 4.2, 4.3: a negated operator needs every element of the request's list to differ
            "quantifier": quantifier or ("every" if operator.negated else "some"),
            "key": key,
            "values": _values(values, here, name, operator),
        }
        yield one, here


def _check_key(one: Mapping[str, Any], place: Place, *, is_deny: bool) -> None:
    """Report a key that no request carries, and the consequence (section 4)."""
    key = one["key"]
    start, slash, _ = key.partition("/")
    name = start if start + slash in spellings().values() else key
    if ":" in key and not any(map(str.isspace, name)):
        return
    # 4.4, 4.5
    is_met = is_deny and (one["negated"] or one["quantifier"] == "every")
    meant = spelling("".join(key.split()))
    hint = f": did you mean `{meant}`?" if meant in spellings().values() else ""
    frequency = "always" if is_met else "never"
    place.error(
        f"{describe(key)} is not a condition key, which is `<ram-code>:<name>` without white "
        f"space, so no request carries it and the condition is {frequency} met{hint}",
        "INVALID_CONDITION_KEY",
    )


def _values(values: object, place: Place, name: str, operator: Operator) -> list[Value]:
    found: list[Value] = []
    for text, here in strings(values, place, may_be_empty=True):
        value = operator.read(text)
        if value is None:
            here.fault(f"{describe(text)} is not a valid value of `{name}`: write {operator.form}")
            continue
        if operator.comparison in ("StringEquals", "StringEqualsIgnoreCase") and "*" in text:
            meant = "StringNotLike" if operator.negated else "StringLike"
            here.advise(
                f"`*` is an ordinary character under `{name}`: did you mean `{meant}`?",
                "WILDCARD_UNDER_EQUALS",
            )
        if value not in found:
            found.append(value)
    if name == "Bool" and isinstance(values, list | tuple) and len(values) > 1:
        both = ": this lists both, so every value matches" if len(found) > 1 else ""
        place.error(f"`Bool` compares with one value, `true` or `false`{both}", "MULTIPLE_BOOLEAN")
    return _ordered(found)


def _ordered(values: list[_T]) -> list[_T]:
    """Sort values by their JSON, which takes most of the time where there is only one."""
    return sorted(values, key=json.dumps) if len(values) > 1 else values
