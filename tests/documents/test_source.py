from __future__ import annotations

import json as standard_json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies

from ramgate import resources
from ramgate.documents import json_text, source, yaml_text
from ramgate.documents.messages import describe
from ramgate.documents.source import Unquoted, parse, read
from ramgate.documents.tree import NotPlainError
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.documents.source import Source

DEEP = 100_000
TAB = "is not YAML: a tab indents this line: YAML takes spaces only"


def yaml(text: str) -> Source:
    return parse(text, "f", is_json=False)


def json(text: str) -> Source:
    return parse(text, "f", is_json=True)


def faults(found: Source) -> list[str]:
    return [str(fault) for fault in found.place.findings.faults]


def refusal(text: str, *, is_json: bool) -> str:
    with pytest.raises(InvalidFiles) as refused:
        parse(text, "f", is_json=is_json)
    assert not isinstance(refused.value, UnreadableFiles)
    assert len(refused.value.faults) == 1
    return str(refused.value)


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
def test_yaml_is_read(text: str, value: object) -> None:
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
def test_a_yaml_scalar_that_is_no_string_stays_as_it_was_written(scalar: str) -> None:
    if scalar in {"0o7", "1e3"}:  # strings in YAML 1.1
        assert yaml(f"a: {scalar}").value == {"a": scalar}
    else:
        assert yaml(f"a: {scalar}").value == {"a": Unquoted(scalar)}
    assert yaml(f"a: '{scalar}'").value == {"a": scalar}


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
def test_json_is_read(text: str, value: object) -> None:
    found = json(text)
    assert found.value == value
    assert faults(found) == []


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
def test_text_that_is_no_yaml_is_refused(text: str, message: str) -> None:
    assert refusal(text, is_json=False) == message


def test_control_characters_are_no_yaml() -> None:
    assert refusal("a: \x00", is_json=False).startswith("f: is not YAML: ")
    assert "control characters are not allowed" in refusal("a: \x01", is_json=False)


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
def test_text_that_is_no_strict_json_is_refused(text: str, message: str) -> None:
    assert refusal(text, is_json=True) == message


def test_a_comma_too_many_is_no_strict_json() -> None:
    # what the standard library calls it depends on its version
    assert refusal("[1,]", is_json=True).startswith("f:1: is not strict JSON: ")
    assert refusal('{\n"a": 1,\n}', is_json=True).startswith("f:")


@pytest.mark.parametrize("is_json", [True, False])
def test_64_levels_are_read(is_json: bool) -> None:  # noqa: FBT001 - a parameter
    assert faults(parse("[" * 64 + "]" * 64, is_json=is_json)) == []
    assert "deeper than 64" in refusal("[" * 65 + "]" * 65, is_json=is_json)


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
def test_what_yaml_may_hold_and_a_document_may_not_is_a_fault(
    text: str, found: list[str] | None
) -> None:
    expected = found or [
        "f:1: $[0]: a tag is not read: leave it out",
        "f:2: $[1]: a tag is not read: leave it out",
    ]
    assert faults(yaml(text)) == expected


def test_a_key_given_twice_is_a_fault_in_json() -> None:
    text = '{\r\n"a": {"b": 1,\r\n "\\u0062": 2},\r\n"c": 3,\r\n"c": 3}'
    assert faults(json(text)) == [
        "f:3: $.a.b: key `b` is given twice, first in line 2",
        "f:5: $.c: key `c` is given twice, first in line 4",
    ]


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ((), 1),
        (("a",), 2),
        (("a", "b"), 3),
        (("a", "b", 0), 4),
        (("a", "b", 1), 5),
        (("a", "b", 1, "c"), 6),
        (("a", "b", 1, "c", "more"), 6),
        (("a", "gone"), 2),
        (("a", "b", 7), 3),
        (("gone", "a"), 1),
        (("d",), 9),
    ],
)
def test_every_place_has_its_line(steps: tuple[str | int, ...], line: int) -> None:
    text = '{\n"a": {\n"b": [\n"x",\n{\n"c": "y"}]\n},\n\n"d": "e"}'
    for found in (json(text), yaml(text)):
        assert found.place.findings.line_of(steps) == line


