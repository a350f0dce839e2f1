"""Read the entries of decision logs: the requests, their times, and their decisions.

A line of a log is one entry, as OPA prints it, or a JSON list of entries, as OPA uploads them. The
file may be compressed with gzip. A request is kept as the bytes of the log, so that its numbers
stay exact.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import gzip
import re
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import msgspec

from ramgate.errors import UnreadableFiles
from ramgate.faults import Fault
from ramgate.model.decision import Decision

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

__all__ = ["Asked", "Entry", "Unasked", "asked", "entries"]

_GZIP: Final = b"\x1f\x8b"
_NO_ENTRY: Final = "it is not an entry of a decision log"
_TOO_DEEP: Final = "it is nested too deeply to be read"
_NO_TIME: Final = "it has no time"
_ONE: Final = "ram/authz/decision"
_MANY: Final = "ram/authz/decisions"
_INPUT: Final = "/input/"
_ITEM: Final = re.compile(r"/input/requests/(\d{1,9})/")
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_NO_ACCESS: Final = {
    "ram/explain/": "it is an explanation, which gives no access",
    "ram/simulate/": "it is a simulation, whose policies are not in the log; it gives no access",
    "authzen/metadata/": "it is not a question about access",
    "authzen/framed/body/metadata": "it is not a question about access",
    "system/": "it is not a question about access",
}
_OURS: Final = re.compile(r"(?:ram|slr|authzen)(?:/|$)")
_QUERY: Final = "it is a question to all rules or a query, whose answer may have a decision"


class Entry(msgspec.Struct, frozen=True):
    """An entry of a decision log, with those of its fields that a replay needs."""

    decision_id: str
    timestamp: str = ""
    path: str = ""
    input: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    erased: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()


_ENTRY: Final = msgspec.json.Decoder(Entry)


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    requests: list[msgspec.Raw]


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A request of an entry: its JSON, its time as text and in nanoseconds, its logged decision.

    `logged` is None if the log has no complete decision on it.
    """

    request: bytes
    time: str
    nanoseconds: int
    logged: Decision | None


@dataclasses.dataclass(frozen=True, slots=True)
class Unasked:
    """An entry, or a request of one, that cannot be decided again, and the reason.

    `access` is false if such an entry never gives access.
    """

    reason: str
    access: bool = True


def entries(log: str) -> Iterator[Entry | Unasked]:
    """Yield the entries of a log, in their order; `-` is stdin.

    Raises `UnreadableFiles` if the log cannot be read to its end.
    """
    try:
        if log == "-":
            yield from _entries(sys.stdin.buffer)
        else:
            with Path(log).open("rb") as file:
                yield from _entries(file)
    except (OSError, EOFError, zlib.error) as error:
        cause = getattr(error, "strerror", None) or error
        raise UnreadableFiles([Fault(log, message=f"cannot be read: {cause}")]) from error


def _entries(file: BinaryIO) -> Iterator[Entry | Unasked]:
    is_compressed = cast("io.BufferedReader", file).peek(len(_GZIP)).startswith(_GZIP)
    with gzip.GzipFile(fileobj=file) if is_compressed else contextlib.nullcontext(file) as lines:
        for line in lines:
            if line.lstrip().startswith(b"["):
                yield from _list(line)
            elif not line.isspace():
                yield _entry(line)


def _list(line: bytes) -> Iterator[Entry | Unasked]:
    try:
        yield from map(_entry, msgspec.json.decode(line, type=list[msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield Unasked(_NO_ENTRY)
    except RecursionError:
        yield Unasked(_TOO_DEEP)


def _entry(text: bytes | msgspec.Raw) -> Entry | Unasked:
    try:
        return _ENTRY.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unasked(_NO_ENTRY)
    except RecursionError:
        return Unasked(_TOO_DEEP)


def asked(entry: Entry) -> Iterator[Asked | Unasked]:
    """Yield the requests of an entry: one, those of a batch, or the reason why there is none."""
    try:
        yield from _requests(entry)
    except RecursionError:
        yield Unasked(_TOO_DEEP)


def _requests(entry: Entry) -> Iterator[Asked | Unasked]:
    if entry.path not in {_ONE, _MANY}:
        yield _other(entry.path)
        return
    nanoseconds = _nanoseconds(entry.timestamp)
    hidden = [*entry.erased, *entry.masked]
    if nanoseconds is None or not bytes(entry.input):
        yield Unasked(_NO_TIME if nanoseconds is None else "it has no input")
    elif entry.path == _MANY:
        yield from _batch(entry, nanoseconds, hidden)
    elif fields := [path.removeprefix(_INPUT) for path in hidden if path.startswith("/input")]:
        yield Unasked(f"its {', '.join(sorted(fields))} is not in the log")
    else:
        yield _asked(entry, nanoseconds, entry.input, entry.result)


def _batch(entry: Entry, nanoseconds: int, hidden: list[str]) -> Iterator[Asked | Unasked]:
    fields: dict[int, list[str]] = {}
    for path in hidden:
        if item := _ITEM.match(path):
            fields.setdefault(int(item[1]), []).append(path[item.end() :])
        elif path.startswith("/input"):
            yield Unasked(f"`{path}` of a batch is not in the log")
            return
    try:
        requests = msgspec.json.decode(entry.input, type=_Batch).requests
    except msgspec.DecodeError:
        yield Unasked("it is a malformed batch, which gives no access", access=False)
        return
    try:
        results = msgspec.json.decode(entry.result, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        results = []
    if len(results) != len(requests):
        results = [msgspec.Raw()] * len(requests)
    for number, (request, result) in enumerate(zip(requests, results, strict=True)):
        if number in fields:
            yield Unasked(f"its {', '.join(sorted(fields[number]))} is not in the log")
        else:
            yield _asked(entry, nanoseconds, request, result)


def _asked(entry: Entry, nanoseconds: int, request: msgspec.Raw, result: msgspec.Raw) -> Asked:
    try:
        logged = msgspec.json.decode(result, type=Decision)
    except (msgspec.DecodeError, ValueError):
        logged = None
    return Asked(bytes(request), entry.timestamp, nanoseconds, logged)


def _other(path: str) -> Unasked:
    for start, reason in _NO_ACCESS.items():
        if path.startswith(start):
            return Unasked(reason, access=False)
    if not path:
        return Unasked(_QUERY)
    if _OURS.match(path):
        return Unasked(f"`{path}` cannot be replayed")
    return Unasked("it is not a question to ramgate's rules", access=False)


def _nanoseconds(text: str) -> int | None:
    """Return the nanoseconds since 1970 of a time as OPA logs it, None for any other text."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    seconds, fraction, zone = match.groups()
    try:
        moment = datetime.datetime.fromisoformat(seconds + zone)
    except ValueError:
        return None
    return int(moment.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))
