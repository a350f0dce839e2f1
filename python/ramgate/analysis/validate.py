"""Check files without using them, and translate a policy file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Findings
from ramgate.language import grammar
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["examine", "files", "translate_file"]

_Kind: TypeAlias = Literal["accounts", "catalog role", "catalog system policy", "policy document"]

_CATALOG: Final = (
    "known-roles.yaml",
    "policies/*.json",
    "roles/*.yaml",
    "system-policies/*.yaml",
)
_ACCOUNTS: Final = {"accounts", "directory"}
_PARTS_OF_AN_ACCOUNT: Final = {"groups", "policies", "roles", "service_linked_roles", "users"}


def translate_file(path: Path) -> dict[str, object]:
    """Return the translation of a RAM policy document in a file (docs/reference/translated.md).

    Raises `InvalidFiles` with all faults of the document, `UnreadableFiles` if the file cannot be
    read.

    >>> from pathlib import Path
    >>> file = Path("policy.yaml")
    >>> _ = file.write_text('''
    ... Version: "1"
    ... Statement:
    ...   - {Effect: Allow, Action: "alikafka:ListTopic", Resource: "*"}
    ... ''')
    >>> translate_file(file)["actions"]
    {'alikafka:listtopic': [0]}
    """
    document = source.read(path)
    translation = translate_at(document.value, document.place)
    if document.place.findings.faults:
        raise InvalidFiles(document.place.findings.faults)
    return translation


def examine(path: Path) -> Findings:
    """Return the faults and the advice of a file, of a folder of files, or of a catalog.

    The content shows the kind of a file: an accounts file has `accounts` or `directory`, a file of
    the catalog `role` or `policy`. Any other file is read as a policy document. The accounts files
    of a folder are examined together; in a folder without accounts files, each file by itself.
    Raises `InvalidFiles` if a file is neither YAML nor JSON, `UnreadableFiles` if a file cannot be
    read.

    >>> from pathlib import Path
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text('''
    ... accounts:
    ...   "1234567890123456":
    ...     users: {alice: {policies: [no-such-policy]}}
    ... ''')
    >>> for fault in examine(file).faults:
    ...     print(fault.line, fault.message)
    4 there is no policy `no-such-policy`...
    """
    if (path / "roles").is_dir():
        return catalog.examine(path)[1]
    if path.is_dir():
        members = reader.files(path)
        if _has_accounts(members):
            return reader.examine(path, catalog.load())[1]
        return _examine_each(members)
    content = source.content(path)
    document = source.decode(content, str(path), root="")
    kind = _kind(document.value)
    if kind == "accounts":
        return reader.examine(path, catalog.load(), content)[1]
    policies = {file.stem for file in path.parent.parent.glob("policies/*.json")}
    if kind == "catalog role":
        catalog.read_role(document, policies)
    elif kind == "catalog system policy":
        catalog.read_system_policy(document, policies)
    else:
        # decoded again, because the places in a policy document start at `$`
        document = source.decode(content, str(path))
        translate_at(document.value, document.place)
    return document.place.findings


def files(path: Path) -> list[Path]:
    """Return the files that `examine` reads for a path.

    Raises `InvalidFiles` if a folder contains none, `UnreadableFiles` if it cannot be listed.

    >>> from ramgate import resources
    >>> [file.name for file in files(resources.path("examples"))]
    ['accounts.yaml']
    """
    if (path / "roles").is_dir():
        return [file for pattern in _CATALOG for file in path.glob(pattern)]
    return reader.files(path)


def _has_accounts(members: Iterable[Path]) -> bool:
    """True if one of the files is an accounts file, or if none of them can be parsed."""
    kinds = set()
    for file in members:
        with contextlib.suppress(InvalidFiles):
            kinds.add(_kind(source.read(file, root="").value))
        if "accounts" in kinds:
            break
    return "accounts" in kinds or not kinds


def _examine_each(members: Iterable[Path]) -> Findings:
    found, unreadable = Findings(), False
    for file in members:
        try:
            found.add(examine(file))
        except InvalidFiles as error:
            unreadable |= isinstance(error, UnreadableFiles)
            found.faults.extend(error.faults)
    if unreadable:
        raise UnreadableFiles(found.faults)
    return found


def _kind(value: object) -> _Kind:
    """Return the kind of a document, by its keys.

    A document without `accounts`, but with account numbers or the parts of an account, is an
    accounts file too: the reader of accounts reports the missing `accounts`, whereas the translator
    of policies would report a missing `Statement`.
    """
    keys = set(value) if isinstance(value, dict) else set()
    if keys & _ACCOUNTS:
        return "accounts"
    if "role" in keys:
        return "catalog role"
    if "policy" in keys:
        return "catalog system policy"
    if keys and all(key in _PARTS_OF_AN_ACCOUNT or grammar.ACCOUNT.fullmatch(key) for key in keys):
        return "accounts"
    return "policy document"
