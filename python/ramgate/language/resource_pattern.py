"""Write RAM's resource patterns as globs for OPA's `glob.match` with the delimiter `:`.

With that delimiter, `*` and `?` stay in a field, and `**` matches any text. The numbers in comments
are those of the rules in docs/reference/policy-language.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.language.condition import glob
from ramgate.language.grammar import WILDCARD

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ACCOUNT",
    "ANY_CHARACTER",
    "FIELDS",
    "REGION",
    "allowing",
    "apart",
    "crossing",
    "denying",
    "literal",
    "matches",
    "regex",
]

FIELDS: Final = 5
"""The fields of a resource: `acs`, the service, the region, the account and the relative id."""

REGION: Final = 2
"""The index of the region among the fields."""

ACCOUNT: Final = 3
"""The index of the account among the fields."""

ANY_CHARACTER: Final = "[\x00-\U0010ffff]"
"""The glob of one character, `:` too."""

_MANY: Final = 2
_STARS: Final = re.compile(r"\*+")
_TOKEN: Final = re.compile(r"\\.|\*\*|\[[^\]]*\]|[^\\*?\[\]{},]+|.", re.DOTALL)
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_REGEX_OF: Final = {
    "**": ".*",
    "*": "[^:]*",
    "?": "[^:]",
    ANY_CHARACTER: ".",
    "[*]": r"\*",
    "{": "(?:",
    "}": ")",
}


def allowing(text: str) -> str:
    """Return the glob of a pattern in an Allow, which is read by fields (3.1).

    A pattern that is cut short and does not end in `*` becomes a glob without `**`: only the
    resource `*` and no ARN can match it.

    >>> allowing("acs:oss:*:*:bucket/*"), allowing("acs:oss:cn-*"), allowing("acs:oss:*:bucket")
    ('acs:oss:*:*:bucket/**', 'acs:oss:cn-**', 'acs:oss:*:bucket')
    """
    *head, last = text.split(":", FIELDS - 1)
    return ":".join([*map(_field, head), _last(last, is_relative_id=len(head) == FIELDS - 1)])


def denying(text: str) -> list[str]:
    """Return the globs of a resource in a Deny, each of which suffices.

    One compares the whole text (3.1); the other reads it by fields, and a field that the request or
    the pattern leaves out matches (3.5). A glob that the other includes is left out.

    >>> denying("acs:oss:cn-*:*:bucket/*")
    ['acs:oss:cn-**:**:bucket/**', 'acs:oss:{,[*]}:*:bucket/**']
    """
    fields = text.split(":", FIELDS - 1)
    head = fields[: FIELDS - 1]
    includes_whole = len(fields) == FIELDS and not any(map(WILDCARD.search, head))
    by_fields = _by_fields(fields, is_alone=includes_whole)
    wholes = [] if by_fields and includes_whole else [crossing(glob(text))]
    return [*wholes, *by_fields]


def apart(pattern: str) -> list[str] | None:
    """Return the globs of the fields, if one of the first four fields has more than one `*`.

    As one glob with a delimiter, `glob.match` would try all combinations of the places where each
    `*` of the field may end. Without a delimiter it takes the first place of each.

    >>> apart("acs:oss:*a*:*:b/**"), apart("acs:oss:*a:*:b/**")
    (['acs', 'oss', '*a*', '*', 'b/**'], None)
    """
    *head, _ = fields = pattern.split(":", FIELDS - 1)
    stars = (_STARS.findall(one.replace("[*]", "")) for one in fields[: FIELDS - 1])
    if all(found.count("*") < _MANY for found in stars):
        return None
    if len(fields) < FIELDS and pattern.endswith("**"):
        fields[-1] = fields[-1].removesuffix("*")
        fields += [*["*"] * (ACCOUNT - len(head)), "**"]
    return fields


def crossing(escaped: str) -> str:
    r"""Return the glob in which the wildcards of a pattern match any character, `:` too.

    The pattern is escaped already, by `ramgate.language.condition.glob`.

    >>> crossing(r"*\[a\]*")
    '**\\[a\\]**'
    """
    return _STARS.sub("**", escaped).replace("?", ANY_CHARACTER)


def regex(pattern: str) -> str:
    r"""Return the regular expression of a glob of this module, in the syntax of Go and of Python.

    It matches the whole text if `.` matches a line break, too.

    >>> print(regex(r"acs:oss:{cn-*,,[*]}:*:\[b\]/**"))
    acs:oss:(?:cn-[^:]*||\*):[^:]*:\[b\]/.*
    """
    written, in_braces = "", False
    for one in _TOKEN.findall(pattern):
        in_braces = one == "{" or (in_braces and one != "}")
        if one == "," and in_braces:
            written += "|"
        elif one in _REGEX_OF:
            written += _REGEX_OF[one]
        else:
            written += one if one.startswith("[") else literal(one.removeprefix("\\") or one)
    return written


def literal(text: str) -> str:
    r"""Return the regular expression that matches this text alone, for Go and for Python.

    >>> print(literal("a.b"))
    a\.b
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def matches(pattern: str, text: str) -> bool:
    """True if OPA's `glob.match` with the delimiter `:` matches a glob of this module.

    >>> matches("acs:oss:{cn-*,,[*]}:*:b/**", "acs:oss::1:b/c:d")
    True
    >>> matches("acs:oss:*:b", "acs:oss:cn:1:b")
    False
    """
    return re.fullmatch(regex(pattern), text, re.DOTALL) is not None


def _by_fields(fields: Sequence[str], *, is_alone: bool) -> list[str]:
    """Return the glob by fields if it matches a resource that the whole text does not match."""
    *head, last = fields
    is_cut = len(fields) < FIELDS
    if len(fields) <= REGION or (is_cut and not last.endswith("*")):
        return []
    region, account = fields[REGION], [*fields, "*"][ACCOUNT]
    if not region.strip("*") and region and account:
        return []
    rest = [_field(last), "**"] if is_cut else [crossing(glob(last))]
    globs = [*map(_field, head), *rest]
    if not region.strip("*"):
        globs[REGION] = "*"
    elif account and not is_alone:
        # the glob of the whole text matches a region that is stated
        globs[REGION] = "{,[*]}"
    else:
        globs[REGION] = f"{{{globs[REGION].replace(',', chr(92) + ',')},,[*]}}"
    if not account:
        globs[ACCOUNT] = "*"
    return [":".join(globs)]


def _field(text: str) -> str:
    return _STARS.sub("*", glob(text))


def _last(text: str, *, is_relative_id: bool) -> str:
    if is_relative_id:
        return crossing(glob(text))
    # cut short: a `*` at the end stands for the rest of the field and for the fields behind it
    return f"{_field(text.rstrip('*'))}**" if text.endswith("*") else _field(text)
