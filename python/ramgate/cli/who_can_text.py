"""The result of `ramgate who-can` as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.terminal import WIDTH, paint, pairs, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.who_can import Permission, WhoCan

__all__ = ["lines"]

_COLOURS: Final = {"every": "green", "some": "yellow", "none": "red"}
_HEAD: Final = ("MAY", "PRINCIPAL", "ALLOWED BY")
_ANSWER: Final = len("every")
_INDENT: Final = " " * (_ANSWER + 4)
_LONGEST: Final = 60
_LONGEST_REASON: Final = WIDTH - _ANSWER - 4


def lines(found: WhoCan) -> Iterator[str]:
    """Yield a table of the principals that may, at most 100 columns wide.

    If a principal is long or a reason does not fit beside it, the reasons stand below it. The ARN
    of a principal is never cut.
    """
    if not found.allowed:
        return
    known = [*_HEAD[1:2], *(one.principal for one in found.allowed)]
    width = max(len(text) for text in known if len(text) <= _LONGEST)
    room = WIDTH - _ANSWER - width - 4
    yield _row(_HEAD[0].ljust(_ANSWER), _HEAD[1].ljust(width), _HEAD[2])
    for one in found.allowed:
        answer = paint(one.answer.ljust(_ANSWER), _COLOURS[one.answer])
        reasons = list(_reasons(one))
        if len(one.principal) <= width and all(len(reason) <= room for reason in reasons):
            yield _row(answer, one.principal.ljust(width), reasons[0])
            yield from (" " * (WIDTH - room) + reason for reason in reasons[1:])
        else:
            yield _row(answer, one.principal)
            yield from (_INDENT + reason for reason in reasons)
        if one.answer == "some":
            yield from _examples(one)


def _examples(one: Permission) -> Iterator[str]:
    """Yield a request that is allowed, one that is denied, and the conditions if they are known."""
    shown = (("allowed", one.witness), ("denied", one.gap))
    for label, request in ((label, request) for label, request in shown if request is not None):
        parts = [request.action, request.resource, *pairs(request.context)]
        yield from _wrap(label, " ".join(parts))
    if one.when is not None:
        yield from _wrap("when", str(one.when))


def _wrap(label: str, text: str) -> list[str]:
    return wrap(text, f"{_INDENT}{label:<9}", _INDENT + " " * 9)


def _row(*cells: str) -> str:
    return "  ".join(cells).rstrip()


def _reasons(one: Permission) -> Iterator[str]:
    """Yield a reason for each policy: its statements, and how the principal comes by it."""
    if not one.statements:
        yield "being the owner of the account"
    for policy in dict.fromkeys(statement.policy for statement in one.statements):
        indexes = (str(other.index) for other in one.statements if other.policy == policy)
        groups = [held.resource_group for held in one.through if held.policy == policy]
        place = f" in {groups[0]}" if groups and groups[0] else ""
        reason = f"{policy}[{', '.join(indexes)}]{place}"
        yield reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"
