"""Indexes: the beginnings of relative ids, and the patterns that may match behind each."""

from __future__ import annotations

import re

import pytest

from ramgate.language.resource_pattern import matches
from ramgate.tables import indexes
from ramgate.tables.clauses import Layer, NoTableError, compile_statement

OSS = "acs:oss:*:*:"


def layers(*patterns: list[str] | None, effect: str = "Allow") -> list[Layer]:
    """Return one layer of statements with these globs; None stands for any resource."""
    parts = [
        {"any_resource": True} if one is None else {"resource_patterns": one} for one in patterns
    ]
    statements = [
        compile_statement("own", position, {"effect": effect, **part}, is_assuming=False)
        for position, part in enumerate(parts)
    ]
    return [Layer("AccountLevelIdentityBasedPolicy", statements)]


def kept(index: indexes.Index) -> dict[str, dict[int, tuple[object, ...]]]:
    """Return the patterns of each statement in each part, `()` for any resource."""
    return {
        part.key: {
            statement.position: statement.clauses[0][0].test.listed if statement.clauses else ()
            for statement in part.layers[0].statements
        }
        for part in index.parts
    }


def key_of(index: indexes.Index, resource: str) -> str | None:
    """Return the key of a resource; None if the index leaves it to the general rule."""
    found = re.match(index.cut, resource)
    return (found[1] or "") if found else None


def test_a_part_has_the_patterns_that_may_match_there() -> None:
    index = indexes.divide(layers([f"{OSS}a", f"{OSS}a/**"], [f"{OSS}a/b**", f"{OSS}c"], None))
    assert kept(index) == {
        "a/b": {0: (f"{OSS}a/**",), 1: (f"{OSS}a/b**",), 2: ()},
        "a/": {0: (f"{OSS}a/**",), 2: ()},
        "a": {0: (f"{OSS}a",), 2: ()},
        "c": {1: (f"{OSS}c",), 2: ()},
        "": {2: ()},
    }


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        ("acs:oss:cn:1:a", "a"),
        ("acs:oss:cn:1:a/b/c", "a/b"),
        ("acs:oss:cn:1:a/c", "a/"),
        ("acs:oss:cn:1:ab", "a"),
        ("acs:oss:::c:d", "c"),
        ("acs:oss:::", ""),
        ("*", ""),
        ("acs:oss:x", None),
    ],
)
def test_the_longest_beginning_is_the_key(resource: str, key: str | None) -> None:
    index = indexes.divide(layers([f"{OSS}a", f"{OSS}a/**"], [f"{OSS}a/b**", f"{OSS}c"]))
    assert key_of(index, resource) == key


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        (f"{OSS}a?c", "a"),
        (f"{OSS}a*c", "a"),
        (f"{OSS}a\\[b\\]*", "a[b]"),
        (f"{OSS}a[\x00-\U0010ffff]c", "a"),
        (f"{OSS}a:b*", "a"),
        (f"{OSS}**", ""),
        ("acs:oss**", ""),
        ("acs:oss:*", ""),
        ("acs:**:1:a:b:c", ""),
        ("acs:oss:{cn-*,,[*]}:1:a*", "a"),
    ],
)
def test_the_beginning_of_a_pattern_is_literal(pattern: str, key: str) -> None:
    index = indexes.divide(layers([pattern, f"{OSS}other"]))
    assert {part.key for part in index.parts} == {"", "other", key}


def test_a_wildcard_across_fields_needs_a_resource_of_five() -> None:
    index = indexes.divide(layers(["acs:oss:**:**:a**", "acs:oss:**:**:b"], effect="Deny"))
    assert key_of(index, "acs:oss:cn:1:ab") == "a"
    assert key_of(index, "*") == ""
    assert key_of(index, "acs:oss:cn:1:x:a") is None


def test_too_little_to_divide_is_left() -> None:
    with pytest.raises(NoTableError):
        indexes.divide(layers([f"{OSS}*a", f"{OSS}*b"]))
    with pytest.raises(NoTableError):
        indexes.divide(layers([f"{OSS}a"], *[None] * 41))


def test_an_index_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "_MOST_KEYS", 3)
    assert len(indexes.divide(layers([f"{OSS}a", f"{OSS}b"])).parts) == 3
    with pytest.raises(NoTableError):
        indexes.divide(layers([f"{OSS}a", f"{OSS}b", f"{OSS}c"]))


PATTERNS = [
    f"{OSS}{end}" for end in ("a", "ab", "a*", "a/**", "ab/*c", "b:c", "b?", "**", "*b", "")
]
RESOURCES = [
    f"acs:oss:cn:1:{one}"
    for one in ("a", "ab", "abc", "a/", "a/b", "ab/c", "b", "b:c", "b:d", "bx", "", "x", "a/b/c:d")
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_part_of_a_resource_has_all_patterns_that_match_it(resource: str) -> None:
    index = indexes.divide(layers(*([one] for one in PATTERNS)))
    found = kept(index)[key_of(index, resource) or ""]
    matching = {number for number, one in enumerate(PATTERNS) if matches(one, resource)}
    assert matching <= found.keys()
