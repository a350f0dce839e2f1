"""Compare patterns with texts and with each other: `*` is any run of characters, `?` is one.

A resource is compared by fields (rule 3.1 in docs/reference/policy-language.md): a wildcard stays
in its field, and the relative id is the rest. Everything is compared with case: write actions in
lower case.

>>> matches("ecs:describe*", "ecs:describeinstances"), covers("ecs:*", "ecs:describe?")
(True, True)
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from ramgate.language.grammar import ACCOUNT, WILDCARD
from ramgate.language.resource_pattern import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ANY_NAME",
    "SEGMENT",
    "covers",
    "fields",
    "has_wildcard",
    "is_anything",
    "matches",
    "names_another_account",
    "overlaps",
    "resource_covers",
]

ANY_NAME: Final = "\ue000"
"""A name that only wildcards match: a pattern that matches it matches every name."""

SEGMENT: Final = "\ue001"
"""In a pattern for `overlaps`: any run of characters without a `/`."""

_ACCOUNT_FIELD: Final = 3
_STAR: Final = "\ue002"
_MARK: Final = "\ue003"


def has_wildcard(text: str) -> bool:
    """True if the text has a `*` or a `?`."""
    return bool(WILDCARD.search(text))


def is_anything(pattern: str) -> bool:
    """True if the pattern matches every text.

    >>> is_anything("*"), is_anything("**"), is_anything("acs:*")
    (True, True, False)
    """
    return bool(pattern) and not pattern.strip("*")


def matches(pattern: str, text: str) -> bool:
    """True if the pattern matches the whole text.

    >>> matches("ram:pass*", "ram:passrole"), matches("ram:pass", "ram:passrole")
    (True, False)
    """
    return bool(_form(pattern, ".").fullmatch(text))


def covers(pattern: str, other: str) -> bool:
    """True if the pattern matches every text that the pattern `other` matches.

    True is certain. False is not, for patterns such as `?*` and `*?`.

    >>> covers("ecs:*", "ecs:describe*"), covers("ecs:describe*", "ecs:*")
    (True, False)
    """
    # a star of `other` must fall under a star of the pattern, a `?` under a star or a `?`
    marked = other.replace("*", _STAR).replace("?", _MARK)
    return bool(_form(pattern, f"[^{_STAR}]").fullmatch(marked))


@functools.lru_cache(maxsize=8192)
def _form(pattern: str, one: str) -> re.Pattern[str]:
    """Return a regular expression that takes linear time in each text, as `fnmatch` makes it.

    The part behind a star is taken where it first occurs, and never again elsewhere.
    """
    first, *others = (re.escape(part).replace(r"\?", one) for part in pattern.split("*"))
    if not others:
        return re.compile(first, re.DOTALL)
    between = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return re.compile(f"{first}{between}.*{others[-1]}", re.DOTALL)


@functools.lru_cache(maxsize=65536)
def overlaps(one: str, two: str) -> bool:
    """True if both patterns match some text.

    >>> overlaps("instance/*", "*/i-1"), overlaps("instance/*", "disk/*")
    (True, False)
    >>> overlaps("bucket/x", SEGMENT), overlaps("bucket", SEGMENT)
    (False, True)
    """
    open_pairs, seen = [(0, 0)], set()
    while open_pairs:
        pair = at, behind = open_pairs.pop()
        if pair in seen:
            continue
        if pair == (len(one), len(two)):
            return True
        seen.add(pair)
        sign, other = one[at : at + 1], two[behind : behind + 1]
        if _repeats(sign):
            open_pairs.append((at + 1, behind))
        if _repeats(other):
            open_pairs.append((at, behind + 1))
        if _share_a_character(sign, other):
            open_pairs.append((at + (not _repeats(sign)), behind + (not _repeats(other))))
    return False


def _repeats(sign: str) -> bool:
    return sign in ("*", SEGMENT)


def _share_a_character(one: str, two: str) -> bool:
    if not (one and two):
        return False
    if SEGMENT in (one, two):
        return "/" not in (one, two)
    return one == two or bool({"*", "?"} & {one, two})


def fields(resource: str) -> list[str] | None:
    """Return the five fields of a resource pattern, None if it matches nothing by fields.

    A short pattern that ends in `*` covers the fields behind it.

    >>> fields("acs:oss:cn-*"), fields("acs:oss:*:bucket/x")
    (['acs', 'oss', 'cn-*', '*', '*'], None)
    """
    found = resource.split(":", FIELDS - 1)
    if len(found) < FIELDS and not found[-1].endswith("*"):
        return None
    return found + ["*"] * (FIELDS - len(found))


def names_another_account(resources: Iterable[object], own: str) -> bool:
    """True if one of the resource patterns names another account than the own one.

    >>> names_another_account(["acs:oss:*:9876543210987654:b"], "1234567890123456")
    True
    >>> names_another_account(["acs:oss:*:*:b", "*"], "1234567890123456")
    False
    """
    named = (found[_ACCOUNT_FIELD] for one in resources if (found := fields(str(one))))
    return any(ACCOUNT.fullmatch(account) and account != own for account in named)


def resource_covers(pattern: str, other: str) -> bool:
    """True if a resource pattern matches every resource that `other` matches.

    >>> resource_covers("acs:oss:*:*:b/*", "acs:oss:*:*:b/logs/*"), resource_covers("acs:*", "*")
    (True, False)
    """
    wide, narrow = fields(pattern), fields(other)
    if is_anything(pattern) or is_anything(other) or wide is None or narrow is None:
        return is_anything(pattern) or pattern == other
    return all(map(covers, wide, narrow))
