from __future__ import annotations

import msgspec
import pytest

from ramgate.faults import Fault, Findings, Place, printable


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault(), ""),
        (Fault(message="is wrong"), "is wrong"),
        (Fault(path="$.a", message="is wrong"), "is wrong @ $.a"),
        (Fault("f", message="is empty"), "f: is empty"),
        (Fault("f", 3, message="is not YAML"), "f:3: is not YAML"),
        (Fault("f", 3, "$.a", "is wrong"), "f:3: $.a: is wrong"),
        (Fault("f", 0, "$.a", "is wrong"), "f: $.a: is wrong"),
    ],
)
def test_a_fault_is_one_line(fault: Fault, text: str) -> None:
    assert str(fault) == text


def test_faults_are_sorted_by_file_then_line() -> None:
    faults = [Fault("b", 1), Fault("a", 10), Fault("a", 9)]
    assert sorted(faults) == [Fault("a", 9), Fault("a", 10), Fault("b", 1)]


def test_a_place_is_named_by_its_steps() -> None:
    findings = Findings()
    assert str(Place(findings)) == ""
    assert str(Place(findings, "$")) == "$"
    assert str(Place(findings) / "users" / "alice") == "users.alice"
    assert str(Place(findings) / 0) == "[0]"
    assert str(Place(findings, "$") / "Statement" / 2 / "Action" / 0) == "$.Statement[2].Action[0]"
    assert str(Place(findings, "$") / "a\nb") == "$.a\\nb"


def test_a_place_reports_to_its_findings() -> None:
    findings = Findings("f", line_of=lambda steps: 10 * len(steps))
    place = Place(findings, "$")
    place.fault("is wrong")
    (place / "a" / 1).fault("is wrong too")
    (place / "a").advise("is doubtful")
    assert findings.faults == [
        Fault("f", 0, "$", "is wrong"),
        Fault("f", 20, "$.a[1]", "is wrong too"),
    ]
    assert findings.advice == [Fault("f", 10, "$.a", "is doubtful")]


def test_findings_without_a_file_have_no_line() -> None:
    findings = Findings()
    (Place(findings, "$") / "a").fault("is wrong")
    assert findings.faults == [Fault("", 0, "$.a", "is wrong")]


def test_findings_of_several_documents_are_appended() -> None:
    first, second = Findings("f"), Findings("g")
    Place(first).fault("is wrong")
    Place(second).fault("is wrong too")
    Place(second).advise("is doubtful")
    first.add(second)
    assert [fault.file for fault in first.faults] == ["f", "g"]
    assert [advice.file for advice in first.advice] == ["g"]


def test_a_place_cannot_be_changed() -> None:
    place = Place(Findings(), "$")
    with pytest.raises(AttributeError):
        place.root = "other"  # type: ignore[misc]
    assert isinstance(place, msgspec.Struct)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("é 漢 `a`", "é 漢 `a`"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2K", "\\x1b[2K"),
        ("\u202e\u2028", "\\u202e\\u2028"),
        ("\ud800", "\\ud800"),
        ("\N{NO-BREAK SPACE}", "\\xa0"),
    ],
)
def test_characters_that_a_terminal_would_not_show_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
