from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate import InvalidFiles, UnreadableFiles, resources
from ramgate.analysis import validate
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

POLICY = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def messages(path: Path) -> list[str]:
    return [fault.message for fault in validate.examine(path).faults]


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
    faults = [str(found) for found in validate.examine(path).faults]
    assert any(fault in found for found in faults), faults


def test_folders_of_accounts_and_of_a_catalog_are_examined_whole(tmp_path: Path) -> None:
    assert messages(resources.path("catalog")) == []
    (tmp_path / "one.yaml").write_text("accounts: {}")
    (tmp_path / "two.yaml").write_text("acounts: {}")
    assert messages(tmp_path) == [
        "no `accounts` or `directory` at the top level: is this an accounts file?",
        "unknown field: known are `accounts`, `directory`",
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
    findings = validate.examine(path)
    assert (findings.faults, len(findings.advice)) == ([], 1)
