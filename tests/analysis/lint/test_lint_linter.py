from __future__ import annotations

import datetime
import io
import json
from typing import TYPE_CHECKING

import pytest

from policy_documents import ALLOW, policy, statement
from ramgate import InvalidFiles
from ramgate.analysis.lint import Level, Report, lint
from ramgate.catalog.actions import catalog_date

if TYPE_CHECKING:
    from pathlib import Path

TYPO = policy(statement(Action=["ecs:StopInstance", "ecs:AutherizeSecurityGroup"]))
ACCOUNTS = """\
accounts:
  "1234567890123456":
    policies:
      all-of-ecs:
        Version: "1"
        Statement:
          - Effect: Allow
            Action: "ecs:*"
            Resource: "*"
      unused:
        Version: "1"
        Statement: [{Effect: allow, Action: "ecs:StopInstance", Resource: "*"}]
    roles:
      Auditor:
        policies: [AliyunKafkaReadOnlyAccess]
        trust:
          Version: "1"
          Statement:
            - Effect: Allow
              Action: "sts:AssumeRole"
              Principal: {RAM: "acs:ram::9876543210987654:root"}
    users:
      alice: {policies: [all-of-ecs, no-such-policy]}
"""
_AT = "accounts.1234567890123456.policies"
_RAM = ".Principal.RAM"


def written(path: Path, value: object) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def found(report: Report) -> list[tuple[str, str, str]]:
    return [(one.code, one.policy, one.path) for one in report.findings]


def test_a_document_has_findings_of_the_translator_and_of_the_checks(tmp_path: Path) -> None:
    document = policy(statement(Action="ecs:*", Resource=["*", "acs:oss:*"]))
    path = written(tmp_path / "p.json", document)
    report = lint(path)
    assert found(report) == [
        ("MISSING_ARN_FIELD", "", "$.Statement[0].Resource[1]"),
        ("SERVICE_ADMIN", "", "$.Statement[0].Action"),
        ("REDUNDANT_RESOURCE", "", "$.Statement[0].Resource[1]"),
    ]
    assert {(one.file, one.line) for one in report.findings} == {(str(path), 1)}
    assert (report.documents, report.ignored, report.unreadable) == (1, 0, ())
    assert report.catalog_date == catalog_date()


def test_a_refused_document_is_checked_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    document = policy(statement(Effect="allow "), statement(Action="ecs:*"), 1)
    path = written(tmp_path / "p.json", document)
    assert found(lint(str(path))) == [
        ("INVALID_EFFECT", "", "$.Statement[0].Effect"),
        ("INVALID_STATEMENT", "", "$.Statement[2]"),
        ("SERVICE_ADMIN", "", "$.Statement[1].Action"),
    ]


def test_findings_are_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = json.dumps(policy(statement(Action="ecs:*"), statement(Action="a:B", Condition={})))
    path = written(tmp_path / "p.json", text.replace("{", "\n{"))
    lines = [one.line for one in lint(path).findings]
    assert lines == sorted(lines)
    assert len(set(lines)) == 2


def test_the_output_of_an_api_names_the_policy(tmp_path: Path) -> None:
    output = {
        "Policy": {"PolicyName": "operators"},
        "DefaultPolicyVersion": {"PolicyDocument": json.dumps(policy(statement(Action="ecs:*")))},
    }
    path = written(tmp_path / "output.json", output)
    assert found(lint(path)) == [
        ("SERVICE_ADMIN", "operators", "$.DefaultPolicyVersion.PolicyDocument.Statement[0].Action")
    ]


