from __future__ import annotations

import json
from pathlib import Path

import pytest

from ramgate import Request
from ramgate.analysis.coverage import Condition, Report, Statement, lcov, text

NUMBER = "1234567890123456"


def condition(*, satisfied: bool, failed: bool, line: int = 7) -> Condition:
    return Condition(
        operator="Bool", key="acs:MFAPresent", line=line, satisfied=satisfied, failed=failed
    )


def statement(  # noqa: PLR0913 - all but the first by name
    index: int = 0,
    *,
    policy: str = "reads",
    decided: int = 0,
    matched: int = 0,
    line: int = 4,
    file: str = "a.yaml",
    conditions: tuple[Condition, ...] = (),
    attempt: Request | None = None,
    dead: bool = False,
) -> Statement:
    return Statement(
        account=NUMBER,
        policy=policy,
        index=index,
        effect="Allow",
        file=file,
        line=line,
        decided=decided,
        matched=matched,
        conditions=conditions,
        attempt=attempt,
        dead=dead,
    )


def report(*statements: Statement) -> Report:
    return Report(requests=3, statements=statements)


TRIED = statement(decided=2, matched=3, conditions=(condition(satisfied=True, failed=True),))
DEAD = statement(1, line=9, conditions=(condition(satisfied=False, failed=False),), dead=True)
UNTRIED = statement(
    2,
    line=12,
    attempt=Request("acs:ram::1:user/a", "oss:GetObject", "*", {"acs:MFAPresent": "true"}),
)


@pytest.mark.parametrize(
    ("statements", "percent"),
    [
        ((), 100.0),
        ((DEAD,), 100.0),
        ((TRIED, DEAD), 100.0),
        ((TRIED, UNTRIED), 75.0),
        ((statement(matched=1),), 0.0),
        ((statement(decided=1, conditions=(condition(satisfied=True, failed=False),)),), 200 / 3),
    ],
)
def test_each_outcome_counts_as_much_as_a_statement(
    statements: tuple[Statement, ...], percent: float
) -> None:
    assert report(*statements).percent == pytest.approx(percent)


def test_the_text_has_a_table_and_the_statements_that_are_missing() -> None:
    other = statement(policy="other", decided=1, matched=1)
    assert text(report(TRIED, DEAD, UNTRIED, other)).splitlines() == [
        "policy                  stmts  decided  matched  conditions  cover",
        "1234567890123456/reads      3        1        1         2/4    75%",
        "1234567890123456/other      1        1        1         0/0   100%",
        "TOTAL                       4        2        2         2/4    80%",
        "",
        "a.yaml:9: Allow 1234567890123456/reads[1]",
        "  dead: it is proved that no request is decided by it alone",
        "",
        "a.yaml:12: Allow 1234567890123456/reads[2]",
        "  never matched",
        "  try oss:GetObject",
        "    by acs:ram::1:user/a",
        "    on *",
        '    with acs:MFAPresent "true"',
    ]


@pytest.mark.parametrize(
    ("satisfied", "failed", "words"),
    [
        (False, False, "never tested"),
        (True, False, "never failed"),
        (False, True, "never satisfied"),
    ],
)
def test_a_condition_that_was_not_met_both_ways_is_named(
    *, satisfied: bool, failed: bool, words: str
) -> None:
    met = condition(satisfied=satisfied, failed=failed)
    lines = text(report(statement(matched=1, conditions=(met,)))).splitlines()
    assert lines[-2:] == [
        "  matched, but never decided",
        f"  {words}: Bool on acs:MFAPresent (line 7)",
    ]


def test_a_share_is_never_rounded_up_and_long_names_are_cut() -> None:
    many = [statement(index, decided=1, policy="p" * 90) for index in range(299)]
    lines = text(report(*many, statement(299, policy="p" * 90))).splitlines()
    assert lines[-5].endswith(" 99%")
    table = lines[:3]
    assert max(map(len, table)) == 100
    assert table[1].startswith(f"{NUMBER}/ppp")
    assert "…  " in table[1]


def test_json_has_the_percentage_and_the_requests() -> None:
    found = json.loads(report(TRIED, UNTRIED).json())
    assert (found["percent"], found["requests"]) == (75.0, 3)
    assert found["statements"][0]["try"] is None
    assert found["statements"][1]["try"]["action"] == "oss:GetObject"
    assert found["statements"][0]["conditions"][0]["satisfied"] is True


def test_files_inside_a_folder_are_named_relative_to_it() -> None:
    inside, outside = statement(file="/data/a/b.yaml"), statement(file="/other/b.yaml")
    moved = report(inside, outside).relative_to(Path("/data"))
    assert [one.file for one in moved.statements] == ["a/b.yaml", "/other/b.yaml"]


def test_lcov_has_a_line_for_each_statement_and_a_branch_for_each_outcome() -> None:
    half = condition(satisfied=True, failed=False, line=14)
    never = condition(satisfied=False, failed=False, line=16)
    last = statement(3, line=12, decided=5, matched=6, conditions=(half, never), file="b.yaml")
    least = statement(4, line=12, decided=1, matched=1, file="b.yaml")
    assert lcov(report(TRIED, DEAD, UNTRIED, last, least)).splitlines() == [
        "TN:",
        "SF:a.yaml",
        "BRDA:7,0,0,1",
        "BRDA:7,0,1,1",
        "BRF:2",
        "BRH:2",
        "DA:4,2",
        "DA:7,3",
        "DA:12,0",
        "LF:3",
        "LH:2",
        "end_of_record",
        "SF:b.yaml",
        "BRDA:14,0,0,1",
        "BRDA:14,0,1,0",
        "BRDA:16,0,2,-",
        "BRDA:16,0,3,-",
        "BRF:4",
        "BRH:1",
        "DA:12,1",
        "DA:14,6",
        "DA:16,6",
        "LF:3",
        "LH:3",
        "end_of_record",
    ]
    assert "BRF" not in lcov(report(UNTRIED))
