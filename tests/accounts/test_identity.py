from __future__ import annotations

from typing import Any

import pytest

from ramgate.accounts.identity import touched

X: list[str] = ["x"]
Y: list[str] = ["x"]


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"a": X, "b": X}, {"a": X, "b": X}, []),
        ({"a": X, "b": X}, {"b": X, "a": X}, []),
        ({"a": X, "b": X}, {"a": X, "b": Y}, ["b"]),
        ({"a": X, "b": X}, {"b": Y, "a": X}, ["b"]),
        ({"a": X}, {"a": X, "b": X}, ["b"]),
        ({"a": X, "b": X}, {"a": X}, ["b"]),
        ({"a": X}, {"b": X}, ["a", "b"]),
        ({}, {"a": None}, ["a"]),
        ({"a": None}, {"b": None}, ["a", "b"]),
        ({}, {}, []),
    ],
)
def test_a_name_is_touched_unless_it_has_the_identical_object(
    before: dict[str, Any], after: dict[str, Any], names: list[str]
) -> None:
    assert sorted(touched(before, after)) == names
    assert list(touched(after, after)) == []
