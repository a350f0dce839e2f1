from __future__ import annotations

import errno
import os

import pytest

from ramgate.documents.messages import describe, did_you_mean, join_names, reason
from ramgate.documents.source import Unquoted


def test_a_value_is_described() -> None:
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


def test_names_are_joined_in_backticks() -> None:
    assert join_names([]) == ""
    assert join_names(["a"]) == "`a`"
    assert join_names({"a": 1, "b": 2}) == "`a`, `b`"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("alcie", ": did you mean `Alice`?"),
        ("ALICE", ": did you mean `Alice`?"),
        ("bbo", ": did you mean `bob`?"),
        ("dave", ""),
        ("", ""),
    ],
)
def test_the_nearest_known_name_is_suggested(name: str, suggestion: str) -> None:
    assert did_you_mean(name, ["bob", "Alice"]) == suggestion
    assert did_you_mean(name, []) == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOENT, "there is no such file"),
        (errno.EISDIR, "is a directory, not a file"),
        (errno.EACCES, "cannot be read: permission denied"),
        (errno.EIO, "cannot be read: input/output error"),
    ],
)
def test_the_reason_of_a_system_error(number: int, text: str) -> None:
    assert reason(OSError(number, os.strerror(number))) == text


def test_the_reason_of_an_error_without_a_number() -> None:
    assert reason(OSError("No answer")) == "cannot be read: no answer"
