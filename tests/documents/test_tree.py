from __future__ import annotations

import json as standard_json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies

from parsing import faults, json, refusal, yaml
from ramgate import resources
from ramgate.documents import json_text, source, yaml_text
from ramgate.documents.source import parse
from ramgate.documents.tree import NotPlainError
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("is_json", [True, False])
def test_64_levels_are_read(is_json: bool) -> None:  # noqa: FBT001 - a parameter
    assert faults(parse("[" * 64 + "]" * 64, is_json=is_json)) == []
    assert "deeper than 64" in refusal("[" * 65 + "]" * 65, is_json=is_json)


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


def outcome_of_the_tree(text: str, *, is_json: bool) -> object:
    """The outcome if every text is parsed as a tree."""
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
def test_files_without_a_fault_are_parsed_without_a_tree(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, is_json = path.read_text(), path.suffix == ".json"
    expected = outcome_of_the_tree(text, is_json=is_json)
    assert outcome(text, is_json=is_json) == expected

    def fail(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(source, "build", fail)
    assert parse(text, is_json=is_json).place.findings.faults == []


@settings(derandomize=True, deadline=None, max_examples=300)
@given(PARTS, strategies.booleans(), strategies.data())
def test_the_value_parsed_at_once_equals_the_value_of_the_tree(
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
    assert outcome(text, is_json=is_json) == outcome_of_the_tree(text, is_json=is_json)


@pytest.mark.parametrize("is_json", [True, False])
def test_twenty_thousand_places_have_their_lines(is_json: bool) -> None:  # noqa: FBT001
    number = 20_000
    text = "[" + ",\n".join('{"a": "b"}' for _ in range(number)) + "]"
    line_of = parse(text, is_json=is_json).place.findings.line_of
    assert [line_of((index, "a")) for index in range(number)] == list(range(1, number + 1))
