"""Policy documents in files of their own, which accounts files name: `{file: policies/a.json}`."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.documents import shape, source
from ramgate.documents.messages import describe, reason
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, Place
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ramgate.documents.source import Source

__all__ = [
    "ACCOUNTS_SUFFIXES",
    "Keys",
    "NamedFile",
    "NamedFiles",
    "Read",
    "content",
    "documents",
    "is_reference",
    "may_name",
    "names",
]

Read: TypeAlias = "Callable[[Path], bytes]"
"""A function that returns the bytes of a named file, or raises `InvalidFiles` as `content` does."""

Keys: TypeAlias = "tuple[str | int, ...]"
"""The path to a value in an accounts document: the keys of objects, and positions in lists."""

ACCOUNTS_SUFFIXES: Final = (".yaml", ".yml", ".json")
"""The ends of the names of accounts files in a folder."""

_FIELD: Final = "file"
_FIELDS: Final = (_FIELD,)


def content(path: Path) -> bytes:
    """Return the bytes of a named file, at most 64 MiB; only a regular file is opened.

    Raises `UnreadableFiles` with the cause, and `InvalidFiles` for a larger file.

    >>> file = Path("policy.json")
    >>> _ = file.write_text("{}")
    >>> content(file)
    b'{}'
    """
    try:
        return source.read_regular(path)[0]
    except OSError as error:
        raise UnreadableFiles([Fault(str(path), message=reason(error))]) from error


class NamedFile:
    """A file that accounts files name, read at once, and parsed and translated on demand.

    `error` is the cause if it cannot be read: then its `data`, its digest and its document are
    empty.

    >>> _ = Path("p.json").write_text('{"Version": "1", "Statement": []}')
    >>> file = NamedFile(Path("p.json"), content)
    >>> file.translation
    {}
    >>> print(*file.source.place.findings.faults)
    p.json:1: $.Statement: must be a non-empty list of objects, not an empty list
    """

    def __init__(self, path: Path, read: Read) -> None:
        self.path = path
        self.error: InvalidFiles | None = None
        self.data = b""
        try:
            self.data = read(path)
        except InvalidFiles as error:
            self.error = error

    @functools.cached_property
    def digest(self) -> bytes:
        """The SHA-256 digest of the content."""
        return b"" if self.error else hashlib.sha256(self.data).digest()

    @functools.cached_property
    def source(self) -> Source:
        """The document, with the findings of its file; None is the value if there is none."""
        name = str(self.path)
        faults: list[Fault] = []
        if self.error is None:
            try:
                return source.decode(self.data, name)
            except InvalidFiles as error:
                faults += error.faults
        return source.Source(None, Place(Findings(name, faults=faults), "$"))

    @functools.cached_property
    def translation(self) -> dict[str, object]:
        """The translated document: the findings of the `source` collect its faults and advice."""
        document = self.source
        return {} if document.value is None else translate_at(document.value, document.place)


class NamedFiles:
    """The files that the accounts files at a path name, each read once.

    `path` is a folder of accounts files, or one accounts file. `read` returns the bytes of a file,
    by default from the disk.

    >>> Path("policies").mkdir()
    >>> _ = Path("policies/a.json").write_text('{"Version": "1"}')
    >>> place = Place(Findings("accounts.yaml"))
    >>> files = NamedFiles(Path("accounts.yaml"))
    >>> files.find({"file": "policies/a.json"}, place).source.value
    {'Version': '1'}
    >>> files.find({"file": "../a.json"}, place)
    >>> print(place.findings.faults[0].message)
    `../a.json` is not a path in the folder of the accounts file: `..` begins with a dot
    """

    def __init__(self, path: Path, read: Read = content) -> None:
        self._path = path
        self._read = read
        self._files: dict[Path, NamedFile] = {}

    def find(self, value: object, place: Place) -> NamedFile | None:
        """Return the file that the object `{file: PATH}` names; report an invalid path.

        Returns None for any other value. A file that cannot be read is a fault at the place, too.
        """
        path = self.path(value, place)
        if path is None:
            return None
        file = self.file(path)
        if file.error is not None:
            causes = "; ".join(fault.message for fault in file.error.faults)
            (place / _FIELD).fault(f"{describe(value[_FIELD])}: {causes}")  # type: ignore[index]
        return file

    def path(self, value: object, place: Place) -> Path | None:
        """Return the path that `{file: PATH}` names; report an invalid one. The file is not read.

        The accounts file is that of the place's findings; its folder is the current one if it is
        standard input or another pipe.
        """
        if not is_reference(value):
            return None
        found = shape.fields(value, place, _FIELDS)[_FIELD]
        here = place / _FIELD
        if not isinstance(found, str):
            here.fault(f"must be the path of a file, not {describe(found)}")
            return None
        if cause := _refuse(found):
            here.fault(
                f"{describe(found)} is not a path in the folder of the accounts file: {cause}"
            )
            return None
        accounts = Path(place.findings.file)
        path = (Path() if source.is_stream(accounts) else accounts.parent) / found
        if path == accounts or (path.parent == self._path and found.endswith(ACCOUNTS_SUFFIXES)):
            here.fault(f"{describe(found)} is an accounts file: keep a policy in a subfolder")
            return None
        return path

    def content(self, path: Path) -> bytes:
        """Return the bytes of the named file of that path; raises its error."""
        file = self.file(path)
        if file.error is not None:
            raise file.error
        return file.data

    def file(self, path: Path) -> NamedFile:
        """Return the named file of that path, which is read once."""
        if path not in self._files:
            self._files[path] = NamedFile(path, self._read)
        return self._files[path]


def is_reference(value: object) -> bool:
    """True if a value names a file in place of a policy document.

    >>> is_reference({"file": "policies/a.json"}), is_reference({"Version": "1"})
    (True, False)
    """
    return isinstance(value, Mapping) and _FIELD in value


def may_name(content: bytes) -> bool:
    r"""True unless an accounts file with these bytes names no file, which need not be parsed then.

    A string in quotes may hide the word behind escapes.

    >>> may_name(b"accounts: {}"), may_name(b'policies: {p: {"f\x69le": p.json}}')
    (False, True)
    """
    return _FIELD.encode() in content or b"\\" in content


def names(path: Path, file: Path, value: object) -> frozenset[Path]:
    """Return the paths that an accounts document names, without those that are invalid.

    `path` is the folder of the accounts files or the only one, `file` the one of this document.

    >>> directory = {"policies": {"p": {"file": "policies/p.json"}}}
    >>> sorted(names(Path("accounts"), Path("accounts/a.yaml"), {"directory": directory}))
    [PosixPath('accounts/policies/p.json')]
    """
    files, place = NamedFiles(path), Place(Findings(str(file)))
    found = (files.path(document, place) for _, document in documents(value))
    return frozenset(one for one in found if one is not None)


def documents(value: object) -> Iterator[tuple[Keys, object]]:
    """Yield the place and the value of each policy document in an accounts document.

    >>> account = {"policies": {"p": {"file": "p.json"}}}
    >>> list(documents({"accounts": {"1234567890123456": account}}))
    [(('accounts', '1234567890123456', 'policies', 'p'), {'file': 'p.json'})]
    """
    for name, entry in _members(value, "system_policies"):
        yield ("system_policies", name, "document"), _member(entry, "document")
    for number, account in _members(value, "accounts"):
        for name, document in _members(account, "policies"):
            yield ("accounts", number, "policies", name), document
        for name, role in _members(account, "roles"):
            yield ("accounts", number, "roles", name, "trust"), _member(role, "trust")
    for name, document in _members(_member(value, "directory"), "policies"):
        yield ("directory", "policies", name), document


def _members(value: object, key: str) -> Iterator[tuple[str, object]]:
    found = _member(value, key)
    if isinstance(found, Mapping):
        yield from found.items()


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _refuse(path: str) -> str:
    """Return why a path may lead out of the folder, or is not written as it should be."""
    if not path.isprintable():
        return "a character of it cannot be printed"
    if path.startswith("/"):
        return "it is absolute"
    if "\\" in path:
        return "write `/` between the names"
    for name in path.split("/"):
        if not name:
            return "one of its names is empty"
        if name.startswith("."):
            return f"{describe(name)} begins with a dot"
    return ""
