"""Read the part `http` of a mapping: the subject of a request, and the routes of an application."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.authzen import templates
from ramgate.documents import shape
from ramgate.documents.messages import describe, join_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.faults import Place

__all__ = ["read"]

_METHOD: Final = re.compile("[A-Z]+")
_ACTION: Final = re.compile(r"[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+")


def read(
    value: object,
    place: Place,
    subjects: Mapping[str, object],
    resources: Mapping[str, Mapping[str, object]],
    context: Mapping[str, object],
) -> dict[str, object]:
    """Return the data of the part `http`; `subjects` and the others are those of the mapping.

    >>> from ramgate.faults import Findings, Place
    >>> route = {"path": "/b", "methods": {"GET": "oss:GetBucket"}}
    >>> route["resource"] = {"type": "bucket", "id": "acs:oss:::b"}
    >>> subject = {"type": "user", "id": "{header:x-user}"}
    >>> found = read({"subject": subject, "routes": [route]}, Place(Findings()), {}, {}, {})
    >>> found["routes"][0]["path"]
    ['b']
    """
    found = shape.fields(value, place, ("subject", "context", "routes"), ("subject", "routes"))
    filled = {}
    for name, member, here in shape.members(found.get("context", {}), place / "context"):
        if name not in context:
            here.fault("is not mapped in `context`, so it would be ignored")
        filled[name] = templates.text(member, here, {})
    return {
        "subject": _entity(found.get("subject", {}), place / "subject", {}, subjects),
        "context": filled,
        "routes": [
            _route(item, here, resources)
            for item, here in shape.items(found.get("routes", []), place / "routes")
        ],
    }


def _entity(
    value: object, place: Place, parameters: Mapping[str, bool], types: Mapping[str, object]
) -> dict[str, object]:
    entry = shape.fields(value, place, ("type", "id"), ("type", "id"))
    kind = entry.get("type", "")
    if not isinstance(kind, str):
        (place / "type").fault(f"must be a text, not {describe(kind)}")
    elif types and "type" in entry and kind not in types:
        known = join_names(sorted(types))
        (place / "type").fault(f"the mapping has no type `{kind}`: known are {known}")
    return {"type": kind, "id": templates.text(entry.get("id", ""), place / "id", parameters)}


def _route(
    value: object, place: Place, resources: Mapping[str, Mapping[str, object]]
) -> dict[str, object]:
    fields = ("path", "methods", "resource")
    entry = shape.fields(value, place, fields, fields)
    path = templates.path(entry.get("path", "/"), place / "path")
    parameters = {
        str(part["name"]): bool(part["rest"]) for part in path if not isinstance(part, str)
    }
    resource = _entity(entry.get("resource", {}), place / "resource", parameters, resources)
    kind = resource["type"]
    declared = resources.get(kind, {}).get("actions") if isinstance(kind, str) else None
    methods: dict[str, object] = {}
    for method, action, here in shape.members(entry.get("methods", {}), place / "methods"):
        if not _METHOD.fullmatch(method):
            here.fault(f"`{method}` is not a method in capital letters")
        if not isinstance(declared, dict):
            shape.name(action, here, _ACTION, "action")
        elif action not in declared:
            here.fault(f"the type `{kind}` has the actions {join_names(sorted(declared))}")
        methods[method] = action
    if entry.get("methods") == {}:
        (place / "methods").fault("must not be empty")
    return {"path": path, "methods": methods, "resource": resource}
