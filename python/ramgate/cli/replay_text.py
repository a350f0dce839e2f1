"""The result of `ramgate replay` as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.terminal import labelled, paint, pairs
from ramgate.model.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.replay import Change, Replay

__all__ = ["lines"]

_REQUEST: Final = ("principal", "action", "resource")


def lines(found: Replay) -> Iterator[str]:
    """Yield the counts, then each change with a sign in its first column, then the rest."""
    yield (
        f"{_number(found.entries, 'entry', 'entries')}: "
        f"{_number(found.decisions, 'decision', 'decisions')} replayed, "
        f"{_number(found.questions, 'distinct request', 'distinct requests')}"
    )
    for sign, colour, word, changes in (
        ("+", "green", "newly allowed", found.newly_allowed),
        ("-", "red", "newly denied", found.newly_denied),
        ("~", "yellow", "other reason", found.other_reason),
    ):
        for change in changes:
            yield ""
            yield from _change(f"{sign} {word}", colour, change)
    if not (found.differs or not found.decisions):
        yield "no decision differs"
    for one in found.not_replayable:
        yield ""
        yield paint(f"? not replayable: {_times(one.count)}", "yellow")
        yield from labelled("reason", one.reason)


def _change(head: str, colour: str, change: Change) -> Iterator[str]:
    import msgspec

    span = change.first if change.first == change.last else f"{change.first} to {change.last}"
    yield paint(f"{head}: {_times(change.count)}, {span}", colour)
    request = msgspec.json.decode(change.request)
    fields = request if isinstance(request, dict) else {}
    for label in _REQUEST:
        if isinstance(fields.get(label), str):
            yield from labelled(label, fields[label])
    if isinstance(fields.get("context"), dict) and fields["context"]:
        yield from labelled("context", ", ".join(pairs(fields["context"])))
    yield from labelled("before", summary(change.before))
    yield from labelled("after", summary(change.after))


def _number(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
