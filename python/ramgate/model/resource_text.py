"""Texts about the difference between a resource and the pattern that is nearest to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ramgate.model.hint import OnlyResourceDiffers

__all__ = ["difference", "relative_id"]

_BUCKET: Final = "acs:oss:"


def difference(found: OnlyResourceDiffers) -> str:
    """Return the end of a sentence about a statement that fails in its resource only."""
    if found.field is None or found.wanted is None or found.given is None:
        return f"allows it on `{found.pattern}`, which no resource matches"
    if found.field != "relative_id":
        return f"allows it in {found.field} `{found.wanted}`, not in `{found.given}`"
    return f"allows it on {relative_id(found.pattern, found.wanted, found.given)}"


def relative_id(pattern: str, wanted: str, given: str) -> str:
    """Return the wanted and the given relative id, as far as they say how they differ.

    >>> relative_id("acs:oss:*:*:backups/*", "backups/*", "backups")
    'objects `backups/*`, not on bucket `backups`'
    >>> relative_id("acs:log:*:*:project/a/*", "project/a/*", "project/b/logstore")
    '`project/a/…`, not on `project/b/…`'
    """
    if pattern.startswith(_BUCKET) and ("/" in wanted) != ("/" in given):
        kinds = [_kind(one) for one in (wanted, given)]
        return f"{kinds[0]} `{wanted}`, not on {kinds[1]} `{given}`"
    if wanted.strip("/") == given.strip("/"):
        return f"`{wanted}`, not on `{given}`: only a slash differs"
    if given.startswith(f"{wanted}/"):
        end = wanted.rpartition("/")[2]
        start = "…/" if end != wanted else ""
        return f"`{start}{end}`, not on `{start}{end}{given.removeprefix(wanted)}`"
    return " not on ".join([f"`{_start(wanted, given)}`,", f"`{_start(given, wanted)}`"])


def _kind(relative: str) -> str:
    if "/" not in relative:
        return "bucket"
    return "objects" if "*" in relative else "object"


def _start(text: str, other: str) -> str:
    """Return the segments up to the first that differs; all of them if none does."""
    segments = text.split("/")
    for at, pair in enumerate(zip(segments, other.split("/"), strict=False), 1):
        if not (_fits(*pair) or _fits(*reversed(pair))):
            return "/".join(segments[:at]) + ("/…" if segments[at:] else "")
    return text


def _fits(pattern: str, text: str) -> bool:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(re.fullmatch(escaped, text, re.DOTALL))
