"""Edit accounts files in place, and leave everything else in them as it is, byte for byte.

The YAML parser locates the list in the text, and one entry is inserted or cut out there. The edit
is written only if re-reading it yields exactly the intended change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import yaml

from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.documents.atomic_write import write
from ramgate.errors import EditError, InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ramgate.catalog.catalog import Catalog

__all__ = ["add_service_linked_role", "remove_service_linked_role"]

_LIST: Final = "service_linked_roles"


def add_service_linked_role(accounts: str | Path, account: str, role: str) -> Path:
    """Add the role to the account's `service_linked_roles`; return the path of the changed file.

    `accounts` is an accounts file or a folder of accounts files, `account` the account's number,
    `role` the name of a service-linked role of the catalog. The file is replaced in one step and
    keeps its owner, group and mode; if it is a link, the link stays and its target is replaced.

    Raises `InvalidFiles` if the accounts have faults, and `OSError` if the file cannot be written,
    has several hard links, of which only one would change, or has an owner that this process cannot
    keep. Raises `EditError` if the account or the role is unknown, the account has the role
    already, another process writes the file at the same time, or the text cannot be changed in that
    one place only.

    >>> Path("a.yaml").write_text("accounts: {'1234567890123456': {}} # ours")
    41
    >>> add_service_linked_role("a.yaml", "1234567890123456", "AliyunServiceRoleForAlikafka").name
    'a.yaml'
    >>> print(Path("a.yaml").read_text())
    accounts: {'1234567890123456': {service_linked_roles: [AliyunServiceRoleForAlikafka]}} # ours
    """
    return _edit(Path(accounts), account, role, _insert, listed=False)


def remove_service_linked_role(accounts: str | Path, account: str, role: str) -> Path:
    """Remove the role from the account's `service_linked_roles`; return the changed file's path.

    Takes and raises the same as `add_service_linked_role`; `EditError` also if the account does not
    have the role.

    >>> account, role = "1234567890123456", "AliyunServiceRoleForAlikafka"
    >>> text = f'{{"accounts": {{"{account}": {{"service_linked_roles": ["{role}"]}}}}}}'
    >>> Path("b.json").write_text(text)
    94
    >>> remove_service_linked_role("b.json", account, role).name
    'b.json'
    >>> print(Path("b.json").read_text())
    {"accounts": {"1234567890123456": {"service_linked_roles": []}}}
    """
    return _edit(Path(accounts), account, role, _cut, listed=True)


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
        raise EditError(shipped.describe_unknown_role(role))
    reader.load(accounts, shipped)
    path, content, document = _locate(accounts, account, shipped)
    file = path.resolve()
    roles = document["accounts"][account].get(_LIST, [])
    if (role in roles) != listed:
        state = "is not" if listed else "is already"
        raise EditError(f"`{role}` {state} in account `{account}` of `{file}`")
    others = [name for name in roles if name != role]
    document["accounts"][account][_LIST] = others if listed else [*roles, role]
    try:
        changed = change(content.decode(), account, role).encode()
        is_intended = _reread(changed, path, shipped) == document
    except (yaml.YAMLError, InvalidFiles):
        is_intended = False
    if not is_intended:
        raise EditError(f"`{file}` cannot be changed in that place only: edit it by hand")
    try:
        write(file, changed, replaces=content)
    except BlockingIOError as error:
        raise EditError(f"`{file}` {error.strerror}") from error
    return file


def _locate(accounts: Path, account: str, shipped: Catalog) -> tuple[Path, bytes, Any]:
    """Return the file that defines the account, its content, and the content as a document."""
    for path in reader.files(accounts):
        content = source.content(path)
        if account.encode() in content:
            value = _reread(content, path, shipped)
            if account in value.get("accounts", {}):
                return path, content, value
    raise EditError(f"there is no account `{account}` in `{accounts}`")


def _reread(content: bytes, path: Path, shipped: Catalog) -> dict[str, Any]:
    """Return the document of a file, as if it had this content; raise `InvalidFiles` for faults."""
    reader.Reader(shipped).load(path, {path: content})
    return cast("dict[str, Any]", source.decode(content, str(path)).value)


def _insert(text: str, account: str, role: str) -> str:
    """Return the text with the role at the end of the account's list, created if needed."""
    is_json = text.lstrip().startswith("{")
    name, entry = (f'"{_LIST}"', f'"{role}"') if is_json else (_LIST, role)
    key, parts = _account_nodes(text, account)
    listed = _members(parts).get(_LIST)
    if listed is None and parts.flow_style:
        return _insert_in_brackets(text, parts, f"{name}: [{entry}]")
    end = "\r\n" if "\r\n" in text else "\n"
    if listed is None:
        indent = " " * parts.start_mark.column
        above, lines = key, f"{indent}{name}:{end}{indent}  - {entry}{end}"
    elif listed[1].flow_style:
        return _insert_in_brackets(text, listed[1], entry)
    else:
        indent = " " * listed[1].start_mark.column
        above, lines = listed[1].value[-1], f"{indent}- {entry}{end}"
    at = _line_after(text, above.end_mark.index)
    return text[:at] + ("" if text[:at].endswith("\n") else end) + lines + text[at:]


def _insert_in_brackets(text: str, node: yaml.CollectionNode, entry: str) -> str:
    """Return the text with one more entry at the end of a list or an object in brackets."""
    at, comma = node.start_mark.index + 1, ""
    if node.value:
        spans = _spans(node)
        gap = text[at : spans[0][0]]
        at, comma = spans[-1][1], "," + (gap if gap.isspace() else " ")
    return text[:at] + comma + entry + text[at:]


def _cut(text: str, account: str, role: str) -> str:
    """Return the text without the role; unchanged if a comment may belong to the role."""
    key, node = _members(_account_nodes(text, account)[1])[_LIST]
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
    # A comment between two entries may belong to either of them.
    return text if "#" in text[start:end] else text[:start] + text[end:]


def _account_nodes(text: str, account: str) -> tuple[yaml.Node, yaml.CollectionNode]:
    """Return the nodes of an account: its key and its value."""
    return _members(_members(source.compose(text))["accounts"][1])[account]


def _members(node: yaml.CollectionNode) -> dict[str, tuple[yaml.Node, yaml.CollectionNode]]:
    """Map the text of each key of an object to the nodes of the key and its value."""
    return {key.value: (key, value) for key, value in node.value}


def _spans(node: yaml.CollectionNode) -> list[tuple[int, int]]:
    """Return the start and end in the text of each item of a list, or each key with its value."""
    pairs = (
        node.value
        if isinstance(node, yaml.MappingNode)
        else zip(node.value, node.value, strict=True)
    )
    return [(first.start_mark.index, last.end_mark.index) for first, last in pairs]


def _line_after(text: str, index: int) -> int:
    """Return the index of the start of the next line, or of the end of the text."""
    return text.find("\n", index) + 1 or len(text)
