"""Equal policy documents are translated once, and nothing of a finding is lost by that."""

from __future__ import annotations

import pytest

from ramgate.accounts import translations
from ramgate.accounts.translations import Translations
from ramgate.documents.tree import Unquoted
from ramgate.faults import Findings, Place
from ramgate.language.translation import translate_at

CONDITION = {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}


def document(**elements: object) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": "ecs:Start", "Resource": "*", **elements}
    return {"Version": "1", "Statement": [statement]}


def place() -> Place:
    return Place(Findings(), "$")


def test_equal_documents_are_one_object_and_others_are_not() -> None:
    known = Translations()
    first, second = (known.translate(document(), place()) for _ in range(2))
    assert first is second
    assert first == translate_at(document(), place())
    other = known.translate(document(Effect="Deny"), place())
    assert other == translate_at(document(Effect="Deny"), place()) != first


@pytest.mark.parametrize(
    "elements",
    [
        {"Effect": "Perhaps"},
        {"Resource": "oss:*"},
        {"Condition": {"StringEquals": {"acs:Service": "a*"}}},
        {"Resource": "acs:ecs:*:*:\ud800"},
    ],
)
def test_each_document_with_a_finding_has_it(elements: dict[str, object]) -> None:
    known = Translations()
    expected = place()
    translate_at(document(**elements), expected)
    findings = expected.findings
    assert findings.faults or findings.errors or findings.advice
    for _ in range(2):
        here = place()
        known.translate(document(**elements), here)
        assert here.findings.faults == findings.faults
        assert here.findings.errors == findings.errors
        assert here.findings.advice == findings.advice


@pytest.mark.parametrize(
    ("quoted", "unquoted"),
    [
        ({"Condition": {"Bool": {"text": "true"}}}, {"Condition": {"Bool": Unquoted("true")}}),
        ({"Sid": {"text": "1"}}, {"Sid": Unquoted("1")}),
        ({"Condition": {"text": CONDITION}}, {"Condition": {"text": CONDITION}}),
    ],
)
def test_a_scalar_without_quotes_never_passes_for_an_object(
    quoted: dict[str, object], unquoted: dict[str, object]
) -> None:
    known = Translations()
    known.translate(document(**quoted), place())
    here, expected = place(), place()
    known.translate(document(**unquoted), here)
    translate_at(document(**unquoted), expected)
    assert here.findings.faults == expected.findings.faults != []


def test_no_more_than_some_translations_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "_MOST", 2)
    known = Translations()
    first = known.translate(document(), place())
    known.translate(document(Action="ecs:Stop"), place())
    assert known.translate(document(), place()) is first
    known.translate(document(Action="ecs:List"), place())
    again = known.translate(document(), place())
    assert again is not first
    assert again == first
