"""The JSON Schemas have the limits of the Rego."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = {
    ("principal", "maxLength"): "name",
    ("action", "maxLength"): "name",
    ("resource", "maxLength"): "name",
    ("context", "maxProperties"): "keys",
    ("session_policies", "maxItems"): "session_policies",
    ("policies", "maxProperties"): "policies",
    ("requests", "maxItems"): "requests",
    ("usages", "maxItems"): "usages",
}
INPUTS = (
    "creation",
    "deletion",
    "feature",
    "request",
    "requests",
    "simulation",
    "simulations",
)


def fields(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - any part of a schema
    """Yield each property of a schema, at every depth, with its schema."""
    if isinstance(node, dict):
        yield from node.get("properties", {}).items()
        for inner in node.values():
            yield from fields(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from fields(inner)


@pytest.mark.parametrize("name", INPUTS)
def test_a_schema_has_the_limits_of_the_rego(name: str) -> None:
    schema = json.loads((resources.path("schemas") / f"{name}.json").read_text())
    rego = (resources.path("rego") / "ram/limit/limit.rego").read_text()
    limits = {
        name: int(value) for name, value in re.findall(r"^(\w+) := (\d+)$", rego, re.MULTILINE)
    }
    found = list(fields(schema))
    assert found
    for field, form in found:
        for (limited, keyword), limit in LIMITS.items():
            if field == limited:
                assert form[keyword] == limits[limit], field
        if field == "context":
            assert form["propertyNames"] == {"maxLength": limits["key"]}
            kinds = {kind["type"]: kind for kind in form["additionalProperties"]["anyOf"]}
            assert kinds["string"]["maxLength"] == limits["value"]
            assert kinds["array"]["maxItems"] == limits["elements"]
