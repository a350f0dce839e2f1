from __future__ import annotations

import datetime
import itertools

import msgspec

from ramgate.analysis.lint import Finding, Level, Report

DATE = datetime.date(2026, 11, 29)


def test_the_classes_are_those_of_ram_from_grave_to_light() -> None:
    assert [str(level) for level in Level] == [
        "Error",
        "Security Warning",
        "General Warning",
        "Suggestion",
    ]
    for grave, light in itertools.combinations(Level, 2):
        assert grave.is_at_least(light)
        assert not light.is_at_least(grave)
    assert all(level.is_at_least(level) for level in Level)


def test_a_finding_has_the_fields_of_the_contract() -> None:
    finding = Finding(
        code="X",
        level=Level.ERROR,
        policy="p",
        path="$",
        file="a.json",
        line=2,
        message="is wrong",
        suggestion="write y",
    )
    assert msgspec.json.decode(msgspec.json.encode(finding)) == {
        "code": "X",
        "class": "Error",
        "policy": "p",
        "path": "$",
        "file": "a.json",
        "line": 2,
        "message": "is wrong",
        "suggestion": "write y",
        "request": None,
    }
    assert str(finding) == "a.json:2: $: Error X: is wrong; write y"
    elsewhere = Finding(code="X", level=Level.ERROR, file="a.json", message="is wrong")
    assert str(elsewhere) == "a.json: Error X: is wrong"


def test_a_report_has_a_class_if_a_finding_is_as_grave() -> None:
    finding = Finding(code="X", level=Level.WARNING, message="x")
    report = Report(catalog_date=DATE, documents=1, findings=(finding,))
    assert [report.has(level) for level in Level] == [False, False, True, True]
    assert not Report(catalog_date=DATE, documents=1).has(Level.SUGGESTION)
