from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from ramgate import InvalidFiles, UnreadableFiles
from ramgate.analysis.lint import Finding, Level
from ramgate.analysis.lint.config import NOTHING_IGNORED, Ignores, read_ignores

if TYPE_CHECKING:
    from pathlib import Path

TODAY = datetime.date(2026, 12, 1)
CODES = ("SERVICE_ADMIN", "TOO_LONG")
FINDING = Finding(
    code="SERVICE_ADMIN",
    level=Level.SECURITY,
    policy="operators",
    path="$.Statement[0].Action",
    file="policies/legacy/a.json",
    message="x",
)


def read(tmp_path: Path, text: str) -> Ignores:
    path = tmp_path / "lint.yaml"
    path.write_text(text)
    return read_ignores(path, CODES, TODAY)


def entry(**changes: str) -> str:
    parts = {"code": "SERVICE_ADMIN", "reason": "known", "until": "2027-01-01", **changes}
    return "ignore:\n- " + "\n  ".join(f"{key}: '{text}'" for key, text in parts.items() if text)


@pytest.mark.parametrize(
    ("changes", "is_ignored"),
    [
        ({}, True),
        ({"code": "TOO_LONG"}, False),
        ({"policy": "operators"}, True),
        ({"policy": "op*"}, True),
        ({"policy": "readers"}, False),
        ({"path": "policies/legacy/*"}, True),
        ({"path": "policies/legacy/a.json"}, True),
        ({"path": "policies"}, False),
        ({"path": "$.Statement[0]*"}, True),
        ({"path": "$.Statement[1]*"}, False),
        ({"path": "policies/*", "policy": "readers"}, False),
        ({"until": "2026-12-01"}, True),
        ({"until": "2026-11-30"}, False),
    ],
)
def test_an_entry_is_about_a_code_and_perhaps_a_policy_and_a_path(
    tmp_path: Path, changes: dict[str, str], *, is_ignored: bool
) -> None:
    assert (FINDING in read(tmp_path, entry(**changes))) == is_ignored
    assert FINDING not in NOTHING_IGNORED


def test_a_path_may_begin_with_the_current_folder(tmp_path: Path) -> None:
    here = Finding(code="SERVICE_ADMIN", level=Level.SECURITY, file="./a.json", message="x")
    assert here in read(tmp_path, entry(path="a.json"))


def test_an_entry_that_ended_and_an_unknown_code_are_findings(tmp_path: Path) -> None:
    ended, unknown = entry(until="2026-11-30"), entry(code="SERVICE_ADMNI")
    text = f"{ended}\n{unknown.removeprefix('ignore:')}"
    found = read(tmp_path, text).findings
    assert [(one.code, one.line, one.path) for one in found] == [
        ("IGNORE_ENDED", 4, "ignore[0].until"),
        ("UNKNOWN_CODE", 6, "ignore[1].code"),
    ]
    assert found[0].file == str(tmp_path / "lint.yaml")
    assert found[1].suggestion == "did you mean `SERVICE_ADMIN`?"
    [far] = read(tmp_path, entry(code="X")).findings
    assert far.suggestion == ""


@pytest.mark.parametrize("until", ["2027-01-01", '"2027-01-01"'])
def test_a_date_needs_no_quotes(tmp_path: Path, until: str) -> None:
    text = f"ignore: [{{code: SERVICE_ADMIN, reason: known, until: {until}}}]"
    assert FINDING in read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ignored: []", "`ignore` is missing"),
        ("ignore: {}", "must be a list"),
        (entry(reason=""), "`reason` is missing"),
        (entry(reason=" "), "must not be empty: say why"),
        (entry(code=""), "`code` is missing"),
        (entry(until=""), "`until` is missing"),
        (entry(until="soon"), "must be a date such as `2027-01-01`, not `soon`"),
        (entry(until="20270101"), "must be a date"),
        (entry(until="2027-13-01"), "must be a date"),
        (entry(polizy="x"), "unknown field"),
        ("ignore: [{code: [], reason: x, until: 2027-01-01}]", "must be a string, not a list"),
    ],
)
def test_faults_are_raised(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InvalidFiles) as raised:
        read(tmp_path, text)
    assert any(fault in str(one) for one in raised.value.faults), raised.value


def test_a_missing_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFiles):
        read_ignores(tmp_path / "missing.yaml", CODES, TODAY)
