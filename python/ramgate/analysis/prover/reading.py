"""Read the values of a request as the operators of conditions do (section 4 of the language).

The numbers in comments are those of the rules in docs/reference/policy-language.md. A value that
has been read is comparable with the listed values of a translated condition.
"""

from __future__ import annotations

import decimal
import functools
import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ramgate.analysis.prover import glob
from ramgate.analysis.prover.glob import opa_lower
from ramgate.language.condition import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "ABSENT",
    "family",
    "hits",
    "holds",
    "in_lower_case",
    "instant",
    "is_satisfied",
    "listed_number",
    "read",
]

Scalar: TypeAlias = "str | bool | int | float | decimal.Decimal"
Value: TypeAlias = "Scalar | Sequence[Scalar]"
Condition: TypeAlias = "Mapping[str, Any]"
Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

ABSENT: Final[tuple[Scalar, ...]] = ()
"""The value of a key that is absent: an empty list counts as absent, too (4.4)."""

_FAMILIES: Final = ("Numeric", "Date", "String")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]+")
_YEARS: Final = range(1678, 2262)


def family(condition: Condition) -> str:
    """Return the type of the values that the condition compares, such as `String` or `Date`."""
    operator: str = condition["operator"]
    return next((name for name in _FAMILIES if operator.startswith(name)), operator)


def read(kind: str, element: object) -> Any | None:  # noqa: ANN401 - the type depends on the kind
    """Return an element of the context as that type, or None if it is unreadable (4.6)."""
    return _READERS[kind](element)


def is_satisfied(condition: Condition, effect: str, given: Value, *, fold: bool = False) -> bool:
    """True if the value of a key satisfies the condition, in a statement with that effect.

    With `fold` the listed texts are compared in lower case, as they are with a role (3.4).
    """
    elements = list(given) if isinstance(given, list | tuple) else [given]
    is_absent = not elements
    values = [read(family(condition), element) for element in elements]
    if is_absent:
        # 4.4, 4.5
        return effect == "Deny" and (condition["negated"] or condition["quantifier"] == "every")
    if any(value is None for value in values):
        # 4.6
        return effect == "Deny"
    fitting = [holds(condition, value, fold=fold) for value in values]
    return any(fitting) if condition["quantifier"] == "some" else all(fitting)


def holds(condition: Condition, value: Any, *, fold: bool = False) -> bool:  # noqa: ANN401 - see `read`
    """True if one readable value fits the condition."""
    negated: bool = condition["negated"]
    return hits(condition, value, fold=fold) != negated


def hits(condition: Condition, value: Any, *, fold: bool = False) -> bool:  # noqa: ANN401 - see `read`
    """True if one readable value matches one of the listed values."""
    matches = _MATCHES[condition["operator"]]
    listed: Sequence[Any] = condition["values"]
    if fold and family(condition) == "String":
        listed = [in_lower_case(one) for one in listed]
    return any(matches(value, one) for one in listed)


def listed_number(value: Sequence[Any]) -> decimal.Decimal:
    """Return a number of a translated condition: sign × 0.digits × 10^exponent.

    >>> listed_number([-1, 3, "1205"])
    Decimal('-120.5')
    """
    sign, exponent, digits = value
    if not digits:
        return decimal.Decimal(0)
    return decimal.Decimal((int(sign < 0), tuple(map(int, digits)), exponent - len(digits)))


def in_lower_case(text: str) -> str:
    """Return a text in lower case as OPA's `lower` does."""
    return "".join(map(opa_lower, text))


def _text(element: object) -> str | None:
    if isinstance(element, bool):
        return "true" if element else "false"
    return element if isinstance(element, str) else None


def _number(element: object) -> decimal.Decimal | None:
    if isinstance(element, str):
        return decimal.Decimal(element) if _NUMBER.fullmatch(element) else None
    if isinstance(element, int | float | decimal.Decimal) and not isinstance(element, bool):
        return decimal.Decimal(repr(element) if isinstance(element, float) else element)
    return None


def instant(element: object) -> int | None:
    """Return the nanoseconds since 1970, or None for a value that is not a date of 1678 to 2261."""
    if not isinstance(element, str) or not element[:4].isdecimal():
        return None
    if int(element[:4]) not in _YEARS:
        return None
    found = OPERATORS["DateEquals"].read(element)
    return found if isinstance(found, int) else None


def _boolean(element: object) -> bool | None:
    found = _text(element)
    return None if found is None else {"true": True, "false": False}.get(in_lower_case(found))


def _address(element: object) -> Address | None:
    if not isinstance(element, str) or not _ADDRESS.fullmatch(element):
        return None
    try:
        found = ipaddress.ip_address(element)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "String": _text,
    "Numeric": _number,
    "Date": instant,
    "Bool": _boolean,
    "IpAddress": _address,
}


@functools.lru_cache(maxsize=1 << 12)
def _like(pattern: str) -> glob.Glob:
    return glob.plain(pattern)


@functools.lru_cache(maxsize=1 << 12)
def _network(block: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(block)


def _is_in(address: Address, block: str) -> bool:
    return address in _network(block)


def _numbers(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, listed: compare(value, listed_number(listed))


_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "Equals": lambda value, listed: value == listed,
    "LessThan": lambda value, listed: value < listed,
    "LessThanEquals": lambda value, listed: value <= listed,
    "GreaterThan": lambda value, listed: value > listed,
    "GreaterThanEquals": lambda value, listed: value >= listed,
}
_MATCHES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "StringEquals": lambda value, listed: value == listed,
    "StringEqualsIgnoreCase": lambda value, listed: in_lower_case(value) == in_lower_case(listed),
    "StringLike": lambda value, listed: glob.matches([_like(listed)], value),
    "Bool": lambda value, listed: value == listed,
    "IpAddress": _is_in,
    **{f"Numeric{name}": _numbers(compare) for name, compare in _ORDERS.items()},
    **{f"Date{name}": compare for name, compare in _ORDERS.items()},
}
