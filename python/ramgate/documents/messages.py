"""Phrase values, names and system errors for messages."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Final

from ramgate.documents.tree import Unquoted
from ramgate.faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ChangingFileError",
    "NotAFileError",
    "describe",
    "did_you_mean",
    "join_names",
    "near_names",
    "reason",
]

_KINDS: Final = {dict: "an object", list: "a list", tuple: "a list"}


class NotAFileError(OSError):
    """The path names something that is not a regular file.

    >>> reason(NotAFileError("a FIFO"))
    'is a FIFO, not a file'
    """

    def __init__(self, kind: str) -> None:
        super().__init__(f"is {kind}, not a file")


class ChangingFileError(OSError):
    """The file changed while it was read.

    >>> reason(ChangingFileError())
    'changed while it was read'
    """

    def __init__(self) -> None:
        super().__init__("changed while it was read")


def describe(value: object) -> str:
    """Return a noun for a value: its text in backticks (at most 80 characters), else its kind.

    >>> describe("ecs:Start"), describe(Unquoted("10")), describe([])
    ('`ecs:Start`', '`10` without quotes', 'a list')
    """
    match value:
        case "":
            return "an empty string"
        case Unquoted(text=""):
            return "nothing"
        case str():
            return f"`{printable(value[:80])}`"
        case Unquoted(text=text):
            return f"`{printable(text[:80])}` without quotes"
        case None | bool() | int() | float():
            return f"`{json.dumps(value)[:80]}` without quotes"
        case _:
            kinds = (kind for type_, kind in _KINDS.items() if isinstance(value, type_))
            return next(kinds, f"a {type(value).__name__}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known name, or nothing.

    >>> did_you_mean("alcie", ["bob", "alice"])
    ': did you mean `alice`?'
    >>> did_you_mean("dave", ["bob", "alice"])
    ''
    """
    near = near_names(name, known, 1)
    return f": did you mean `{near[0]}`?" if near else ""


def near_names(name: str, known: Iterable[str], count: int) -> list[str]:
    """Return the known names that are nearest to an unknown one, the nearest first.

    >>> near_names("alcie", ["bob", "alice", "alicia"], 2)
    ['alice', 'alicia']
    """
    by_lower_case = {text.lower(): text for text in known}
    near = difflib.get_close_matches(name.lower(), by_lower_case, n=count)
    return [by_lower_case[one] for one in near]


def join_names(names: Iterable[str]) -> str:
    """Return the names in backticks, separated by commas.

    >>> join_names(["Version", "Statement"])
    '`Version`, `Statement`'
    """
    return ", ".join(f"`{name}`" for name in names)


def reason(error: OSError) -> str:
    """Return why the system cannot read a file, as the end of a message about the file.

    >>> reason(FileNotFoundError())
    'there is no such file'
    """
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "is a directory, not a file"
        case NotAFileError() | ChangingFileError():
            return str(error)
        case _:
            return f"cannot be read: {(error.strerror or str(error)).lower()}"
