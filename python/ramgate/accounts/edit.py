"""Changes to accounts files that leave everything else in them as it stands, byte for byte.

The YAML parser says where in the text the list is, and the text is written again with one entry
more or less. What does not say exactly what was meant is not written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import yaml

from ramgate.accounts import reader as accounts_files
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.documents.atomic_write import write
from ramgate.errors import EditError, InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ramgate.catalog.catalog import Catalog

__all__ = ["add_service_linked_role", "remove_service_linked_role"]

_LIST: Final = "service_linked_roles"


def add_service_linked_role(accounts: Path, account: str, role: str) -> Path:
    """List the role in the account, in the accounts file or the folder's; give the file written.

    It is replaced in one step and keeps its mode; a link stays, and what it leads to is replaced.
    Raises `InvalidFiles` where the accounts are faulty, `OSError` where the file cannot be written,
    and `EditError` where the account or the role is not known, the role is listed already, somebody
    else writes at the same time, or the text cannot be changed there and nowhere else.
    """
    return _edit(accounts, account, role, _added, listed=False)


def remove_service_linked_role(accounts: Path, account: str, role: str) -> Path:
    """Take the role out of the list that `add_service_linked_role` puts it in; raises the same."""
    return _edit(accounts, account, role, _removed, listed=True)


def _edit(
    accounts: Path,
    account: str,
    role: str,
    change: Callable[[str, str, str], str],
    *,
    listed: bool,
) -> Path:
    shipped = catalog.load()
    known = shipped.roles.get(role.lower())
    if known is None or known.role != role:
        hint = f": its name is `{known.role}`" if known else ""
        raise EditError(f"`{role}` is no service-linked role of the catalog{hint}")
    accounts_files.load(accounts, shipped)
    path, content, meant = _holder(accounts, account, shipped)
    file = path.resolve()
    roles = meant["accounts"][account].get(_LIST, [])
    if (role in roles) != listed:
        state = "is not" if listed else "is already"
        raise EditError(f"`{role}` {state} in account `{account}` of `{file}`")
    left = [name for name in roles if name != role]
    meant["accounts"][account][_LIST] = left if listed else [*roles, role]
    try:
        changed = change(content.decode(), account, role).encode()
        as_meant = _said(changed, path.name, shipped) == meant
    except (yaml.YAMLError, InvalidFiles):
        as_meant = False
    if not as_meant:
        raise EditError(f"`{file}` cannot be changed there and nowhere else: do it by hand")
    with _alone(file.parent):
        if source.content(file) != content:
            raise EditError(f"`{file}` has been changed meanwhile: try again")
        write(file, changed, stat.S_IMODE(file.stat().st_mode))
    return file


def _holder(accounts: Path, account: str, shipped: Catalog) -> tuple[Path, bytes, Any]:
    """The file that the account is in, its content, and what that says."""
    for path in accounts_files.files(accounts):
        content = source.content(path)
        if account.encode() in content:
            value = _said(content, path.name, shipped)
            if account in value.get("accounts", {}):
                return path, content, value
    raise EditError(f"there is no account `{account}` in `{accounts}`")


def _said(content: bytes, name: str, shipped: Catalog) -> dict[str, Any]:
    """What a file of this name and content says; raises `InvalidFiles` where it is faulty."""
    with tempfile.TemporaryDirectory(prefix="ramgate-") as folder:
        file = Path(folder, name)
        file.write_bytes(content)
        accounts_files.load(file, shipped)
        return cast("dict[str, Any]", source.read(file).value)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep every other ramgate from writing in the folder, which a rename does not replace."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EditError(
                f"somebody else writes in `{folder}`: {error.strerror}: try again"
            ) from error
        yield
    finally:
        os.close(descriptor)


def _added(text: str, account: str, role: str) -> str:
    is_json = text.lstrip().startswith("{")
    name, entry = (f'"{_LIST}"', f'"{role}"') if is_json else (_LIST, role)
    key, parts = _entry(text, account)
    listed = _members(parts).get(_LIST)
    if listed is None and parts.flow_style:
        return _in_brackets(text, parts, f"{name}: [{entry}]")
    end = "\r\n" if "\r\n" in text else "\n"
    if listed is None:
        indent = " " * parts.start_mark.column
        above, lines = key, f"{indent}{name}:{end}{indent}  - {entry}{end}"
    elif listed[1].flow_style:
        return _in_brackets(text, listed[1], entry)
    else:
        indent = " " * listed[1].start_mark.column
        above, lines = listed[1].value[-1], f"{indent}- {entry}{end}"
    at = _line_after(text, above.end_mark.index)
    return text[:at] + ("" if text[:at].endswith("\n") else end) + lines + text[at:]


def _in_brackets(text: str, node: yaml.CollectionNode, entry: str) -> str:
    """The text with one more entry at the end of a list or an object in brackets."""
    at, comma = node.start_mark.index + 1, ""
    if node.value:
        spans = _spans(node)
        gap = text[at : spans[0][0]]
        at, comma = spans[-1][1], "," + (gap if gap.isspace() else " ")
    return text[:at] + comma + entry + text[at:]


def _removed(text: str, account: str, role: str) -> str:
    key, node = _members(_entry(text, account)[1])[_LIST]
    spans, index = _spans(node), [item.value for item in node.value].index(role)
    start, end = spans[index]
    if not node.flow_style:
        start, end = text.rfind("\n", 0, start) + 1, _line_after(text, end)
        colon = start if len(spans) > 1 else text.index(":", key.end_mark.index) + 1
        return text[:colon] + " []" * (colon < start) + text[colon:start] + text[end:]
    if len(spans) == 1:
        start, end = node.start_mark.index + 1, node.end_mark.index - 1
    elif index:
        start = spans[index - 1][1]
    else:
        end = spans[1][0]
    # A comment between two entries belongs to one of them, nobody knows to which.
    return text if "#" in text[start:end] else text[:start] + text[end:]


def _entry(text: str, account: str) -> tuple[yaml.Node, yaml.CollectionNode]:
    """The key of an account and its value."""
    return _members(_members(source.compose(text))["accounts"][1])[account]


def _members(node: yaml.CollectionNode) -> dict[str, tuple[yaml.Node, yaml.CollectionNode]]:
    """Each key of an object and its value, by the key's text."""
    return {key.value: (key, value) for key, value in node.value}


def _spans(node: yaml.CollectionNode) -> list[tuple[int, int]]:
    """Where in the text each item of a list, or each key with its value, starts and ends."""
    pairs = (
        node.value
        if isinstance(node, yaml.MappingNode)
        else zip(node.value, node.value, strict=True)
    )
    return [(first.start_mark.index, last.end_mark.index) for first, last in pairs]


def _line_after(text: str, index: int) -> int:
    """Where the line after the one at this index starts, or the end of the text."""
    return text.find("\n", index) + 1 or len(text)
