"""Check the shape of a document: each difference is reported as a fault at its place."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import describe, join_names
from ramgate.documents.tree import Unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ramgate.faults import Place

__all__ = ["day", "fields", "items", "members", "name", "texts"]

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def members(value: object, place: Place) -> Iterator[tuple[str, object, Place]]:
    """Yield each key of an object, its value and its place; report any other value.

    >>> from ramgate.faults import Findings, Place
    >>> place = Place(Findings("accounts.yaml"), "users")
    >>> [(key, str(here)) for key, _, here in members({"alice": {}}, place)]
    [('alice', 'users.alice')]
    >>> list(members("alice", place)), str(place.findings.faults[0])
    ([], 'accounts.yaml: users: must be an object, not `alice`')
    """
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield str(key), member, place / str(key)
    else:
        place.fault(f"must be an object, not {_describe_other(value, '{}')}")


def fields(
    value: object, place: Place, known: Iterable[str], required: Iterable[str] = ()
) -> dict[str, object]:
    """Return the known fields of an object; report unknown and missing fields, and any other value.

    >>> from ramgate.faults import Findings, Place
    >>> place = Place(Findings(), "alice")
    >>> fields({"groups": [], "group": "team"}, place, ("groups", "policies"), ("policies",))
    {'groups': []}
    >>> [fault.message for fault in place.findings.faults]
    ['unknown field: known are `groups`, `policies`', '`policies` is missing']
    """
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
    """Yield each item of a list and its place; report any other value.

    >>> from ramgate.faults import Findings, Place
    >>> [(item, str(here)) for item, here in items(["team"], Place(Findings(), "groups"))]
    [('team', 'groups[0]')]
    """
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield item, place / position
    else:
        place.fault(f"must be a list, not {_describe_other(value, '[]')}")


def name(value: object, place: Place, form: re.Pattern[str], kind: str) -> str | None:
    """Return the value if it is a string that the form matches as a whole; else report it.

    >>> import re
    >>> from ramgate.faults import Findings, Place
    >>> place = Place(Findings(), "accounts.12")
    >>> name("12", place, re.compile("[0-9]{16}"), "account number")
    >>> print(place.findings.faults[0])
    `12` is not a valid account number: it must match `[0-9]{16}` @ accounts.12
    """
    if isinstance(value, str) and form.fullmatch(value):
        return value
    place.fault(f"{describe(value)} is not a valid {kind}: it must match `{form.pattern}`")
    return None


def texts(value: Mapping[str, object], place: Place) -> dict[str, str]:
    """Return the members of an object that are strings; report each other member.

    >>> from ramgate.faults import Findings, Place
    >>> texts({"title": "Kafka", "date": None}, place := Place(Findings(), "source"))
    {'title': 'Kafka'}
    >>> print(place.findings.faults[0])
    must be a string, not `null` without quotes @ source.date
    """
    found = {}
    for key, member in value.items():
        if isinstance(member, str):
            found[key] = member
        else:
            (place / key).fault(f"must be a string, not {describe(member)}")
    return found


def day(value: object) -> datetime.date | None:
    """Return the day of a string such as `2026-11-29`; None for any other value. Report nothing.

    >>> day("2026-11-29"), day("20261129"), day("2026-02-30")
    (datetime.date(2026, 11, 29), None, None)
    """
    if isinstance(value, str) and _DAY.fullmatch(value):
        with contextlib.suppress(ValueError):
            return datetime.date.fromisoformat(value)
    return None


def _describe_other(value: object, empty: str) -> str:
    """Describe a value of the wrong kind; for none (`alice:`), add how to write an empty one."""
    hint = f": write `{empty}` if it is empty" if value == Unquoted("") else ""
    return f"{describe(value)}{hint}"
