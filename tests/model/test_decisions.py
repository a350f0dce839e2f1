"""`Decisions` cannot be mistaken for one decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ramgate import AsyncClient, Client, Decision, Decisions, Request
from ramgate.model.decision import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOW = Decision(
    allow=True, effect="Allow", reason="account_owner", policy_type=None, statements=()
)
DENY = Decision(
    allow=False, effect="ImplicitDeny", reason="unknown_principal", policy_type=None, statements=()
)
REQUEST = Request("acs:ram::1234567890123456:user/carol", "alikafka:DeleteTopic", "*")


@pytest.mark.parametrize("decisions", [[], [DENY], [ALLOW], [ALLOW, DENY]])
def test_a_list_of_decisions_has_no_truth_value(decisions: list[Decision]) -> None:
    """A list of denials was true: `if client.decide_all([…])` allowed everybody."""
    with pytest.raises(TypeError, match=r"^`Decisions` has no truth value: use `all_allowed`, or"):
        bool(Decisions(decisions))


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [([], False), ([DENY], False), ([ALLOW, DENY], False), ([ALLOW], True), ([ALLOW] * 3, True)],
)
def test_all_are_allowed_only_if_there_is_one(decisions: list[Decision], expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert Decisions(decisions).all_allowed is expected


def test_decisions_are_a_sequence() -> None:
    decisions = Decisions([ALLOW, DENY])
    assert len(decisions) == 2
    assert list(decisions) == [ALLOW, DENY]
    assert decisions[1] == DENY
    assert DENY in decisions
    assert decisions[:1] == Decisions([ALLOW])
    assert decisions != Decisions([DENY, ALLOW])
    assert decisions != [ALLOW, DENY]
    assert hash(decisions) == hash(Decisions([ALLOW, DENY]))
    assert repr(decisions) == f"Decisions({[ALLOW, DENY]!r})"
    with pytest.raises(TypeError):
        bool(decisions[:1])


ASKS: dict[str, Callable[[Any], object]] = {
    "decide_all": lambda given: Client().decide_all(given),
    "simulate_all": lambda given: Client().simulate_all(given),
    "async decide_all": lambda given: AsyncClient().decide_all(given).send(None),
    "async simulate_all": lambda given: AsyncClient().simulate_all(given).send(None),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_requests_are_a_sequence_that_is_not_empty(ask: Callable[[object], object]) -> None:
    """The decisions of a spent generator were an empty list, and all of them true."""
    with pytest.raises(TypeError, match="must be a sequence, such as a list, not a `generator`"):
        ask(request for request in [REQUEST])
    with pytest.raises(TypeError, match="not a `Request`"):
        ask(REQUEST)
    with pytest.raises(ValueError, match=r"^the requests must be at least one"):
        ask([])
    with pytest.raises(ValueError, match=r"^the requests must be at least one"):
        ask(())


def test_a_simulation_is_a_request_of_its_own() -> None:
    simulation = Simulation("p", "a:b", "*", policies={})
    assert simulation.policies == {}
