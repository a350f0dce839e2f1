"""Read the lines that OPA prints: find its last error, and pass the lines on without the noise."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from ramgate.sidecar.decision_log import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from ramgate.sidecar.decision_log import DecisionLog

__all__ = ["Printing", "await_error", "last_error", "writer_to"]

_ERRORS = frozenset({"error", "fatal", "panic"})
_LONGEST_MESSAGE = 600
_NO_ERROR: Final = "it printed no error"
_PRINT_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.01
_CANCELED = "context canceled"
"""Part of the error that OPA logs for its own bundle request each time it stops."""
_NOT_READY = "Failed to wait for plugins activation"
"""Part of the error with which OPA ends when `--ready-timeout` is over."""
_DECISION: Final = "openpolicyagent.org/decision_logs"
_RUN_BY_ROOT = "OPA running with uid or gid 0."
"""The start of a warning that OPA logs whatever `--log-level` is; `ramgate` need not repeat it."""


def last_error(lines: Sequence[str]) -> str:
    """Return the last error among the lines that OPA printed, on one line of 600 characters.

    The error that OPA prints when its time to get ready is over comes after its cause, if there is
    one, and is returned only if there is none.
    """
    late = ""
    for line in reversed(lines):
        level, message = _entry(line)
        if level in _ERRORS or not level:
            text = " ".join(message.split())
            if _NOT_READY in text:
                late = text
            elif text and _CANCELED not in text:
                return text[:_LONGEST_MESSAGE]
    return late[:_LONGEST_MESSAGE] or _NO_ERROR


class _Line(msgspec.Struct):
    """The type of a line that OPA prints; only entries of the decision log have one."""

    type: str = ""


class Printing(Protocol):
    """A program whose last lines can be read, such as a `Supervised`.

    >>> import types
    >>> await_error(types.SimpleNamespace(lines=['{"level": "error", "msg": "no space left"}']))
    'no space left'
    """

    @property
    def lines(self) -> Sequence[str]:
        """The last lines that the program printed so far."""


def await_error(program: Printing) -> str:
    """Return `last_error` of a program; wait a second at most for an error that is on its way.

    OPA may ask for the next bundle before its error about the last one has been read.
    """
    deadline = time.monotonic() + _PRINT_SECONDS
    while (error := last_error(program.lines)) == _NO_ERROR and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return error


def writer_to(
    log: TextIO | None,
    decision_log: DecisionLog | Upload | bool = False,  # noqa: FBT001, FBT002 - on or off
) -> Callable[[str], None] | None:
    """Return a function that takes OPA's lines, or None if nothing does.

    The entries of the decision log go to `decision_log` if it is a `DecisionLog`, all other lines
    to `log`, without the error that OPA logs each time it stops and the warning about running as
    root.
    """
    decisions = None if isinstance(decision_log, bool | Upload) else decision_log
    if log is None and decisions is None:
        return None

    def write(line: str) -> None:
        if decisions is not None and _is_decision(line):
            decisions.write(line)
        elif log is not None and not _is_noise(line):
            log.write(line)
            log.flush()

    return write


def _is_decision(line: str) -> bool:
    if _DECISION not in line:
        return False
    try:
        # A text alone proves nothing, since an error may quote a caller's own texts.
        return msgspec.json.decode(line, type=_Line).type == _DECISION
    except msgspec.DecodeError:
        return False
    except RecursionError:  # only a caller's input is nested so deeply
        return True


def _is_noise(line: str) -> bool:
    # Most lines of a busy OPA are decisions: only the few with one of these texts are parsed.
    # A text alone proves nothing, since a decision contains the caller's own texts.
    if _CANCELED not in line and _RUN_BY_ROOT not in line:
        return False
    level, message = _entry(line)
    return (level in _ERRORS and _CANCELED in message) or (
        level == "warning" and message.startswith(_RUN_BY_ROOT)
    )


def _entry(line: str) -> tuple[str, str]:
    """Return the level and the message of a log entry; the level is empty for any other line."""
    try:
        entry = json.loads(line)
        level = str(entry["level"])
        parts = [str(entry[key]).rstrip(".") for key in ("msg", "err") if entry.get(key)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", line.removeprefix("error: ")
    return level, ": ".join(parts)
