from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks


def test_an_action_that_is_listed_twice_is_reported_once() -> None:
    assert paths("DUPLICATE_ACTION", allow(["ecs:A", "ecs:B", "ecs:a"])) == ["[0].Action[2]"]
    assert paths("DUPLICATE_ACTION", allow(["ecs:A", "ecs:B"], ["*", "*"])) == []
    rest = {"NotAction": ["ecs:*", "ecs:*"]}
    assert paths("DUPLICATE_ACTION", deny(None, **rest)) == ["[0].NotAction[1]"]
    [folded] = remarks("DUPLICATE_ACTION", allow(["ecs:A", "ecs:a"]))
    [equal] = remarks("DUPLICATE_ACTION", allow(["ecs:A", "ecs:A"]))
    assert folded.message.removeprefix(equal.message) == ": actions are compared without case"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["rds:Modify*", "rds:ModifySecurityIps"], [1]),
        (["rds:modifysecurityips", "rds:Modify*"], [0]),
        (["rds:Modify*", "rds:ModifyDB*", "rds:*"], [0, 1]),
        (["rds:A", "rds:a"], []),
        (["rds:A?", "rds:A*"], [0]),
        (["rds:A*", "dds:AB"], []),
    ],
)
def test_an_action_that_another_covers_is_redundant(listed: list[str], expected: list[int]) -> None:
    found = paths("REDUNDANT_ACTION", allow(listed))
    assert found == [f"[0].Action[{at}]" for at in expected]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["acs:oss:*:*:b/*", "acs:oss:*:*:b/c/*"], [1]),
        (["acs:oss:*:*:b", "acs:oss:*:*:b"], [1]),
        (["acs:oss:*:*:b", "*"], [0]),
        (["**", "*"], [1]),
        (["acs:oss:*:*:b/*", "acs:oss:*:*:b/**"], [1]),
        (["acs:oss:*:*:b", "acs:oss:*:*:b/*"], []),
        (["acs:oss:*:*:B", "acs:oss:*:*:b"], []),
    ],
)
def test_a_resource_that_another_covers_is_redundant(
    listed: list[str], expected: list[int]
) -> None:
    found = paths("REDUNDANT_RESOURCE", allow("oss:GetObject", listed))
    assert found == [f"[0].Resource[{at}]" for at in expected]


def test_wildcards_in_the_service_are_reported_once_a_statement() -> None:
    [said] = remarks("WILDCARD_IN_SERVICE", allow(["ecs:*", "*:Get*", "yundun-*:*"]))
    assert said.path == "$.Statement[0].Action[1]"
    assert "`*:Get*`, `yundun-*:*`" in said.message
    assert "`oss:GetObject` and `kms:GetSecretValue`" in said.message
    [harmless] = remarks("WILDCARD_IN_SERVICE", allow("*:Describe*"))
    assert "oss:GetObject" not in harmless.message
    for statement in (allow("*"), allow("*:*"), allow("ecs:*"), deny("*:Get*")):
        assert remarks("WILDCARD_IN_SERVICE", statement) == []
