r"""Write values as YAML that reads back as the same values, and that people like to read.

A value has strings, lists and objects with strings as keys, nothing else. An object or a list that
is short stands in one line; a long one, and a `Section`, has a line for each member.

>>> print(to_yaml(Section(users=Section({"on": {"groups": ["kafka-team"]}}))), end="")
users:
  "on": {groups: [kafka-team]}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Section", "to_yaml"]

_Container: TypeAlias = dict[str, object] | list[object]

_WIDTH: Final = 100
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._@/-]*")
# YAML 1.1 reads these as booleans or as null, in any case of letters.
_RESERVED: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Section(dict[str, object]):
    """An object that has a line for each member, however short it is; an empty one is `{}`."""


def to_yaml(value: Section) -> str:
    """Return the YAML of an object.

    >>> print(to_yaml(Section(accounts=Section({"1234567890123456": {}}))), end="")
    accounts:
      "1234567890123456": {}
    """
    return "".join(f"{line}\n" for line in _lines(value, 0))


def _lines(value: _Container, indent: int) -> Iterator[str]:
    """Yield the lines of an object or a list that is not empty, one member after the other."""
    margin = " " * indent
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _member(f"{margin}{_scalar(key)}:", member, indent + 2)
    else:
        for member in value:
            inner = _member(f"{margin}-", member, indent + 2)
            start = next(inner)
            if start.endswith("-"):
                # the first member of an item stands beside its dash
                start = f"{start} {next(inner).lstrip()}"
            yield start
            yield from inner


def _member(start: str, value: object, indent: int) -> Iterator[str]:
    """Yield the lines of a member; the first one begins with its key or its dash."""
    if isinstance(value, dict | list):
        line = "" if value and isinstance(value, Section) else f"{start} {_flow(value)}"
        if line and (not value or len(line) <= _WIDTH):
            yield line
        else:
            yield start
            yield from _lines(value, indent)
        return
    text = str(value)
    lines = text.split("\n")
    # A block would lose or change spaces before its first line, and lines after its last.
    if len(lines) > 1 and lines[-1] and lines[0][:1].strip() and all(map(str.isprintable, lines)):
        yield f"{start} |-"
        yield from (f"{' ' * indent}{line}" if line else "" for line in lines)
    else:
        yield f"{start} {_scalar(text)}"


def _flow(value: object) -> str:
    """Return a value in one line."""
    if isinstance(value, dict):
        members = (f"{_scalar(key)}: {_flow(member)}" for key, member in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(str(value))


def _scalar(text: str) -> str:
    """Return a string without quotes if no version of YAML reads it as anything else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    if ('"' in text or "\\" in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() else f"\\U{ord(char):08x}"
