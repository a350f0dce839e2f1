"""Parse the templates of a mapping: texts with placeholders, such as `acs:oss::1234:{id}`."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.documents.messages import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.faults import Place

__all__ = ["Part", "arn", "path", "text"]

Part: TypeAlias = str | dict[str, str | bool]
"""A text of a template, or a placeholder."""

_PIECES: Final = re.compile(r"\{([^{}]*)\}")
_ENTITY: Final = re.compile(r"(?P<field>id|properties)(?:\.(?P<name>[^:]+))?(?P<slashes>:path)?")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._@=+,~-]+")
_PARAMETER: Final = re.compile(r"\{([a-z_][a-z0-9_]*)(:path)?\}")
_HEADER: Final = re.compile(r"header:([a-z0-9-]+)")
_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_BRACE: Final = "`{}` has a brace without its other half"
_FORM: Final = (
    "`{id}`, `{id:path}`, `{properties.NAME}`, `{properties.NAME:path}`, and `{id:arn}` alone"
)
_ARN: Final = "{id:arn}"


def arn(value: object, place: Place, form: re.Pattern[str], kind: str) -> list[Part]:
    """Return the parts of a template of an ARN, with placeholders for an entity's values.

    `form` matches the ARN once each placeholder is a name, or a number if it is an account. Faults
    are reported at the place, and the parts are then of no use. `{id:arn}` takes any ARN as the id.

    >>> from ramgate.faults import Findings, Place
    >>> arn("acs:oss:::{id:path}", Place(Findings()), re.compile("acs:oss:::.+"), "resource")
    ['acs:oss:::', {'field': 'id', 'name': '', 'slashes': True}]
    """
    if not isinstance(value, str):
        place.fault(f"must be a template of an ARN, not {describe(value)}")
        return []
    if value == _ARN:
        return [{"field": "arn", "name": "", "slashes": False}]
    parts: list[Part] = []
    for piece, is_placeholder in _pieces(value):
        if not is_placeholder:
            parts.append(piece)
        elif (match := _ENTITY.fullmatch(piece)) and (match["field"] == "id") == (
            match["name"] is None
        ):
            slashes = match["slashes"] is not None
            parts.append({"field": match["field"], "name": match["name"] or "", "slashes": slashes})
        else:
            place.fault(f"`{{{piece}}}` is not a placeholder: known are {_FORM}")
            return []
    if _has_brace(parts):
        place.fault(_BRACE.format(value))
    elif message := _ambiguity(parts):
        place.fault(message)
    elif not form.fullmatch(_example(value)):
        place.fault(f"`{value}` is not a template of the ARN of a {kind}")
    return parts


def path(value: object, place: Place) -> list[Part]:
    """Return the segments of a route's path, `/records/{record}`.

    >>> from ramgate.faults import Findings, Place
    >>> path("/files/{file:path}", Place(Findings()))
    ['files', {'name': 'file', 'rest': True}]
    """
    if not isinstance(value, str) or not value.startswith("/"):
        place.fault(f"must be a path that begins with `/`, not {describe(value)}")
        return []
    found: list[Part] = []
    segments = value[1:].split("/") if value != "/" else [""]
    for position, segment in enumerate(segments):
        match = _PARAMETER.fullmatch(segment)
        is_rest = match is not None and match[2] is not None
        if match and not (is_rest and position < len(segments) - 1):
            found.append({"name": match[1], "rest": is_rest})
        elif value == "/" or (_SEGMENT.fullmatch(segment) and segment not in {".", ".."}):
            found.append(segment)
        else:
            place.fault(
                f"`{segment}` is not a segment: write letters, digits and ._@=+,~-, `{{name}}`, or "
                "`{name:path}` at the end"
            )
    names = [part["name"] for part in found if not isinstance(part, str)]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        place.fault(f"`{{{name}}}` is there twice")
    return found


def text(value: object, place: Place, parameters: Mapping[str, bool]) -> list[Part]:
    """Return the parts of a template with the values of a request: its path and its headers.

    `parameters` are those of the path; true for one that takes the rest of it, with slashes.

    >>> from ramgate.faults import Findings, Place
    >>> text("{header:x-user}", Place(Findings()), {})
    [{'field': 'header', 'name': 'x-user', 'slashes': False}]
    """
    if not isinstance(value, str):
        place.fault(f"must be a text, not {describe(value)}")
        return []
    parts: list[Part] = []
    for piece, is_placeholder in _pieces(value):
        header = _HEADER.fullmatch(piece)
        if not is_placeholder:
            parts.append(piece)
        elif piece in parameters:
            parts.append({"field": "path", "name": piece, "slashes": parameters[piece]})
        elif header and header[1] not in _SECRET:
            parts.append({"field": "header", "name": header[1], "slashes": False})
        elif header:
            place.fault(f"the header `{header[1]}` is a secret, and stays out of requests to OPA")
        else:
            known = [*(f"`{{{name}}}`" for name in parameters), "`{header:NAME}` in lower case"]
            place.fault(f"`{{{piece}}}` is not a placeholder: known are {', '.join(known)}")
    if _has_brace(parts):
        place.fault(_BRACE.format(value))
    elif message := _ambiguity(parts):
        place.fault(message)
    return parts


def _pieces(value: str) -> list[tuple[str, bool]]:
    """Return the texts and placeholders of a template; true for a placeholder."""
    split = [(piece, bool(index % 2)) for index, piece in enumerate(_PIECES.split(value))]
    return [(piece, is_placeholder) for piece, is_placeholder in split if piece or is_placeholder]


def _has_brace(parts: list[Part]) -> bool:
    return any(isinstance(part, str) and not {"{", "}"}.isdisjoint(part) for part in parts)


def _ambiguity(parts: list[Part]) -> str:
    """Say why two sets of values could make the same text; empty if they cannot."""
    placeholders = [index for index, part in enumerate(parts) if not isinstance(part, str)]
    for before, index in itertools.pairwise(placeholders):
        between = "".join(part for part in parts[before + 1 : index] if isinstance(part, str))
        if not set(between) & set(":/"):
            return "two placeholders need a `:` or a `/` between them"
        first = parts[before]
        if not isinstance(first, str) and first["slashes"] and ":" not in between:
            return "a placeholder with `:path` needs a `:` before the next one"
    return ""


def _example(value: str) -> str:
    """Return the template with a name for each placeholder, and a number for an account."""
    accounted = re.sub(r"(?<=^acs:ram::)\{[^{}]*\}(?=:)", "1" * 16, value)
    return _PIECES.sub("x", accounted)
