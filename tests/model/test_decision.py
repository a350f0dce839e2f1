"""Requests and decisions as values."""

from __future__ import annotations

import enum
import itertools
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from ramgate.errors import InvalidRequest
from ramgate.model.decision import Decision, Effect, Reason, Request, Simulation, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.model.decision import Context

STATEMENT = Statement("readers", 0)
ALLOWING = {"account_owner", "statement_allows"}


class Operation(enum.StrEnum):
    LIST = "alikafka:ListTopic"


class Text(str):
    __slots__ = ()


class Count(int):
    pass


class Share(float):
    pass


def encoded(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value))


def consistent(decision: dict[str, object]) -> bool:
    try:
        msgspec.convert(decision, Decision)
    except msgspec.ValidationError:
        return False
    return True


def test_a_decision_is_true_exactly_when_it_allows() -> None:
    combinations = itertools.product(
        (True, False), get_args(Effect), get_args(Reason), (True, False), (True, False)
    )
    made: list[Decision] = []
    for allow, effect, reason, stated, faulty in combinations:
        try:
            decision = Decision(
                allow=allow,
                effect=effect,
                reason=reason,
                policy_type=None,
                statements=(STATEMENT,) * stated,
                errors=("`action`: no",) * faulty,
            )
        except ValueError:
            continue
        made.append(decision)
    assert {decision.reason for decision in made} == set(get_args(Reason))
    assert len(made) == len(get_args(Reason))
    for decision in made:
        assert bool(decision) is decision.allow is (decision.effect == "Allow")
        assert decision.allow is (decision.reason in ALLOWING)
        assert bool(decision.statements) is decision.reason.startswith("statement_")
        assert bool(decision.errors) is (decision.reason == "malformed_request")


@pytest.mark.parametrize(
    "change",
    [
        {"allow": False},
        {"allow": 1},
        {"allow": "true"},
        {"allow": None},
        {"effect": "ImplicitDeny"},
        {"effect": "allow"},
        {"allow": False, "effect": "ImplicitDeny"},
        {"allow": False, "effect": "ExplicitDeny"},
        {"reason": "no_statement_matches"},
        {"reason": "statement_denies"},
        {"reason": "because"},
        {"policy_type": "Other"},
        {"statements": []},
        {"statements": None},
        {"statements": {}},
        {"statements": [{"policy": "readers"}]},
        {"statements": [{"policy": "readers", "index": -1}]},
        {"statements": [{"policy": "readers", "index": True}]},
        {"statements": [{"policy": "readers", "index": 0, "more": 0}]},
        {"errors": ["`action`"]},
        {"errors": "none"},
        {"simulated": "no"},
        {"more": True},
    ],
    ids=str,
)
def test_a_decision_that_contradicts_itself_or_its_types_is_refused(
    change: dict[str, object],
) -> None:
    allow = {
        "allow": True,
        "effect": "Allow",
        "reason": "statement_allows",
        "policy_type": "AccountLevelIdentityBasedPolicy",
        "statements": [{"policy": "readers", "index": 0}],
    }
    assert consistent(allow)
    assert not consistent(allow | change)


@pytest.mark.parametrize("field", ["allow", "effect", "reason", "policy_type", "statements"])
def test_a_decision_has_all_its_fields(field: str) -> None:
    owner = {
        "allow": True,
        "effect": "Allow",
        "reason": "account_owner",
        "policy_type": None,
        "statements": [],
    }
    assert consistent(owner)
    del owner[field]
    assert not consistent(owner)


def test_a_decision_is_encoded_as_it_was_decoded() -> None:
    decision = Decision(
        allow=False,
        effect="ExplicitDeny",
        reason="statement_denies",
        policy_type="ControlPolicy",
        statements=(STATEMENT,),
    )
    assert encoded(decision) == {
        "allow": False,
        "effect": "ExplicitDeny",
        "reason": "statement_denies",
        "policy_type": "ControlPolicy",
        "statements": [{"policy": "readers", "index": 0}],
    }
    assert hash(decision) == hash(msgspec.convert(encoded(decision), Decision))


