"""States and plans of Terraform for tests, as `terraform show -json` prints them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data" / "terraform"
NUMBER = "1234567890123456"
CANARY = "CANARY"
ME: dict[str, object] = {"account_id": NUMBER, "id": NUMBER}

_ADDRESS = re.compile(
    r"((?:module\.[\w-]+(?:\[[^\]]*\])?\.)*)(data\.)?([a-z_]+)\.([\w-]+)(?:\[(.*)\])?"
)


def resource(address: str, /, **values: object) -> dict[str, Any]:
    """Return a resource; one of the provider `alicloud` is written without its prefix."""
    match = _ADDRESS.fullmatch(address)
    assert match is not None, address
    module, data, type_, name, key = match.groups()
    type_ = type_ if type_.startswith(("random_", "aws_")) else f"alicloud_{type_}"
    end = "" if key is None else f"[{key}]"
    return {
        "address": f"{module}{data or ''}{type_}.{name}{end}",
        "module": module.rstrip("."),
        "mode": "data" if data else "managed",
        "type": type_,
        "name": name,
        **({} if key is None else {"index": json.loads(key)}),
        "values": values,
    }


def policy(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """Return a custom policy with these statements."""
    text = json.dumps({"Version": "1", "Statement": statements})
    return resource(f"ram_policy.{name}", policy_name=name, policy_document=text, document=text)


def attachment(
    kind: str, name: str | None, policy_name: str | None, type_: str = "Custom"
) -> dict[str, Any]:
    """Return the attachment of a policy to a `user`, a `group` or a `role`."""
    return resource(
        f"ram_{kind}_policy_attachment.{name}-{policy_name}",
        **{f"{kind}_name": name},
        policy_name=policy_name,
        policy_type=type_,
    )


def me() -> dict[str, Any]:
    """Return the data source that has the number of the account."""
    return resource("data.caller_identity.me", **ME)


def values_of(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the `values` of a state with these resources, each in its module."""
    modules: dict[str, list[dict[str, Any]]] = {"": []}
    for one in resources:
        modules.setdefault(one["module"], []).append(one)
    children = [
        {"address": address, "resources": found} for address, found in modules.items() if address
    ]
    return {"root_module": {"resources": modules[""], "child_modules": children}}


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    """Return a state of the account."""
    return {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": values_of([me(), *resources]),
    }


def plan(
    *after: dict[str, Any],
    before: tuple[dict[str, Any], ...] = (),
    configuration: dict[str, Any] | None = None,
    changes: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    """Return a plan of the account; `configuration` has the expressions by address."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "prior_state": state(*before),
        "planned_values": values_of(list(after)),
        "resource_changes": list(changes),
        "configuration": {"root_module": _configured(configuration or {})},
    }


def _configured(expressions: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a module.

    An expression is a list of references, or a constant. `module.NAME` is a call with its
    expressions, and under `()` the configuration of the module; `outputs` are those of a module.
    """
    found: dict[str, Any] = {"resources": [], "module_calls": {}, "outputs": {}}
    for address, stated in expressions.items():
        if address == "outputs":
            found["outputs"] = {
                name: {"expression": _expression(one)} for name, one in stated.items()
            }
            continue
        written = {
            name: _expression(one) for name, one in stated.items() if name not in ("each", "()")
        }
        entry = {"expressions": written}
        if "each" in stated:
            entry["for_each_expression"] = _expression(stated["each"])
        if address.startswith("module."):
            call = {**entry, "module": _configured(stated.get("()", {}))}
            found["module_calls"][address.removeprefix("module.")] = call
        else:
            type_, _, name = address.partition(".")
            found["resources"].append({"address": f"alicloud_{type_}.{name}", **entry})
    return found


def _expression(value: object) -> dict[str, Any]:
    if not isinstance(value, list):
        return {"constant_value": value}
    references = []
    for one in value:
        parts = one.split(".")
        start = 3 if parts[0] == "data" else 2
        references += [".".join(parts[:size]) for size in range(len(parts), start - 1, -1)]
    return {"references": references}


def written(path: Path, value: object) -> Path:
    """Write JSON into a file, and return its path."""
    path.write_text(json.dumps(value))
    return path
