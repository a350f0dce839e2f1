"""Condition operators, and how each reads the values that a policy lists.

Values are parsed once, when the document is translated. Each reader takes the text of one listed
value and returns the value that Rego compares with, or None if the operator cannot read the text
(docs/reference/policy-language.md, section 4).

>>> OPERATORS["StringNotLike"].comparison, OPERATORS["StringNotLike"].negated
('StringLike', True)
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime
import ipaddress
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["OPERATORS", "Operator", "Value", "glob"]

Value: TypeAlias = str | bool | int | list[int | str]

_NUMBER: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_DATE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_ADDRESS: Final = re.compile(r"([0-9A-Fa-f:.]+)(?:/(0|[1-9][0-9]{0,2}))?")
_LIVE_IN_GLOB: Final = re.compile(r"[\\\[\]{}]")
_NEGATIONS: Final = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
}
_FIRST_YEAR: Final = 1678
_LAST_YEAR: Final = 2261
_SECOND: Final = 1_000_000_000


def glob(pattern: str) -> str:
    r"""Escape a RAM pattern for OPA's `glob.match`, so that only `*` and `?` are wildcards.

    >>> print(glob("acs:oss:*:*:bucket/[a]/{b}"))
    acs:oss:*:*:bucket/\[a\]/\{b\}
    """
    return _LIVE_IN_GLOB.sub(r"\\\g<0>", pattern)


def _number(text: str) -> list[int | str] | None:
    """Return an exact decimal as `[sign, exponent, digits]`: sign × 0.digits × 10^exponent.

    The digits neither begin nor end with a zero, so two numbers of one sign compare as their
    exponents, then as their digits. OPA's own comparison of numbers is not exact in every version.
    """
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    significant = (whole + fraction).lstrip("0")
    digits = significant.rstrip("0")
    if not digits:
        return [0, 0, ""]
    return [-1 if sign else 1, len(significant) - len(fraction), digits]


def _instant(text: str) -> int | None:
    """Return nanoseconds since 1970 in UTC.

    64 bits of nanoseconds cover the years 1678 to 2261. A date outside of these years counts as
    their first or their last instant.
    """
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC)
    except ValueError:
        return None
    if year < _FIRST_YEAR:
        return calendar.timegm((_FIRST_YEAR, 1, 1, 0, 0, 0)) * _SECOND
    if year > _LAST_YEAR:
        return calendar.timegm((_LAST_YEAR + 1, 1, 1, 0, 0, 0)) * _SECOND - 1
    offset = 60 * (60 * int(match[9] or 0) + int(match[10] or 0))
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    seconds += offset if match[8] == "-" else -offset
    return seconds * _SECOND + int((match[7] or "0").ljust(9, "0"))


def _network(text: str) -> str | None:
    match = _ADDRESS.fullmatch(text)
    if not match:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
        mapped = getattr(ipaddress.ip_address(match[1]), "ipv4_mapped", None)
    except ValueError:
        return None
    if mapped is None:
        return str(network)
    return None if match[2] else f"{mapped}/32"


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


@dataclasses.dataclass(frozen=True, slots=True)
class Operator:
    """One of RAM's condition operators: its comparison, and whether it negates the result.

    `read` parses the text of a listed value and returns None if it is not valid; `form` is the
    phrase for a valid value in a message.

    >>> OPERATORS["NumericLessThan"].read("-120.50")
    [-1, 3, '1205']
    >>> OPERATORS["IpAddress"].read("10.0.0.7/8"), OPERATORS["IpAddress"].read("10.0.0")
    ('10.0.0.0/8', None)
    """

    comparison: str
    read: Callable[[str], Value | None]
    form: str
    negated: bool = False


def _operators() -> Iterator[tuple[str, Operator]]:
    numeric, date, address = (
        "a decimal number such as `10` or `-0.5`",
        "a date such as `2026-03-11T00:00:00Z`",
        "an IP address or block such as `192.168.0.1` or `10.0.0.0/8`",
    )
    for comparison, read, form in (
        ("StringEquals", str, ""),
        ("StringEqualsIgnoreCase", str, ""),
        ("StringLike", glob, ""),
        ("NumericEquals", _number, numeric),
        ("DateEquals", _instant, date),
        ("IpAddress", _network, address),
    ):
        yield comparison, Operator(comparison, read, form)
        yield _NEGATIONS[comparison], Operator(comparison, read, form, negated=True)
    for order in ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"):
        yield f"Numeric{order}", Operator(f"Numeric{order}", _number, numeric)
        yield f"Date{order}", Operator(f"Date{order}", _instant, date)
    yield "Bool", Operator("Bool", _boolean, "`true` or `false`")
    # A block includes its first and last address for `IpAddress` too, so both pairs are the same.
    border = Operator("IpAddress", _network, address)
    yield "IpAddressIncludeBorder", border
    yield "NotIpAddressIncludeBorder", dataclasses.replace(border, negated=True)


OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(dict(_operators()))
