from __future__ import annotations

import pytest

from policy_documents import (
    policy,
    statement,
)
from ramgate import translate

# 1.7, 2.1


@pytest.mark.parametrize(
    ("action", "parts"),
    [
        ("ECS:StartInstance", {"actions": {"ecs:startinstance": [0]}}),
        ("a-b_c.d:E-f_G.1", {"actions": {"a-b_c.d:e-f_g.1": [0]}}),
        ("ecs:*", {"wildcards": {"ecs": {"ecs:*": [0]}}}),
        ("ecs:Start?nstance", {"wildcards": {"ecs": {"ecs:start?nstance": [0]}}}),
        ("*", {"service_wildcards": {"*": [0]}}),
        ("*:Describe*", {"service_wildcards": {"*:describe*": [0]}}),
        ("e?s:Start", {"service_wildcards": {"e?s:start": [0]}}),
    ],
)
def test_actions_lead_to_statements(action: str, parts: dict[str, object]) -> None:
    empty: dict[str, object] = {"actions": {}, "wildcards": {}, "service_wildcards": {}}
    found = translate(policy(statement(Action=action)))
    assert {name: found[name] for name in empty} == {**empty, **parts}
    assert found["not_actions"] == []


def test_exceptions_are_listed_and_not_indexed() -> None:
    found = translate(policy(statement(Action=None, NotAction=["B:c", "a:*", "b:C", "*:x"])))
    assert found["statements"] == [
        {"effect": "Allow", "any_resource": True, "except": ["*:x", "a:*", "b:c"]}
    ]
    assert (found["actions"], found["not_actions"]) == ({}, [0])
