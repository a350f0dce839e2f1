"""The globs of resources, held against rules 3.1 and 3.5 read from the patterns themselves."""

from __future__ import annotations

import re

import pytest

from ramgate.language import resource_pattern

ANY = resource_pattern.ANY_CHARACTER


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("a**b", "a:x:b", True),
        ("a*b", "axxb", True),
        ("a*b", "a:b", False),
        ("a?b", "a\nb", True),
        ("a?b", "a:b", False),
        (f"a{ANY}b", "a:b", True),
        (f"a{ANY}b", "ab", False),
        ("a:{cn-*,,[*]}:b", "a:cn-x:b", True),
        ("a:{cn-*,,[*]}:b", "a::b", True),
        ("a:{cn-*,,[*]}:b", "a:*:b", True),
        ("a:{cn-*,,[*]}:b", "a:us:b", False),
        ("a:{c\\,n,,[*]}:b", "a:c,n:b", True),
        ("a:{c\\,n,,[*]}:b", "a:c:b", False),
        ("a:{,[*]}:b", "a::b", True),
        ("a:{,[*]}:b", "a:*:b", True),
        ("a:{,[*]}:b", "a:us:b", False),
        ("a,b", "a,b", True),
        (r"\[a\]\{b\}\\.", r"[a]{b}\.", True),
        (r"\[a\]", "a", False),
        ("a.b", "axb", False),
        ("a b\nc(d)|e", "a b\nc(d)|e", True),
        ("a\\", "a\\", True),
        ("a\\", "a", False),
    ],
)
def test_a_glob_is_matched_as_opa_matches_it(glob: str, text: str, matches: bool) -> None:  # noqa: FBT001 - a case
    assert resource_pattern.matches(glob, text) is matches


def whole(pattern: str, text: str) -> bool:
    """True if the pattern matches the text, and a wildcard matches any character."""
    regex = "".join({"*": ".*", "?": "."}.get(one) or re.escape(one) for one in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def by_fields(pattern: str, text: str) -> bool:
    """True if each field of the pattern matches its field of the text (3.1)."""
    fields = pattern.split(":", 4)
    if len(fields) < resource_pattern.FIELDS and not pattern.endswith("*"):
        return False
    fields += ["*"] * (resource_pattern.FIELDS - len(fields))
    return all(map(whole, fields, text.split(":", 4)))


PATTERNS = (
    *("?*", "a*", "*s", "acs*", "acs:*", "acs:o*:cn", "acs:oss:*", "acs:oss:cn-*", "acs:oss:*:b/*"),
    *(
        "acs:*:*:*:b",
        "acs:oss:c?-*:1*:*",
        "acs:oss:*:*:b?c",
        "acs:oss:?:1:b/*",
        "*:b/*",
        "acs:?ss*",
    ),
    *("acs:**:cn-a:1:**", "acs:oss:cn-a:1:b", "acs:oss:*:1:*:*", "*::*", "acs:oss*b/c"),
)
TEXTS = (
    *(
        "acs:oss:cn-a:1:b",
        "acs:oss:cn-a:1:b/c",
        "acs:oss:cn-b:12:b:c",
        "acs:oss::1:b",
        "acs:ecs::1:",
    ),
    *("acs:oss:cn-a:1:x:b/c", "acs:oss:x:1:b/", "acs::::", "acs:oss:cn-a:1:bxc", "acs:oss:b/c:1:d"),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_allow_is_the_reading_by_fields(pattern: str) -> None:
    glob = resource_pattern.allowing(pattern)
    for text in TEXTS:
        assert resource_pattern.matches(glob, text) is by_fields(pattern, text), text


def test_a_field_with_several_wildcards_is_matched_apart() -> None:
    for pattern in (
        "acs:*s*:cn-a:*:b*",
        "acs:oss:*n*-*:1:*",
        "acs:oss:*n*-*",
        "acs:*:*:*1*:b",
        "*c*:*",
    ):
        apart = resource_pattern.apart(resource_pattern.allowing(pattern))
        assert apart
        for text in TEXTS:
            found = all(map(resource_pattern.matches, apart, text.split(":", 4)))
            assert found is by_fields(pattern, text), (pattern, text)


@pytest.mark.parametrize(
    ("glob", "apart"),
    [
        ("acs:o*s:*a:1*:b/**", None),
        ("acs:oss:*a**", None),
        ("acs:oss:**a**b", None),
        ("acs:oss:{*a,,[*]}:*:b", None),
        ("acs:oss:*:*:**a**", None),
        (f"acs:oss:*:*:{ANY}**{ANY}", None),
        ("acs:oss:{*a*,,[*]}:*:b", ["acs", "oss", "{*a*,,[*]}", "*", "b"]),
        ("acs:oss:*a*b**", ["acs", "oss", "*a*b*", "*", "**"]),
        ("acs:oss:{*a*,,[*]}:**", ["acs", "oss", "{*a*,,[*]}", "*", "**"]),
        ("acs:*a*:b", ["acs", "*a*", "b"]),
    ],
)
def test_only_a_field_with_several_wildcards_is_matched_apart(
    glob: str, apart: list[str] | None
) -> None:
    assert resource_pattern.apart(glob) == apart


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_deny_is_either_reading(pattern: str) -> None:
    globs = resource_pattern.denying(pattern)
    for text in TEXTS:
        found = any(resource_pattern.matches(glob, text) for glob in globs)
        fields = pattern.split(":", 4)
        # 3.5: the region of the text or of the pattern may be left out
        is_read = len(fields) == resource_pattern.FIELDS or pattern.endswith("*")
        if is_read and len(fields) > 2 and "" in (text.split(":")[2], fields[2]):
            fields[2] = "*"
        assert found is (whole(pattern, text) or by_fields(":".join(fields), text)), text
