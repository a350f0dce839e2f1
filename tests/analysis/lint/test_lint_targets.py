from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks

BUCKET, OBJECTS = "acs:oss:*:*:photos", "acs:oss:*:*:photos/*"


@pytest.mark.parametrize(
    ("actions", "resources", "expected"),
    [
        # OSS checks some actions against the bucket, others against the object
        (["oss:GetObject", "oss:PutObject"], [BUCKET], [0]),
        (["oss:PutObject", "oss:ListObjects"], [OBJECTS], [1]),
        (["oss:PutObject", "oss:ListObjects"], [BUCKET, OBJECTS], []),
        (["oss:PutObject", "oss:ListObjects"], ["acs:oss:*:*:photos*"], []),
        (["oss:ListBuckets"], [BUCKET], [0]),
        (["oss:ListBuckets"], ["acs:oss:*:*:*"], []),
        # the resource of another service
        (["kms:GetSecretValue"], ["acs:oos:*:*:secretparameter/x"], [0]),
        (["cs:DescribeClusters"], ["acs:cms:*:*:*"], [0]),
        (["rds:*"], ["acs:oss:*:*:*"], [0]),
        (["rds:*"], ["acs:rds:*:*:*"], []),
        (["sts:AssumeRole"], ["acs:ram:*:*:role/app"], []),
        # another kind of resource of the same service
        (["ecs:StopInstance"], ["acs:ecs:*:*:disk/d-1"], [0]),
        (["ecs:StopInstance"], ["acs:ecs:*:*:instance/i-1"], []),
        (["ecs:StopInstance"], ["acs:ecs:*:*:*/i-1"], []),
        (["kms:Decrypt"], ["acs:kms:*:*:secret/x"], [0]),
        (["rds:ModifyDBInstanceSpec"], ["acs:rds:*:*:rm-1"], [0]),
        # a pattern, if all actions that it matches are known with their forms
        (["kms:Decryp*"], ["acs:kms:*:*:secret/x"], [0]),
        (["kms:Decryp*"], ["acs:kms:*:*:key/x"], []),
        (["oss:Put*"], [BUCKET], []),
        # no Allow is needed, or the page is in doubt
        (["sts:GetCallerIdentity"], ["acs:cms:*:*:*"], []),
        (["ram:GetPolicyVersion"], ["acs:ram:*:*:policy/x"], []),
        # the name of an operation, which `UNKNOWN_ACTION` reports
        (["alikafka:GetTopicList"], ["acs:oss:*:*:*"], []),
        # a kind that the catalog does not know, such as those of an older version
        (["fc:InvokeFunction"], ["acs:fc:*:*:services/s/functions/f"], []),
        # all resources, and resources that are reported as errors
        (["oss:GetObject"], ["*"], []),
        (["oss:GetObject"], ["acs:oss:*:photos"], []),
        (["oss:GetObject"], ["oss:*:*:*:photos"], []),
        (["oss:GetObject"], ["acs::oss:*:photos"], []),
        (["oss:GetObject"], [], []),
        # actions that the catalog does not know, or not the forms of their resources
        (["dms:LoginDatabase"], ["acs:rds:*:*:*"], []),
        (["unheardof:Do"], ["acs:rds:*:*:*"], []),
        (["ecs:DescribeAccountAttributes"], ["acs:ecs:*:*:instance/*"], []),
    ],
)
def test_actions_need_a_resource_that_fits(
    actions: list[str], resources: list[str], expected: list[int]
) -> None:
    found = paths("ACTION_RESOURCE_MISMATCH", allow(actions, resources))
    assert found == [f"[0].Action[{at}]" for at in expected]


def test_actions_of_one_form_are_reported_together() -> None:
    [said] = remarks("ACTION_RESOURCE_MISMATCH", allow(["oss:GetObject", "oss:PutObject"], BUCKET))
    assert said.message == (
        "no resource of this statement fits `oss:GetObject`, `oss:PutObject`: it allows no request"
        " for them"
    )
    assert said.suggestion.endswith(
        "for a resource such as `acs:oss:*:*:<bucket_name>/<object_name>`"
    )
    [said] = remarks("ACTION_RESOURCE_MISMATCH", deny(["oss:GetObject"], BUCKET))
    assert said.message.endswith("it denies no request for it")
    two = remarks("ACTION_RESOURCE_MISMATCH", allow(["oss:GetObject", "kms:Decrypt"], BUCKET))
    assert [one.path for one in two] == ["$.Statement[0].Action[0]", "$.Statement[0].Action[1]"]


@pytest.mark.parametrize(
    ("actions", "resources", "expected"),
    [
        (["ecs:DescribeAccountAttributes"], ["acs:ecs:*:*:instance/*"], ["[0].Action[0]"]),
        (["ecs:DescribeAccountAttributes"], ["*"], []),
        # older pages write the resource of such actions so
        (["ecs:DescribeAccountAttributes"], ["acs:ecs:*:*:*"], []),
        (["ecs:DescribeAccountAttributes"], ["acs:ecs:*:instance"], []),
        # creating actions were checked against the kind of thing before
        (["ecs:RunInstances"], ["acs:ecs:*:*:instance/*"], []),
        (["ecs:StopInstance"], ["acs:ecs:*:*:instance/*"], []),
        (["ecs:Describe*", "unheardof:Do"], ["acs:ecs:*:*:instance/*"], []),
    ],
)
def test_reading_actions_for_all_resources_need_the_star(
    actions: list[str], resources: list[str], expected: list[str]
) -> None:
    assert paths("NO_RESOURCE_LEVEL", allow(actions, resources)) == expected