SOUND = [
    *resources.path("examples").glob("accounts.yaml"),
    *resources.path("catalog").rglob("*.yaml"),
    *resources.path("catalog").rglob("*.json"),
]
PARTS = strategies.recursive(
    strategies.text(max_size=3)
    | strategies.sampled_from(["1", "yes", "~", "<<", "*a", "&a", "!!str b", "2026-01-01", "0x1"]),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(strategies.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def by_its_tree(text: str, *, is_json: bool) -> object:
    """What is read where nothing is taken for plain, or why it is refused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "parse_plain", refuse_plain)
        patch.setattr(yaml_text, "parse_plain", refuse_plain)
        return outcome(text, is_json=is_json)


def refuse_plain(_: str) -> object:
    raise NotPlainError


def outcome(text: str, *, is_json: bool) -> object:
    try:
        found = parse(text, "f", is_json=is_json)
    except InvalidFiles as error:
        return error.faults
    return found.value, found.place.findings.faults, found.place.findings.line_of(("a", 0))


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.name)
def test_sound_files_are_read_without_a_tree(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, is_json = path.read_text(), path.suffix == ".json"
    expected = by_its_tree(text, is_json=is_json)
    assert outcome(text, is_json=is_json) == expected

    def fail(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(source, "build", fail)
    assert parse(text, is_json=is_json).place.findings.faults == []


@settings(derandomize=True, deadline=None, max_examples=300)
@given(PARTS, strategies.booleans(), strategies.data())
def test_what_is_read_without_a_tree_is_what_its_tree_says(
    value: object,
    is_json: bool,  # noqa: FBT001 - a parameter
    data: strategies.DataObject,
) -> None:
    text = standard_json.dumps(value, ensure_ascii=False)
    # without some of its quotes, or with something put between, it is another text
    for _ in range(data.draw(strategies.integers(0, 3))):
        at = data.draw(strategies.integers(0, len(text)))
        put = data.draw(strategies.sampled_from(["", "", ",", "a: ", "\n", "- ", "&a ", "1", "! "]))
        text = text[:at] + put + text[at + (not put) :]
    assert outcome(text, is_json=is_json) == by_its_tree(text, is_json=is_json)


@pytest.mark.parametrize("is_json", [True, False])
def test_twenty_thousand_places_have_their_lines(is_json: bool) -> None:  # noqa: FBT001
    number = 20_000
    text = "[" + ",\n".join('{"a": "b"}' for _ in range(number)) + "]"
    line_of = parse(text, is_json=is_json).place.findings.line_of
    assert [line_of((index, "a")) for index in range(number)] == list(range(1, number + 1))


def test_what_a_value_is_called() -> None:
    assert describe("") == "an empty string"
    assert describe(Unquoted("")) == "nothing"
    assert describe("a") == "`a`"
    assert describe("a\nb\x1b\ud800") == "`a\\nb\\x1b\\ud800`"
    assert describe("a" * 81) == f"`{'a' * 80}`"
    assert describe(Unquoted("10")) == "`10` without quotes"
    assert describe(Unquoted("1" * 5000)) == f"`{'1' * 80}` without quotes"
    assert describe(10) == "`10` without quotes"
    assert describe(True) == "`true` without quotes"  # noqa: FBT003 - the value described
    assert describe(None) == "`null` without quotes"
    assert describe(0.5) == "`0.5` without quotes"
    assert describe([]) == "a list"
    assert describe(()) == "a list"
    assert describe({}) == "an object"
    assert describe(b"a") == "a bytes"


def test_a_file_is_read_by_its_name(tmp_path: Path) -> None:
    for name, text in (("a.yaml", "a: b"), ("a.json", '{"a": "b"}'), ("a", "a: b")):
        path = tmp_path / name
        path.write_text(text)
        assert read(path).value == {"a": "b"}
    (tmp_path / "b.json").write_text("a: b")
    with pytest.raises(InvalidFiles, match=r"b\.json:1: is not strict JSON: expecting value"):
        read(tmp_path / "b.json")


def test_a_file_is_named_in_its_findings(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: b\na: c")
    found = read(path, root="")
    assert faults(found) == [f"{path}:2: a: key `a` is given twice, first in line 1"]


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "gone.yaml", "there is no such file"),
        (tmp_path, "is a directory, not a file"),
        (tmp_path / "file" / "below", "cannot be read: not a directory"),
    ):
        (tmp_path / "file").touch()
        with pytest.raises(UnreadableFiles) as refused:
            read(path)
        assert str(refused.value) == f"{path}: {reason}"


def test_a_file_that_nobody_may_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    path = tmp_path / "a.yaml"
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(UnreadableFiles) as refused:
        read(path)
    assert str(refused.value) == f"{path}: cannot be read: permission denied"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x80", "is not UTF-8 text"),
        (b"\xff\xfea\x00", "is not UTF-8 text"),
        (b"\xed\xa0\x80", "is not UTF-8 text"),
        (b"\x7fELF\x02\x01\x01\x00", "is not YAML: "),
        (bytes(4096), "is not YAML: "),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: {message}")


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert source.MAXIMUM_BYTES == 64 * 1024 * 1024
    monkeypatch.setattr(source, "MAXIMUM_BYTES", 8)
    path = tmp_path / "a.yaml"
    path.write_text("a: bcdef")
    assert read(path).value == {"a": "bcdef"}
    path.write_text("a: bcdefg")
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    assert str(refused.value) == f"{path}: is larger than 64 MiB"


def test_a_long_string_costs_no_more_than_its_length() -> None:
    text = '{"a": "' + "x" * 5_000_000 + '\\\\"}'
    assert json(text).value == {"a": "x" * 5_000_000 + "\\"}
