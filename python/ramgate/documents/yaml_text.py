"""Parse YAML: at once, as the steps of a tree with lines, or as PyYAML's nodes.

The parser's events are read one by one, up to 64 levels deep. `yaml.compose` has no limit: with the
C parser, it ends the process by a segmentation fault on 60,000 nested `[`
(docs/decisions/0004-no-aliases-in-yaml.md).
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final, cast

import yaml

from ramgate.documents.tree import (
    MAXIMUM_DEPTH,
    Container,
    NotPlainError,
    Scalar,
    SyntaxFault,
    Unquoted,
    make_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TAG_FAULT", "compose", "parse_plain", "steps"]

TAG_FAULT: Final = "a tag is not read: leave it out"

_LOADER: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Final = yaml.resolver.Resolver()
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAB_IN_INDENT: Final = re.compile(r"[ \t?:-]*\t")
_STRING: Final = "tag:yaml.org,2002:str"


def compose(text: str) -> yaml.CollectionNode:
    """Return PyYAML's nodes of an object, each with the indexes of its start and end in the text.

    Call it only on a text that `parse` has read: its depth is not limited. Raises `yaml.YAMLError`
    if the text is not YAML. (Nearly all JSON is YAML.)

    >>> accounts = compose("users: {alice: {}}")
    >>> [(key.value, value.start_mark.index) for key, value in accounts.value]
    [('users', 7)]
    """
    return cast("yaml.CollectionNode", yaml.compose(text, Loader=_LOADER))


def parse_plain(text: str) -> object:
    """Return the value of a text that has strings, lists and objects only, and no fault.

    Raises `NotPlainError` for any other YAML, and `yaml.YAMLError` for a text that is not YAML.
    """
    loader = _LOADER(text)
    try:
        items = _plain_items(loader.get_event)
    finally:
        loader.dispose()
    if len(items) != 1:
        raise NotPlainError
    return items[0]


def _plain_items(get_event: Callable[[], Any]) -> list[object]:
    """Return the values of all documents of a text; raise as `parse_plain` does."""
    items: list[object] = []
    above: list[list[object]] = []
    # The classes of events have no subclasses, and most events are scalars: a comparison of the
    # class is the fastest way to tell them apart.
    scalar, start_object, end_object = (
        yaml.ScalarEvent,
        yaml.MappingStartEvent,
        yaml.MappingEndEvent,
    )
    start_list, end_list = yaml.SequenceStartEvent, yaml.SequenceEndEvent
    while (event := get_event()) is not None:
        kind = type(event)
        if kind is scalar:
            if event.tag is not None or (event.implicit[0] and not _is_string(event.value)):
                raise NotPlainError
            items.append(event.value)
        elif kind is start_object or kind is start_list:
            if not event.implicit or len(above) == MAXIMUM_DEPTH:
                raise NotPlainError
            above.append(items)
            items = []
        elif kind is end_object:
            closed = make_object(list(zip(items[::2], items[1::2], strict=True)))
            items = above.pop()
            items.append(closed)
        elif kind is end_list:
            above[-1].append(items)
            items = above.pop()
        elif kind is yaml.AliasEvent:
            raise NotPlainError
    return items


def steps(text: str) -> Iterator[Scalar | Container | None]:
    """Yield the nodes of the text in order, each with its line; None closes a container.

    Raises `SyntaxFault` if the text is not one YAML document.
    """
    has_document = False
    try:
        for event in _events(text):
            line = event.start_mark.line + 1 if event.start_mark else 0
            match event:
                case yaml.DocumentStartEvent() if has_document:
                    raise SyntaxFault("contains more than one document", line)
                case yaml.DocumentStartEvent():
                    has_document = True
                case yaml.AliasEvent():
                    yield Scalar(line, "", "an alias is not read: write the value out")
                case yaml.ScalarEvent():
                    yield _scalar(event, line)
                case yaml.CollectionStartEvent():
                    is_object = isinstance(event, yaml.MappingStartEvent)
                    fault = "" if event.implicit else TAG_FAULT
                    yield Container(line, is_object, fault=fault)
                case yaml.CollectionEndEvent():
                    yield None
    except yaml.YAMLError as error:
        raise _syntax_fault(text, error) from error
    if not has_document:
        raise SyntaxFault("is empty", 0)


def _syntax_fault(text: str, error: yaml.YAMLError) -> SyntaxFault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    if mark and _is_tab_at_fault(text, mark, problem):
        problem = "a tab indents this line: YAML takes spaces only"
    return SyntaxFault(f"is not YAML: {problem}", mark.line + 1 if mark else 0)


def _is_tab_at_fault(text: str, mark: yaml.Mark, problem: str) -> bool:
    if "cannot start any token" in problem:
        before = _LINE_BREAK.split(text)[mark.line][: mark.column + 1]
        return bool(_TAB_IN_INDENT.fullmatch(before))
    return "tab character" in problem


def _scalar(event: yaml.ScalarEvent, line: int) -> Scalar:
    text = event.value
    if event.tag is not None:
        return Scalar(line, text, TAG_FAULT)
    return Scalar(line, Unquoted(text) if _is_unquoted(event) else text)


def _is_unquoted(event: yaml.ScalarEvent) -> bool:
    """True if the scalar has no quotes and YAML 1.1 reads it as something other than a string."""
    is_plain, _ = event.implicit
    return is_plain and not _is_string(event.value)


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


@functools.lru_cache(maxsize=1024)
def _is_string(text: str) -> bool:
    """True if YAML 1.1 reads a scalar without quotes as a string."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return tag == _STRING
