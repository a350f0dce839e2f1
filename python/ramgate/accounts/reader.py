"""Load accounts files into one store, checked as a whole; reread only the files that changed.

`docs/reference/accounts.md` describes the files, `ramgate.accounts.store` the result.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from ramgate.accounts import named_files
from ramgate.accounts.account import FileReader
from ramgate.accounts.named_files import ACCOUNTS_SUFFIXES, NamedFiles
from ramgate.accounts.part import Part, reuse_unchanged
from ramgate.accounts.translations import Translations
from ramgate.documents import source
from ramgate.documents.messages import reason
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, printable
from ramgate.language.keys import spellings
from ramgate.language.translation import FORMAT, translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.accounts.named_files import Read
    from ramgate.accounts.store import Store
    from ramgate.catalog.catalog import Catalog
    from ramgate.documents.source import Source

__all__ = ["NOT_UTF_8", "Reader", "examine", "files", "is_accounts_file", "is_utf_8", "load"]

NOT_UTF_8: Final = "its name is not UTF-8: rename it"
"""The message of a fault about such a name."""


def load(path: Path, catalog: Catalog) -> Store:
    """Return the store of an accounts file, or of a folder of accounts files.

    Raises `InvalidFiles` with the faults of all files, by file, then by line; `UnreadableFiles`
    if one of the files could not be read.

    >>> from ramgate import resources
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> sorted(store["accounts"]["1234567890123456"]["users"])
    ['alice', 'bob', 'carol']
    """
    return Reader(catalog).load(path)


def examine(path: Path, catalog: Catalog, content: bytes | None = None) -> tuple[Store, Findings]:
    """Return the store and the findings, faults and advice; raise none of them.

    If there is a fault, the store is incomplete. `content` is the file's, if the caller has read it
    already: a pipe cannot be read again. Raises `UnreadableFiles`, with the faults of all
    files, if one of them could not be read.

    >>> from pathlib import Path
    >>> from ramgate.catalog import catalog
    >>> Path("accounts.yaml").write_text("accounts: {x: {}}")
    17
    >>> store, findings = examine(Path("accounts.yaml"), catalog.load())
    >>> print(*findings.faults)
    accounts.yaml:1: accounts.x: `x` is not a valid account number: it must match `[0-9]{16}`
    """
    return Reader(catalog).examine(path, None if content is None else {path: content})


def files(path: Path) -> list[Path]:
    """Return the accounts files that a path names: itself, or the folder's files by their names.

    Hidden files are left out: editors and `git` write them (`.#a.yaml`). Raises `InvalidFiles` if
    the folder contains none, `UnreadableFiles` if it cannot be listed or a name is not UTF-8.

    >>> from pathlib import Path
    >>> Path("folder").mkdir()
    >>> for name in ("b.json", "a.yaml", "README.md"):
    ...     Path("folder", name).touch()
    >>> [file.name for file in files(Path("folder"))]
    ['a.yaml', 'b.json']
    """
    if not path.is_dir():
        return [path]
    try:
        found = sorted(file for file in path.iterdir() if is_accounts_file(file.name))
    except OSError as error:
        raise UnreadableFiles([Fault(str(path), message=reason(error))]) from error
    unnamed = [
        Fault(printable(str(file)), message=NOT_UTF_8) for file in found if not is_utf_8(file)
    ]
    if unnamed:
        raise UnreadableFiles(unnamed)
    if not found:
        message = "contains no accounts file: *.yaml, *.yml or *.json"
        raise InvalidFiles([Fault(str(path), message=message)])
    return found


def is_accounts_file(name: str) -> bool:
    """True if a file of this name in a folder of accounts files is one of them.

    >>> [name for name in ("a.yaml", "a.yaml~", ".#a.yaml", "README.md") if is_accounts_file(name)]
    ['a.yaml']
    """
    return name.endswith(ACCOUNTS_SUFFIXES) and not name.startswith(".")


def is_utf_8(path: Path) -> bool:
    """True if the bytes of a path are UTF-8: any other path cannot be printed or stored as JSON.

    >>> from pathlib import Path
    >>> is_utf_8(Path("a.yaml"))
    True
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


