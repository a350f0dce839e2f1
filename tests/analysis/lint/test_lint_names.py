from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("sls:ListLogStores", "log:ListLogStores"),
        ("maxcompute:*", "odps:*"),
        ("pai-dlc:GetJob", "paidlc:GetJob"),
        ("alikafak:ListTopic", "alikafka:ListTopic"),
        ("alikafak:List*", "alikafka:List*"),
        # both codes are in use
        ("sls:GetLogs", ""),
        ("sls:*", ""),
        ("r-kvstore:*", ""),
        ("ims:*", ""),
        # a near code without that action, a short code, and a code that is far from all others
        ("alikafak:Frobnicate", ""),
        ("efc:*", ""),
        ("unheardof:Do", ""),
        # known, a pattern, or not an action
        ("log:ListLogStores", ""),
        ("*:ListLogStores", ""),
        ("*", ""),
        ("sls: ListLogStores", ""),
    ],
)
def test_a_service_that_is_nearly_known_is_named(action: str, expected: str) -> None:
    found = [said.suggestion for said in remarks("UNKNOWN_SERVICE", allow(action))]
    assert found == ([f"write `{expected}`"] if expected else [])


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("ecs:AutherizeSecurityGroup", "did you mean `ecs:AuthorizeSecurityGroup`?"),
        ("ECS:Decribe*", "did you mean `ECS:Describe*`?"),
        ("alikafka:GetTopicList", "write `alikafka:ListTopic`"),
        ("alikafka:stopinstance", "write `alikafka:ReleaseInstance`"),
        ("oss:HeadObject", "write `oss:GetObject`"),
        ("oss:UploadPartCopy", "write `oss:GetObject`, `oss:PutObject`"),
        ("oss:ListBucket", "write `oss:ListObjects`"),
        ("ram:GetCallerIdentity", "write `sts:GetCallerIdentity`"),
        # known as an action or as an operation, or far from every name
        ("ecs:AuthorizeSecurityGroup", ""),
        ("alikafka:GetRiskList", ""),
        ("ecs:Frobnicate", ""),
        ("unheardof:Do", ""),
        ("ecs: AutherizeSecurityGroup", ""),
    ],
)
def test_an_action_that_is_nearly_known_is_named(action: str, expected: str) -> None:
    found = [said.suggestion for said in remarks("UNKNOWN_ACTION", allow(action))]
    assert found == ([expected] if expected else [])


def test_an_operation_beside_its_action_is_not_reported() -> None:
    code = "UNKNOWN_ACTION"
    assert paths(code, allow(["oss:HeadObject", "oss:Get*"])) == []
    assert paths(code, allow(["oss:UploadPartCopy", "oss:GetObject"])) == ["[0].Action[0]"]


def test_the_effect_of_an_unknown_name_is_named() -> None:
    def message(code: str, statement: dict[str, object]) -> str:
        [said] = remarks(code, statement)
        return said.message.rpartition(", so this ")[2]

    for code, action in (("UNKNOWN_SERVICE", "maxcompute:*"), ("UNKNOWN_ACTION", "oss:HeadObject")):
        assert message(code, allow(action)) == "allows nothing"
        assert message(code, deny(action)) == "denies nothing"
        assert message(code, deny(None, NotAction=[action])) == "excepts nothing"
