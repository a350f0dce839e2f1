"""Find the policy documents in a file or a folder of any known format.

A file is a policy document, an accounts file, a file of the catalog, or it contains policy
documents: the output of an API such as `GetPolicy`, a Terraform state or plan, a ROS template. The
content of the file shows which.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.accounts import named_files, reader
from ramgate.documents import source
from ramgate.documents.messages import reason
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, Place
from ramgate.formats import responses, ros, terraform
from ramgate.formats.found import ELEMENTS, Found, Kind, is_inside, policy
from ramgate.formats.terraform_resources import HCL
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ["Found", "documents"]

_ACCOUNTS: Final = {"accounts", "directory", "system_policies"}
_PARTS_OF_AN_ACCOUNT: Final = {"groups", "policies", "roles", "service_linked_roles", "users"}
_SERVICE: Final = {"service", "date"}
_EMPTY: Final = "contains no file *.yaml, *.yml or *.json, and neither do its subfolders"
_CATALOG: Final = ("known-roles.yaml", "system-policies")

_FORMATS: Final[
    Sequence[tuple[Callable[[object], bool], Callable[[object, Place], Iterator[Found]], str]]
] = (
    (terraform.is_shown, terraform.shown, terraform.SHOWN),
    (terraform.is_state_file, terraform.stored, terraform.STATE_FILE),
    (ros.is_template, ros.documents, ros.NOUN),
    (responses.is_output, responses.documents, responses.NOUN),
    (terraform.is_configuration, terraform.configured, terraform.CONFIGURATION),
)


def documents(path: Path) -> Iterator[Found]:
    """Yield the documents of a file, of a folder, or of a stream such as `STANDARD_INPUT`.

    A folder is read with its subfolders, without hidden files and folders. The accounts files of a
    folder are one document, with the files that they name, and so is a catalog. Raises
    `InvalidFiles` if a folder contains nothing to read; a file that cannot be read is a document of
    the kind `faulty` or `unreadable`.

    >>> from pathlib import Path
    >>> import json
    >>> policy = json.dumps({"Version": "1", "Statement": []})
    >>> file = Path("output.json")
    >>> _ = file.write_text(json.dumps({
    ...     "Policy": {"PolicyName": "readers"},
    ...     "DefaultPolicyVersion": {"PolicyDocument": policy},
    ... }))
    >>> for found in documents(file):
    ...     print(found.kind, found.name, found.place)
    identity readers $.DefaultPolicyVersion.PolicyDocument
    """
    is_folder = False
    with contextlib.suppress(OSError):  # reading it as a file tells why
        is_folder = path.is_dir()
    if not is_folder:
        yield from _of_file(path)
        return
    is_empty = True
    for found in _of_folder(path):
        yield found
        is_empty = False
    if is_empty:
        raise InvalidFiles([Fault(str(path), message=_EMPTY)])


def _of_folder(path: Path, named: frozenset[Path] = frozenset()) -> Iterator[Found]:
    """Yield the documents of a folder, without the files `named` by accounts files above it."""
    files: list[Path] = []
    try:
        is_catalog = (path / "roles").is_dir() and any((path / name).exists() for name in _CATALOG)
        folders = sorted(child for child in path.iterdir() if _is_subfolder(child))
        files = [file for file in reader.files(path) if file not in named]
    except OSError as error:
        yield _failed(path, UnreadableFiles([Fault(str(path), message=reason(error))]))
        return
    except UnreadableFiles as error:
        yield _failed(path, error)
        return
    except InvalidFiles:
        pass  # it contains no file, but perhaps folders
    if is_catalog:
        yield Found("catalog", "", None, Place(Findings(str(path))))
        return
    for found in _of_files(path, files):
        named |= found.named
        yield found
    for folder in folders:
        yield from _of_folder(folder, named)


def _is_subfolder(path: Path) -> bool:
    is_left_out = path.name.startswith(".") or reader.is_accounts_file(path.name)
    return path.is_dir() and not (is_left_out or path.is_symlink())


def _of_files(path: Path, files: Sequence[Path]) -> Iterator[Found]:
    """Yield the documents of a folder's files.

    They are accounts files if one of them is, or if none of them can be parsed.
    """
    contents: dict[Path, bytes] = {}
    kinds, unreadable = set(), []
    for file in files:
        try:
            contents[file] = source.content(file)
            if "accounts" not in kinds:
                kinds.add(_kind(source.decode(contents[file], str(file)).value))
        except UnreadableFiles as error:
            unreadable.append(_failed(file, error))
        except InvalidFiles:
            pass  # it is reported below
    if "accounts" in kinds or (contents and not kinds):
        yield _accounts(path, None, Place(Findings(str(path))), contents)
        yield from unreadable
    else:
        for file in files:
            yield from _of_file(file, contents.get(file))


def _of_file(path: Path, content: bytes | None = None) -> Iterator[Found]:
    if path.suffix == ".tf":
        yield _failed(path, InvalidFiles([Fault(str(path), message=HCL)]))
        return
    try:
        content = source.content(path) if content is None else content
        document = source.decode(content, str(path))
    except InvalidFiles as error:
        yield _failed(path, error)
        return
    kind = _kind(document.value)
    if kind == "identity":
        yield from _with_faults(document, _in_value(document.value, document.place))
    else:
        # decoded again, because the places in these files do not start at `$`
        root = source.decode(content, str(path), root="")
        if kind == "accounts":
            yield _accounts(path, root.value, root.place, {path: content})
        else:
            yield Found(kind, "", root.value, root.place)


def _accounts(path: Path, value: object, place: Place, contents: Mapping[Path, bytes]) -> Found:
    """Return the accounts files with these contents, of a folder or one alone."""
    named: frozenset[Path] = frozenset()
    for file, content in contents.items():
        if not named_files.may_name(content):
            continue
        with contextlib.suppress(InvalidFiles):  # the reader of accounts reports it
            document = source.decode(content, str(file), root="").value
            named |= named_files.names(path, file, document)
    return Found("accounts", "", value, place, contents=contents, named=named)


def _failed(path: Path, error: InvalidFiles) -> Found:
    place = Place(Findings(str(path), faults=list(error.faults)))
    return Found("unreadable" if isinstance(error, UnreadableFiles) else "faulty", "", None, place)


def _in_value(value: object, place: Place) -> Iterator[Found]:
    if isinstance(value, list) and any(map(_is_document, value)):
        for index, item in enumerate(value):
            yield from _in_value(item, place / index)
        return
    for has_format, read, noun in _FORMATS:
        if has_format(value):
            found = list(read(value, place))
            yield from found or [_nothing(noun, place)]
            return
    yield policy(None, "", value, place)


def _is_document(value: object) -> bool:
    """True if a value looks like a policy document, or like a value that contains one."""
    if isinstance(value, list):
        return any(map(_is_document, value))
    if isinstance(value, str):
        return value.lstrip().startswith("{")
    is_known = any(has_format(value) for has_format, _, _ in _FORMATS)
    return is_known or (isinstance(value, Mapping) and not ELEMENTS.isdisjoint(value))


def _nothing(noun: str, place: Place) -> Found:
    here = source.inside(place)
    here.advise(f"is {noun} without a policy document: nothing was checked")
    return Found("nothing", "", None, here)


def _with_faults(document: source.Source, found: Iterator[Found]) -> Iterator[Found]:
    """Add the faults of a file's syntax, such as a key given twice, to the documents they affect.

    A fault in another part of a template or of a state does not matter here.
    """
    syntax = document.place.findings.faults
    for one in found:
        root = str(one.place)
        if one.kind != "nothing":
            one.place.findings.faults[:0] = (
                fault for fault in syntax if _affects(fault, root) and not one.is_computed(fault)
            )
        yield one


def _affects(fault: Fault, root: str) -> bool:
    return is_inside(fault.path, root) or is_inside(root, fault.path)


def _kind(value: object) -> Kind:
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
    if keys >= _SERVICE:
        return "catalog service"
    if all(key in _PARTS_OF_AN_ACCOUNT or grammar.ACCOUNT.fullmatch(key) for key in keys):
        return "accounts" if keys and not responses.is_output(value) else "identity"
    return "identity"
