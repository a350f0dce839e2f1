"""Read files as documents: YAML or strict JSON, every value with its line.

All scalars of RAM's and ramgate's documents are strings, so a number, a boolean or a null keeps its
text (`Unquoted`), and code that needs a string there reports it. A repeated key, an alias, a tag
and a merge key are faults: each value is written once, where it applies.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from typing import TYPE_CHECKING, Final

import yaml

from ramgate.documents import json_text, yaml_text
from ramgate.documents.messages import reason
from ramgate.documents.tree import (
    NotPlainError,
    SyntaxFault,
    Unquoted,
    build,
    find_line,
    to_value,
)
from ramgate.documents.yaml_text import compose
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, Place

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "MAXIMUM_BYTES",
    "Source",
    "Unquoted",
    "compose",
    "content",
    "decode",
    "parse",
    "read",
]

MAXIMUM_BYTES: Final = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One document: its value, and the place of its root, which collects its findings.

    Objects are dicts, lists are lists, scalars are `str` or `Unquoted`.
    """

    value: object
    place: Place


def read(path: Path, root: str = "$") -> Source:
    """The document in a file: strict JSON where its name ends in `.json`, else YAML.

    Raises `UnreadableFiles` for no such file, a directory, no permission, and `InvalidFiles` for
    more than 64 MiB, no UTF-8 text, no document, a syntax error. A key given twice and the like
    are among the findings instead, so that they come together with all other faults.
    """
    return decode(content(path), str(path), root)


def content(path: Path) -> bytes:
    """The bytes of a file that may be a document; raises what `read` does for their lack."""
    try:
        with path.open("rb") as file:
            found = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UnreadableFiles([Fault(str(path), message=reason(error))]) from error
    if len(found) > MAXIMUM_BYTES:
        raise InvalidFiles([Fault(str(path), message="is larger than 64 MiB")])
    return found


def decode(content: bytes, name: str, root: str = "$") -> Source:
    """The document that the bytes of the file called `name` are; raises what `read` does."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise InvalidFiles([Fault(name, message="is not UTF-8 text")]) from error
    return parse(text, name, root, is_json=name.endswith(".json"))


def parse(text: str, name: str = "", root: str = "$", *, is_json: bool) -> Source:
    """The document that a text is; `name` is what its findings call it.

    Raises `InvalidFiles` where the text is no document.
    """
    # A tree with the lines takes three times as long (in JSON, twelve) and is rarely asked for.
    syntax_steps = json_text.steps if is_json else yaml_text.steps
    tree = functools.cache(lambda: build(syntax_steps(text)))
    place = Place(Findings(name, lambda steps: find_line(tree(), steps)), root)
    with contextlib.suppress(NotPlainError, ValueError, RecursionError, yaml.YAMLError):
        return Source((json_text if is_json else yaml_text).parse_plain(text), place)
    try:
        node = tree()
    except SyntaxFault as error:
        raise InvalidFiles([Fault(name, error.line, "", str(error))]) from error
    return Source(to_value(node, place), place)
