"""The examples of `tests/cases/` in one world, in which each example has its own account.

`python tests/support/worlds.py FILE` writes the world as data for `opa test`: the accounts as
`data.cases.store`, and the requests with their expected effects as `data.cases.requests`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ramgate.accounts import reader as accounts
from ramgate.catalog import catalog
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from ramgate.accounts.store import Store

CASES = Path(__file__).parents[1] / "cases"
_ACCOUNT = "1234567890123456"
_NOBODY = {"RAM": [f"acs:ram::{'0' * 16}:user/nobody"]}
_CLOSED = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": _NOBODY}


class Case(NamedTuple):
    """One request of an example, with its expected effect."""

    name: str
    request: dict[str, Any]
    expected: str


def examples() -> list[dict[str, Any]]:
    """Return all examples, with a different account number for each."""
    found = []
    for path in sorted(CASES.glob("*.json")):
        found += json.loads(path.read_text())
    return [
        json.loads(json.dumps(example).replace(_ACCOUNT, f"{10**15 + position}"))
        for position, example in enumerate(found)
    ]


def world() -> tuple[dict[str, Any], list[Case]]:
    """Return the accounts document with all examples, and all cases."""
    members: dict[str, Any] = {}
    directory: dict[str, Any] = {
        "management": "9" * 16,
        "policies": {},
        "root": {"control_policies": ["FullAliyunAccess"], "accounts": members},
    }
    document: dict[str, Any] = {"accounts": {}, "directory": directory}
    cases: list[Case] = []
    for position, example in enumerate(examples()):
        number, layers = f"{10**15 + position}", example["layers"]
        account: dict[str, Any] = {"policies": {}, "roles": {}, "users": {}}
        document["accounts"][number] = account
        identity = _define(account["policies"], "identity", layers)
        in_group = _define(account["policies"], "group", layers, "resource_group")
        if "control" in layers:
            control = _define(directory["policies"], f"control-{position}", layers, "control")
            members[number] = {"control_policies": control}
        for index, asked in enumerate(example["requests"]):
            principal = asked.get("principal", example.get("principal"))
            principal = principal or f"acs:ram::{number}:user/somebody"
            request = {
                "principal": principal,
                "action": asked["action"],
                "resource": asked["resource"],
                "context": asked["context"],
                "session_policies": [translate(policy) for policy in layers.get("session", [])],
            }
            cases.append(Case(f"{example['id']}[{index}]", request, asked["expected"]))
            group = asked["context"].get("acs:ResourceGroupId")
            attached = identity + [{"policy": name, "resource_group": group} for name in in_group]
            _hold(account, principal, attached)
            if "trust" in layers and (named := re.search(r":role/(\S+)$", asked["resource"])):
                role = account["roles"].setdefault(named[1], {})
                role["trust"] = layers["trust"][0]
    return document, cases


def _define(
    policies: dict[str, Any], name: str, layers: dict[str, Any], layer: str = "identity"
) -> list[Any]:
    names = [f"{name}-{index}" for index in range(len(layers.get(layer, [])))]
    policies.update(zip(names, layers.get(layer, []), strict=True))
    return names


def _hold(account: dict[str, Any], principal: str, attached: list[Any]) -> None:
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    name = rest.partition("/")[0]
    if kind == "user":
        account["users"][name] = {"policies": attached}
    elif kind in {"role", "assumed-role"}:
        trust = {"Version": "1", "Statement": [_CLOSED]}
        account["roles"].setdefault(name, {"trust": trust})["policies"] = attached


def store(document: dict[str, Any], folder: Path) -> Store:
    """Return the store of an accounts document."""
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return accounts.load(path, catalog.load())


def main() -> None:
    """Write the translated cases to the file named by the argument."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    document, cases = world()
    requests = [case._asdict() for case in cases]
    data = {"cases": {"store": store(document, target.parent), "requests": requests}}
    target.write_text(json.dumps(data))


if __name__ == "__main__":
    main()
