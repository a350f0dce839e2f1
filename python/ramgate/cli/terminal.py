"""Lines of 100 columns; colours and progress, for a terminal alone: a pipe gets neither."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Final

from ramgate.faults import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["WIDTH", "labelled", "members", "paint", "pairs", "progress", "wrap"]

WIDTH: Final = 100
"""The columns that a table takes at most."""

_COLOURS: Final = {"red": 31, "green": 32, "yellow": 33}
_QUIET_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.2


def paint(text: str, colour: str) -> str:
    """Return a text in a colour: `red`, `green` or `yellow`.

    It stays plain if stdout is not a terminal, or a terminal without colours, or if `NO_COLOR` is
    set (https://no-color.org).
    """
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or sys.stdout is None or not sys.stdout.isatty():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def wrap(text: str, first: str, further: str) -> list[str]:
    """Return a text as lines of at most 100 columns that begin with `first`, then `further`.

    A word is never broken, so that an ARN can be copied.
    """
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def labelled(label: str, text: str) -> list[str]:
    """Return a text as lines that are indented below a result, the first with a label.

    A text may come from a stranger: characters that steer a terminal are escaped.
    """
    return [printable(line) for line in wrap(text, f"    {label:<10}", " " * 14)]


def pairs(context: Mapping[str, object]) -> list[str]:
    """Return each key of a context with its value, as `--context` takes them.

    The elements of a list are joined with `and`.
    """
    return [f"{key}={_value(value)}" for key, value in context.items()]


def members(principals: Sequence[str]) -> str:
    """Return the first of principals with the same policies, and the number of the others."""
    first, *others = principals
    return f"{first} and {len(others)} more with the same policies" if others else first


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(map(_value, value))
    return value if isinstance(value, str) else json.dumps(value)


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the state of long work on stderr, over the state before it.

    It shows nothing in the first second, and nothing if stderr is not a terminal.
    """
    start = shown = time.monotonic()

    def show(text: str) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - start > _QUIET_SECONDS and now - shown > _PAUSE_SECONDS and _is_terminal():
            shown = now
            print(f"\r\x1b[K{text[: WIDTH - 1]}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if shown != start:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
