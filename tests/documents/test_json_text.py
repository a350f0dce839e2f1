from __future__ import annotations

import pytest

from parsing import DEEP, faults, json, refusal
from ramgate.documents.source import Unquoted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "b"}', {"a": "b"}),
        ('{"a": ["b", {"c": "d"}], "e": {}}', {"a": ["b", {"c": "d"}], "e": {}}),
        ('{"a": "\\" \\\\ \\n \\u00e9 {[,:]}"}', {"a": '" \\ \n é {[,:]}'}),
        ('{"a": "\\ud800"}', {"a": "\ud800"}),
        ('\r\n{"a":\t"b"}\r\n', {"a": "b"}),
        ('"a"', "a"),
        ("[]", []),
        ("{}", {}),
        ("-0", Unquoted("-0")),
        ("[1e5, 1.50, true, null]", [*map(Unquoted, ("1e5", "1.50", "true", "null"))]),
        ("1" * 5000, Unquoted("1" * 5000)),
    ],
)
def test_json_is_parsed(text: str, value: object) -> None:
    found = json(text)
    assert found.value == value
    assert faults(found) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f: is empty"),
        (" \r\n\t", "f: is empty"),
        ("{", "f:1: is not strict JSON: expecting property name enclosed in double quotes"),
        (
            '{\n"a": 1,\n}',
            "f:3: is not strict JSON: expecting property name enclosed in double quotes",
        ),
        ("{'a': 1}", "f:1: is not strict JSON: expecting property name enclosed in double quotes"),
        ("// a\n{}", "f:1: is not strict JSON: expecting value"),
        ("{}\n{}", "f:2: is not strict JSON: extra data"),
        ('{"a": "b\tc"}', "f:1: is not strict JSON: invalid control character"),
        ('{"a": "b\nc"}', "f:1: is not strict JSON: invalid control character"),
        ('{"a": "\\x"}', "f:1: is not strict JSON: invalid \\escape"),
        ("[1\u00a0]", "f:1: is not strict JSON: expecting ',' delimiter"),
        ("\ufeff{}", "f:1: is not strict JSON: unexpected UTF-8 BOM"),
        ("[1,\nNaN]", "f:2: is not strict JSON: `NaN` is not a JSON value"),
        ("Infinity", "f:1: is not strict JSON: `Infinity` is not a JSON value"),
        ('{"a":\n\n-Infinity}', "f:3: is not strict JSON: `-Infinity` is not a JSON value"),
        ("a: b", "f:1: is not strict JSON: expecting value"),
        ("[" * DEEP, "f: is nested deeper than 64 levels"),
        ('{"a":' * DEEP, "f: is nested deeper than 64 levels"),
        ("[\n" + "[" * 64 + "]" * 65, "f:2: is nested deeper than 64 levels"),
    ],
)
def test_text_that_is_not_strict_json_is_refused(text: str, message: str) -> None:
    assert refusal(text, is_json=True) == message


def test_a_trailing_comma_is_not_strict_json() -> None:
    # what the standard library calls it depends on its version
    assert refusal("[1,]", is_json=True).startswith("f:1: is not strict JSON: ")
    assert refusal('{\n"a": 1,\n}', is_json=True).startswith("f:")


def test_a_repeated_key_is_a_fault_in_json() -> None:
    text = '{\r\n"a": {"b": 1,\r\n "\\u0062": 2},\r\n"c": 3,\r\n"c": 3}'
    assert faults(json(text)) == [
        "f:3: $.a.b: key `b` is given twice, first in line 2",
        "f:5: $.c: key `c` is given twice, first in line 4",
    ]


def test_a_long_string_costs_no_more_than_its_length() -> None:
    text = '{"a": "' + "x" * 5_000_000 + '\\\\"}'
    assert json(text).value == {"a": "x" * 5_000_000 + "\\"}
