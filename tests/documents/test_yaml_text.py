from __future__ import annotations

import pytest
import yaml as standard_yaml

from parsing import DEEP, faults, refusal, yaml
from ramgate.documents.source import Unquoted, compose

TAB = "is not YAML: a tab indents this line: YAML takes spaces only"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b", {"a": "b"}),
        ("{a: [b, 'c', \"d\"]}", {"a": ["b", "c", "d"]}),
        ("- a\n- - b", ["a", ["b"]]),
        ("a: >-\n  b\n  c", {"a": "b c"}),
        ("a: |\n  b\n", {"a": "b\n"}),
        ("a:\tb\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("\ufeffa: b", {"a": "b"}),
        ("---\na: b\n...\n", {"a": "b"}),
        ("&anchor a: b", {"a": "b"}),
        ("'1': '2'", {"1": "2"}),
        ("a: ''", {"a": ""}),
        ("---\n", Unquoted("")),
        ("a:", {"a": Unquoted("")}),
    ],
)
def test_yaml_is_parsed(text: str, value: object) -> None:
    found = yaml(text)
    assert found.value == value
    assert faults(found) == []


@pytest.mark.parametrize(
    "scalar",
    [
        *("10", "-0", "1.5", "1e3", "0x10", "0o7", "1_000", ".inf"),
        *("true", "No", "on", "null", "~", "2026-03-11", "2026-03-11T00:00:00Z"),
    ],
)
def test_a_scalar_that_is_not_a_string_keeps_its_text(scalar: str) -> None:
    if scalar in {"0o7", "1e3"}:  # strings in YAML 1.1
        assert yaml(f"a: {scalar}").value == {"a": scalar}
    else:
        assert yaml(f"a: {scalar}").value == {"a": Unquoted(scalar)}
    assert yaml(f"a: '{scalar}'").value == {"a": scalar}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f: is empty"),
        (" \n\t\n", f"f:2: {TAB}"),
        ("\n# nothing\n", "f: is empty"),
        ("a: [b\n", "f:2: is not YAML: did not find expected ',' or ']'"),
        ("a: b: c", "f:1: is not YAML: mapping values are not allowed in this context"),
        ("a:\n\tb: c", f"f:2: {TAB}"),
        ("[]]", "f:1: is not YAML: did not find expected <document start>"),
        ("a: 'b", "f:1: is not YAML: found unexpected end of stream"),
        ('a: "\\ud800"', "f:1: is not YAML: found invalid Unicode character escape code"),
        ("---\na: b\n---\nc: d\n", "f:3: contains more than one document"),
        ("a:\n  b:\n    " + "[" * DEEP, "f:3: is nested deeper than 64 levels"),
        ("- " * DEEP, "f:1: is nested deeper than 64 levels"),
        ("{a: " * DEEP, "f:1: is nested deeper than 64 levels"),
    ],
)
def test_text_that_is_not_yaml_is_refused(text: str, message: str) -> None:
    assert refusal(text, is_json=False) == message


def test_control_characters_are_not_yaml() -> None:
    assert refusal("a: \x00", is_json=False).startswith("f: is not YAML: ")
    assert "control characters are not allowed" in refusal("a: \x01", is_json=False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: b\nc: d\na: e", ["f:3: $.a: key `a` is given twice, first in line 1"]),
        (
            "a: 1\na: 2\nb: 3\na: 4",
            [
                "f:4: $.a: key `a` is given twice, first in line 1",
                "f:4: $.a: key `a` is given twice, first in line 1",
            ],
        ),
        ("{a: {b: c, b: c}}", ["f:1: $.a.b: key `b` is given twice, first in line 1"]),
        (
            "1: a\n'1': b",
            [
                'f:2: $.1: a key must be a string: write it in quotes, `"1"`',
                "f:2: $.1: key `1` is given twice, first in line 1",
            ],
        ),
        ("yes: a", ['f:1: $.yes: a key must be a string: write it in quotes, `"yes"`']),
        ("<<: {a: b}", ['f:1: $.<<: a key must be a string: write it in quotes, `"<<"`']),
        ("~: a", ['f:1: $.~: a key must be a string: write it in quotes, `"~"`']),
        ("? [a]\n: b", ['f:1: $.?: a key must be a string: write it in quotes, `"?"`']),
        ("a: &x b\nc: *x", ["f:2: $.c: an alias is not read: write the value out"]),
        ("*x : b", ["f:1: $.: an alias is not read: write the value out"]),
        ("a: !!str 5", ["f:1: $.a: a tag is not read: leave it out"]),
        ("a:\n  ! b", ["f:1: $.a: a tag is not read: leave it out"]),
        ("!!str a: b", ["f:1: $.a: a tag is not read: leave it out"]),
        ("a: !!map {b: c}", ["f:1: $.a: a tag is not read: leave it out"]),
        ("- !x [b]\n- !!python/name:os.system ''", None),
    ],
)
def test_yaml_that_a_document_may_not_contain_is_a_fault(
    text: str, found: list[str] | None
) -> None:
    expected = found or [
        "f:1: $[0]: a tag is not read: leave it out",
        "f:2: $[1]: a tag is not read: leave it out",
    ]
    assert faults(yaml(text)) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\ta: b", 1),
        ("a: b\n\tc: d", 2),
        ("a:\n \tb: c", 2),
        ("a:\n  b: c\n\td: e", 3),
        ("a: |\n\tb", 2),
        ("a: |\n  b\n\tc", 3),
        ("- \t- a", 1),
        ("\ufeffé: é\r\na:\r\n\tb: c", 3),
    ],
)
def test_a_tab_in_the_indentation_is_named(text: str, line: int) -> None:
    assert refusal(text, is_json=False) == f"f:{line}: {TAB}"


@pytest.mark.parametrize("text", ["a: b: c\t", "a:\t@b", "%\ta: b", "a:\t`"])
def test_a_tab_elsewhere_is_not_blamed(text: str) -> None:
    assert "tab" not in refusal(text, is_json=False)


@pytest.mark.parametrize("text", ["a: [b, c]\n", '{"a": ["b", "c"]}'])
def test_nodes_have_their_indexes_in_the_text(text: str) -> None:
    [(key, value)] = compose(text).value
    assert key.value == "a"
    assert [item.value for item in value.value] == ["b", "c"]
    assert text[value.start_mark.index : value.end_mark.index] in ("[b, c]", '["b", "c"]')


def test_nodes_need_yaml() -> None:
    with pytest.raises(standard_yaml.YAMLError):
        compose("a: [b")
