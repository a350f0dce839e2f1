"""Files read as documents: YAML or strict JSON, every value with its line.

All scalars are strings in the documents of RAM and of ramgate, so a number, a boolean or a null
is kept as it was written (`Unquoted`), and whoever wants a string there refuses it. A key given
twice, an alias, a tag and a merge key are faults: a document says once, in place, what it says.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import re
from typing import TYPE_CHECKING, Final, cast

import yaml

from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, Place, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

__all__ = [
    "MAXIMUM_BYTES",
    "Source",
    "Unquoted",
    "compose",
    "content",
    "decode",
    "described",
    "parse",
    "read",
    "reason",
]

MAXIMUM_BYTES: Final = 64 * 1024 * 1024
_MAXIMUM_DEPTH: Final = 64
_JSON_LEXEME: Final = re.compile(r'\n|[{}\[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}\[\],:"]+')
_NO_JSON: Final = ("NaN", "Infinity", "-Infinity")
_KINDS: Final = {dict: "an object", list: "a list", tuple: "a list"}
_YAML_LOADER: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML_RESOLVER: Final = yaml.resolver.Resolver()
_YAML_STRING: Final = "tag:yaml.org,2002:str"


@dataclasses.dataclass(frozen=True, slots=True)
class Unquoted:
    """A scalar that is no string, as it was written."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One document: its value and what its reading found.

    Objects are dicts, lists are lists, scalars are `str` or `Unquoted`. `place` is the document's
    root, where its findings are gathered.
    """

    value: object
    place: Place


def described(value: object) -> str:
    """What a value is, in a message: with its text where that is short enough to help."""
    match value:
        case "" | Unquoted(text=""):
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
    steps = _json_steps if is_json else _yaml_steps
    tree = functools.cache(lambda: _built(steps(text)))
    place = Place(Findings(name, lambda steps: _line(tree(), steps)), root)
    with contextlib.suppress(_NotPlainError, ValueError, RecursionError, yaml.YAMLError):
        return Source((_plain_json if is_json else _plain_yaml)(text), place)
    try:
        node = tree()
    except _SyntaxFault as error:
        raise InvalidFiles([Fault(name, error.line, "", str(error))]) from error
    return Source(_value(node, place), place)


def compose(text: str) -> yaml.CollectionNode:
    """The nodes of a text that is an object, each with where it starts and ends in the text.

    Raises `yaml.YAMLError` where the text is not YAML, which nearly all JSON is.
    """
    return cast("yaml.CollectionNode", yaml.compose(text, Loader=_YAML_LOADER))


def reason(error: OSError) -> str:
    """Why the system lets nobody read there."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "is a directory, not a file"
        case _:
            return f"cannot be read: {(error.strerror or str(error)).lower()}"


class _NotPlainError(Exception):
    """There is something to find in the text: its tree says what and where."""


def _plain_json(text: str) -> object:
    """The value of a text in which there is nothing to find.

    Raises `_NotPlainError` where there is, and what the parser does where it is no document.
    """
    value: object = json.loads(text, object_pairs_hook=_object)
    _check_plain(value, _MAXIMUM_DEPTH)
    return value


def _object(pairs: Collection[tuple[object, object]]) -> dict[object, object]:
    try:
        found = dict(pairs)
    except TypeError as error:  # a key that is an object or a list
        raise _NotPlainError from error
    if len(found) < len(pairs):
        raise _NotPlainError
    return found


def _check_plain(value: object, depth: int) -> None:
    if isinstance(value, str):
        return
    if not isinstance(value, dict | list) or not depth:
        raise _NotPlainError
    for member in value.values() if isinstance(value, dict) else value:
        _check_plain(member, depth - 1)


