from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy_files import (
    ADMITS,
    NOT_AN_ACTION,
    POLICY,
    READS,
    TRUST,
    advice,
    faults,
    found_in,
    written,
)
from ramgate.analysis.validate import examine

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """\
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Bucket: {Type: String, Default: !Sub x}
Resources:
  Photos:
    Type: ALIYUN::OSS::Bucket
    Properties: {BucketName: {Ref: Bucket}, BucketName: x}
  App:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: {Ref: RoleName}
      AssumeRolePolicyDocument:
        Version: 1
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal:
              RAM:
                - Fn::Join: ['', ['acs:ram::', {Ref: 'ALIYUN::TenantId'}, ':root']]
              Service: fc.aliyuncs.com
      Policies:
        - PolicyName: inline
          PolicyDocument:
            Version: '1'
            Statement:
              - Effect: Allow
                Action: [oss:GetObject, !Ref Action, 'oss ListObjects']
                Resource: !Sub 'acs:oss:*:*:${Bucket}/*'
  Readers:
    Type: ALIYUN::RAM::ManagedPolicy
    Properties:
      PolicyName: readers
      PolicyDocument: {Fn::Sub: '{}'}
"""
COMPUTES = "computes this value when the stack is created: ramgate reads literal values only"


def resource(type_: str, **properties: object) -> dict[str, object]:
    return {"Resources": {"R": {"Type": f"ALIYUN::{type_}", "Properties": properties}}}


def test_the_documents_of_a_template_are_found_and_checked(tmp_path: Path) -> None:
    path = written(tmp_path / "template.yml", TEMPLATE)
    assert found_in(path) == [
        ("trust", "App", "$.Resources.App.Properties.AssumeRolePolicyDocument"),
        ("identity", "inline", "$.Resources.App.Properties.Policies[0].PolicyDocument"),
        ("identity", "readers", "$.Resources.Readers.Properties.PolicyDocument"),
    ]
    role, statement = "$.Resources.App.Properties", "Policies[0].PolicyDocument.Statement[0]"
    assert faults(path) == [f"27: {role}.{statement}.Action[2]: `oss ListObjects` {NOT_AN_ACTION}"]
    assert advice(path) == [
        f"19: {role}.AssumeRolePolicyDocument.Statement[0].Principal.RAM[0]: `Fn::Join` {COMPUTES}",
        f"27: {role}.{statement}.Action[1]: a tag of YAML {COMPUTES}",
        f"28: {role}.{statement}.Resource: a tag of YAML {COMPUTES}",
        f"33: $.Resources.Readers.Properties.PolicyDocument: `Fn::Sub` {COMPUTES}",
    ]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        (
            resource("RAM::ManagedPolicy", PolicyDocument={}, PolicyDocumentUnchecked=POLICY),
            [("identity", "R", "$.Resources.R.Properties.PolicyDocumentUnchecked")],
        ),
        (
            resource(
                "RAM::User", Policies=[{"PolicyName": "p", "PolicyDocument": POLICY}, "x", {}]
            ),
            [("identity", "p", "$.Resources.R.Properties.Policies[0].PolicyDocument")],
        ),
        (
            resource("RAM::Group", Policies=[{"PolicyDocument": POLICY}]),
            [("identity", "R", "$.Resources.R.Properties.Policies[0].PolicyDocument")],
        ),
        (
            resource("ResourceManager::Role", RoleName="app", AssumeRolePolicyDocument=TRUST),
            [("trust", "app", "$.Resources.R.Properties.AssumeRolePolicyDocument")],
        ),
        (
            resource(
                "ResourceManager::ControlPolicy",
                ControlPolicyName="no-roles",
                PolicyDocument='{"Version": "1", "Statement": []}',
            ),
            [("control", "no-roles", "$.Resources.R.Properties.PolicyDocument")],
        ),
        (resource("RAM::Role", Policies={"Ref": "Policies"}), [("nothing", "", "$")]),
        ({"Resources": {"R": {"Type": "ALIYUN::RAM::Role"}}}, [("nothing", "", "$")]),
        ({"ROSTemplateFormatVersion": "2015-09-01", "Resources": []}, [("nothing", "", "$")]),
    ],
)
def test_the_documents_of_each_type_are_found(
    tmp_path: Path, template: object, found: list[tuple[str, str, str]]
) -> None:
    assert found_in(written(tmp_path / "template.json", template)) == found


def test_a_template_without_a_document_is_advice(tmp_path: Path) -> None:
    path = written(tmp_path / "template.yml", TEMPLATE.partition("  App:")[0])
    assert advice(path) == [
        "1: $: is a ROS template without a policy document: nothing was checked"
    ]
    assert faults(path) == []


@pytest.mark.parametrize(
    ("version", "is_read"), [("1", True), ("'1'", True), ("2", False), ("1.0", False)]
)
def test_a_template_may_write_the_version_as_a_number(
    tmp_path: Path, version: str, *, is_read: bool
) -> None:
    text = TEMPLATE.replace("Version: 1", f"Version: {version}").replace(", 'oss ListObjects'", "")
    assert (faults(written(tmp_path / "template.yml", text)) == []) == is_read


def test_only_a_template_may_write_the_version_as_a_number(tmp_path: Path) -> None:
    document = '{"Version": 1, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    assert faults(written(tmp_path / "policy.json", document)) == [
        '1: $.Version: must be the string `"1"`, not `1` without quotes'
    ]
    assert len(faults(written(tmp_path / "output.json", {"PolicyDocument": document}))) == 1


def test_a_computed_value_does_not_hide_another_fault(tmp_path: Path) -> None:
    statement = {**READS, "Effect": {"Ref": "Effect"}, "Condition": {"Fn::If": ["a", {}, {}]}}
    other = {**ADMITS, "Principal": {"RAM": {"Ref": "User"}}, "Effect": "allow"}
    policies = [
        {"PolicyDocument": {"Version": "1", "Statement": [statement, {**READS, "Action": "x"}]}},
        {"PolicyDocument": {"Version": {"Ref": "V"}, "Statement": {"Ref": "S"}}},
    ]
    template = resource(
        "RAM::Role",
        Policies=policies,
        AssumeRolePolicyDocument={"Version": "1", "Statement": [other]},
    )
    path = written(tmp_path / "template.json", template)
    assert [fault.split(": ", 2)[1].rpartition("Document.")[2] for fault in faults(path)] == [
        "Statement[0].Effect",
        "Statement[1].Action",
    ]
    assert [hint.split(": ", 2)[1].rpartition("Document.")[2] for hint in advice(path)] == [
        "Statement[0].Principal.RAM",
        "Statement[0].Effect",
        "Statement[0].Condition",
        "Version",
        "Statement",
    ]


def test_a_computed_value_has_no_errors_and_the_others_have(tmp_path: Path) -> None:
    text = TEMPLATE.replace("!Sub 'acs:oss:*:*:${Bucket}/*'", "[!Sub 'acs:oss:*', 'acs:oss:*']")
    found = examine(written(tmp_path / "template.yml", text)).findings.errors
    assert [error.path.rpartition(".")[2] for error in found] == ["Resource[1]"]
