"""Copies of a caller's values: plain types only, independent of the originals."""

from __future__ import annotations

import enum
from collections import UserDict, UserList
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec
import pytest

from ramgate.errors import InvalidRequest
from ramgate.model import copies
from ramgate.model.copies import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable


class Color(enum.StrEnum):
    RED = "red"


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


class Count(int):
    pass


class Pair(msgspec.Struct, frozen=True):
    name: object
    tags: object


def labels(value: object) -> tuple[str, ...]:
    return copies.each(value, copies.text)


@pytest.mark.parametrize("value", ["red", Color.RED, Loud("red")])
def test_a_text_is_copied_to_an_exact_string(value: str) -> None:
    assert copies.text(value) == "red"
    assert type(copies.text(value)) is str


@pytest.mark.parametrize("value", [("a", "b"), ["a", "b"], UserList(["a", "b"])])
def test_each_element_of_a_sequence_is_copied(value: object) -> None:
    assert labels(value) == ("a", "b")


@pytest.mark.parametrize("value", ["ab", b"ab", bytearray(b"ab"), memoryview(b"ab"), {"a"}, 1])
def test_texts_bytes_and_sets_are_not_sequences(value: object) -> None:
    with pytest.raises(TypeError, match=f"is of type `{type(value).__name__}`, not a sequence"):
        labels(value)


@pytest.mark.parametrize(
    "value",
    [
        {"k": "v", "n": 1, "yes": True},
        MappingProxyType({"k": "v", "n": 1, "yes": True}),
        UserDict({"k": "v", "n": 1, "yes": True}),
        {Loud("k"): Loud("v"), "n": Count(1), "yes": True},
    ],
)
def test_a_context_is_copied_to_a_plain_dict(value: object) -> None:
    copy = copies.context(value)
    assert copy == {"k": "v", "n": 1, "yes": True}
    assert copy is not value
    assert [type(key) for key in copy] == [str, str, str]
    assert [type(item) for item in copy.values()] == [str, int, bool]


@pytest.mark.parametrize("value", [{}, MappingProxyType({}), UserDict(), NO_CONTEXT])
def test_an_empty_context_is_the_constant(value: object) -> None:
    assert copies.context(value) is NO_CONTEXT


def test_documents_are_copied_one_level_deep() -> None:
    document: dict[str, object] = {"format": 2}
    [copy] = copies.policies([document])
    named = copies.named_policies({"mine": document})
    document["more"] = 2
    assert copy == {"format": 2}
    assert named == {"mine": {"format": 2}}


def test_fields_are_replaced_by_their_copies() -> None:
    tags = ["a"]
    pair = Pair(Color.RED, tags)
    copies.normalize(pair, name=copies.text, tags=labels)
    tags.append("b")
    assert pair == Pair("red", ("a",))


def test_every_field_at_fault_is_named_and_keeps_its_value() -> None:
    pair = Pair(1, "ab")
    with pytest.raises(InvalidRequest) as caught:
        copies.normalize(pair, name=copies.text, tags=labels)
    assert caught.value.errors == (
        "`name` is of type `int`, not a string",
        "`tags` is of type `str`, not a sequence",
    )
    assert pair == Pair(1, "ab")


@pytest.mark.parametrize(
    ("copy", "value", "error"),
    [
        (copies.context, {"k": float("nan")}, "at `k` is `nan`, a number that JSON does not have"),
        (copies.context, {1: "v"}, "has the key `1`, which is not a string"),
        (copies.context, [], "is of type `list`, not a mapping"),
        (copies.named_policies, {"p": 1}, "at `p` is of type `int`, not a mapping"),
        (copies.policies, [1], "is of type `int`, not a mapping"),
    ],
)
def test_an_error_goes_after_the_name_of_the_field(
    copy: Callable[[object], object], value: object, error: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        copy(value)
    assert str(caught.value) == error