def test_a_value_that_a_template_computes_is_not_checked(tmp_path: Path) -> None:
    document = policy(
        statement(Action={"Ref": "Actions"}), statement(Action=["ecs:*"], Resource={"Ref": "R"})
    )
    resources = {
        "P": {"Type": "ALIYUN::RAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    }
    template = {"ROSTemplateFormatVersion": "2015-09-01", "Resources": resources}
    report = lint(written(tmp_path / "template.json", template))
    assert {code for code, *_ in found(report)} == {"ADVICE"}


def test_nothing_is_proved_about_a_document_with_computed_values(tmp_path: Path) -> None:
    template = """\
ROSTemplateFormatVersion: "2015-09-01"
Resources:
  P:
    Type: ALIYUN::RAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "1"
        Statement:
          - {Effect: Allow, Action: "oss:GetObject", Resource: acs:oss:*:*:b/*}
          - {Effect: Allow, Action: "oss:GetObject", Resource: RESOURCE}
"""
    stated = template.replace("RESOURCE", "acs:oss:*:*:b/c/*")
    report = lint(written(tmp_path / "template.yaml", stated))
    assert {code for code, *_ in found(report)} == {"REDUNDANT_STATEMENT"}
    [request] = [one.request for one in report.findings]
    assert request is not None
    assert request.action == "oss:GetObject"
    computed = template.replace("RESOURCE", "!Sub acs:oss:*:*:b/c/*")
    report = lint(written(tmp_path / "template.yaml", computed))
    assert {code for code, *_ in found(report)} == {"ADVICE"}


def test_other_files_have_one_finding_each(tmp_path: Path) -> None:
    bucket = policy({**ALLOW, "Action": "oss:GetObject", "Principal": ["*"]})
    written(tmp_path / "a.json", bucket)
    written(tmp_path / "b.json", "{")
    written(tmp_path / "c.json", {"ROSTemplateFormatVersion": "2015-09-01", "Resources": {}})
    written(tmp_path / "d.json", TYPO)
    report = lint(tmp_path)
    assert [one.code for one in report.findings] == [
        "RESOURCE_POLICY",
        "INVALID_FILE",
        "NO_POLICY",
        "UNKNOWN_ACTION",
    ]
    assert report.documents == 4
    assert [one.level for one in report.findings].count(Level.ERROR) == 1


def test_files_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", TYPO)
    report = lint(tmp_path / "missing.json", path)
    assert [one.file for one in report.unreadable] == [str(tmp_path / "missing.json")]
    assert [code for code, *_ in found(report)] == ["UNKNOWN_ACTION"]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    [only] = lint(tmp_path).findings
    assert (only.code, only.file) == ("INVALID_FILE", str(tmp_path))


def test_files_of_the_catalog_are_left_to_validate(tmp_path: Path) -> None:
    path = written(tmp_path / "role.yaml", "role: R\nservice_name: x\npolicy: P\n")
    report = lint(path)
    assert (report.findings, report.documents) == ((), 0)


def test_accounts_are_checked_with_their_policies(tmp_path: Path) -> None:
    path = written(tmp_path / "accounts.yaml", ACCOUNTS)
    root = "accounts.1234567890123456"
    report = lint(path)
    assert found(report) == [
        ("SERVICE_ADMIN", "all-of-ecs", f"{root}.policies.all-of-ecs.Statement[0].Action"),
        ("POLICY_UNUSED", "unused", f"{root}.policies.unused"),
        ("INVALID_EFFECT", "unused", f"{root}.policies.unused.Statement[0].Effect"),
        (
            "TRUST_WITHOUT_EXTERNAL_ID",
            "Auditor",
            f"{root}.roles.Auditor.trust.Statement[0].Principal.RAM",
        ),
        ("INVALID_ACCOUNTS", "", f"{root}.users.alice.policies[1]"),
    ]
    assert [one.line for one in report.findings] == [8, 10, 12, 21, 23]
    assert report.documents == 1


def test_the_accounts_files_of_a_folder_are_read_together(tmp_path: Path) -> None:
    other = "accounts: {'9876543210987654': {policies: {p: {}}}}"
    written(tmp_path / "a.yaml", ACCOUNTS)
    written(tmp_path / "b.yaml", other)
    written(tmp_path / "c.yaml", "{")
    report = lint(tmp_path)
    assert report.documents == 3
    in_b = [one for one in report.findings if one.file.endswith("b.yaml")]
    assert [(one.code, one.policy) for one in in_b] == [
        ("MISSING_STATEMENT", "p"),
        ("MISSING_VERSION", "p"),
        ("POLICY_UNUSED", "p"),
    ]
    [in_c] = [one for one in report.findings if one.file.endswith("c.yaml")]
    assert in_c.code == "INVALID_ACCOUNTS"


def test_unknown_names_are_suggestions_if_the_catalog_is_old(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", TYPO)
    made = datetime.datetime.combine(catalog_date(), datetime.time(), datetime.UTC)
    for days, level in ((0, Level.WARNING), (90, Level.WARNING), (91, Level.SUGGESTION)):
        [only] = lint(path, now=made + datetime.timedelta(days=days)).findings
        assert (only.code, only.level) == ("UNKNOWN_ACTION", level)
    wide = written(tmp_path / "wide.json", policy(statement(Action="ecs:*")))
    [only] = lint(wide, now=made + datetime.timedelta(days=91)).findings
    assert only.level == Level.SECURITY


def test_the_configuration_ignores_findings(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", TYPO)
    config = written(
        tmp_path / "lint.yaml",
        "ignore:\n"
        "- {code: UNKNOWN_ACTION, reason: known, until: 2200-01-01}\n"
        "- {code: UNHEARD_OF, reason: known, until: 2200-01-01}\n",
    )
    report = lint(path, config=config)
    assert (report.ignored, found(report)) == (1, [("UNKNOWN_CODE", "", "ignore[1].code")])
    config.write_text("ignore: 1")
    with pytest.raises(InvalidFiles):
        lint(path, config=str(config))


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(json.dumps(TYPO).encode()))
    monkeypatch.setattr("sys.stdin", stream)
    [only] = lint("-").findings
    assert (only.code, only.file) == ("UNKNOWN_ACTION", "<stdin>")


def test_texts_of_a_document_stay_on_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", policy(statement(Resource="acs:ecs:*:a\nb:c")))
    [only] = [one for one in lint(path).findings if one.code == "PLACEHOLDER"]
    assert "`a\\nb`" in only.message
    assert "\n" not in str(only)


NAMING = """\
accounts:
  "1234567890123456":
    policies:
      all-of-ecs: {file: policies/ecs.json}
      also-all-of-ecs: {file: policies/ecs.json}
      unused: {file: policies/unused.yaml}
    roles:
      Auditor:
        policies: [AliyunKafkaReadOnlyAccess]
        trust: {file: policies/trust.json}
    users:
      alice: {policies: [all-of-ecs, also-all-of-ecs]}
"""


def test_a_file_that_accounts_name_has_findings_with_its_name_and_lines(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    files = {
        "ecs.json": '{"Version": "1", "Statement": [\n{"Effect": "Allow", "Action": "ecs:*", '
        '"Resource": "*"}]}',
        "unused.yaml": "Version: '1'\n\nStatement: [{Effect: Deny, Action: 'ecs:StopInstanc', "
        "Resource: '*'}]",
        "trust.json": json.dumps(
            policy(
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"RAM": "acs:ram::9876543210987654:root"},
                }
            )
        ),
    }
    for name, text in files.items():
        written(tmp_path / "policies" / name, text)
    accounts = written(tmp_path / "accounts.yaml", NAMING)
    for path in (accounts, tmp_path):
        report = lint(path)
        assert report.documents == 4
        assert [
            (one.file.removeprefix(f"{tmp_path}/"), one.line, one.path, one.code, one.policy)
            for one in report.findings
        ] == [
            ("accounts.yaml", 6, f"{_AT}.unused", "POLICY_UNUSED", "unused"),
            ("policies/ecs.json", 2, "$.Statement[0].Action", "SERVICE_ADMIN", "all-of-ecs"),
            (
                "policies/trust.json",
                1,
                f"$.Statement[0]{_RAM}",
                "TRUST_WITHOUT_EXTERNAL_ID",
                "Auditor",
            ),
            ("policies/unused.yaml", 3, "$.Statement[0].Action", "UNKNOWN_ACTION", "unused"),
        ]


def test_an_account_that_names_an_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    written(tmp_path / "accounts.yaml", NAMING)
    written(tmp_path / "policies/other.json", TYPO)
    report = lint(tmp_path)
    assert len(report.unreadable) == 4
    assert {one.code for one in report.findings} == {"UNKNOWN_ACTION"}
