"""The result of `ramgate diff` as lines for people, and for a block of the kind `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.terminal import labelled, members, paint, pairs
from ramgate.model.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.diff import Change, Diff

__all__ = ["lines"]

_HEADS: Final = {
    "equivalent": "equivalent: no request has another answer (proved)",
    "wider": "wider: some requests are newly allowed, and none is newly denied (proved)",
    "narrower": "narrower: some requests are newly denied, and none is newly allowed (proved)",
    "incomparable": "incomparable: some requests are newly allowed, and others newly denied",
    "not_decided": "not decided: there is no proof that these are all changes",
}
_COLOURS: Final = {"+": "green", "-": "red", "?": "yellow"}


def lines(found: Diff) -> Iterator[str]:
    """Yield the result, then each change, each with a sign in its first column."""
    yield _HEADS[found.result]
    yield f"principals with a change: {found.principals.changed} of {found.principals.of} compared"
    for sign, word, changes in (
        ("+", "allowed", found.newly_allowed),
        ("-", "denied", found.newly_denied),
    ):
        for change in changes:
            yield ""
            yield from _change(sign, word, change)
    for one in found.not_decided:
        yield ""
        yield paint(f"? not decided: {_members(one.principals)}", _COLOURS["?"])
        yield from labelled("reason", one.reason)


def _change(sign: str, word: str, change: Change) -> Iterator[str]:
    yield paint(f"{sign} newly {word}: {_members(change.principals)}", _COLOURS[sign])
    request = change.request
    yield from labelled("action", request.action)
    yield from labelled("resource", request.resource)
    if request.context:
        yield from labelled("context", ", ".join(pairs(request.context)))
    yield from labelled("before", summary(change.before))
    yield from labelled("after", summary(change.after))
    for cause in change.because:
        yield from labelled("because", str(cause))


def _members(principals: tuple[str, ...]) -> str:
    return members(principals) if principals else "any principal"
