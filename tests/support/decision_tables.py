"""Stores of one account with its decision tables, and the parts of these tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.accounts.store import Store

__all__ = [
    "ACCOUNT",
    "ALICE",
    "OWN",
    "TOPIC",
    "checks_of",
    "effects",
    "line",
    "policy",
    "store",
    "tables_of_alice",
]

ACCOUNT = "1234567890123456"
ALICE = f"acs:ram::{ACCOUNT}:user/alice"
OWN = f"{ACCOUNT}/own"
"""The id of alice's policy."""
TOPIC = f"acs:alikafka:cn:{ACCOUNT}:topic"


def store(folder: Path, **parts: Any) -> Store:  # noqa: ANN401 - the content of an accounts file
    """Return the store of one account with these parts; `directory` is the document's."""
    directory = parts.pop("directory", None)
    document: dict[str, Any] = {"accounts": {ACCOUNT: parts}}
    if directory:
        document["directory"] = directory
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return reader.load(path, catalog.load())


def policy(*statements: Mapping[str, object]) -> dict[str, object]:
    """Return a policy; a statement is an Allow on every resource, unless it has these elements."""
    anything = {"Effect": "Allow", "Resource": "*"}
    return {"Version": "1", "Statement": [{**anything, **statement} for statement in statements]}


def tables_of_alice(folder: Path, *statements: Mapping[str, object]) -> dict[str, Any]:
    """Return the store with tables of an account whose alice has one policy, `own`."""
    users = {"alice": {"policies": ["own"]}}
    return Tables().add_to(store(folder, policies={"own": policy(*statements)}, users=users))


def line(whole: dict[str, Any], action: str) -> Any:  # noqa: ANN401 - an entry, or None
    """Return alice's entry for an action that a policy names; None if the general rule decides."""
    name = whole["lines"][whole["who"][ACCOUNT][ALICE]][action]
    return name and whole["entries"][name]


def effects(entry: dict[str, Any]) -> dict[str, str]:
    """Return the effect of each outcome, by the results of the tests: a text of `0` and `1`."""
    outcomes = entry.get("outcomes") or {
        text: entry[result]
        for text, result in {"0": "false", "1": "true"}.items()
        if result in entry
    }
    return {text: decision["effect"] for text, decision in outcomes.items()}


def checks_of(entry: dict[str, Any]) -> list[tuple[object, object]]:
    """Return the path of each test, and the values that pass it."""
    if "tests" in entry:
        return [(path, listed) for _, path, listed in entry["tests"]]
    return [] if entry["resource"] == "**" else [("resource", entry["resource"])]
