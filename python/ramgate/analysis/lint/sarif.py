"""Write a report for programs: SARIF 2.1.0 for code scanning, and GitHub's workflow commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ramgate.analysis.lint.checks import RULES
from ramgate.analysis.lint.finding import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.analysis.lint.finding import Finding, Report

__all__ = ["annotation", "sarif"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {
    Level.ERROR: "error",
    Level.SECURITY: "warning",
    Level.WARNING: "warning",
    Level.SUGGESTION: "note",
}
_COMMANDS: Final = {**_LEVELS, Level.SUGGESTION: "notice"}


def sarif(report: Report, version: str) -> dict[str, object]:
    """Return the report as a SARIF log with one run; `version` is ramgate's.

    A rule's `ruleId` is the code. GitHub shows a Security Warning among the security findings.

    >>> import datetime
    >>> from ramgate.analysis.lint import Finding, Report
    >>> finding = Finding(code="TOO_LONG", level=Level.WARNING, file="a.json", line=1, message="x")
    >>> report = Report(catalog_date=datetime.date.min, documents=1, findings=(finding,))
    >>> log = sarif(report, "1.0")
    >>> log["runs"][0]["results"][0]["ruleId"]
    'TOO_LONG'
    """
    codes = sorted({finding.code for finding in report.findings})
    driver = {
        "name": "ramgate",
        "version": version,
        "rules": [_rule(code) for code in codes],
        "properties": {"catalog_date": report.catalog_date.isoformat()},
    }
    results = [_result(finding, codes.index(finding.code)) for finding in report.findings]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "invocations": [_invocation(report)], "results": results}
        ],
    }


def _invocation(report: Report) -> dict[str, object]:
    """Name the unreadable files: without them, a log without results would look like success."""
    return {
        "executionSuccessful": not report.unreadable,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": str(fault)}} for fault in report.unreadable
        ],
    }


def _rule(code: str) -> dict[str, object]:
    level, title = RULES[code]
    return {
        "id": code,
        "shortDescription": {"text": title},
        "defaultConfiguration": {"level": _LEVELS[level]},
        "properties": {"tags": ["security"] if level is Level.SECURITY else []},
    }


def _result(finding: Finding, rule: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": finding.text},
        "properties": {
            "class": finding.level,
            "policy": finding.policy,
            "path": finding.path,
            "request": finding.request,
        },
    }
    if finding.file:
        region = {"region": {"startLine": finding.line}} if finding.line else {}
        place: Mapping[str, object] = {"artifactLocation": {"uri": _uri(finding.file)}, **region}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _uri(file: str) -> str:
    """Return a relative path as a relative reference, any other as a `file:` URI."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def annotation(finding: Finding) -> str:
    """Return a workflow command of GitHub Actions, which annotates the line.

    >>> from ramgate.analysis.lint import Finding
    >>> message = "100 % of it"
    >>> print(annotation(Finding(code="A", level=Level.ERROR, file="a,b.json", message=message)))
    ::error file=a%2Cb.json,title=A::100 %25 of it
    """
    properties = {
        "file": finding.file,
        "line": str(finding.line or ""),
        "title": finding.code,
    }
    listed = ",".join(f"{key}={_property(text)}" for key, text in properties.items() if text)
    text = f"{finding.path}: {finding.text}" if finding.path else finding.text
    return f"::{_COMMANDS[finding.level]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
