from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from command_line import WORLD, written
from policy_documents import policy, statement
from ramgate.catalog.actions import catalog_date
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

FINE = json.dumps(policy(statement()))
EMPTY = json.dumps(policy(statement(Condition={})))
TYPO = json.dumps(policy(statement(Action="ecs:AutherizeSecurityGroup")))
WIDE = json.dumps(policy(statement(Action="ecs:*")))
SHORT = json.dumps(policy(statement(Resource="acs:ecs:*")))
CATALOG = f"catalog of {catalog_date()}\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads a configuration of the repository."""
    monkeypatch.chdir(tmp_path)


def test_lint_prints_a_line_for_each_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide, short = written(tmp_path / "a.json", WIDE), written(tmp_path / "b.json", SHORT)
    assert main(["lint", wide, short]) == 1
    captured = capsys.readouterr()
    first, second = captured.out.splitlines()
    assert first.startswith(f"{wide}:1: $.Statement[0].Action: Security Warning SERVICE_ADMIN: ")
    assert second.startswith(f"{short}:1: $.Statement[0].Resource: Error MISSING_ARN_FIELD: ")
    assert captured.err == f"checked 2 documents: 1 Error, 1 Security Warning; {CATALOG}"


def test_lint_of_a_fine_document_prints_no_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", written(tmp_path / "a.json", FINE), "--fail-on", "suggestion"]) == 0
    assert capsys.readouterr() == ("", f"checked 1 document: no findings; {CATALOG}")


@pytest.mark.parametrize(
    ("text", "statuses"),
    [(SHORT, [1, 1, 1, 1]), (WIDE, [0, 1, 1, 1]), (TYPO, [0, 0, 1, 1]), (EMPTY, [0, 0, 0, 1])],
)
def test_lint_fails_on_the_class_or_a_graver_one(
    tmp_path: Path, text: str, statuses: list[int]
) -> None:
    path = written(tmp_path / "a.json", text)
    levels = ("error", "security", "warning", "suggestion")
    assert [main(["lint", path, "--fail-on", level]) for level in levels] == statuses
    assert main(["lint", path]) == statuses[0]


def test_lint_goes_on_after_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, short = str(tmp_path / "none.json"), written(tmp_path / "a.json", SHORT)
    assert main(["lint", missing, short]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith(short)
    assert captured.err.startswith(
        f"{missing}: there is no such file\nchecked 1 document: 1 Error;"
    )


def test_lint_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.json", TYPO)
    missing = str(tmp_path / "none.json")
    assert main(["lint", path, missing, "--format", "json"]) == 2
    report = json.loads(capsys.readouterr().out)
    [finding] = report["findings"]
    assert finding == {
        "code": "UNKNOWN_ACTION",
        "class": "General Warning",
        "policy": "",
        "path": "$.Statement[0].Action",
        "file": path,
        "line": 1,
        "message": finding["message"],
        "suggestion": "did you mean `ecs:AuthorizeSecurityGroup`?",
        "request": None,
    }
    assert (report["documents"], report["ignored"]) == (1, 0)
    assert report["catalog_date"] == catalog_date().isoformat()
    assert [one["file"] for one in report["unreadable"]] == [missing]


def test_lint_prints_sarif(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", written(tmp_path / "a.json", TYPO), "--format", "sarif"]) == 0
    [run] = json.loads(capsys.readouterr().out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["UNKNOWN_ACTION"]
    assert re.fullmatch(r"[0-9]+\.[0-9]+.*", run["tool"]["driver"]["version"])


def test_lint_prints_annotations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "a.json", SHORT)
    assert main(["lint", "a.json", "--format", "github"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("::error file=a.json,line=1,title=MISSING_ARN_FIELD::$.Statement[0].")


def test_lint_reads_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.json", SHORT)
    entry = "ignore: [{code: MISSING_ARN_FIELD, reason: known, until: 2200-01-01}]"
    elsewhere = written(tmp_path / "other.yaml", entry)
    assert main(["lint", path, "--config", elsewhere]) == 0
    assert "checked 1 document: no findings, 1 ignored;" in capsys.readouterr().err
    assert main(["lint", path]) == 1
    written(tmp_path / ".ramgate-lint.yaml", entry)
    assert main(["lint", path]) == 0
    written(tmp_path / "other.yaml", "ignore: [{code: SHORT, reason: known, until: 2200-01-01}]")
    capsys.readouterr()
    assert main(["lint", path, "--config", elsewhere]) == 1
    assert "other.yaml:1: ignore[0].code: General Warning UNKNOWN_CODE" in capsys.readouterr().out


def test_lint_refuses_a_faulty_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.json", FINE)
    written(tmp_path / ".ramgate-lint.yaml", "ignore: [{code: TOO_LONG, until: 2200-01-01}]")
    assert main(["lint", path]) == 2
    assert "`reason` is missing" in capsys.readouterr().err
    assert main(["lint", path, "--config", "none.yaml"]) == 2


@pytest.mark.parametrize("text", [WORLD, FINE])
def test_lint_reads_standard_input(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["lint", "-"]) == 0
    assert "checked 1 document: " in capsys.readouterr().err
