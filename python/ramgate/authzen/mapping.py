"""Read a mapping, the YAML file that `--authzen` names, to the data that Rego looks up.

`docs/authzen.md` describes the file, `schemas/authzen.json` is its schema.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.authzen import routes, templates
from ramgate.documents import shape, source
from ramgate.documents.messages import describe
from ramgate.documents.source import Unquoted
from ramgate.errors import InvalidFiles
from ramgate.language.grammar import NAME, SERVICE_PRINCIPAL
from ramgate.language.keys import spelling

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.faults import Place

__all__ = ["EMPTY", "Mapping", "read"]

Mapping: TypeAlias = dict[str, object]
"""The data of a mapping, `data.store.authzen`."""

EMPTY: Final[Mapping] = {"subjects": {}, "resources": {}, "context": {}}
"""The mapping without a file: every id is an ARN."""

_PRINCIPAL: Final = re.compile(
    rf"acs:ram::[0-9]{{16}}:(?:root|user/{NAME.pattern}|(?:assumed-)?role/{NAME.pattern}"
    rf"(?:/{NAME.pattern})?|(?:saml|oidc)-provider/{NAME.pattern})|{SERVICE_PRINCIPAL.pattern}"
)
_RESOURCE: Final = re.compile(r"\*|acs:[^:*?]*:(?:\*|[^:*?]*):[^:*?]*:[^*?]+")
_ACTION: Final = re.compile(r"[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?")
_BOOLEANS: Final = {"true": True, "false": False}
_LONGEST_KEY: Final = 256
_FILLED_IN: Final = "acs:PrincipalARN"


def read(path: Path) -> Mapping:
    """Return the data of a mapping.

    Raises `InvalidFiles` with every fault of the file, `UnreadableFiles` if it cannot be read.

    >>> from pathlib import Path
    >>> file = Path("authzen.yaml")
    >>> _ = file.write_text('subjects: {user: "acs:ram::1234567890123456:user/{id}"}')
    >>> read(file)["subjects"]["user"]["arn"]
    ['acs:ram::1234567890123456:user/', {'field': 'id', 'name': '', 'slashes': False}]
    """
    document = source.read(path, root="")
    place = document.place
    found = shape.fields(document.value, place, ("subjects", "resources", "context", "http"))
    subjects = {
        kind: _subject(member, here)
        for kind, member, here in shape.members(found.get("subjects", {}), place / "subjects")
    }
    resources = {
        kind: _resource(member, here)
        for kind, member, here in shape.members(found.get("resources", {}), place / "resources")
    }
    context = _properties(found.get("context", {}), place / "context")
    mapping: Mapping = {"subjects": subjects, "resources": resources, "context": context}
    if "http" in found:
        mapping["http"] = routes.read(found["http"], place / "http", subjects, resources, context)
    if place.findings.faults:
        raise InvalidFiles(place.findings.faults)
    return mapping


def _subject(value: object, place: Place) -> dict[str, object]:
    entry, here = _entry(value, place, ("arn", "properties"), "arn")
    return {
        "arn": templates.arn(entry["arn"], here, _PRINCIPAL, "principal") if "arn" in entry else [],
        "properties": _properties(entry.get("properties", {}), place / "properties"),
    }


def _resource(value: object, place: Place) -> dict[str, object]:
    entry, here = _entry(value, place, ("arn", "properties", "actions", "known"), "arn")
    found: dict[str, object] = {
        "arn": templates.arn(entry["arn"], here, _RESOURCE, "resource") if "arn" in entry else [],
        "properties": _properties(entry.get("properties", {}), place / "properties"),
    }
    if "actions" in entry:
        found["actions"] = {
            name: _action(member, here)
            for name, member, here in shape.members(entry["actions"], place / "actions")
        }
    if "known" in entry:
        found["known"] = {
            name: {key: _value(one, at) for key, one, at in shape.members(member, here)}
            for name, member, here in shape.members(entry["known"], place / "known")
        }
    return found


def _action(value: object, place: Place) -> dict[str, object]:
    entry, here = _entry(value, place, ("action", "properties"), "action")
    return {
        "action": shape.name(entry.get("action"), here, _ACTION, "action"),
        "properties": _properties(entry.get("properties", {}), place / "properties"),
    }


def _entry(
    value: object, place: Place, known: tuple[str, ...], main: str
) -> tuple[dict[str, object], Place]:
    """Return the fields of an object, and the place of its main field; a text is that field."""
    if isinstance(value, str):
        return {main: value}, place
    return shape.fields(value, place, known, (main,)), place / main


def _properties(value: object, place: Place) -> dict[str, dict[str, object]]:
    """Return the mapped properties: each has its condition key, and is required unless optional."""
    found: dict[str, dict[str, object]] = {}
    keys: dict[str, str] = {}
    for name, member, here in shape.members(value, place):
        entry, at = _entry(member, here, ("key", "optional"), "key")
        key = entry.get("key")
        optional = entry.get("optional", Unquoted("false"))
        if optional not in (Unquoted("true"), Unquoted("false")):
            (here / "optional").fault(f"must be true or false, not {describe(optional)}")
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
            at.fault(f"must be a condition key of 1 to {_LONGEST_KEY} characters")
            continue
        if key == _FILLED_IN:
            at.fault(f"`{key}` is filled in from the subject")
        elif key != spelling(key):
            at.fault(f"`{key}` must be spelled as RAM does: `{spelling(key)}`")
        elif key in keys:
            at.fault(f"`{key}` has the property `{keys[key]}` already")
        keys[key] = name
        found[name] = {"key": key, "optional": optional == Unquoted("true")}
    return found


def _value(value: object, place: Place) -> object:
    """Return the value of a known resource's property: a condition value."""
    if isinstance(value, list) and value:
        return [_scalar(item, here) for item, here in shape.items(value, place)]
    return _scalar(value, place)


def _scalar(value: object, place: Place) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, Unquoted) and value.text in _BOOLEANS:
        return _BOOLEANS[value.text]
    if isinstance(value, Unquoted) and _NUMBER.fullmatch(value.text):
        return _number(value.text, place)
    place.fault(f"must be a text, a number, a boolean or a list of these, not {describe(value)}")
    return None


def _number(text: str, place: Place) -> float:
    """Return a number; one that a float rounds is a fault, since a condition is exact."""
    found = float(text) if "." in text else int(text)
    if Decimal(repr(found)) != Decimal(text):
        place.fault(f"`{text}` has more digits than a number keeps: write it as a text, in quotes")
    return found
