from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command_line import ETL, NUMBER, SERVICE
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
    assert len(rows) == 196
    assert [line.split() for line in rows if line.startswith(f"{ETL} ")] == [
        [ETL, SERVICE, "alikafka.etl", "published"]
    ]
    [alb] = [line for line in rows if line.startswith("AliyunServiceRoleForAlb ")]
    assert alb[head.index("POLICY") :] == "not public"


def test_roles_with_accounts_says_where_each_exists(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roles", "--accounts", str(world)]) == 0
    rows = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines()}
    assert rows["ROLE"] == "IN"
    assert rows["AliyunServiceRoleForAlikafka"] == NUMBER
    assert rows[ETL] == "-"


def test_roles_as_json_has_accounts_only_where_some_are_named(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roles", "--json"]) == 0
    listed = {role["role"]: role for role in json.loads(capsys.readouterr().out)}
    assert len(listed) == 196
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
