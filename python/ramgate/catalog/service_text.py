"""Write a service of the catalog as the text of its file, in a form that people can correct."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.catalog.service_file import carriers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ramgate.catalog.service import Entry, Origin, Service

__all__ = ["fields_text", "service_text"]

_HEADER: Final = """\
# The catalog of actions: {service}. The lists are not complete (see docs/reference/actions.md).
"""
_WIDTH: Final = 99
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?::[A-Za-z0-9]+)?(?: [A-Za-z0-9_./()-]+)*")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


def service_text(service: Service) -> str:
    """Return the text of a service's file, which `read_service` reads back.

    >>> import datetime
    >>> from ramgate.catalog.service import Service
    >>> print(service_text(Service("x", datetime.date(2026, 11, 29), operations=frozenset("A"))))
    # The catalog of actions: x. The lists are not complete (see docs/reference/actions.md).
    service: x
    date: "2026-11-29"
    operations: >-
      A
    <BLANKLINE>
    """
    origins = {
        origin.key: origin
        for origin in (
            *(source for action in service.actions.values() for source in action.sources),
            *service.operation_sources,
        )
    }
    lines = [
        _HEADER.format(service=service.code).rstrip(),
        f"service: {_scalar(service.code)}",
        f'date: "{service.date.isoformat()}"',
        *_list("names", service.names),
        *_list("products", service.products),
        *_list("granularity", service.granularity),
        *_list("notes", service.notes),
        *_list("contradictions", service.contradictions),
        *_object("arn_forms", ((key, _scalar(form)) for key, form in service.arn_forms.items())),
        *_object("condition_keys", _keys(service)),
        *_object("sources", ((key, _origin(origin)) for key, origin in sorted(origins.items()))),
        *_actions(service),
        *_list("operations_without_action", service.operations_without_action),
        *_list("hints", service.hints),
        *_list("operation_sources", [origin.key for origin in service.operation_sources]),
        *_block("operations", " ".join(sorted(service.operations))),
    ]
    return "\n".join(lines) + "\n"


def fields_text(fields: Mapping[str, object]) -> str:
    """Return an object of strings, and of objects of strings, as YAML; leave out empty values.

    >>> print(fields_text({"policy": "P", "note": None, "source": {"title": "A", "version": "1"}}))
    policy: P
    source:
      title: A
      version: "1"
    <BLANKLINE>
    """
    lines = []
    for name, value in fields.items():
        if isinstance(value, str):
            lines += _text(name, value)
        elif isinstance(value, Mapping):
            lines += _object(name, ((key, _scalar(text)) for key, text in value.items() if text))
    return "\n".join(lines) + "\n"


def _actions(service: Service) -> Iterator[str]:
    if service.actions:
        yield "actions:"
    for _, action in sorted(service.actions.items()):
        yield f"  {_scalar(action.name)}:"
        for entry in action.entries:
            for position, line in enumerate(_entry(entry)):
                yield f"    {'  ' if position else '- '}{line}"


def _entry(entry: Entry) -> Iterator[str]:
    yield f"source: {_scalar(entry.source.key)}"
    yield from _text("page", entry.page)
    yield from _text("level", entry.level)
    for field, required in (("required_resources", True), ("resources", False)):
        yield from _list(
            field, [form.template for form in entry.resources if form.required == required]
        )
    for field in (
        "condition_keys",
        "operations",
        "dependent_actions",
        "other_spellings",
        "seen_in",
    ):
        yield from _list(field, getattr(entry, field))
    yield from _text("needs_no_allow", entry.needs_no_allow)
    yield from _text("note", entry.note)
    yield from _text("contradiction", entry.contradiction)


def _keys(service: Service) -> Iterator[tuple[str, str]]:
    """Yield the condition keys of which the actions' entries do not say everything."""
    named = carriers(service.actions.values())
    for name, key in service.condition_keys.items():
        more = sorted(set(key.actions) - named.get(name, set()))
        facts = {
            "type": _scalar(key.type) if key.type else "",
            "actions": f"[{', '.join(map(_scalar, more))}]" if more else "",
            "note": _scalar(key.note) if key.note else "",
        }
        if found := ", ".join(f"{fact}: {text}" for fact, text in facts.items() if text):
            yield name, f"{{{found}}}"


def _origin(origin: Origin) -> str:
    date = f", date: {_quoted(origin.date)}" if origin.date else ""
    return f"{{title: {_quoted(origin.title)}{date}}}"


def _object(name: str, members: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"  {_scalar(key)}: {text}" for key, text in members]
    return [f"{name}:", *lines] if lines else []


def _list(name: str, texts: Iterable[str]) -> list[str]:
    """Return a list on one line if it fits there, else on a line for each item."""
    scalars = [_scalar(text) for text in texts]
    line = f"{name}: [{', '.join(scalars)}]"
    if len(line) <= _WIDTH - 6:
        return [line] if scalars else []
    return [f"{name}:", *(f"  - {text}" for text in scalars)]


def _text(name: str, text: str) -> list[str]:
    return [f"{name}: {_scalar(text)}"] if text else []


def _block(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH - 2, break_on_hyphens=False, break_long_words=False)
    return [f"{name}: >-", *(f"  {line}" for line in lines)] if lines else []


def _scalar(text: str) -> str:
    """Return a string as YAML, in quotes where YAML would read something else without them."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