class Reader:
    """Reads accounts any number of times, and translates only the files that changed.

    Identity means unchanged: if a policy or an account equals that of the last reading, the new
    store contains the same object, so a caller compares with `is`. `ramgate.tables` recompiles and
    the encoder of `ramgate.bundle` re-encodes only new objects. Treat the objects of a store as
    immutable: a changed one would pass for the unchanged one.

    >>> from ramgate import resources
    >>> from ramgate.catalog import catalog
    >>> reader, example = Reader(catalog.load()), resources.path("examples/accounts.yaml")
    >>> first, second = reader.load(example), reader.load(example)
    >>> second["accounts"]["1234567890123456"] is first["accounts"]["1234567890123456"]
    True
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        roles = catalog.roles
        policies = dict(catalog.policies)
        for role in roles.values():
            policies[role.trust_id] = translate(role.trust_policy)
            policies[role.creation_id] = translate(role.creation_policy)
        self._translations = Translations()
        self._parts: dict[Path, Part] = {}
        self._names: dict[Path, tuple[bytes, frozenset[Path]]] = {}
        self._decoded: dict[Path, tuple[bytes, Source]] = {}
        self._hashed: dict[Path, tuple[bytes, bytes]] = {}
        self._base: Store = {
            "format": FORMAT,
            "condition_keys": dict(spellings()),
            "policies": policies,
            "service_linked_roles": {
                name: {
                    "role": role.role,
                    "service_name": role.service_name,
                    "is_published": role.is_published,
                    "created_when": role.created_when or None,
                    "creation_policy": role.creation_policy,
                }
                for name, role in roles.items()
            },
            "services": {role.service_name: name for name, role in roles.items()},
            "features": {role.feature: name for name, role in roles.items() if role.feature},
            "accounts": {},
        }

    def load(
        self,
        path: Path,
        contents: Mapping[Path, bytes] | None = None,
        read: Read = named_files.content,
    ) -> Store:
        """Return the store, as the function `load` does; raises the same.

        `contents` has the bytes of the accounts files, if the caller has read them: no accounts
        file is read then. `read` returns the bytes of a file that they name, or raises
        `UnreadableFiles`; by default it reads the disk.
        """
        store, findings = self.examine(path, contents, read)
        if findings.faults:
            raise InvalidFiles(findings.faults)
        return store

    def examine(
        self,
        path: Path,
        contents: Mapping[Path, bytes] | None = None,
        read: Read = named_files.content,
    ) -> tuple[Store, Findings]:
        """Return the store and the findings, as the function `examine` does; raises the same.

        `contents` and `read` are those of `load`.
        """
        store, found, unreadable = self._base.copy(), Findings(), False
        store["policies"], store["accounts"] = dict(store["policies"]), {}
        defined_in: dict[str, str] = {}
        parts: dict[Path, Part] = {}
        named: dict[Path, Findings] = {}
        others = NamedFiles(path, read)
        for file in files(path) if contents is None else sorted(contents):
            try:
                content = source.content(file) if contents is None else contents[file]
                part = self._part(file, content, defined_in, others, is_kept=contents is not None)
            except InvalidFiles as error:
                unreadable |= isinstance(error, UnreadableFiles)
                found.faults.extend(error.faults)
                continue
            if part.is_valid:
                parts[file] = part
            unreadable |= part.is_unreadable
            found.add(part.found)
            # The findings of a file that is named twice are reported once.
            named.update((one, named_file.found) for one, named_file in part.named.items())
            store["policies"].update(part.policies)
            store["accounts"].update(part.accounts)
            if part.directory is not None:
                store["directory"] = part.directory
            defined_in.update(dict.fromkeys(part.claims, str(file)))
        self._parts, self._decoded = parts, {}
        self._hashed = {file: one for file, one in self._hashed.items() if file in parts}
        for findings in named.values():
            found.add(findings)
        found.faults.sort()
        if unreadable:
            raise UnreadableFiles(found.faults)
        return store, found

    def named(self, path: Path, contents: Mapping[Path, bytes]) -> frozenset[Path]:
        """Return the files that the accounts files with these contents name; none is read.

        `contents` are parsed once: `load` with the same contents does not parse them again.
        """
        before, self._names = self._names, {}
        for file, content in contents.items():
            known = before.get(file)
            if known is None or known[0] != content:
                known = (content, self._names_in(path, file, content))
            self._names[file] = known
        return frozenset().union(*(found for _, found in self._names.values()))

    def _names_in(self, path: Path, file: Path, content: bytes) -> frozenset[Path]:
        try:
            document = source.decode(content, str(file), root="")
        except InvalidFiles:
            return frozenset()
        self._decoded[file] = (content, document)
        return named_files.names(path, file, document.value)

    def _part(
        self,
        file: Path,
        content: bytes,
        defined_in: Mapping[str, str],
        others: NamedFiles,
        *,
        is_kept: bool,
    ) -> Part:
        # The caller keeps the contents that it gives: the identical bytes are digested once.
        hashed = self._hashed.get(file)
        if hashed is None or hashed[0] is not content:
            hashed = (content, hashlib.sha256(content).digest())
        if is_kept:
            self._hashed[file] = hashed
        digest = hashed[1]
        part = self._parts.get(file)
        if part is None or not part.is_current(digest, defined_in, others):
            known, document = self._decoded.pop(file, (b"", None))
            if document is None or known != content:
                document = source.decode(content, str(file), root="")
            reader = FileReader(self._catalog, defined_in, others, self._translations)
            reader.read(document.value, document.place)
            found = document.place.findings
            part = Part(
                digest,
                # without `line_of`, which keeps the whole parse tree alive
                Findings(faults=found.faults, errors=found.errors, advice=found.advice),
                reuse_unchanged(reader.policies, part.policies if part else {}),
                reuse_unchanged(reader.accounts, part.accounts if part else {}),
                reader.directory,
                reader.documents.named,
                reader.documents.is_unreadable,
            )
        return part
