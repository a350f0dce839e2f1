from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy_documents import ALLOW, TRUST, policy, statement
from ramgate.analysis.lint import Level
from ramgate.analysis.lint.fault_codes import RULES, findings_of
from ramgate.faults import Findings, Place
from ramgate.language.translation import translate_at

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"Statement": [ALLOW]}, [("MISSING_VERSION", "$")]),
        ({"Version": "2", "Statement": [ALLOW]}, [("INVALID_VERSION", "$.Version")]),
        ({"Version": "1"}, [("MISSING_STATEMENT", "$")]),
        ({"Version": "1", "Statement": {}}, [("INVALID_STATEMENT", "$.Statement")]),
        ({"Version": "1", "Statement": [ALLOW], "Id": "x"}, [("INVALID_POLICY", "$")]),
        ([], [("INVALID_POLICY", "$")]),
        (policy(statement(Effect=None)), [("MISSING_EFFECT", "$.Statement[0]")]),
        (policy(statement(Effect="allow ")), [("INVALID_EFFECT", "$.Statement[0].Effect")]),
        (policy(statement(Action="a: B")), [("INVALID_ACTION", "$.Statement[0].Action")]),
        (
            policy(statement(Action=None, NotAction="a")),
            [("INVALID_ACTION", "$.Statement[0].NotAction")],
        ),
        (policy(statement(Action=None)), [("INVALID_STATEMENT", "$.Statement[0]")]),
        (policy(statement(Resource=None)), [("MISSING_RESOURCE", "$.Statement[0]")]),
        (policy(statement(Resource="a")), [("INVALID_RESOURCE", "$.Statement[0].Resource")]),
        (policy({**TRUST, "Principal": "*"}), [("INVALID_PRINCIPAL", "$.Statement[0].Principal")]),
        (policy(TRUST, {**TRUST, "Action": None}), [("INVALID_ACTION", "$.Statement[1].Action")]),
        (
            policy(statement(Condition={"Null": {"acs:SourceIp": "true"}})),
            [("INVALID_CONDITION", "$.Statement[0].Condition")],
        ),
        (
            policy(statement(Resource="acs:oss::b")),
            [("INVALID_RESOURCE", "$.Statement[0].Resource")],
        ),
        (
            policy(statement(Resource="acs:oss:*")),
            [("MISSING_ARN_FIELD", "$.Statement[0].Resource")],
        ),
        (
            policy(statement(Condition={"StringEquals": {"a:b": "c*"}})),
            [("WILDCARD_UNDER_EQUALS", "$.Statement[0].Condition.StringEquals.a:b")],
        ),
    ],
)
def test_the_code_follows_from_the_place(document: object, expected: list[tuple[str, str]]) -> None:
    place = Place(Findings("p.json"), "$")
    translate_at(document, place)
    found = list(findings_of(place.findings, "readers"))
    assert [(one.code, one.path) for one in found] == expected
    assert {one.policy for one in found} == {"readers"}
    assert [one.level for one in found] == [RULES[code][0] for code, _ in expected]


def test_a_fault_outside_of_policies_is_one_of_the_accounts() -> None:
    findings = Findings()
    (Place(findings) / "accounts" / "1").fault("is not a valid account number")
    (Place(findings) / "accounts").fault("`trust` is missing")
    place = Place(findings) / "accounts" / "1" / "policies" / "p" / "Statement" / 0 / "Action"
    place.fault("must not be an empty list")
    (Place(findings) / "users" / "action").fault("is unknown")
    assert [one.code for one in findings_of(findings)] == [
        "INVALID_ACCOUNTS",
        "INVALID_ACCOUNTS",
        "INVALID_ACTION",
        "INVALID_ACCOUNTS",
    ]


def test_advice_without_a_code_gets_the_given_one() -> None:
    findings = Findings()
    Place(findings, "$").advise("is a ROS template: nothing was checked")
    [named] = findings_of(findings, code="NO_POLICY")
    [other] = findings_of(findings)
    assert (named.code, named.level) == ("NO_POLICY", Level.WARNING)
    assert (other.code, other.level) == ("ADVICE", Level.SUGGESTION)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("is wrong: write `x`", ("is wrong", "write `x`")),
        ("is unknown: did you mean `x`?", ("is unknown", "did you mean `x`?")),
        ("a: b: write `x`: y", ("a: b", "write `x`: y")),
        ("is wrong: written `x`", ("is wrong: written `x`", "")),
        ("is wrong", ("is wrong", "")),
    ],
)
def test_the_advice_in_a_message_is_the_suggestion(message: str, expected: tuple[str, str]) -> None:
    findings = Findings()
    Place(findings, "$").fault(message)
    [found] = findings_of(findings)
    assert (found.message, found.suggestion) == expected


def test_every_code_of_the_translator_has_a_class() -> None:
    given = {
        code
        for path in (ROOT / "python/ramgate/language").glob("*.py")
        for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)",?\s*\)', path.read_text())
    }
    assert given >= {"EMPTY_SERVICE", "MULTIPLE_BOOLEAN", "SET_OPERATOR", "TOO_LONG"}
    assert given <= set(RULES)
