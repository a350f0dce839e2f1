"""The results of `ramgate actions`, as lines and as plain values for JSON."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import TYPE_CHECKING, Final

from ramgate.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.catalog.actions import Call
    from ramgate.catalog.service import Action, Entry, Origin, Service

__all__ = [
    "listing",
    "listing_lines",
    "name_lines",
    "plain_names",
    "plain_service",
    "service_lines",
]

_WIDTH: Final = 100
_INCOMPLETE: Final = (
    "The lists are not complete: an action that is not in them may exist. Facts of {date}."
)


def listing(services: Sequence[Service]) -> list[dict[str, object]]:
    """Return the names and the numbers of actions and operations of services."""
    return [
        {
            "service": service.code,
            "names": service.names,
            "date": service.date,
            "actions": len(service.actions),
            "operations": len(service.operations),
        }
        for service in services
    ]


def listing_lines(services: Sequence[Service]) -> Iterator[str]:
    """Yield a table of services."""
    rows = [["SERVICE", "ACTIONS", "OPERATIONS", "NAME"]]
    for service in services:
        counts = [str(len(service.actions)), str(len(service.operations))]
        rows.append([service.code, *counts, ", ".join(service.names) or "-"])
    yield table(rows)


def plain_service(service: Service) -> dict[str, object]:
    """Return the facts about a service; the operations are sorted."""
    names = (field.name for field in dataclasses.fields(service))
    facts = {name: getattr(service, name) for name in names}
    return {**facts, "operations": sorted(service.operations)}


def service_lines(service: Service, note: str) -> Iterator[str]:
    """Yield the facts about a service, and a note about the name that was asked for."""
    yield service.code
    facts: dict[str, Iterable[str]] = {
        "code": filter(None, [note]),
        "product": service.names,
        "API": service.products,
        "granularity": service.granularity,
        "ARN": [f"{name}: {form}" for name, form in service.arn_forms.items()],
        "note": service.notes,
        "contradiction": service.contradictions,
    }
    for name, texts in facts.items():
        for text in texts:
            yield from _fact(name, text)
    if service.condition_keys:
        yield "condition keys"
    for key in service.condition_keys.values():
        kind = f" ({key.type})" if key.type else ""
        carriers = "; ".join(filter(None, [", ".join(key.actions), key.note]))
        yield from _wrap(f"{key.name}{kind}: {carriers or 'the actions are not known'}", 2)
    yield f"actions: {len(service.actions)} known"
    for action in service.actions.values():
        yield from _action_lines(action)
    yield from _names("API operations without a known action", service.operations_without_action)
    yield from _names("names that third-party lists use for actions", service.hints)
    yield from _names(f"API operations: {len(service.operations)} known", service.operations)
    yield from _source_lines(
        [
            *(source for action in service.actions.values() for source in action.sources),
            *service.operation_sources,
        ]
    )
    yield _INCOMPLETE.format(date=service.date)


def plain_names(calls: Iterable[Call], named: Iterable[Action]) -> dict[str, object]:
    """Return the operations and the actions of a name."""
    return {
        "operations": [
            {
                "service": call.service,
                "operation": call.operation,
                "is_documented": call.is_documented,
                "actions": call.actions,
            }
            for call in calls
        ],
        "actions": list(named),
    }


def name_lines(calls: Sequence[Call], named: Sequence[Action]) -> Iterator[str]:
    """Yield the actions that API operations of a name need, then the facts about each action."""
    for call in calls:
        yield f"{call.service} {call.operation}: {_needs(call)}"
    actions = list(dict.fromkeys(action for call in calls for action in call.actions))
    actions += [action for action in named if action not in actions]
    if actions:
        yield "actions"
    for action in actions:
        yield from _action_lines(action, with_service=True)
    yield from _source_lines(source for action in actions for source in action.sources)
    yield "The catalog is not complete: an action that it does not have may exist."


def _needs(call: Call) -> str:
    names = " and ".join(map(str, call.actions))
    if any(action.needs_no_allow for action in call.actions):
        return f"needs no Allow ({names})"
    if call.is_documented:
        return f"needs {names}"
    if call.actions:
        return f"probably needs {names}, which has its name: no source says so"
    return "no source names the action that it needs"


def _action_lines(action: Action, *, with_service: bool = False) -> Iterator[str]:
    yield f"  {action}" if with_service else f"  {action.name}"
    for entry in action.entries:
        yield from _wrap(f"[{entry.source.key}] {'; '.join(_parts(entry)) or 'named'}", 4)
    for text in action.contradictions:
        yield from _wrap(f"contradiction: {text}", 4)


def _parts(entry: Entry) -> Iterator[str]:
    if entry.level:
        yield entry.level
    if entry.resources:
        forms = (f"{one.template}{' (required)' * one.required}" for one in entry.resources)
        yield f"on {', '.join(forms)}"
    for label, texts in (
        ("for", entry.operations),
        ("condition keys", entry.condition_keys),
        ("depends on", entry.dependent_actions),
        ("also spelt", entry.other_spellings),
        ("named by", entry.seen_in),
    ):
        if texts:
            yield f"{label} {', '.join(texts)}"
    if entry.needs_no_allow:
        yield f"needs no Allow: {entry.needs_no_allow}"
    yield from filter(None, [entry.note, entry.page])


def _source_lines(sources: Iterable[Origin]) -> Iterator[str]:
    found = {source.key: source for source in sources}
    if found:
        yield "sources"
    for key, source in sorted(found.items()):
        yield from _wrap(f"[{key}] {source}", 2)


def _names(title: str, names: Iterable[str]) -> Iterator[str]:
    if text := ", ".join(sorted(names)):
        yield title
        yield from _wrap(text, 2)


def _fact(name: str, text: str) -> Iterator[str]:
    yield from _wrap(f"{name:<15}{text}", 2, 17)


def _wrap(text: str, indent: int, further: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (further or indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
