from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks


def condition(operator: str, key: str, value: str = "x") -> dict[str, object]:
    return {operator: {key: value}}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("aws:SourceIp", "write `acs:SourceIp`"),
        ("s3:prefix", "write `oss:Prefix`"),
        ("aws:Unheard", "write one of RAM's own keys"),
        ("oss:prefix", "write `oss:Prefix`"),
        ("acs:SourcIp", "write `acs:SourceIp`"),
        ("acs:ResourceTags/env", "write `acs:ResourceTag/env`"),
        ("ecs:Tag/env", "write `ecs:tag/env`"),
        # right, far from every key, reported by the translator, or of a service without a list
        ("acs:SourceIp", ""),
        ("acs:ResourceTag/env", ""),
        ("acs:Whatever", ""),
        ("acs:SourceVpcId", ""),
        ("oss:Prefixx", ""),
        ("acs:SourceIP", ""),
        ("acs:MFAPresent ", ""),
        ("Resource", ""),
        ("dms:TenantId", ""),
    ],
)
def test_a_key_of_another_cloud_or_a_misspelt_one_is_named(key: str, expected: str) -> None:
    found = remarks("FOREIGN_KEY", allow("oss:A", Condition=condition("StringEquals", key)))
    assert [said.suggestion for said in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            allow("a:B", Condition=condition("StringEquals", "aws:x")),
            "this statement never allows anything",
        ),
        (
            deny("a:B", Condition=condition("StringEquals", "aws:x")),
            "this statement never denies anything",
        ),
        (
            deny("a:B", Condition=condition("StringNotEquals", "aws:x")),
            "this statement always denies anything",
        ),
        (
            deny("a:B", Condition=condition("ForAllValues:StringEquals", "aws:x")),
            "this statement always denies anything",
        ),
        (
            deny("a:B", Condition=condition("ForAnyValue:StringEquals", "aws:x")),
            "this statement never denies anything",
        ),
        (
            allow("a:B", Condition=condition("StringNotEquals", "aws:x")),
            "the condition compares nothing",
        ),
        (
            allow("a:B", Condition=condition("ForAllValues:StringEquals", "aws:x")),
            "the condition compares nothing",
        ),
    ],
)
def test_the_effect_of_an_absent_key_is_named_if_it_is_certain(
    statement: dict[str, object], expected: str
) -> None:
    [said] = remarks("FOREIGN_KEY", statement)
    assert said.message == f"RAM fills in no `aws:x`: {expected}"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["rds:ModifyDBInstanceSpec"], "`rds:ModifyDBInstanceSpec`"),
        (["ecs:Describe*", "ecs:StopInstance"], "`ecs:Describe*`"),
        (["ecs:CreateKeyPair", "OSS:*"], "`ecs:CreateKeyPair`, `OSS:*`"),
        (["ecs:*", "ecs:StopInstance", "slb:Describe*"], ""),
    ],
)
def test_calls_without_tags_are_named(actions: list[str], expected: str) -> None:
    tagged = condition("StringEquals", "acs:ResourceTag/env")
    found = remarks("KEY_NOT_FILLED", allow(actions, Condition=tagged))
    assert [said.message.split(" carry")[0] for said in found] == (
        [f"calls of {expected}"] if expected else []
    )
    other = condition("StringEquals", "acs:RequestTag/env")
    assert paths("KEY_NOT_FILLED", allow(actions, Condition=other)) == []


@pytest.mark.parametrize(
    ("actions", "operator", "key", "expected"),
    [
        (["oss:ListObjects", "oss:GetObject"], "StringLike", "oss:Prefix", "`oss:GetObject`"),
        (["oss:GetBucketAcl"], "StringLike", "oss:Prefix", "`oss:GetBucketAcl`"),
        # one that a page may have left out, a pattern, an action or a key that is unknown
        (["oss:ListObjectVersions"], "StringLike", "oss:Prefix", ""),
        (["oss:*"], "StringLike", "oss:Prefix", ""),
        (["oss:Unheard"], "StringLike", "oss:Prefix", ""),
        (["unheardof:Do"], "StringLike", "oss:Prefix", ""),
        (["oss:GetObject"], "StringLike", "oss:Unheard", ""),
        # the pages do not name all actions that carry tags
        (["oss:GetObject"], "StringEquals", "oss:BucketTag/<key>", ""),
        (["ecs:StopInstance"], "StringEquals", "ecs:tag", ""),
        # no source says what such a condition does without the key
        (["oss:GetObject"], "StringNotLike", "oss:Prefix", ""),
        (["oss:GetObject"], "ForAllValues:StringLike", "oss:Prefix", ""),
    ],
)
def test_actions_whose_calls_carry_no_such_key_are_named(
    actions: list[str], operator: str, key: str, expected: str
) -> None:
    found = remarks("KEY_NOT_FOR_ACTION", allow(actions, Condition=condition(operator, key)))
    assert [said.message.rpartition("never allows ")[2] for said in found] == (
        [expected] if expected else []
    )


def test_a_negated_deny_is_certain_too() -> None:
    negated = deny("oss:GetObject", Condition=condition("StringNotLike", "oss:Prefix"))
    [said] = remarks("KEY_NOT_FOR_ACTION", negated)
    assert said.message.endswith("this statement always denies `oss:GetObject`")
    assert said.path == "$.Statement[0].Condition.StringNotLike.oss:Prefix"
