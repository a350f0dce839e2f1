"""Explanations are decoded strictly, and tell one story."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ramgate.model.considered import Attachment, Considered
from ramgate.model.explanation import Explained
from sample_explanations import (
    ACCOUNT_LEVEL,
    NOT_ASKED,
    ONLY_RESOURCE,
    STATEMENT,
    TRUST,
    answer,
    condition,
    considered,
    decision,
    explanation,
    layer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TRUSTED = {"resource": None, "policy_type": TRUST}


def test_an_answer_becomes_values_and_the_same_json_again() -> None:
    given = answer()
    explained = msgspec.convert(given, Explained)
    assert explained.considered[0].statement == explained.hints[0].statement  # type: ignore[union-attr]
    assert explained.hints[0].code == "only_resource_differs"
    assert explained.layers[1].note == "none_given"
    assert json.loads(msgspec.json.encode(explained)) == given
    assert explanation().answer == explained


def test_an_explanation_is_true_exactly_if_the_decision_allows() -> None:
    allowed = decision("statement_allows", ACCOUNT_LEVEL, "Allow", ("backup-objects", 0))
    assert not explanation()
    assert explanation(decision=allowed)
    assert not explanation().simulated
    assert explanation().errors == ()
    assert explanation(decision=decision() | {"simulated": True}).simulated


@pytest.mark.parametrize(
    "changes",
    [
        {"allow": True},
        {"decision": decision() | {"allow": True}},
        {"decision": None},
        {"more": -1},
        {"more": "1"},
        {"hints": [{"code": "unheard_of"}]},
        {"hints": [{}]},
        {"hints": [ONLY_RESOURCE | {"more": 1}]},
        {"hints": [STATEMENT | {"code": "only_resource_differs"}]},
        {"layers": [layer(ACCOUNT_LEVEL, "Deny")]},
        {"layers": [layer("Policy", "Allow")]},
        {"layers": [layer(ACCOUNT_LEVEL, "ImplicitDeny", "none_given")]},
        {"layers": [layer(ACCOUNT_LEVEL, None)]},
        {"layers": [layer(ACCOUNT_LEVEL, "Allow")]},
        {"layers": [NOT_ASKED[0] | {"statements": [{"policy": "p", "index": 0}]}]},
        {"considered": [considered(matches=True)]},
        {"considered": [considered(index=-1)]},
        {"considered": [considered(effect="Permit")]},
        {"considered": [considered(resource=None)]},
        {"considered": [considered(principal={"matches": True})]},
        {"considered": [considered(**TRUSTED)]},
        {"considered": [considered(attached=[{"to": "robot", "name": "r"}])]},
        {"considered": [considered(conditions=[condition(satisfied=True)])]},
        {"considered": [considered(conditions=[condition(reason="satisfied")])]},
        {"considered": [considered(conditions=[condition(given={"a": 1})])]},
    ],
    ids=str,
)
def test_an_answer_that_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(answer(**changes), Explained)


@pytest.mark.parametrize("missing", sorted(answer()))
def test_every_field_of_an_answer_is_required(missing: str) -> None:
    given = answer()
    del given[missing]
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{missing}`"):
        msgspec.convert(given, Explained)


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({"principal": {"matches": True}}, True),
        ({"principal": {"matches": False}}, False),
        ({"principal": {"matches": True}, "conditions": [condition()]}, False),
    ],
)
def test_a_statement_matches_exactly_if_all_of_its_elements_do(
    changes: dict[str, Any],
    matches: bool,  # noqa: FBT001 - a parameter
) -> None:
    given = considered(**TRUSTED, **changes, matches=matches)
    assert msgspec.convert(given, Considered).matches == matches
    with pytest.raises(msgspec.ValidationError, match="its elements say otherwise"):
        msgspec.convert(given | {"matches": not matches}, Considered)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Attachment("user", "alice", None), "user alice"),
        (lambda: Attachment("session", "0", None), "session policy 0"),
        (lambda: Attachment("group", "ops", "rg-1"), "group ops in rg-1"),
    ],
)
def test_an_attachment_is_one_phrase(make: Callable[[], Attachment], text: str) -> None:
    assert str(make()) == text
