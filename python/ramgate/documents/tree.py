"""Build the tree of a parsed text, in which every node has its line, and convert it to a value.

`json_text` and `yaml_text` produce the same steps from their syntaxes; `build` makes the tree.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ramgate.faults import Place

__all__ = [
    "MAXIMUM_DEPTH",
    "Container",
    "NotPlainError",
    "Scalar",
    "SyntaxFault",
    "Unquoted",
    "build",
    "find_line",
    "make_object",
    "to_value",
]

MAXIMUM_DEPTH: Final = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Unquoted:
    """A scalar that is not a string, such as a number, a boolean or null: its text.

    >>> Unquoted("10")
    Unquoted(text='10')
    """

    text: str


class NotPlainError(Exception):
    """The text has a fault or an `Unquoted` scalar: its tree must be built to locate it."""


class SyntaxFault(Exception):
    """The text is not a document, because of an error in that line (0 if it has no line)."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclasses.dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar with its line, and the fault that its syntax has, if any."""

    line: int
    content: str | Unquoted
    fault: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """A list of items, or an object as a list of its keys and values in turn."""

    line: int
    is_object: bool
    items: list[Scalar | Container] = dataclasses.field(default_factory=list)
    fault: str = ""
    _places: dict[str | int, tuple[int, Scalar | Container]] = dataclasses.field(
        default_factory=dict
    )

    def at(self, step: str | int) -> tuple[int, Scalar | Container] | None:
        """Return the line and the member at a key or index; the last one of a repeated key."""
        if not self._places:
            self._places.update((step, (key.line, member)) for step, key, member in self.members())
        return self._places.get(step)

    def members(self) -> Iterator[tuple[str | int, Scalar | Container, Scalar | Container]]:
        """Yield each member's key or index, the node whose line is the member's, and the member."""
        if self.is_object:
            for key, member in zip(self.items[::2], self.items[1::2], strict=True):
                yield _name(key), key, member
        else:
            for index, member in enumerate(self.items):
                yield index, member, member


def _name(key: Scalar | Container) -> str:
    match key:
        case Scalar(content=Unquoted(text=text)) | Scalar(content=str(text)):
            return text
        case _:
            return "?"


def build(steps: Iterable[Scalar | Container | None]) -> Scalar | Container:
    """Build the tree from the nodes of a well-formed text in order; None closes a container.

    Raises `SyntaxFault` if the tree is deeper than `MAXIMUM_DEPTH`.
    """
    open_containers: list[Container] = [Container(0, is_object=False)]
    for step in steps:
        if step is None:
            open_containers.pop()
            continue
        open_containers[-1].items.append(step)
        if isinstance(step, Container):
            if len(open_containers) > MAXIMUM_DEPTH:
                raise SyntaxFault(f"is nested deeper than {MAXIMUM_DEPTH} levels", step.line)
            open_containers.append(step)
    return open_containers[0].items[0]


def to_value(node: Scalar | Container, place: Place) -> object:
    """Return the node's value in dicts, lists, `str` and `Unquoted`; report faults at the place."""
    if node.fault:
        place.fault(node.fault)
    if isinstance(node, Scalar):
        return node.content
    if not node.is_object:
        return [to_value(member, place / index) for index, _, member in node.members()]
    value: dict[str, object] = {}
    lines: dict[str, int] = {}
    for step, key, member in node.members():
        here, name = place / step, str(step)
        if not (isinstance(key, Scalar) and isinstance(key.content, str)):
            here.fault(f'a key must be a string: write it in quotes, `"{name}"`')
        elif key.fault:
            here.fault(key.fault)
        if name in value:
            here.fault(f"key `{name}` is given twice, first in line {lines[name]}")
        lines.setdefault(name, key.line)
        value[name] = to_value(member, here)
    return value


def find_line(node: Scalar | Container, steps: Iterable[str | int]) -> int:
    """Return the line that the keys and indexes lead to, or of the last step that exists."""
    line = node.line
    for step in steps:
        found = None if isinstance(node, Scalar) else node.at(step)
        if found is None:
            break
        line, node = found
    return line


def make_object(pairs: Collection[tuple[object, object]]) -> dict[object, object]:
    """Return a dict of the pairs; raise `NotPlainError` if a key is repeated or not a string."""
    try:
        found = dict(pairs)
    except TypeError as error:  # a key that is an object or a list
        raise NotPlainError from error
    if len(found) < len(pairs):
        raise NotPlainError
    return found
