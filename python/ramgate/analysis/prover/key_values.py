"""Find a value of one condition key that satisfies some conditions and not others.

The numbers in comments are those of the rules in docs/reference/policy-language.md.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import ipaddress
import itertools
from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover import glob
from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.reading import (
    ABSENT,
    Condition,
    Scalar,
    Value,
    family,
    holds,
    in_lower_case,
    is_satisfied,
    listed_number,
    read,
)
from ramgate.analysis.prover.walk import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.glob import Glob

__all__ = [
    "ANY_VALUE",
    "Domain",
    "Requirement",
    "find_value",
    "listed_globs",
]

_UNREADABLE: Final[Mapping[str, Scalar]] = {"String": 0}
"""A value that the operators of a family cannot read; `_NO_VALUE` for all families but `String`."""
_NO_VALUE: Final = "unreadable"
_READABLE_TEXT: Final = "example"
_MOST_DIGITS: Final = 20_000
"""More than two listed numbers together can have: a midpoint is exact."""
_SECOND: Final = 1_000_000_000
_MINUTE: Final = 60
_SEVERAL: Final = 2
_FIRST: Final = -9214560000 * _SECOND
_LAST: Final = 9214646400 * _SECOND - 1
_EPOCH: Final = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - an offset is added by hand
_FIRST_ADDRESSES: Final = ("203.0.113.7", "0.0.0.0", "::", "::1:0:0:0")  # noqa: S104 - not bound
"""A readable address, the first of each version, and the first behind the IPv4-mapped ones."""


@dataclasses.dataclass(frozen=True, slots=True)
class Requirement:
    """A condition of a statement with that effect, which a value must satisfy or must not."""

    condition: Condition
    effect: str
    wanted: bool

    def is_met(self, value: Value, *, fold: bool = False) -> bool:
        """True if the value satisfies the condition exactly if that is wanted."""
        return is_satisfied(self.condition, self.effect, value, fold=fold) == self.wanted


@dataclasses.dataclass(frozen=True, slots=True)
class Domain:
    """The values that a key may have: lists and scalars of any type, or only some texts.

    `texts` restricts a key to single texts, as `acs:PrincipalARN` is one; `fold` compares with the
    listed texts in lower case (3.4). `excepted` are single texts that the key may not have.
    """

    may_be_absent: bool = True
    texts: Glob | None = None
    fold: bool = False
    excepted: frozenset[str] = frozenset()


ANY_VALUE: Final = Domain()


def find_value(requirements: Sequence[Requirement], domain: Domain, budget: Budget) -> Value | None:
    """Return a value that meets all requirements, `ABSENT`, or None if there is none.

    Raises `Undecided` if the requirements compare the key as several types and the values that
    were tried do not meet them.
    """
    if domain.may_be_absent and _all_met(requirements, ABSENT, domain):
        return ABSENT
    kinds = sorted({family(one.condition) for one in requirements})
    if domain.texts is not None:
        return _find_text_in(requirements, domain, budget)
    if len(kinds) > 1:
        return _find_among_types(requirements, kinds, domain, budget)
    kind = kinds[0] if kinds else "String"
    unreadable = _UNREADABLE.get(kind, _NO_VALUE)
    # 4.6: one unreadable element decides the same as a list with one
    if _all_met(requirements, unreadable, domain):
        return unreadable
    return _find_readable(requirements, kind, domain, budget)


def _all_met(requirements: Iterable[Requirement], value: Value, domain: Domain) -> bool:
    return all(one.is_met(value, fold=domain.fold) for one in requirements)


@dataclasses.dataclass(frozen=True, slots=True)
class _Element:
    """A property of an element: whether it holds for a condition."""

    condition: Condition
    expected: bool


def _split(requirements: Iterable[Requirement]) -> tuple[list[_Element], list[_Element]]:
    """Return the properties of every element, and those of at least one, of a readable value.

    `some` holds if it holds of one element, `every` if it holds of all (4.7); the negation of one
    is the other's.
    """
    every: list[_Element] = []
    some: list[_Element] = []
    for one in requirements:
        is_some = one.condition["quantifier"] == "some"
        (some if is_some == one.wanted else every).append(_Element(one.condition, one.wanted))
    return every, some


def _find_readable(
    requirements: Sequence[Requirement], kind: str, domain: Domain, budget: Budget
) -> Value | None:
    every, some = _split(requirements)
    together = _find_element([*every, *some], kind, domain, budget)
    if together is not None:
        return together
    if len(some) < _SEVERAL and not domain.excepted:
        return None
    found: list[Scalar] = []
    for properties in [[*every, one] for one in some] or [every]:
        element = _find_element(properties, kind, ANY_VALUE, budget)
        if element is None:
            return None
        if element not in found:
            found.append(element)
    return found


def _find_element(
    properties: Sequence[_Element], kind: str, domain: Domain, budget: Budget
) -> Scalar | None:
    """Return one readable element with all of these properties."""
    if kind == "String":
        return _find_string(properties, domain, budget)
    for candidate in _CANDIDATES[kind]([one.condition for one in properties]):
        budget.spend()
        value = read(kind, candidate)
        if all(holds(one.condition, value) == one.expected for one in properties):
            return candidate
    return None


def _find_string(properties: Sequence[_Element], domain: Domain, budget: Budget) -> str | None:
    if (
        domain.texts is None
        and _READABLE_TEXT not in domain.excepted
        and all(
            holds(one.condition, _READABLE_TEXT, fold=domain.fold) == one.expected
            for one in properties
        )
    ):
        return _READABLE_TEXT
    wanted: list[Sequence[Glob]] = [[domain.texts or glob.ANYTHING]]
    avoided: list[Glob] = [glob.text(one) for one in sorted(domain.excepted)]
    for one in properties:
        globs = listed_globs(one.condition, fold=domain.fold)
        if one.expected != one.condition["negated"]:
            wanted.append(globs)
        else:
            avoided += globs
    return next((word for word, _ in words(wanted, avoided, (), budget)), None)


def listed_globs(condition: Condition, *, fold: bool) -> list[Glob]:
    """Return the globs of the texts that a condition lists, in lower case with `fold` (3.4)."""
    listed = condition["values"]
    if fold:
        listed = [in_lower_case(one) for one in listed]
    form = {"StringLike": glob.plain, "StringEqualsIgnoreCase": glob.folded}
    return [form.get(condition["operator"], glob.text)(one) for one in listed]


def _find_text_in(
    requirements: Sequence[Requirement], domain: Domain, budget: Budget
) -> Value | None:
    """Return a text of the domain, which no operator but those on strings can read (4.6)."""
    strings = []
    for one in requirements:
        if family(one.condition) == "String":
            strings.append(one)
        elif (one.effect == "Deny") != one.wanted:
            return None
    every, some = _split(strings)
    return _find_string([*every, *some], domain, budget)


def _find_among_types(
    requirements: Sequence[Requirement], kinds: Sequence[str], domain: Domain, budget: Budget
) -> Value:
    """Return a value for conditions that compare the key as several types, if one is found."""
    candidates: list[Scalar] = [*_UNREADABLE.values(), _NO_VALUE]
    for kind in kinds:
        own = [one for one in requirements if family(one.condition) == kind]
        if kind == "String":
            every, some = _split(own)
            found = _find_string([*every, *some], domain, budget)
            candidates += [] if found is None else [found]
        else:
            candidates += _CANDIDATES[kind]([one.condition for one in own])
    for candidate in candidates:
        budget.spend()
        if candidate not in domain.excepted and _all_met(requirements, candidate, domain):
            return candidate
    for pair in itertools.combinations(candidates, 2):
        budget.spend()
        if _all_met(requirements, pair, domain):
            return list(pair)
    raise Undecided(f"conditions compare `{requirements[0].condition['key']}` as several types")


def _numbers(conditions: Sequence[Condition]) -> Iterator[Scalar]:
    listed = sorted({listed_number(one) for condition in conditions for one in condition["values"]})
    points = [decimal.Decimal(0), *listed]
    with decimal.localcontext(prec=_MOST_DIGITS):
        points += [listed[0] - 1, listed[-1] + 1]
        points += [(low + high) / 2 for low, high in itertools.pairwise(listed)]
    for point in points:
        whole = int(point)
        yield whole if whole == point and abs(whole) < 10**15 else f"{point:f}"


def _dates(conditions: Sequence[Condition]) -> Iterator[Scalar]:
    listed = sorted({one for condition in conditions for one in condition["values"]})
    for one in listed:
        for nearby in (one, one - 1, one + 1):
            if (text := _date(nearby)) is not None:
                yield text


def _date(nanoseconds: int) -> str | None:
    """Return an instant as a date; one that is just outside of the years is written with an offset.

    The year of the text must be one of 1678 to 2261 (4.6), whatever the offset.
    """
    minutes = 0
    if nanoseconds < _FIRST:
        minutes = -((nanoseconds - _FIRST) // (_MINUTE * _SECOND))
    elif nanoseconds > _LAST:
        minutes = -((nanoseconds - _LAST - 1) // (_MINUTE * _SECOND) + 1)
    if abs(minutes) >= 24 * _MINUTE:
        return None
    seconds, rest = divmod(nanoseconds, _SECOND)
    local = _EPOCH + datetime.timedelta(seconds=seconds + minutes * _MINUTE)
    fraction = f".{rest:09}".rstrip("0").rstrip(".") if rest else ""
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "Z"
    return f"{local.isoformat()}{fraction}{offset}"


def _addresses(conditions: Sequence[Condition]) -> Iterator[Scalar]:
    readable, *first = map(ipaddress.ip_address, _FIRST_ADDRESSES)
    points = {readable, *first}
    for condition in conditions:
        for block in map(ipaddress.ip_network, condition["values"]):
            points.add(block.network_address)
            if block.broadcast_address != _last(block):
                points.add(block.broadcast_address + 1)
    yield from map(str, sorted(points, key=lambda one: (one != readable, one.version, int(one))))


def _last(block: Any) -> Any:  # noqa: ANN401 - an address of either version
    return type(block.network_address)(2**block.max_prefixlen - 1)


_CANDIDATES: Final[Mapping[str, Callable[[Sequence[Condition]], Iterator[Scalar]]]] = {
    "Numeric": _numbers,
    "Date": _dates,
    "Bool": lambda _: iter(("true", "false")),
    "IpAddress": _addresses,
}
