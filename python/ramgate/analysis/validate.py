"""Files checked without being used: policy documents, accounts files, catalog files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.accounts import reader as accounts
from ramgate.catalog import catalog
from ramgate.documents.source import read
from ramgate.errors import InvalidFiles
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.faults import Findings

__all__ = ["examine", "policy"]


def policy(path: Path) -> dict[str, object]:
    """The translated document of a policy file.

    Raises `InvalidFiles` with all of its faults, `UnreadableFiles` where it cannot be read.
    """
    source = read(path)
    document = translate_at(source.value, source.place)
    if source.place.findings.faults:
        raise InvalidFiles(source.place.findings.faults)
    return document


def examine(path: Path) -> Findings:
    """The faults and the advice of a file, or of a folder of accounts files or of a catalog.

    What a file is shows in it: an accounts file has `accounts` or `directory`, a file of the
    catalog `role` or `policy`, and what has neither is read as a policy document. Raises
    `InvalidFiles` where there is no document, `UnreadableFiles` where there is nothing to read.
    """
    if (path / "roles").is_dir():
        return catalog.examine(path)[1]
    if path.is_dir():
        return accounts.examine(path, catalog.load())[1]
    source = read(path, root="")
    keys = source.value if isinstance(source.value, dict) else {}
    if "accounts" in keys or "directory" in keys:
        return accounts.examine(path, catalog.load())[1]
    if "role" in keys or "policy" in keys:
        beside = {file.stem for file in path.parent.parent.glob("policies/*.json")}
        (catalog.read_role if "role" in keys else catalog.read_system_policy)(source, beside)
        return source.place.findings
    source = read(path)
    translate_at(source.value, source.place)
    return source.place.findings
