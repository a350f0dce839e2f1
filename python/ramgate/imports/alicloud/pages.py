"""Read a list to its end, page by page; a list that changes meanwhile is read again.

An entry that is missing could be the attachment of a Deny, so a list is complete or an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ramgate.errors import CloudError

if TYPE_CHECKING:
    from ramgate.imports.alicloud.answers import Part
    from ramgate.imports.alicloud.caller import Caller
    from ramgate.imports.alicloud.listings import Listing

    _T = TypeVar("_T", bound=Part)

__all__ = ["READINGS", "entries"]

READINGS: Final = 5
"""How often a list is read that changes between two of its pages."""

_MOST_PAGES: Final = 2_000


class _Marked(msgspec.Struct, frozen=True, rename="pascal"):
    marker: str | None = None
    is_truncated: bool | None = None


class _Counted(msgspec.Struct, frozen=True, rename="pascal"):
    total_count: int


class _ChangedError(Exception):
    """The list changed while it was read."""


def entries(caller: Caller, listing: Listing[_T], **parameters: str) -> list[_T]:
    """Return all entries of a list; raises `Refused`, `Absent` or `CloudError`."""
    parameters = {**listing.fixed, **parameters}
    if listing.has_markers:
        return _marked(caller, listing, parameters)
    for _ in range(READINGS):
        try:
            return _numbered(caller, listing, parameters)
        except _ChangedError:
            continue
    raise CloudError(f"{listing.call} changed during each of {READINGS} readings: try again later")


def _marked(caller: Caller, listing: Listing[_T], parameters: dict[str, str]) -> list[_T]:
    found: list[_T] = []
    seen = {""}
    page = {"MaxItems": str(listing.size)}
    for _ in range(_MOST_PAGES):
        answer = caller(listing.call, **parameters, **page)
        found += listing.entries(answer)
        mark = _form(listing, answer, _Marked)
        marker = mark.marker or ""
        if not (mark.is_truncated if mark.is_truncated is not None else marker):
            return found
        if marker in seen:
            raise CloudError(f"{listing.call} repeats its pages: the marker comes twice")
        seen.add(marker)
        page["Marker"] = marker
    raise _endless(listing)


def _numbered(caller: Caller, listing: Listing[_T], parameters: dict[str, str]) -> list[_T]:
    found: list[_T] = []
    total = -1
    for number in range(1, _MOST_PAGES + 1):
        page = {"PageNumber": str(number), "PageSize": str(listing.size)}
        answer = caller(listing.call, **parameters, **page)
        more = listing.entries(answer)
        count = _form(listing, answer, _Counted).total_count
        if count != total and number > 1:
            raise _ChangedError
        total = count
        found += more
        if not more or len(found) >= total:
            if len(found) != total or len(set(found)) != total:
                raise _ChangedError
            return found
    raise _endless(listing)


_Form = TypeVar("_Form")


def _form(listing: Listing[_T], answer: dict[str, object], kind: type[_Form]) -> _Form:
    try:
        return msgspec.convert(answer, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise CloudError(f"{listing.call} answered in an unknown form: {error}") from error


def _endless(listing: Listing[_T]) -> CloudError:
    return CloudError(f"{listing.call} does not end: {_MOST_PAGES} pages were read")
