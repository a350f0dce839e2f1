"""Check files without using them, and translate a policy file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import InvalidFiles
from ramgate.language import grammar
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.faults import Findings

__all__ = ["examine", "translate_file"]

_Kind: TypeAlias = Literal["accounts", "catalog role", "catalog system policy", "policy document"]

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
    """Return the faults and the advice of a file, of a folder of accounts files, or of a catalog.

    The content shows the kind of a file: an accounts file has `accounts` or `directory`, a file of
    the catalog `role` or `policy`. Any other file is read as a policy document. Raises
    `InvalidFiles` if a file is neither YAML nor JSON, `UnreadableFiles` if it cannot be read.

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
        return reader.examine(path, catalog.load())[1]
    content = source.content(path)
    document = source.decode(content, str(path), root="")
    kind = _kind(document.value)
    if kind == "accounts":
        return reader.examine(path, catalog.load())[1]
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


def _kind(value: object) -> _Kind:
    """Tell the kind of a document from its keys.

    Without `accounts`, account numbers or the parts of an account are still an accounts file: its
    reader names the key that is missing, where the policy translator would ask for a `Statement`.
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
