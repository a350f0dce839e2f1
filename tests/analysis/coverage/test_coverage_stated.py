from __future__ import annotations

import json
from typing import TYPE_CHECKING

from coverage_accounts import MANAGEMENT, NUMBER, account, allow, deny, policy, trust, written
from ramgate.analysis.coverage.stated import Key, read

if TYPE_CHECKING:
    from pathlib import Path


def test_each_statement_has_its_place_and_its_line(tmp_path: Path) -> None:
    document = account(
        policies={"one": policy(allow("oss:*"), deny("ecs:*")), "two": policy(allow("ecs:*"))},
        roles={"App": {"trust": policy(trust({"Service": "ecs.aliyuncs.com"}))}},
    )
    document["accounts"] |= {MANAGEMENT: {}}  # type: ignore[operator]
    document["directory"] = {
        "management": MANAGEMENT,
        "policies": {"level": policy(allow("*"))},
        "root": {"control_policies": ["level"], "accounts": {NUMBER: {"control_policies": []}}},
    }
    file = written(document, tmp_path)
    lines = file.read_text().splitlines()
    found = read(file)
    assert [(one.key, one.effect, one.id) for one in found] == [
        (Key(NUMBER, "one", 0), "Allow", f"{NUMBER}/one"),
        (Key(NUMBER, "one", 1), "Deny", f"{NUMBER}/one"),
        (Key(NUMBER, "two", 0), "Allow", f"{NUMBER}/two"),
        (Key(NUMBER, "trust:App", 0), "Allow", f"{NUMBER}/trust:App"),
        (Key("", "level", 0), "Allow", "directory/level"),
    ]
    assert {one.file for one in found} == {str(file)}
    assert all(lines[one.line - 1].strip() == "{" for one in found)
    assert [lines[one.line].strip() for one in found[:2]] == [
        '"Effect": "Allow",',
        '"Effect": "Deny",',
    ]


def test_conditions_are_in_the_order_of_explanations(tmp_path: Path) -> None:
    conditions = {
        "StringNotLike": {"oss:Prefix": "b"},
        "StringLike": {"oss:Prefix": "a", "oss:Delimiter": "/", "acs:RequestTag/k": "y"},
        "ForAllValues:StringLike": {"acs:RequestTag/k": "x"},
        "IpAddressIncludeBorder": {"acs:SourceIp": "10.0.0.0/8"},
    }
    file = written(account(policies={"p": policy(allow("oss:*", Condition=conditions))}), tmp_path)
    [statement] = read(file)
    assert [(one.operator, one.key) for one in statement.conditions] == [
        ("IpAddressIncludeBorder", "acs:SourceIp"),
        ("ForAllValues:StringLike", "acs:RequestTag/k"),
        ("StringLike", "acs:RequestTag/k"),
        ("StringLike", "oss:Delimiter"),
        ("StringLike", "oss:Prefix"),
        ("StringNotLike", "oss:Prefix"),
    ]
    lines = file.read_text().splitlines()
    assert all(one.key in lines[one.line - 1] for one in statement.conditions)


def test_an_unreadable_document_has_no_statements(tmp_path: Path) -> None:
    unreadable = {"unreadable": "the operator is not known", "document": "{}"}
    assert read(written(account(policies={"p": unreadable}), tmp_path)) == []


def test_the_files_of_a_folder_are_read_in_order(tmp_path: Path) -> None:
    for name, number in (("b.json", NUMBER), ("a.json", MANAGEMENT)):
        value = {"accounts": {number: {"policies": {"p": policy(allow("oss:*"))}}}}
        written(value, tmp_path).rename(tmp_path / name)
    assert [one.key.account for one in read(tmp_path)] == [MANAGEMENT, NUMBER]


def test_a_statement_in_a_file_of_its_own_has_that_file_and_its_line(tmp_path: Path) -> None:
    condition = {"Bool": {"acs:MFAPresent": "true"}}
    document = json.dumps(policy(allow("oss:*"), deny("ecs:*", Condition=condition)), indent=1)
    (tmp_path / "p.json").write_text(document)
    named = {"file": "p.json"}
    file = written(account(policies={"one": named, "two": named}), tmp_path)
    found = read(file)
    lines = document.splitlines()
    assert [(one.key, one.file) for one in found] == [
        (Key(NUMBER, name, index), f"{tmp_path}/p.json")
        for name in ("one", "two")
        for index in (0, 1)
    ]
    assert lines[found[1].line].strip() == '"Effect": "Deny",'
    assert "MFAPresent" in lines[found[1].conditions[0].line - 1]
