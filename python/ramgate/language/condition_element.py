"""Translate the `Condition` element: one entry for each operator and condition key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import describe
from ramgate.language import condition
from ramgate.language.elements import SURROGATE, strings
from ramgate.language.keys import fold, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Place
    from ramgate.language.condition import Operator, Value

__all__ = ["translate_conditions"]

_QUANTIFIERS: Final = {"ForAllValues": "every", "ForAnyValue": "some"}


def translate_conditions(value: object, place: Place) -> list[dict[str, object]]:
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
                f"RAM's pages do not list `{quantifier}`, but RAM's own policies use it"
            )
        conditions += _keys(keys, place / name, bare_name, operator, _QUANTIFIERS.get(quantifier))
    return sorted(conditions, key=json.dumps)


def _keys(
    keys: object, place: Place, name: str, operator: Operator, quantifier: str | None
) -> Iterator[dict[str, object]]:
    if not isinstance(keys, Mapping) or not keys:
        kind = "an empty one" if keys == {} else describe(keys)
        place.fault(f"must be an object of condition keys, not {kind}")
        return
    for key, values in keys.items():
        here = place / str(key)
        if not isinstance(key, str) or not key or SURROGATE.search(key):
            here.fault(f"a condition key must be a non-empty string, not {describe(key)}")
            continue
        known = spellings().get(fold(key), key)
        if known != key:
            here.fault(f"the condition key is spelled `{known}`")
        yield {
            "operator": operator.comparison,
            "negated": operator.negated,
            # 4.2, 4.3: a negated operator needs every element of the request's list to differ
            "quantifier": quantifier or ("every" if operator.negated else "some"),
            "key": key,
            "values": _values(values, here, name, operator),
        }


def _values(values: object, place: Place, name: str, operator: Operator) -> list[Value]:
    found: list[Value] = []
    for text, here in strings(values, place, may_be_empty=True):
        value = operator.read(text)
        if value is None:
            here.fault(f"{describe(text)} is not a valid value of `{name}`: write {operator.form}")
            continue
        if operator.comparison in ("StringEquals", "StringEqualsIgnoreCase") and "*" in text:
            meant = "StringNotLike" if operator.negated else "StringLike"
            here.advise(f"`*` is an ordinary character under `{name}`: did you mean `{meant}`?")
        if value not in found:
            found.append(value)
    return sorted(found, key=json.dumps)
