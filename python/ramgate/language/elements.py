"""Checks that the elements of a policy document share: their names, and strings in a list."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import describe, join_names
from ramgate.documents.source import Unquoted
from ramgate.faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.faults import Place

__all__ = ["SURROGATE", "refuse_unknown", "strings"]

SURROGATE: Final = re.compile("[\ud800-\udfff]")

_SHORT: Final = 80
_NULLS: Final = ("", "~", "null")


def refuse_unknown(value: Mapping[str, object], known: Iterable[str], place: Place) -> None:
    """Report a fault for each element of an object that is not one of the known ones."""
    for key in value:
        if key not in known:
            place.fault(f"unknown element {describe(key)}: known are {join_names(known)}")


def strings(value: object, place: Place, *, may_be_empty: bool) -> Iterator[tuple[str, Place]]:
    """Yield each string of a list and its place; a single string is a list of one (1.4).

    Reports a fault for an empty list, and for each item that is not a string or is empty.
    """
    if isinstance(value, str) and value and not SURROGATE.search(value):
        yield value, place
        return
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not items:
        place.fault("must not be an empty list")
    for position, item in enumerate(items):
        here = place / position if isinstance(value, list | tuple) else place
        if not isinstance(item, str):
            here.fault(f"must be a string, not {describe(item)}{_quoting_advice(item)}")
        elif not item and not may_be_empty:
            here.fault("must not be an empty string")
        elif SURROGATE.search(item):
            here.fault(f"{describe(item)} contains a lone surrogate: UTF-8 cannot encode it")
        else:
            yield item, here


def _quoting_advice(value: object) -> str:
    # 1.5
    match value:
        case bool() | int() | float():
            return f': write `"{json.dumps(value)}"`'
        case Unquoted(text=text) if text.lower() not in _NULLS and len(text) <= _SHORT:
            return f': write `"{printable(text)}"`'
        case _:
            return ""
