"""Exit statuses, and the formats in which several commands print their results."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ramgate.bundle.builder import Bundle

__all__ = [
    "FINE",
    "NO",
    "UNKNOWN",
    "counts",
    "json_line",
    "printer_beside",
    "say",
    "table",
]

FINE: Final = 0
NO: Final = 1
UNKNOWN: Final = 2


def say(text: str) -> None:
    """Print a diagnostic to stderr, after the results before it; it is lost if that fails."""
    # In a pipe, results wait in a buffer. `main` reports it if they cannot be written.
    with contextlib.suppress(OSError):
        print(end="", flush=True)
    # A service must not end because nobody takes its diagnostics, such as a full disk.
    if sys.stderr is not None:  # closed; `print` would take stdout in its place
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


def printer_beside(output: str | None) -> Callable[[str], None]:
    """Return `print`, or `say` if the argument of `-o` names standard output."""
    from ramgate.documents.atomic_write import is_standard_output

    return print if output is None or not is_standard_output(output) else say


def json_line(value: object) -> str:
    """Return a value as JSON on one line."""
    import msgspec

    return msgspec.json.encode(value).decode()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines whose columns are aligned, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (map(str.ljust, row, widths) for row in rows)
    return "\n".join("  ".join(row).rstrip() for row in padded)


def counts(bundle: Bundle) -> str:
    """Return a bundle's revision and serial, and the counts of its accounts, policies and so on."""
    listed = ", ".join(f"{kind} {count}" for kind, count in bundle.counts.items())
    serial = "" if bundle.serial is None else f", serial {bundle.serial}"
    return f"revision {bundle.revision}{serial}{': ' if listed else ''}{listed}"
