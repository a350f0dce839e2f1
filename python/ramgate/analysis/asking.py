"""Turn a request that the prover found into one that OPA decides and `ramgate check` takes."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING

from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.analysis.prover.reading import Scalar, Value
    from ramgate.analysis.prover.space import Request as Found
    from ramgate.model.decision import Context
    from ramgate.model.decision import Scalar as Given

__all__ = ["asked", "given"]


def asked(principal: str, found: Found) -> Request:
    """Return the request of a principal that has the found action, resource and context.

    >>> from ramgate.analysis.prover.space import Request as Found
    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> asked(alice, Found(alice, "ecs:Start", "*", {"x:n": decimal.Decimal("1.50")})).context
    {'x:n': '1.50'}
    """
    return Request(principal, found.action, found.resource, given(found.context))


def given(context: Mapping[str, Value]) -> Context:
    """Return a context whose exact decimals are texts: JSON's numbers may not be exact."""
    return {
        key: list(map(_scalar, value)) if isinstance(value, list | tuple) else _scalar(value)  # type: ignore[arg-type]
        for key, value in context.items()
    }


def _scalar(value: Scalar) -> Given:
    return format(value, "f") if isinstance(value, decimal.Decimal) else value
