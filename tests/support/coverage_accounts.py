"""Small accounts as a file, and as a store, for the tests of the statement coverage."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from ramgate.accounts.reader import Reader
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.accounts.store import Store

NUMBER = "1234567890123456"
MANAGEMENT = "1000000000000001"


def account(**parts: object) -> dict[str, object]:
    """Return accounts with one account of these parts."""
    return {"accounts": {NUMBER: parts}}


def allow(actions: object, resources: object = "*", **changes: object) -> dict[str, object]:
    """Return an Allow statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **changes}


def deny(actions: object, resources: object = "*", **changes: object) -> dict[str, object]:
    """Return a Deny statement."""
    return allow(actions, resources, **changes) | {"Effect": "Deny"}


def trust(principal: object, **changes: object) -> dict[str, object]:
    """Return an Allow statement of a trust policy."""
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **changes}


def policy(*statements: object) -> dict[str, object]:
    """Return a document of these statements."""
    return {"Version": "1", "Statement": list(statements)}


def user(name: str) -> str:
    """Return the ARN of a user of the account."""
    return f"acs:ram::{NUMBER}:user/{name}"


def written(value: Mapping[str, object], folder: Path) -> Path:
    """Write the accounts to a file, each value on a line of its own."""
    file = folder / "accounts.json"
    file.write_text(json.dumps(value, indent=1))
    return file


def stored(value: Mapping[str, object], folder: Path) -> Store:
    """Return the store of the accounts."""
    return _reader().load(written(value, folder))


@functools.cache
def _reader() -> Reader:
    return Reader(catalog.load())