def _plain_yaml(text: str) -> object:
    """The same of a text in YAML."""
    items: list[object] = []
    above: list[list[object]] = []
    for event in _events(text):
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None or _is_unquoted(event):
                raise _NotPlainError
            items.append(event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            if not event.implicit or len(above) == _MAXIMUM_DEPTH:
                raise _NotPlainError
            above.append(items)
            items = []
        elif isinstance(event, yaml.CollectionEndEvent):
            closed: object = items
            if isinstance(event, yaml.MappingEndEvent):
                closed = _object(list(zip(items[::2], items[1::2], strict=True)))
            items = above.pop()
            items.append(closed)
        elif isinstance(event, yaml.AliasEvent):
            raise _NotPlainError
    if len(items) != 1:
        raise _NotPlainError
    return items[0]


class _SyntaxFault(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclasses.dataclass(frozen=True, slots=True)
class _Scalar:
    line: int
    content: str | Unquoted
    fault: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class _Container:
    """A list, or an object as its keys and values in turn."""

    line: int
    is_object: bool
    items: list[_Scalar | _Container] = dataclasses.field(default_factory=list)
    fault: str = ""
    _places: dict[str | int, tuple[int, _Scalar | _Container]] = dataclasses.field(
        default_factory=dict
    )

    def at(self, wanted: str | int) -> tuple[int, _Scalar | _Container] | None:
        """The line and the member at that step; of a key given twice, the last."""
        if not self._places:
            self._places.update((step, (key.line, member)) for step, key, member in self.members())
        return self._places.get(wanted)

    def members(self) -> Iterator[tuple[str | int, _Scalar | _Container, _Scalar | _Container]]:
        """Each member's step, what its line is told from, and the member."""
        if self.is_object:
            for key, member in zip(self.items[::2], self.items[1::2], strict=True):
                yield _name(key), key, member
        else:
            for index, member in enumerate(self.items):
                yield index, member, member


def _name(key: _Scalar | _Container) -> str:
    match key:
        case _Scalar(content=Unquoted(text=text)) | _Scalar(content=str(text)):
            return text
        case _:
            return "?"


def _built(steps: Iterable[_Scalar | _Container | None]) -> _Scalar | _Container:
    """The tree that the steps of a well-formed text describe; None closes a container."""
    open_containers: list[_Container] = [_Container(0, is_object=False)]
    for step in steps:
        if step is None:
            open_containers.pop()
            continue
        open_containers[-1].items.append(step)
        if isinstance(step, _Container):
            if len(open_containers) > _MAXIMUM_DEPTH:
                raise _SyntaxFault(f"is nested deeper than {_MAXIMUM_DEPTH} levels", step.line)
            open_containers.append(step)
    return open_containers[0].items[0]


def _value(node: _Scalar | _Container, place: Place) -> object:
    if node.fault:
        place.fault(node.fault)
    if isinstance(node, _Scalar):
        return node.content
    if not node.is_object:
        return [_value(member, place / index) for index, _, member in node.members()]
    value: dict[str, object] = {}
    lines: dict[str, int] = {}
    for step, key, member in node.members():
        here, name = place / step, str(step)
        if not (isinstance(key, _Scalar) and isinstance(key.content, str)):
            here.fault(f'a key must be a string: write it in quotes, `"{name}"`')
        elif key.fault:
            here.fault(key.fault)
        if name in value:
            here.fault(f"key `{name}` is given twice, first in line {lines[name]}")
        lines.setdefault(name, key.line)
        value[name] = _value(member, here)
    return value


def _line(node: _Scalar | _Container, steps: Iterable[str | int]) -> int:
    """The line of the deepest place on the way that is there."""
    line = node.line
    for wanted in steps:
        found = None if isinstance(node, _Scalar) else node.at(wanted)
        if found is None:
            break
        line, node = found
    return line


def _json_steps(text: str) -> Iterator[_Scalar | _Container | None]:
    """The tokens of a text that the standard library found to be JSON, each with its line."""
    _check_json(text)
    line = 1
    for match in _JSON_LEXEME.finditer(text):
        lexeme = match[0]
        if lexeme == "\n":
            line += 1
        elif lexeme in "{[":
            yield _Container(line, is_object=lexeme == "{")
        elif lexeme in "}]":
            yield None
        elif lexeme[0] == '"':
            yield _Scalar(line, json.loads(lexeme))
        elif lexeme in _NO_JSON:
            raise _SyntaxFault(f"is not strict JSON: `{lexeme}` is no JSON value", line)
        else:
            yield _Scalar(line, Unquoted(lexeme))


def _check_json(text: str) -> None:
    if not text.strip():
        raise _SyntaxFault("is empty", 0)
    try:
        json.loads(text, parse_int=Unquoted, parse_float=Unquoted)
    except json.JSONDecodeError as error:
        reason = error.msg.partition(" (")[0].removesuffix(" at")
        message = f"is not strict JSON: {reason[0].lower()}{reason[1:]}"
        raise _SyntaxFault(message, error.lineno) from error
    except RecursionError as error:
        raise _SyntaxFault(f"is nested deeper than {_MAXIMUM_DEPTH} levels", 0) from error


def _yaml_steps(text: str) -> Iterator[_Scalar | _Container | None]:
    has_document = False
    try:
        for event in _events(text):
            line = event.start_mark.line + 1 if event.start_mark else 0
            match event:
                case yaml.DocumentStartEvent() if has_document:
                    raise _SyntaxFault("holds more than one document", line)
                case yaml.DocumentStartEvent():
                    has_document = True
                case yaml.AliasEvent():
                    yield _Scalar(line, "", "an alias is not read: write the value out")
                case yaml.ScalarEvent():
                    yield _yaml_scalar(event, line)
                case yaml.CollectionStartEvent():
                    is_object = isinstance(event, yaml.MappingStartEvent)
                    fault = "" if event.implicit else "a tag is not read: leave it out"
                    yield _Container(line, is_object, fault=fault)
                case yaml.CollectionEndEvent():
                    yield None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise _SyntaxFault(f"is not YAML: {reason}", line) from error
    if not has_document:
        raise _SyntaxFault("is empty", 0)


def _yaml_scalar(event: yaml.ScalarEvent, line: int) -> _Scalar:
    text = event.value
    if event.tag is not None:
        return _Scalar(line, text, "a tag is not read: leave it out")
    return _Scalar(line, Unquoted(text) if _is_unquoted(event) else text)


def _is_unquoted(event: yaml.ScalarEvent) -> bool:
    """Whether it is no string, as it has no quotes and looks like something else."""
    is_plain, _ = event.implicit
    return is_plain and not _is_string(event.value)


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _YAML_LOADER(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


@functools.lru_cache(maxsize=1024)
def _is_string(text: str) -> bool:
    """Whether a scalar without quotes is a string in YAML."""
    tag: str = _YAML_RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return tag == _YAML_STRING
