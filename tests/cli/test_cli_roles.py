from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command_line import ETL, NUMBER, SERVICE, written
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_roles_lists_all_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roles"]) == 0
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    assert captured.err == ""
    assert head.split() == ["ROLE", "SERVICE", "NAME", "FEATURE", "POLICY"]
    assert len(rows) == 233
    assert [line.split() for line in rows if line.startswith(f"{ETL} ")] == [
        [ETL, SERVICE, "alikafka.etl", "in", "catalog"]
    ]
    [alb] = [line for line in rows if line.startswith("AliyunServiceRoleForAlb ")]
    assert alb[head.index("POLICY") :] == "not in catalog"


def test_roles_with_accounts_says_where_each_exists(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roles", "--accounts", str(world)]) == 0
    head, first, second, *others = capsys.readouterr().out.splitlines()
    assert head.split() == ["ROLE", "POLICY", "EXISTS", "IN"]
    assert first.split() == ["AliyunServiceRoleForAlikafka", "in", "catalog", NUMBER]
    assert second.split() == ["AliyunServiceRoleForAccessAnalyzer", "in", "catalog", "-"]
    assert [line.split()[-1] for line in others if line.startswith(f"{ETL} ")] == ["-"]
    assert max(map(len, [head, first, second, *others])) <= 100


def test_roles_of_many_accounts_names_five_accounts_each_on_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [f"{number:016}" for number in range(7)]
    listed = {number: {"service_linked_roles": [ETL]} for number in numbers}
    path = written(tmp_path / "accounts.json", json.dumps({"accounts": listed}))
    assert main(["roles", "--accounts", path]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(f"{ETL} ")
    assert lines[1].split()[-1] == numbers[0]
    assert [line.strip() for line in lines[2:7]] == [*numbers[1:5], "2 more"]
    assert len(lines) == 1 + 233 + 5


def test_roles_as_json_has_accounts_only_where_some_are_named(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roles", "--json"]) == 0
    listed = {role["role"]: role for role in json.loads(capsys.readouterr().out)}
    assert len(listed) == 233
    assert listed[ETL] == {
        "role": ETL,
        "service_name": SERVICE,
        "policy": "AliyunServiceRolePolicyForAlikafkaETL",
        "is_published": True,
        "feature": "alikafka.etl",
        "note": None,
    }
    assert listed["AliyunServiceRolePolicyForImp"]["note"]
    assert main(["roles", "--json", "--accounts", str(world)]) == 0
    held = {role["role"]: role["accounts"] for role in json.loads(capsys.readouterr().out)}
    assert held["AliyunServiceRoleForAlikafka"] == [NUMBER]
    assert held[ETL] == []
