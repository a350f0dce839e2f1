"""The shapes that documents must have, each departure a fault at its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ramgate.documents.messages import describe, join_names

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from ramgate.faults import Place

__all__ = ["fields", "items", "members", "name", "texts"]


def members(value: object, place: Place) -> Iterator[tuple[str, object, Place]]:
    """Each key of an object, its value and its place; none, and a fault, for anything else."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield str(key), member, place / str(key)
    else:
        place.fault(f"must be an object, not {describe(value)}")


def fields(
    value: object, place: Place, known: Iterable[str], required: Iterable[str] = ()
) -> dict[str, object]:
    """The known fields of an object that are there; any other and a missing one are faults."""
    found = {key: member for key, member, _ in members(value, place)}
    for key in [key for key in found if key not in known]:
        (place / key).fault(f"unknown field: known are {join_names(known)}")
        del found[key]
    if isinstance(value, Mapping):
        for key in required:
            if key not in found:
                place.fault(f"`{key}` is missing")
    return found


def items(value: object, place: Place) -> Iterator[tuple[object, Place]]:
    """Each item of a list and its place; none, and a fault, for anything else."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield item, place / position
    else:
        place.fault(f"must be a list, not {describe(value)}")


def name(value: object, place: Place, form: re.Pattern[str], what: str) -> str | None:
    """The value, if it is a name of that form; else None, and a fault."""
    if isinstance(value, str) and form.fullmatch(value):
        return value
    place.fault(f"{describe(value)} is no {what}")
    return None


def texts(value: Mapping[str, object], place: Place) -> dict[str, str]:
    """The members of an object that are strings; any other member is a fault."""
    found = {}
    for key, member in value.items():
        if isinstance(member, str):
            found[key] = member
        else:
            (place / key).fault(f"must be a string, not {describe(member)}")
    return found
