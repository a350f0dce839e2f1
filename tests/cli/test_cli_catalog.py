from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING

import pytest

from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


def docs(path: Path, action: str = "ecs:Run") -> str:
    apis = {"Run": {"ramActions": [{"ramAction": {"action": action}}]}}
    info = {"product": "Ecs", "version": "1"}
    path.write_text(json.dumps({"info": info, "apis": apis}))
    return str(path)


def test_update_writes_a_file_for_each_service_and_actions_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    file = docs(tmp_path / "api-docs.json")
    command = ["catalog", "update", file, "--catalog", str(folder)]
    assert main([*command, "--date", "2026-12-01"]) == 0
    path = folder / "services" / "ecs.yaml"
    assert capsys.readouterr() == (f"{path}: 1 actions, 1 operations\n", "")
    assert 'date: "2026-12-01"' in path.read_text()
    assert main(["actions", "ecs:Run", "--catalog", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("ecs Run: needs ecs:Run\n")
    assert main(["validate", str(path)]) == 0


def test_update_dates_the_facts_today(tmp_path: Path) -> None:
    before = datetime.datetime.now(tz=datetime.UTC).date()
    file = docs(tmp_path / "api-docs.json")
    assert main(["catalog", "update", file, "--catalog", str(tmp_path)]) == 0
    after = datetime.datetime.now(tz=datetime.UTC).date()
    text = (tmp_path / "services" / "ecs.yaml").read_text()
    assert any(f'date: "{day}"' in text for day in (before, after))


def test_update_refuses_another_shape_and_a_missing_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--catalog", str(tmp_path / "mine")]
    file = docs(tmp_path / "api-docs.json", "Run")
    assert main(["catalog", "update", file, *own]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"{file}:1: apis.Run.ramActions[0].ramAction.action: `Run` is not an action such as "
        "`ecs:RunCommand`\n"
    )
    assert main(["catalog", "update", str(tmp_path / "none"), *own]) == 2
    assert capsys.readouterr().err.endswith("none: there is no such file\n")


def test_update_says_if_a_day_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["catalog", "update", "x", "--catalog", str(tmp_path), "--date", "today"])
    assert "`today` is not a day, such as 2026-11-29" in capsys.readouterr().err


def test_validate_finds_the_faults_of_a_service_in_its_file_and_in_a_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("roles", "services", "system-policies"):
        (tmp_path / name).mkdir()
    path = tmp_path / "services" / "x.yaml"
    path.write_text(
        "service: x\n"
        "date: '2026-11-29'\n"
        "sources: {K: {title: A page}}\n"
        "actions:\n"
        "  List: [{source: K, resources: ['acs:x:*:thing']}]\n"
        "  LIST: [{source: K}]\n"
    )
    for checked in (path, tmp_path):
        assert main(["validate", str(checked)]) == 1
        form, case = capsys.readouterr().out.splitlines()
        assert form.startswith(f"{path}:5: actions.List[0].resources[0]: `acs:x:*:thing` is not ")
        assert case.startswith(f"{path}:6: actions.LIST: differs only in case from `List`, and ")
