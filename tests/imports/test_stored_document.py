from __future__ import annotations

import json
from typing import get_args

import pytest

from policy_documents import ALLOW, TRUST, policy
from ramgate.documents import source
from ramgate.imports.stored_document import Kind, Readable, Unreadable, classify
from ramgate.imports.world import Document

IDENTITY = json.dumps(policy(ALLOW))
TRUSTING = json.dumps(policy(TRUST))


def reason(text: str, kind: Kind = "identity") -> str:
    found = classify(Document(text), kind)
    assert isinstance(found, Unreadable)
    assert found.value == {"unreadable": found.reason, "document": text}
    return found.reason


def test_a_readable_document_is_indented_and_keeps_its_tokens() -> None:
    text = (
        r'{"Version":"1","Statement":[{"Sid":"\u0041\/","Effect":"Allow","Action":"ecs:*",'
        r'"Resource":"*"}]}'
    )
    found = classify(Document(text), "identity")
    assert isinstance(found, Readable)
    assert found.text == (
        "{\n"
        '  "Version": "1",\n'
        '  "Statement": [\n'
        "    {\n"
        '      "Sid": "\\u0041\\/",\n'
        '      "Effect": "Allow",\n'
        '      "Action": "ecs:*",\n'
        '      "Resource": "*"\n'
        "    }\n"
        "  ]\n"
        "}\n"
    )
    assert source.parse(found.text, is_json=True).value == json.loads(text)


def test_the_principals_of_a_trust_policy_are_known() -> None:
    found = classify(Document(TRUSTING), "trust")
    assert isinstance(found, Readable)
    assert found.principals == {"ecs.aliyuncs.com"}
    assert found.value == policy(TRUST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("{", "is not strict JSON: expecting property name enclosed in double quotes"),
        ('{"Version": 1}', 'must be the string `"1"`, not `1` without quotes @ $.Version'),
        (
            IDENTITY.replace('"Version"', '"Version": "1", "Version"'),
            "key `Version` is given twice, first in line 1 @ $.Version",
        ),
        (
            IDENTITY.replace("Allow", "a\nb").replace("\n", "\\n"),
            "must be `Allow` or `Deny`, not `a\\nb` @ $.Statement[0].Effect",
        ),
        (IDENTITY.replace('"*"', "NaN"), "is not strict JSON: `NaN` is not a JSON value"),
    ],
)
def test_a_document_with_a_fault_is_unreadable_for_its_first_fault(
    text: str, expected: str
) -> None:
    assert reason(text) == expected


def test_a_document_of_the_other_kind_is_unreadable() -> None:
    assert get_args(Kind) == ("identity", "trust")
    assert reason(TRUSTING).startswith("is a trust policy")
    assert reason(IDENTITY, "trust").startswith("is not a trust policy")


def test_a_document_that_was_not_read_is_unreadable_for_that_reason() -> None:
    found = classify(Document(IDENTITY, missing="GetPolicy was refused:\nNoPermission"), "identity")
    assert found == Unreadable("GetPolicy was refused:\\nNoPermission", "")


@pytest.mark.parametrize("place", ["Allow", "ecs:StartInstance", "Effect"])
def test_a_text_with_a_lone_surrogate_is_unreadable(place: str) -> None:
    found = classify(Document(IDENTITY.replace(place, f"{place}\ud800")), "identity")
    assert isinstance(found, Unreadable)
    assert found.text == IDENTITY.replace(place, f"{place}?")


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_a_sid_with_a_lone_surrogate_is_unreadable(*, ensure_ascii: bool) -> None:
    text = json.dumps(policy({"Sid": "\ud800", **ALLOW}), ensure_ascii=ensure_ascii)
    assert isinstance(classify(Document(text), "identity"), Unreadable)