def test_a_request_is_encoded_without_empty_fields() -> None:
    plain = {"principal": "p", "action": "a", "resource": "*"}
    assert encoded(Request("p", "a", "*")) == plain
    assert encoded(Request("p", "a", "*", {}, [])) == plain
    assert encoded(Request("p", "a", "*", {"k": 1}, [{"d": 1}])) == plain | {
        "context": {"k": 1},
        "session_policies": [{"d": 1}],
    }
    assert Request("p", "a", "*") == Request("p", "a", "*", context={}, session_policies=[])


def test_a_simulation_is_a_request_with_policies() -> None:
    simulation = Simulation("p", "a", "*", {"k": "v"}, policies={"mine": {"d": []}})
    assert encoded(simulation) == {
        "principal": "p",
        "action": "a",
        "resource": "*",
        "context": {"k": "v"},
        "policies": {"mine": {"d": []}},
    }
    assert encoded(Simulation("p", "a", "*", policies={})) == {
        "principal": "p",
        "action": "a",
        "resource": "*",
        "policies": {},
    }


def test_a_request_takes_every_kind_of_plain_value() -> None:
    context: Context = MappingProxyType(
        {
            Text("text"): Text("ü"),
            "count": Count(2**64),
            "share": Share(0.5),
            "yes": True,
            "list": ["a", 1, 1.5, False],
            "range": range(2),
            "none": [],
        }
    )
    request = Request(Text("p"), Operation.LIST, "*", context)
    assert type(request.principal) is str
    assert encoded(request) == {
        "principal": "p",
        "action": "alikafka:ListTopic",
        "resource": "*",
        "context": {
            "text": "ü",
            "count": 2**64,
            "share": 0.5,
            "yes": True,
            "list": ["a", 1, 1.5, False],
            "range": [0, 1],
            "none": [],
        },
    }


def test_a_request_does_not_change_with_the_values_it_was_created_from() -> None:
    keys = ["a"]
    context = {"k": keys}
    documents: list[dict[str, object]] = [{}]
    request = Request("p", "a", "*", context, documents)
    keys.append("b")
    context["more"] = keys
    documents.append({})
    assert request == Request("p", "a", "*", {"k": ["a"]}, [{}])


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            {"principal": None, "action": b"a", "resource": 1},
            (
                "`principal` is of type `NoneType`, not a string; "
                "`action` is of type `bytes`, not a string; "
                "`resource` is of type `int`, not a string"
            ),
        ),
        ({"context": None}, "`context` is of type `NoneType`, not a mapping"),
        ({"context": [("k", "v")]}, "`context` is of type `list`, not a mapping"),
        ({"context": {1: "v"}}, "`context` has the key `1`, which is not a string"),
        (
            {"context": {"k": None}},
            "`context` at `k` is of type `NoneType`, not a string, number or boolean",
        ),
        (
            {"context": {"k": {"a": 1}}},
            "`context` at `k` is of type `dict`, not a string, number or boolean",
        ),
        (
            {"context": {"k": [["a"]]}},
            "`context` at `k` is of type `list`, not a string, number or boolean",
        ),
        (
            {"context": {"k": {"a"}}},
            "`context` at `k` is of type `set`, not a string, number or boolean",
        ),
        (
            {"context": {"k": b"a"}},
            "`context` at `k` is of type `bytes`, not a string, number or boolean",
        ),
        (
            {"context": {"k": math.nan}},
            "`context` at `k` is `nan`, a number that JSON does not have",
        ),
        (
            {"context": {"k": [1.0, -math.inf]}},
            "`context` at `k` is `-inf`, a number that JSON does not have",
        ),
        ({"session_policies": {}}, "`session_policies` is of type `dict`, not a sequence"),
        ({"session_policies": "x"}, "`session_policies` is of type `str`, not a sequence"),
        ({"session_policies": ["x"]}, "`session_policies` is of type `str`, not a mapping"),
        ({"policies": None}, "`policies` is of type `NoneType`, not a mapping"),
        ({"policies": {"p": []}}, "`policies` at `p` is of type `list`, not a mapping"),
    ],
)
def test_a_field_that_json_cannot_express_is_refused_by_name(
    fields: dict[str, object], error: str
) -> None:
    good = {"principal": "p", "action": "a", "resource": "*", "policies": {}}
    simulate: Callable[..., Simulation] = Simulation
    assert simulate(**good)
    with pytest.raises(InvalidRequest) as caught:
        simulate(**(good | fields))
    assert str(caught.value) == error
    assert "\n" not in error
