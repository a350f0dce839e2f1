"""Read files as documents: YAML or strict JSON, every value with its line.

All scalars of RAM's and ramgate's documents are strings, so a number, a boolean or a null keeps its
text (`Unquoted`), and code that needs a string there reports it. A repeated key, an alias, a tag
and a merge key are faults: each value is written once, where it applies.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import errno
import functools
import os
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Final

import yaml

from ramgate.documents import json_text, yaml_text
from ramgate.documents.file_version import version
from ramgate.documents.messages import ChangingFileError, NotAFileError, reason
from ramgate.documents.tree import (
    NotPlainError,
    SyntaxFault,
    Unquoted,
    build,
    find_line,
    to_value,
)
from ramgate.documents.yaml_text import TAG_FAULT, compose
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, Place

__all__ = [
    "MAXIMUM_BYTES",
    "STANDARD_INPUT",
    "TAG_FAULT",
    "Source",
    "Unquoted",
    "argument_path",
    "compose",
    "content",
    "decode",
    "embedded",
    "inside",
    "is_stream",
    "parse",
    "read",
    "read_regular",
]

MAXIMUM_BYTES: Final = 64 * 1024 * 1024
STANDARD_INPUT: Final = Path("<stdin>")

_STREAM: Final = re.compile(rf"{STANDARD_INPUT}|/dev/stdin|/dev/fd/[0-9]+|/proc/[^/]+/fd/[0-9]+")
_JSON: Final = re.compile(r'\s*(\{|\[\s*[\[{"])')
_KINDS: Final = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One document: its value, and the place of its root, which collects its findings.

    Objects are dicts, lists are lists, scalars are `str` or `Unquoted`.

    >>> parse("{}", is_json=True).value
    {}
    """

    value: object
    place: Place


def argument_path(argument: str) -> Path:
    """Return the path that a command's argument names: `-` is `STANDARD_INPUT`.

    >>> argument_path("policy.json").name, argument_path("-") == STANDARD_INPUT
    ('policy.json', True)
    """
    return STANDARD_INPUT if argument == "-" else Path(argument)


def is_stream(path: Path) -> bool:
    """True if the path names standard input or another pipe: it is in no folder of its own.

    >>> is_stream(STANDARD_INPUT), is_stream(Path("/dev/fd/63")), is_stream(Path("a.yaml"))
    (True, True, False)
    """
    return bool(_STREAM.fullmatch(str(path)))


def read(path: Path, root: str = "$") -> Source:
    """Read the document in a file: strict JSON if its name ends in `.json`, else YAML.

    Raises `UnreadableFiles` if the file is missing, a folder, or not readable, and `InvalidFiles`
    if it is larger than 64 MiB, not UTF-8, empty, or has a syntax error. All other faults, such as
    a repeated key, are added to the findings of the `place`, so a caller reports them together with
    its own.

    >>> file = Path("policy.yaml")
    >>> _ = file.write_text("{Version: '1', Version: '1'}")
    >>> document = read(file)
    >>> document.value, [str(fault) for fault in document.place.findings.faults]
    ({'Version': '1'}, ['policy.yaml:1: $.Version: key `Version` is given twice, first in line 1'])
    """
    return decode(content(path), str(path), root)


def content(path: Path) -> bytes:
    """Return the bytes of a file, at most 64 MiB; raises the errors of `read`.

    The file is opened and read once, so a pipe such as `/dev/fd/63` works, and so does
    `STANDARD_INPUT`. Both are empty when they are read again: keep the bytes, and `decode` them.
    Any other path must be a regular file: opening a FIFO could take forever.

    >>> file = Path("policy.json")
    >>> _ = file.write_text("{}")
    >>> content(file)
    b'{}'
    """
    try:
        if not is_stream(path):
            return read_regular(path)[0]
        with _open(path) as file:
            return _read(file, path)
    except OSError as error:
        raise UnreadableFiles([Fault(str(path), message=reason(error))]) from error


