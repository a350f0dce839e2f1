from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ramgate.analysis.lint import Finding, Level, Report
from ramgate.analysis.lint.checks import RULES
from ramgate.analysis.lint.sarif import annotation, sarif
from ramgate.faults import Fault
from ramgate.opa.find import find_opa

SCHEMA = Path(__file__).parents[2] / "data/sarif-2.1.0-rtm.5.json"
SECONDS = 60
FINDINGS = (
    Finding(
        code="SERVICE_ADMIN",
        level=Level.SECURITY,
        policy="operators",
        path="$.Statement[0].Action",
        file="policies/my policy.json",
        line=3,
        message="allows everything",
        suggestion="name the actions",
    ),
    Finding(code="MISSING_VERSION", level=Level.ERROR, file="/etc/p.json", message="`Version`"),
    Finding(code="UNKNOWN_ACTION", level=Level.SUGGESTION, message="in no file"),
    Finding(code="SERVICE_ADMIN", level=Level.SECURITY, file="b.json", line=1, message="again"),
)
REPORT = Report(catalog_date=datetime.date(2026, 11, 29), documents=3, findings=FINDINGS)


@pytest.mark.parametrize(
    ("finding", "command"),
    [
        (
            FINDINGS[0],
            (
                "::warning file=policies/my policy.json,line=3,title=SERVICE_ADMIN::"
                "$.Statement[0].Action: allows everything; name the actions"
            ),
        ),
        (FINDINGS[1], "::error file=/etc/p.json,title=MISSING_VERSION::`Version`"),
        (FINDINGS[2], "::notice title=UNKNOWN_ACTION::in no file"),
        (
            Finding(
                code="ADVICE",
                level=Level.WARNING,
                file="a:b,c%.json",
                line=1,
                path="$.a,b",
                message="50%\r\nof: it",
            ),
            "::warning file=a%3Ab%2Cc%25.json,line=1,title=ADVICE::$.a,b: 50%25%0D%0Aof: it",
        ),
    ],
)
def test_an_annotation_is_escaped(finding: Finding, command: str) -> None:
    assert annotation(finding) == command


def test_a_log_has_a_rule_for_each_code_and_a_result_for_each_finding() -> None:
    log: Any = sarif(REPORT, "1.2")
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("ramgate", "1.2")
    assert driver["properties"] == {"catalog_date": "2026-11-29"}
    assert [rule["id"] for rule in driver["rules"]] == [
        "MISSING_VERSION",
        "SERVICE_ADMIN",
        "UNKNOWN_ACTION",
    ]
    assert [rule["properties"]["tags"] for rule in driver["rules"]] == [[], ["security"], []]
    assert [(one["ruleId"], one["ruleIndex"], one["level"]) for one in run["results"]] == [
        ("SERVICE_ADMIN", 1, "warning"),
        ("MISSING_VERSION", 0, "error"),
        ("UNKNOWN_ACTION", 2, "note"),
        ("SERVICE_ADMIN", 1, "warning"),
    ]
    first, absolute, nowhere, _ = run["results"]
    assert first["message"] == {"text": "allows everything; name the actions"}
    assert first["properties"]["class"] == "Security Warning"
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "policies/my%20policy.json"},
                "region": {"startLine": 3},
            }
        }
    ]
    assert absolute["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "file:///etc/p.json"}}}
    ]
    assert "locations" not in nowhere


def test_a_log_names_the_files_that_could_not_be_read() -> None:
    log: Any = sarif(REPORT, "1.2")
    assert log["runs"][0]["invocations"] == [
        {"executionSuccessful": True, "toolExecutionNotifications": []}
    ]
    faults = (Fault("gone.json", message="there is no such file"),)
    log = sarif(msgspec.structs.replace(REPORT, unreadable=faults), "1.2")
    [invocation] = log["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["message"] == {"text": "gone.json: there is no such file"}
    assert violations(log) == []


def violations(log: object) -> list[str]:
    """Return where the log breaks the schema, by OPA's validator of JSON Schema."""
    value = {"log": log, "schema": json.loads(SCHEMA.read_text())}
    query = "[one.error | some one in json.match_schema(input.log, input.schema)[1]]"
    done = subprocess.run(
        [str(find_opa()), "eval", "--format=raw", "--stdin-input", query],
        input=json.dumps(value),
        capture_output=True,
        check=True,
        text=True,
        timeout=SECONDS,
    )
    return list(json.loads(done.stdout))


def test_a_log_fits_the_schema_of_sarif() -> None:
    one_each = tuple(
        Finding(code=code, level=level, file="a b/ü.json", line=1, message="x")
        for code, (level, _) in RULES.items()
    )
    for findings in ((), FINDINGS, one_each):
        report = Report(catalog_date=REPORT.catalog_date, documents=1, findings=findings)
        assert violations(sarif(report, "1.2")) == []


def test_a_log_that_does_not_fit_is_found() -> None:
    log: Any = sarif(REPORT, "1.2")
    log["runs"][0]["results"][0]["level"] = "Error"
    del log["runs"][0]["results"][1]["message"]
    assert len(violations(log)) == 2
