"""Find values of a context that satisfy conditions of an Allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.key_values import ANY_VALUE, Requirement, find_value
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ramgate.analysis.prover.reading import Value

__all__ = ["satisfying"]

_STEPS = 10_000


def satisfying(conditions: Sequence[Mapping[str, Any]]) -> dict[str, Value] | None:
    """Return a value for each key of the conditions; None if no value satisfies all of a key.

    A condition has the fields `operator`, `key` and `values`, as an explanation shows it.

    >>> satisfying([{"operator": "StringLike", "key": "oss:Prefix", "values": ["reports/*"]}])
    {'oss:Prefix': 'reports/'}
    """
    required: dict[str, list[Requirement]] = {}
    for one in conditions:
        test = {one["operator"]: {one["key"]: list(one["values"])}}
        statement = {"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": test}
        document: Any = translate({"Version": "1", "Statement": [statement]})
        for condition in document["statements"][0]["conditions"]:
            required.setdefault(one["key"], []).append(Requirement(condition, "Allow", wanted=True))
    found: dict[str, Value] = {}
    for key, requirements in required.items():
        try:
            value = find_value(requirements, ANY_VALUE, Budget(steps=_STEPS))
        except Undecided:
            return None
        if value is None:
            return None
        found[key] = value
    return found