def read_regular(path: Path) -> tuple[bytes, os.stat_result]:
    """Return the bytes of a regular file, at most 64 MiB, and its status after they were read.

    Opens the file without waiting, so a FIFO or a socket does not block. Raises `OSError`,
    `NotAFileError` and `ChangingFileError` among it, and `InvalidFiles` for a larger file.

    >>> file = Path("policy.json")
    >>> _ = file.write_text("{}")
    >>> read_regular(file)[0]
    b'{}'
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise NotAFileError(_KINDS.get(stat.S_IFMT(mode), "a device"))
    with open(path, "rb", opener=_without_waiting) as file:
        before = os.fstat(file.fileno())
        found = _read(file, path)
        after = os.fstat(file.fileno())
    if version(before) != version(after):
        raise ChangingFileError
    return found, after


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _read(file: BinaryIO, path: Path) -> bytes:
    found = file.read(MAXIMUM_BYTES + 1)
    if len(found) > MAXIMUM_BYTES:
        raise InvalidFiles([Fault(str(path), message="is larger than 64 MiB")])
    return found


def _open(path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    if path != STANDARD_INPUT:
        return path.open("rb")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return contextlib.nullcontext(sys.stdin.buffer)


def decode(content: bytes, name: str, root: str = "$") -> Source:
    """Parse the bytes of the file of that name; raises the `InvalidFiles` of `read`.

    Standard input and pipes have no name that ends in `.json`: they are JSON if they begin with
    `{` or with a list of objects, lists or quoted texts, else YAML. A byte order mark is left out.

    >>> decode(b'{"Version": "1"}', "policy.json").value
    {'Version': '1'}
    """
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        message = "is not UTF-8 text"
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            message += " but UTF-16, as the `>` of PowerShell writes it: save it as UTF-8"
        raise InvalidFiles([Fault(name, message=message)]) from error
    is_stream = bool(_STREAM.fullmatch(name))
    is_json = bool(_JSON.match(text)) if is_stream else name.endswith(".json")
    return parse(text, name, root, is_json=is_json)


def parse(text: str, name: str = "", root: str = "$", *, is_json: bool) -> Source:
    """Parse a text; its findings use `name` for the file and `root` for the outermost value.

    Raises `InvalidFiles` if the text is empty, nested deeper than 64 levels, or has a syntax error.

    >>> parse("Version: 1", is_json=False).value
    {'Version': Unquoted(text='1')}
    >>> parse("{", "policy.json", is_json=True)
    Traceback (most recent call last):
    ramgate.errors.InvalidFiles: policy.json:1: is not strict JSON: expecting property name ...
    """
    # The tree with lines takes three times as long as the plain value (twelve times for JSON), and
    # only a finding needs it, so it is built on demand.
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


def inside(place: Place, *, is_text: bool = False) -> Place:
    r"""Return the root of a document inside another one, with findings of its own.

    The file, the lines and the path are those of the outer document. The values of a text, which is
    a single string there, all have that string's line.

    >>> outer = parse('{"Role": {\n"Document": {}}}', "role.json", is_json=True)
    >>> (inside(outer.place / "Role") / "Document").fault("is empty")
    >>> here = inside(outer.place / "Role" / "Document")
    >>> (here / "Statement").fault("is missing")
    >>> print(*here.findings.faults)
    role.json:2: $.Role.Document.Statement: is missing
    """
    outer, at = place.findings, place.steps
    findings = Findings(outer.file, lambda steps: outer.line_of(at if is_text else (*at, *steps)))
    return Place(findings, str(place))


def embedded(text: str, place: Place) -> Source:
    """Parse a JSON text that is the string at a place of another document.

    Its faults, a syntax error among them, are in the findings of the result; the value is then None
    if the text cannot be parsed.

    >>> outer = parse('{"Document": "{}}"}', "policy.json", is_json=True)
    >>> found = embedded(outer.value["Document"], outer.place / "Document")
    >>> print(found.value, *found.place.findings.faults)
    None policy.json:1: $.Document: its text is not strict JSON: extra data
    """
    here = inside(place, is_text=True)
    try:
        source = parse(text, root=here.root, is_json=True)
    except InvalidFiles as error:
        here.fault("; ".join(f"its text {fault.message}" for fault in error.faults))
        return Source(None, here)
    line, file = here.findings.line_of(()), here.findings.file
    here.findings.faults.extend(
        dataclasses.replace(fault, file=file, line=line) for fault in source.place.findings.faults
    )
    return Source(source.value, here)
