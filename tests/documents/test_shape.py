from __future__ import annotations

import re

import pytest

from ramgate.documents import shape
from ramgate.documents.source import Unquoted
from ramgate.faults import Findings, Place

NOT_OBJECTS = [
    ("a", "`a`"),
    ("", "an empty string"),
    (["a"], "a list"),
    (Unquoted("1"), "`1` without quotes"),
    (None, "`null` without quotes"),
]


def place() -> Place:
    return Place(Findings(), "here")


def messages(found: Place) -> list[str]:
    return [str(fault) for fault in found.findings.faults]


def test_the_members_of_an_object_have_their_places() -> None:
    here = place()
    found = list(shape.members({"a": 1, "b": [2]}, here))
    assert [(key, value, str(where)) for key, value, where in found] == [
        ("a", 1, "here.a"),
        ("b", [2], "here.b"),
    ]
    assert list(shape.members({}, here)) == []
    assert messages(here) == []


def test_a_key_that_is_not_a_string_is_read_as_its_text() -> None:
    here = place()
    [(key, _, where)] = shape.members({5: "a"}, here)
    assert (key, str(where)) == ("5", "here.5")


@pytest.mark.parametrize(("value", "kind"), NOT_OBJECTS)
def test_any_other_value_has_no_members(value: object, kind: str) -> None:
    here = place()
    assert list(shape.members(value, here)) == []
    assert messages(here) == [f"must be an object, not {kind} @ here"]


def test_a_missing_value_is_told_how_to_be_written_when_empty() -> None:
    here = place()
    assert list(shape.members(Unquoted(""), here)) == []
    assert list(shape.items(Unquoted(""), here)) == []
    assert messages(here) == [
        "must be an object, not nothing: write `{}` if it is empty @ here",
        "must be a list, not nothing: write `[]` if it is empty @ here",
    ]


def test_known_fields_are_returned_in_their_order() -> None:
    here = place()
    assert shape.fields({"b": 1, "a": 2}, here, ("a", "b", "c"), ("a",)) == {"b": 1, "a": 2}
    assert messages(here) == []


def test_unknown_and_missing_fields_are_faults() -> None:
    here = place()
    assert shape.fields({"a": 1, "x": 2, "A": 3}, here, ("a", "b"), ("a", "b")) == {"a": 1}
    assert messages(here) == [
        "unknown field: known are `a`, `b` @ here.x",
        "unknown field: known are `a`, `b` @ here.A",
        "`b` is missing @ here",
    ]


@pytest.mark.parametrize(("value", "kind"), NOT_OBJECTS)
def test_a_value_that_is_not_an_object_lacks_no_field(value: object, kind: str) -> None:
    here = place()
    assert shape.fields(value, here, ("a",), ("a",)) == {}
    assert messages(here) == [f"must be an object, not {kind} @ here"]


def test_the_items_of_a_list_have_their_places() -> None:
    here = place()
    found = [(item, str(where)) for item, where in shape.items(["a", {}], here)]
    assert found == [("a", "here[0]"), ({}, "here[1]")]
    assert messages(here) == []


@pytest.mark.parametrize(
    ("value", "kind"), [("a", "`a`"), ({}, "an object"), (Unquoted("~"), "`~` without quotes")]
)
def test_any_other_value_has_no_items(value: object, kind: str) -> None:
    here = place()
    assert list(shape.items(value, here)) == []
    assert messages(here) == [f"must be a list, not {kind} @ here"]


def test_a_name_matches_its_form_as_a_whole() -> None:
    here, form = place(), re.compile("[a-z]{1,3}")
    assert shape.name("abc", here, form, "role name") == "abc"
    assert messages(here) == []
    for value in ("abcd", "", "a b", "abc\n", Unquoted("1"), None):
        assert shape.name(value, here, form, "role name") is None
    rule = "is not a valid role name: it must match `[a-z]{1,3}` @ here"
    assert messages(here) == [
        f"`abcd` {rule}",
        f"an empty string {rule}",
        f"`a b` {rule}",
        f"`abc\\n` {rule}",
        f"`1` without quotes {rule}",
        f"`null` without quotes {rule}",
    ]


def test_members_that_are_not_strings_are_faults() -> None:
    here = place()
    assert shape.texts({"a": "b", "c": 1, "d": [], "e": ""}, here) == {"a": "b", "e": ""}
    assert messages(here) == [
        "must be a string, not `1` without quotes @ here.c",
        "must be a string, not a list @ here.d",
    ]
