from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ramgate.analysis.asking import asked
from ramgate.analysis.prover.space import Request

if TYPE_CHECKING:
    from ramgate.analysis.prover.reading import Value


def test_a_found_request_becomes_one_that_opa_decides() -> None:
    context: dict[str, Value] = {"n": [Decimal("1E+2"), "x"], "b": True, "d": Decimal("-0.50")}
    request = asked("acs:ram::1234567890123456:user/a", Request("x", "a:b", "*", context))
    assert request.principal == "acs:ram::1234567890123456:user/a"
    assert dict(request.context) == {"n": ("100", "x"), "b": True, "d": "-0.50"}
