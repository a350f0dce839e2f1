"""Find values of a context that satisfy conditions of an Allow, or let those of a Deny fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.key_values import ANY_VALUE, Domain, Requirement, find_value
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.analysis.prover.reading import Value

__all__ = ["failing", "satisfying"]

_STEPS: Final = 10_000
_FILLED_IN: Final = ("acs:CurrentTime", "acs:PrincipalARN")
"""Keys that a caller does not choose."""


def satisfying(conditions: Sequence[Mapping[str, Any]]) -> dict[str, Value] | None:
    """Return a value for each key of an Allow's conditions; None if none satisfies all of a key.

    A condition has the fields `operator`, `key` and `values`, as an explanation shows it.

    >>> satisfying([{"operator": "StringLike", "key": "oss:Prefix", "values": ["reports/*"]}])
    {'oss:Prefix': 'reports/'}
    """
    required: dict[str, list[Requirement]] = {}
    for one in conditions:
        required.setdefault(one["key"], []).append(_requirement(one, "Allow", wanted=True))
    found: dict[str, Value] = {}
    for key, requirements in required.items():
        value = _find(requirements, ANY_VALUE)
        if value is None:
            return None
        found[key] = value
    return found


def failing(conditions: Sequence[Mapping[str, Any]]) -> dict[str, Value] | None:
    """Return a value with which a condition of a Deny fails; None if the caller can give none.

    >>> failing([{"operator": "NotIpAddress", "key": "acs:SourceIp", "values": ["10.0.0.0/8"]}])
    {'acs:SourceIp': '10.0.0.0'}
    """
    for one in conditions:
        if one["key"] not in _FILLED_IN:
            value = _find([_requirement(one, "Deny", wanted=False)], Domain(may_be_absent=False))
            if value is not None:
                return {one["key"]: value}
    return None


def _requirement(condition: Mapping[str, Any], effect: str, *, wanted: bool) -> Requirement:
    test = {condition["operator"]: {condition["key"]: list(condition["values"])}}
    statement = {"Effect": effect, "Action": "a:b", "Resource": "*", "Condition": test}
    document: Any = translate({"Version": "1", "Statement": [statement]})
    return Requirement(document["statements"][0]["conditions"][0], effect, wanted=wanted)


def _find(requirements: Sequence[Requirement], domain: Domain) -> Value | None:
    try:
        return find_value(requirements, domain, Budget(steps=_STEPS))
    except Undecided:
        return None
