from __future__ import annotations

import asyncio

import pytest

from ramgate import AccessDenied, Decision, Request, Statement, TransportError
from ramgate.middleware.current import Current
from ramgate.middleware.errors import PrincipalError, Unauthenticated, Undecided

ALICE = "acs:ram::1234567890123456:user/alice"
REQUEST = Request(ALICE, "alikafka:ListTopic", "*", {"acs:SourceIp": ["10.0.0.1"]})
ALLOW = Decision(
    allow=True,
    effect="Allow",
    reason="statement_allows",
    policy_type="AccountLevelIdentityBasedPolicy",
    statements=(Statement("p", 0),),
)
DENY = Decision(
    allow=False,
    effect="ImplicitDeny",
    reason="no_statement_matches",
    policy_type="AccountLevelIdentityBasedPolicy",
    statements=(),
)


def test_a_principal_is_stored() -> None:
    current = Current()
    assert current.principal is None
    assert current.identify(ALICE) == ALICE
    assert current.principal == ALICE


@pytest.mark.parametrize("value", [None, ""])
def test_no_text_is_no_principal(value: object) -> None:
    current = Current()
    with pytest.raises(Unauthenticated):
        current.identify(value)
    assert current.principal is None


@pytest.mark.parametrize("value", [0, False, b"x", [], {}, object(), True])
def test_another_value_is_an_error_of_the_function(value: object) -> None:
    current = Current()
    with pytest.raises(PrincipalError, match="must return a text or `None`"):
        current.identify(value)
    assert current.principal is None


@pytest.mark.parametrize("value", ["\n", f"{ALICE}\n", f"{ALICE}\0", f"{ALICE}\r\nx", "\ud800"])
def test_an_unprintable_text_is_an_error_of_the_function(value: str) -> None:
    current = Current()
    with pytest.raises(PrincipalError, match="unprintable") as caught:
        current.identify(value)
    assert current.principal is None
    assert str(caught.value).isprintable()


def test_an_equal_request_has_the_remembered_decision() -> None:
    current = Current()
    current.keep(REQUEST, ALLOW)
    same = Request(ALICE, "alikafka:ListTopic", "*", {"acs:SourceIp": ["10.0.0.1"]})
    assert current.recall(same) is ALLOW


@pytest.mark.parametrize(
    "other",
    [
        Request("acs:ram::1234567890123456:user/bob", *("alikafka:ListTopic", "*")),
        Request(ALICE, "alikafka:ListTopic", "*"),
        Request(ALICE, "alikafka:ListTopic", "*", {"acs:SourceIp": "10.0.0.1"}),
        Request(ALICE, "alikafka:ListTopic", "*", {"acs:SourceIp": ["10.0.0.2"]}),
        Request(ALICE, "alikafka:DeleteTopic", "*", {"acs:SourceIp": ["10.0.0.1"]}),
        Request(ALICE, "alikafka:ListTopic", "acs:a:::b", {"acs:SourceIp": ["10.0.0.1"]}),
    ],
)
def test_another_request_has_no_remembered_decision(other: Request) -> None:
    current = Current()
    current.keep(REQUEST, ALLOW)
    assert current.recall(other) is None


def test_a_denial_is_remembered_too() -> None:
    current = Current()
    current.keep(REQUEST, DENY)
    decision = current.recall(REQUEST)
    assert decision is DENY
    with pytest.raises(AccessDenied) as caught:
        current.require(REQUEST, DENY)
    assert caught.value.decision is DENY


def test_a_state_that_does_not_remember_counts_decisions() -> None:
    current = Current(remembers=False)
    current.keep(REQUEST, ALLOW)
    assert current.recall(REQUEST) is None
    current.verify()


def test_nothing_is_remembered_after_forgetting() -> None:
    current = Current()
    current.keep(REQUEST, ALLOW)
    current.forget()
    assert current.recall(REQUEST) is None
    current.keep(REQUEST, ALLOW)
    assert current.recall(REQUEST) is None
    current.verify()


def test_two_states_share_nothing() -> None:
    first, second = Current(), Current()
    first.identify(ALICE)
    first.keep(REQUEST, ALLOW)
    assert (second.principal, second.recall(REQUEST)) == (None, None)
    with pytest.raises(Undecided):
        second.verify()


def test_an_allow_passes_the_check() -> None:
    current = Current()
    assert current.require(REQUEST, ALLOW) is ALLOW


def test_a_failed_question_is_the_cause_of_a_missing_decision() -> None:
    current = Current()
    current.failure = TransportError("cannot reach OPA")
    with pytest.raises(TransportError):
        current.verify()
    with pytest.raises(TransportError):
        current.end()
    current.keep(REQUEST, DENY)
    current.verify()


def test_a_refusal_is_raised_at_the_end() -> None:
    current = Current()
    current.end()
    current.refusal = Unauthenticated("x")
    with pytest.raises(Unauthenticated):
        current.end()


def test_a_text_that_cannot_be_encoded_is_not_remembered() -> None:
    current = Current()
    current.keep(REQUEST, ALLOW)
    assert current.recall(Request(ALICE, "alikafka:ListTopic", "\ud800")) is None


def test_questions_that_are_undone_leave_no_trace() -> None:
    current = Current()
    before = current.snapshot()
    current.keep(REQUEST, ALLOW)
    current.refusal = current.failure = TransportError("gone")
    current.restore(before)
    after: tuple[object, object] = (current.refusal, current.failure)
    assert after == (None, None)
    with pytest.raises(Undecided):
        current.verify()


def test_a_closed_request_remembers_nothing() -> None:
    current = Current()
    current.keep(REQUEST, ALLOW)
    current.close()
    assert current.recall(REQUEST) is None


def test_the_first_error_of_another_kind_is_raised_at_the_end() -> None:
    current = Current()
    for name in ("first", "second"):
        current.refuse(KeyError(name))
    with pytest.raises(KeyError, match="first"):
        current.end()


def test_a_cancelled_requirement_is_no_decision() -> None:
    current = Current()
    current.refuse(asyncio.CancelledError())
    with pytest.raises(Undecided, match="a requirement was cancelled"):
        current.end()


def test_a_cancelled_requirement_does_not_hide_a_denial() -> None:
    current = Current()
    denied = Unauthenticated("x")
    current.refuse(asyncio.CancelledError())
    current.refuse(denied)
    current.refuse(asyncio.CancelledError())
    assert current.refusal is denied
