from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies

from ramgate.documents.source import parse
from ramgate.imports.yaml_file import Section, to_yaml

TEXTS = strategies.text(strategies.characters(exclude_categories=["Cs"]), max_size=12)
ODD = strategies.sampled_from(
    ["on", "1e3", "null", "=", "~", "", "- a", "a: b", "#", "<<", "0x1", "2026-01-01", "y", "NO"]
)
VALUES = strategies.recursive(
    TEXTS | ODD,
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(TEXTS | ODD, inner, max_size=4)
        | strategies.dictionaries(TEXTS | ODD, inner, max_size=4).map(Section)
    ),
    max_leaves=20,
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(strategies.dictionaries(TEXTS | ODD, VALUES).map(Section))
@example(Section({"a": "two\nlines", "b": ["two\nlines\n", "\n", " a\nb", "a\n\n b", "a\r\nb"]}))
@example(Section({"a": "\ufeff\x00\x85\u2028\U0001f600\t\\'\"", "b": 'it\'s "here"', "c": "\\n"}))
def test_any_value_reads_back(value: Section) -> None:
    if value:
        assert parse(to_yaml(value), is_json=False).value == value


def test_a_long_object_has_a_line_for_each_member() -> None:
    short = {"Effect": "Allow", "Action": ["ecs:Start*", "ecs:Stop*"], "Resource": "*"}
    long = {"Effect": "Allow", "Action": ["ecs:StartInstance"] * 3, "Resource": ["*"] * 5}
    value = Section(trust={"Version": "1", "Statement": [short, long]}, lists=[["a" * 60] * 2])
    assert to_yaml(value) == (
        "trust:\n"
        '  Version: "1"\n'
        "  Statement:\n"
        '    - {Effect: Allow, Action: ["ecs:Start*", "ecs:Stop*"], Resource: "*"}\n'
        "    - Effect: Allow\n"
        '      Action: ["ecs:StartInstance", "ecs:StartInstance", "ecs:StartInstance"]\n'
        '      Resource: ["*", "*", "*", "*", "*"]\n'
        "lists:\n"
        f"  - - {'a' * 60}\n"
        f"    - {'a' * 60}\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("kafka-team", "kafka-team"),
        ("policies/1234567890123456/a.json", "policies/1234567890123456/a.json"),
        ("1234567890123456", '"1234567890123456"'),
        ("Null", '"Null"'),
        ('{"Version": "1"}', '\'{"Version": "1"}\''),
        ('it\'s "here"', '"it\'s \\"here\\""'),
        ("two\nlines", "|-\n  two\n  lines"),
        ("two\n\nlines\n", '"two\\n\\nlines\\n"'),
        ("\x1b", '"\\U0000001b"'),
        ("生产", '"生产"'),
    ],
)
def test_a_text_has_quotes_only_where_it_needs_them(text: str, written: str) -> None:
    assert to_yaml(Section(a=text)) == f"a: {written}\n"
