from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from policy_files import BUCKET as BUCKET_POLICY
from policy_files import written
from ramgate import InvalidFiles, UnreadableFiles, resources
from ramgate.analysis import validate
from ramgate.catalog import actions, catalog
from ramgate.language.translation import translate

POLICY = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
BUCKET = json.dumps(BUCKET_POLICY)


def messages(path: Path) -> list[str]:
    return [fault.message for fault in validate.examine(path).findings.faults]


def test_a_policy_file_is_translated_as_its_text_is(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(POLICY)
    assert validate.translate_file(path) == translate(POLICY)


def test_a_faulty_policy_file_raises_every_fault_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"Version": "2",\n "Statement": {}}')
    with pytest.raises(InvalidFiles) as raised:
        validate.translate_file(path)
    assert [(fault.line, fault.path) for fault in raised.value.faults] == [
        (1, "$.Version"),
        (2, "$.Statement"),
    ]
    with pytest.raises(UnreadableFiles):
        validate.translate_file(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("accounts: []", "accounts: "),
        ("directory: []", "directory: "),
        ("role: x", "source"),
        ("policy: x", "source"),
        ("{service: x, date: x}", "must be `file`, like the name of the file"),
        ("users: {}", "users: unknown field: known are `accounts`, `directory`"),
        ('"1234567890123456": {users: {}}', "no `accounts` or `directory` at the top level"),
        ("{}", "$: `Statement` is missing"),
        ("[]", "$: "),
        ("Statement: []", "$: `Version` is missing"),
    ],
)
def test_the_kind_of_a_file_shows_in_its_content(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    faults = [str(found) for found in validate.examine(path).findings.faults]
    assert any(fault in found for found in faults), faults


def test_folders_of_accounts_and_of_a_catalog_are_examined_whole(tmp_path: Path) -> None:
    assert messages(resources.path("catalog")) == []
    (tmp_path / "one.yaml").write_text("accounts: {}")
    (tmp_path / "two.yaml").write_text("acounts: {}")
    assert messages(tmp_path) == [
        "no `accounts` or `directory` at the top level: is this an accounts file?",
        "unknown field: known are `accounts`, `directory`, `system_policies`",
    ]


@pytest.mark.parametrize("kind", ["roles", "system-policies"])
def test_a_file_of_the_catalog_is_examined_with_the_policies_beside_it(kind: str) -> None:
    for path in resources.path(f"catalog/{kind}").iterdir():
        assert messages(path) == []


def test_advice_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(
        POLICY.replace("}]", ', "Condition": {"StringEquals": {"acs:UserAgent": "a*"}}}]')
    )
    findings = validate.examine(path).findings
    assert (findings.faults, len(findings.advice)) == ([], 1)


def test_in_a_folder_without_accounts_each_document_is_examined(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(POLICY)
    (tmp_path / "faulty.yaml").write_text("Statement: []")
    (tmp_path / "broken.json").write_text("{")
    found = [
        (Path(fault.file).name, fault.line) for fault in validate.examine(tmp_path).findings.faults
    ]
    assert found == [("broken.json", 1), ("faulty.yaml", 1), ("faulty.yaml", 1)]
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "missing.json").symlink_to(tmp_path / "gone")
    result = validate.examine(tmp_path)
    assert [(Path(fault.file).name, fault.line) for fault in result.findings.faults] == found
    names = [Path(fault.file).name for fault in result.unreadable]
    assert names == ["folder.json", "missing.json"]


def test_a_folder_is_of_accounts_if_a_file_is_or_none_can_be_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{")
    assert len(validate.examine(tmp_path).findings.faults) == 1
    (tmp_path / "a.yaml").write_text("accounts: {}")
    assert validate.examine(tmp_path).findings.faults == []
    (tmp_path / "b.json").write_text(POLICY)
    assert validate.examine(tmp_path).findings.faults


def test_the_files_of_accounts_and_of_a_catalog_are_counted() -> None:
    example = resources.path("examples/accounts.yaml")
    assert validate.examine(example).documents == 1
    known = catalog.load()
    roles = sum(role.is_published for role in known.roles.values())
    lists = ["catalog", "known-roles", "newer-versions", "product-codes"]
    files = len(known.policies) + roles + len(known.system_policies)
    files += len(lists) + len(actions.codes())
    assert validate.examine(resources.path("catalog")).documents == files


def test_a_pipe_is_read_once() -> None:
    for text in ("accounts: {}", POLICY, "Statement: []"):
        reader, writer = os.pipe()
        os.write(writer, text.encode())
        os.close(writer)
        findings = validate.examine(Path(f"/dev/fd/{reader}")).findings
        os.close(reader)
        assert bool(findings.faults) == (text == "Statement: []")


def test_each_document_of_a_file_is_translated(tmp_path: Path) -> None:
    path = written(tmp_path / "output.json", [{"PolicyDocument": POLICY}, json.loads(POLICY)])
    assert validate.translations(path) == [translate(POLICY)] * 2
    with pytest.raises(InvalidFiles, match=r"output\.json: contains 2 policy documents: write"):
        validate.translate_file(path)


def test_a_value_that_is_not_stated_is_advice_and_not_translated(tmp_path: Path) -> None:
    document = json.loads(POLICY.replace('"Resource": "*"', '"Resource": {"Ref": "All"}'))
    policy = {"Type": "ALIYUN::RAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    path = written(tmp_path / "template.json", {"Resources": {"P": policy}})
    findings = validate.examine(path).findings
    assert (findings.faults, [hint.line for hint in findings.advice]) == ([], [12])
    with pytest.raises(InvalidFiles, match=r"\[0\].Resource: `Ref` computes this value when"):
        validate.translations(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"RequestId": "1"}', "is the output of an API without a policy document"),
        ("accounts: {}", "is a file of accounts or of the catalog, not a policy document"),
        ("policy: x", "is a file of accounts or of the catalog, not a policy document"),
        ("name: x", "is not a policy document: `Version` and `Statement` are missing"),
        (BUCKET, "is a bucket policy: ramgate decides identity, control, session and trust"),
        ("", "is empty"),
    ],
)
def test_only_policy_documents_are_translated(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidFiles) as refused:
        validate.translations(written(tmp_path / "a.yaml", text))
    (fault,) = refused.value.faults
    assert fault.message.startswith(message)


def test_a_folder_is_not_translated(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFiles, match="is a directory, not a file"):
        validate.translations(tmp_path)


def test_a_broken_file_of_a_catalog_is_a_fault(tmp_path: Path) -> None:
    for name in ("roles", "system-policies", "policies"):
        (tmp_path / name).mkdir()
    (tmp_path / "policies" / "broken.json").write_text("{")
    result = validate.examine(tmp_path)
    assert [fault.message.partition(":")[0] for fault in result.findings.faults] == [
        "is not strict JSON"
    ]


def test_files_that_accounts_name_are_examined_once_with_them(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    named = tmp_path / "policies/p.json"
    named.write_text("{}")
    file = "{file: policies/p.json}"
    accounts = tmp_path / "a.yaml"
    accounts.write_text(f"accounts: {{'1234567890123456': {{policies: {{p: {file}, q: {file}}}}}}}")
    (tmp_path / "policies/other.json").write_text("{}")
    for path, others in ((accounts, 0), (tmp_path, 1)):
        result = validate.examine(path)
        assert result.documents == 2 + others
        files = [Path(fault.file).name for fault in result.findings.faults]
        assert files.count("p.json") == 2  # no `Version`, no `Statement`
        assert files.count("other.json") == 2 * others
    named.unlink()
    result = validate.examine(tmp_path)
    assert [(fault.file, fault.line) for fault in result.unreadable] == [(str(accounts), 1)] * 2
    assert {Path(fault.file).name for fault in result.findings.faults} == {"other.json"}
