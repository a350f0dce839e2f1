from __future__ import annotations

import fnmatch
import itertools
import re

import pytest

from ramgate.analysis.lint import patterns
from ramgate.analysis.lint.patterns import SEGMENT, covers, matches, overlaps, resource_covers


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("*", "", True),
        ("a*c", "abbc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c", "abc", False),
        ("*", "two\nlines", True),
        ("A", "a", False),
    ],
)
def test_a_pattern_matches_whole_texts(pattern: str, text: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert matches(pattern, text) == expected


def test_a_pattern_of_many_stars_is_matched_at_once() -> None:
    assert not matches("a*" * 400 + "b", "a" * 5000)
    assert not covers("a*" * 400 + "b", "a*" * 2000)
    assert matches("a*" * 400 + "b", "a" * 5000 + "b")


def words(alphabet: str, longest: int) -> list[str]:
    return [
        "".join(signs)
        for length in range(longest + 1)
        for signs in itertools.product(alphabet, repeat=length)
    ]


PATTERNS = words("a/*?", 3)
TEXTS = words("a/b", 4)


def test_matches_is_fnmatch_without_brackets() -> None:
    for pattern, text in itertools.product(PATTERNS, TEXTS):
        assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_covers_is_exact_but_for_adjacent_wildcards() -> None:
    for wide, narrow in itertools.product(PATTERNS, repeat=2):
        expected = all(matches(wide, text) for text in TEXTS if matches(narrow, text))
        if covers(wide, narrow) != expected:
            assert expected
            assert re.search("[*?][*?]", wide), (wide, narrow)


def test_overlaps_is_exact() -> None:
    for one, two in itertools.product(PATTERNS, repeat=2):
        expected = any(matches(one, text) and matches(two, text) for text in TEXTS)
        assert overlaps(one, two) == expected, (one, two)


def test_a_segment_has_no_slash() -> None:
    for pattern in PATTERNS:
        form = f"a{SEGMENT}"
        expected = any(matches(pattern, text) for text in TEXTS if re.fullmatch("a[^/]*", text))
        assert overlaps(pattern, form) == overlaps(form, pattern) == expected, pattern
    assert overlaps(SEGMENT, SEGMENT)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("*", "acs:oss:*:*:b", True),
        ("**", "*", True),
        ("acs:*", "*", False),
        ("acs:oss:*", "acs:oss:*:*:b", True),
        ("acs:oss:*:*:b/*", "acs:oss:*:*:b/a:c", True),
        ("acs:oss:*:*:b*", "acs:oss:cn-hangzhou:1234567890123456:b/c", True),
        ("acs:oss:cn-hangzhou:*:b*", "acs:oss:*:*:b/c", False),
        ("acs:ram:*:*:role/a", "acs:ram::*:role/a", True),
        ("acs:ram::*:role/a", "acs:ram:*:*:role/a", False),
        ("acs:oss:*:b", "acs:oss:*:b", True),
        ("acs:oss:*:b", "acs:oss:*:*:b", False),
    ],
)
def test_resources_are_covered_field_by_field(wide: str, narrow: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert resource_covers(wide, narrow) == expected


def test_a_name_of_its_own_stands_for_every_name() -> None:
    assert matches("user/*", f"user/{patterns.ANY_NAME}")
    assert not matches("user/a*", f"user/{patterns.ANY_NAME}")
    assert patterns.has_wildcard("a?")
    assert not patterns.has_wildcard("a")
