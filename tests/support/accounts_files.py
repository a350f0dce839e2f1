"""Accounts files for tests: parts of them, and their faults."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = catalog.load()
HERE = "1234567890123456"
THERE = "6543210987654321"
EVERYTHING = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
TRUST = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs.aliyuncs.com"}}]}'
)


def write(folder: Path, text: str, name: str = "accounts.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def faults(path: Path) -> list[str]:
    """Return all faults of an accounts file or folder; they name a file without its folder."""
    with pytest.raises(InvalidFiles) as refused:
        reader.load(path, CATALOG)
    folder = path if path.is_dir() else path.parent
    return [str(fault).replace(f"{folder}{os.sep}", "") for fault in refused.value.faults]


def account_faults(folder: Path, text: str) -> list[str]:
    """Return the faults of one account's entries, without their common prefix."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    path = write(folder, f'accounts:\n  "{HERE}":\n{lines}\n')
    return [
        fault.replace("accounts.yaml:", "").replace(f"accounts.{HERE}", "…")
        for fault in faults(path)
    ]
