"""Copies of accounts documents that a fix changes, with the steps that change them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from ramgate.accounts.named_files import Keys
from ramgate.analysis.fixes.fix import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Documents", "Draft", "Keys"]

Documents: TypeAlias = "Mapping[str, dict[str, Any]]"
"""The accounts documents by the names of their files."""


class Draft:
    """A copy of accounts documents, and the patch that made it from them.

    The documents contain those of the files that they name: `named` has each such file by the place
    of its document, and a change of the document is one of that file.

    >>> draft = Draft({"a.yaml": {"accounts": {"1234567890123456": {"users": {"alice": {}}}}}})
    >>> draft.attach("1234567890123456", "users", "alice", "AliyunOSSReadOnlyAccess")
    >>> print(draft.patch[0])
    a.yaml: add /accounts/1234567890123456/users/alice/policies ["AliyunOSSReadOnlyAccess"]
    """

    def __init__(self, documents: Documents, named: Mapping[Keys, str] | None = None) -> None:
        # A file that is named twice is one object, which the copy of all documents leaves it.
        self._documents = copy.deepcopy(dict(documents))
        self._named = named or {}
        self.patch: list[Change] = []

    def contents(self) -> dict[Path, bytes]:
        """Return the documents as the contents of JSON files."""
        return {
            Path(f"{number:06}.json"): msgspec.json.encode(document)
            for number, document in enumerate(self._documents.values())
        }

    def account(self, number: str) -> dict[str, Any] | None:
        """Return the account of that number."""
        accounts = (one.get("accounts", {}) for one in self._documents.values())
        return next((one[number] for one in accounts if number in one), None)

    def directory(self) -> dict[str, Any]:
        """Return the directory of the accounts, which must have one."""
        return next(one["directory"] for one in self._documents.values() if "directory" in one)

    def get(self, keys: Keys) -> Any:  # noqa: ANN401 - any value of a document
        """Return the value at a path, or None if it is not there."""
        value: Any = self._documents[self._file(keys)]
        for key in keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def add(self, keys: Keys, value: object) -> None:
        """Add a value to an object, or append it to the list at the path but its last key, `-`."""
        *parents, last = keys
        parent = self.get(tuple(parents))
        if parent is None:
            missing: object = [value] if last == "-" else {last: value}
            self.add(tuple(parents), missing)
            return
        if isinstance(parent, list):
            parent.append(value)
        else:
            parent[last] = value
        self._note("add", keys, value)

    def replace(self, keys: Keys, value: object) -> None:
        """Replace the value at a path."""
        *parents, last = keys
        self.get(tuple(parents))[last] = value
        self._note("replace", keys, value)

    def remove(self, keys: Keys) -> None:
        """Remove the value at a path."""
        *parents, last = keys
        del self.get(tuple(parents))[last]
        self._note("remove", keys, None)

    def extend(self, keys: Keys, value: str) -> None:
        """Add a text to the element of a statement at the path: a list, or a single text."""
        found = self.get(keys)
        if isinstance(found, list):
            self.add((*keys, "-"), value)
        else:
            self.replace(keys, [found, value])

    def attach(self, account: str, kind: str, name: str, policy: object) -> None:
        """Attach a policy to a member of the account: of `users`, `groups` or `roles`."""
        self.add(("accounts", account, kind, name, "policies", "-"), policy)

    def new_policy(self, owner: Keys, document: object) -> str:
        """Add a policy to an account, or to the directory, and return its name."""
        keys = (*owner, "policies")
        known = self.get(keys) or {}
        names = ("ramgate-fix", *(f"ramgate-fix-{number}" for number in range(2, len(known) + 3)))
        name = next(one for one in names if one not in known)
        self.add((*keys, name), document)
        return name

    def _note(self, op: Any, keys: Keys, value: object) -> None:  # noqa: ANN401 - one of three texts
        file, inner = self._place(keys)
        path = "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in inner)
        self.patch.append(Change(file, op, path, copy.deepcopy(value)))

    def _place(self, keys: Keys) -> tuple[str, Keys]:
        """Return the file that has the value of the path, and the path in it."""
        for length in range(len(keys)):
            if file := self._named.get(keys[:length]):
                return file, keys[length:]
        return self._file(keys), keys

    def _file(self, keys: Keys) -> str:
        """Return the name of the file that has the account, or the directory, of the path."""
        part, member = keys[:2]
        return next(
            name
            for name, document in self._documents.items()
            if part in document and (part == "directory" or member in document[part])
        )
