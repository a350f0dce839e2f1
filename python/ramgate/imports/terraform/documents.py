"""The documents of policies and roles, also those that the provider composes of lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ramgate.formats.terraform_resources import as_object, as_objects
from ramgate.imports.world import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.formats.terraform_resources import Resource
    from ramgate.imports.terraform.references import Values

__all__ = ["allows_only", "document"]

_COMPOSED: Final[Mapping[str, tuple[str, ...]]] = {
    "alicloud_ram_policy": ("statement",),
    "alicloud_ram_role": ("services", "ram_users"),
}
_STATEMENT: Final = (("Action", "action"), ("Resource", "resource"))
_PRINCIPALS: Final = (("RAM", "ram_users"), ("Service", "services"))


def document(values: Values, resource: Resource) -> Document:
    """Return the document of a policy or the trust policy of a role.

    The attributes that the configuration states are read: after a change of one, a plan repeats the
    value before it in the others.
    """
    composed = _COMPOSED.get(resource.type, ())
    if not any(values.is_stated(resource, one) for one in composed):
        text = values.find(resource, "document")
        if text is not None:
            return Document(text)
    statements = (
        _trust(values, resource) if resource.type == "alicloud_ram_role" else _policy(resource)
    )
    if not composed or not statements:
        return Document(missing=values.reason(resource, "the document"))
    version = resource.values.get("version")
    return Document(json.dumps({"Version": version or "1", "Statement": statements}))


def allows_only(document: Document) -> bool:
    """Return whether each statement of a document allows; False if the document cannot be read."""
    try:
        value = json.loads(document.text)
    except (ValueError, RecursionError):
        return False
    statements = as_objects(as_object(value).get("Statement"))
    return bool(statements) and all(one.get("Effect") == "Allow" for one in statements)


def _policy(resource: Resource) -> list[dict[str, object]]:
    """Return the statements of the older blocks `statement`; nothing if one is not known."""
    found: list[dict[str, object]] = []
    for block in as_objects(resource.values.get("statement")):
        lists = {element: _texts(block.get(name)) for element, name in _STATEMENT}
        effect = block.get("effect")
        if not (isinstance(effect, str) and all(lists.values())):
            return []
        found.append({"Effect": effect, **lists})
    return found


def _trust(values: Values, resource: Resource) -> list[dict[str, object]]:
    """Return the statement of the older lists of a role; nothing if one is not known."""
    principals: dict[str, object] = {}
    for element, name in _PRINCIPALS:
        names = _texts(resource.values.get(name))
        if names:
            principals[element] = names
        elif values.is_stated(resource, name) or resource.values.get(name):
            return []
    if not principals:
        return []
    return [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principals}]


def _texts(value: object) -> list[str]:
    """Return a list of texts; an empty one if it is not such a list, or not known as a whole."""
    if not isinstance(value, list):
        return []
    found = [item for item in value if isinstance(item, str)]
    return found if len(found) == len(value) else []
