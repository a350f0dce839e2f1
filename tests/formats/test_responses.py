from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy_files import BUCKET, POLICY, TRUST, advice, faults, found_in, written

if TYPE_CHECKING:
    from pathlib import Path

VERSION = {"VersionId": "v2", "IsDefaultVersion": True, "CreateDate": "2026-01-23T12:33:18Z"}
DETAILS = {"PolicyName": "readers", "PolicyType": "Custom", "AttachmentCount": 2}
GET_POLICY = {
    "RequestId": "697852FB",
    "Policy": {**DETAILS, "PolicyDocument": "N/A"},
    "DefaultPolicyVersion": {**VERSION, "PolicyDocument": json.dumps(POLICY)},
}
GET_ROLE = {
    "Role": {"RoleName": "App", "RoleId": "3", "AssumeRolePolicyDocument": json.dumps(TRUST)},
    "RequestId": "04F0F334",
}


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (GET_POLICY, [("identity", "readers", "$.DefaultPolicyVersion.PolicyDocument")]),
        (
            {"Policy": {**DETAILS, "PolicyDocument": json.dumps(POLICY)}, "RequestId": "1"},
            [("identity", "readers", "$.Policy.PolicyDocument")],
        ),
        (
            {"PolicyVersion": {**VERSION, "PolicyDocument": json.dumps(POLICY)}},
            [("identity", "", "$.PolicyVersion.PolicyDocument")],
        ),
        (
            {"PolicyVersions": {"PolicyVersion": [{"PolicyDocument": json.dumps(POLICY)}] * 2}},
            [
                ("identity", "", "$.PolicyVersions.PolicyVersion[0].PolicyDocument"),
                ("identity", "", "$.PolicyVersions.PolicyVersion[1].PolicyDocument"),
            ],
        ),
        (GET_ROLE, [("trust", "App", "$.Role.AssumeRolePolicyDocument")]),
        (
            {"ControlPolicy": {"PolicyName": "no-roles", "PolicyDocument": json.dumps(POLICY)}},
            [("control", "no-roles", "$.ControlPolicy.PolicyDocument")],
        ),
        (
            [GET_POLICY, {"statusCode": 200, "body": GET_ROLE}],
            [
                ("identity", "readers", "$[0].DefaultPolicyVersion.PolicyDocument"),
                ("trust", "App", "$[1].body.Role.AssumeRolePolicyDocument"),
            ],
        ),
        (
            {"RequestId": "1", "Policy": POLICY},
            [("identity", "", "$.Policy")],
        ),
        (
            {"policies": [{"PolicyName": "readers", "PolicyDocument": POLICY}]},
            [("identity", "readers", "$.policies[0].PolicyDocument")],
        ),
        (
            {"PolicyName": "bucket", "PolicyDocument": json.dumps(BUCKET)},
            [("resource policy", "bucket", "$.PolicyDocument")],
        ),
    ],
)
def test_each_document_of_an_output_is_found(
    tmp_path: Path, output: object, found: list[tuple[str, str, str]]
) -> None:
    path = written(tmp_path / "output.json", output)
    assert found_in(path) == found
    assert [fault for fault in faults(path) if "bucket policy" not in fault] == []
    assert found_in(written(tmp_path / "output.yaml", output)) == found


def test_a_fault_has_the_line_of_the_text_and_the_path_through_it(tmp_path: Path) -> None:
    document = json.dumps({"Version": 1, "Statement": []}, indent=1)
    output = {"PolicyVersion": {"VersionId": "v1", "PolicyDocument": document}}
    place = "$.PolicyVersion.PolicyDocument"
    assert faults(written(tmp_path / "output.json", output)) == [
        f'4: {place}.Version: must be the string `"1"`, not `1` without quotes',
        f"4: {place}.Statement: must be a non-empty list of objects, not an empty list",
    ]
    output["PolicyVersion"]["PolicyDocument"] = '{"Version": "1", "Version": "1"}'
    assert faults(written(tmp_path / "output.json", output))[0] == (
        f"4: {place}.Version: key `Version` is given twice, first in line 1"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("not JSON", "is not strict JSON: expecting value"),
        ("{\n'Version': '1'}", "is not strict JSON: expecting property name ..."),
        ('{ \\"Version\\": \\"1\\" }', "is not strict JSON: expecting property name ..."),
    ],
)
def test_a_document_that_is_not_json_is_one_fault(tmp_path: Path, text: str, problem: str) -> None:
    path = written(tmp_path / "output.json", {"Role": {"AssumeRolePolicyDocument": text}})
    (fault,) = faults(path)
    assert fault.startswith(
        f"3: $.Role.AssumeRolePolicyDocument: its text {problem.removesuffix(' ...')}"
    )


def test_an_output_without_a_document_is_advice(tmp_path: Path) -> None:
    """ListPolicies has no documents, nor has the ListPolicyVersions of Resource Manager."""
    for output in (
        {"RequestId": "1", "Policies": {"Policy": [DETAILS]}},
        {"RequestId": "1", "PolicyVersions": {"PolicyVersion": [VERSION]}},
    ):
        path = written(tmp_path / "output.json", output)
        assert (found_in(path), faults(path)) == ([("nothing", "", "$")], [])
        assert advice(path) == [
            "1: $: is the output of an API without a policy document: nothing was checked"
        ]


def test_a_role_has_a_trust_policy_and_a_policy_has_not(tmp_path: Path) -> None:
    role = {"RoleName": "App", "AssumeRolePolicyDocument": json.dumps(POLICY)}
    output = {"Role": role, "PolicyDocument": json.dumps(TRUST)}
    place = "$.Role.AssumeRolePolicyDocument"
    assert faults(written(tmp_path / "output.json", output)) == [
        f"4: {place}: is not a trust policy: its statements have no `Principal`",
        "6: $.PolicyDocument: is a trust policy: a role has one, a policy has no `Principal`",
    ]
