"""Mend the misspelt name of an action.

The catalog's lists are not complete, and names of actions are much alike: `DescribeIpv4Gateways`
is a real action beside `DescribeIpv6Gateways`. So one word of the name must be strange, one that
the catalog hardly has, and with the right word in its place, the service must have the name.
"""

from __future__ import annotations

import collections
import functools
import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.patterns import has_wildcard, matches
from ramgate.catalog import actions
from ramgate.documents.near import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.catalog.service import Service

__all__ = ["knows", "mended"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SEPARATORS: Final = re.compile(r"[-_.]")
_SHORTEST: Final = 5
_TIMES: Final = 100
_HARDLY_ANY: Final = 1


def knows(service: Service, name: str) -> bool:
    """True if an action or an operation of the service has that name, or matches the pattern.

    >>> kafka = actions.service("alikafka")
    >>> knows(kafka, "gettopiclist"), knows(kafka, "List*"), knows(kafka, "Lits*")
    (True, True, False)
    """
    names = _names(service.code)
    if not has_wildcard(name):
        return name.lower() in names
    return any(matches(name.lower(), one) for one in names)


def mended(service: Service, name: str) -> str:
    """Return the name, or the pattern, that a misspelt one is probably meant to be, or nothing.

    >>> ecs = actions.service("ecs")
    >>> mended(ecs, "AutherizeSecurityGroup"), mended(ecs, "Descirbe*"), mended(ecs, "run-command")
    ('AuthorizeSecurityGroup', 'Describe*', 'RunCommand')
    """
    if knows(service, name):
        return ""
    joined = _SEPARATORS.sub("", name).lower()
    by_letters = _names(service.code).get(joined)
    if by_letters:
        return by_letters
    # the name in the other number may be another action: it counts only if a page describes it
    other_number = name.removesuffix("s") if name.endswith("s") else f"{name}s"
    known = service.find(other_number)
    if known is not None and known.resources:
        return known.name
    return _with_the_right_word(service, name) or _with_one_slip(service, name)


def _with_one_slip(service: Service, name: str) -> str:
    """Return the only name that is one slip away, if a word of this one is nearly unheard of."""
    is_strange = any(_uses()[word.lower()] <= _HARDLY_ANY for word in _WORD.findall(name))
    meant = nearest(name, _names(service.code).values(), most=1) if is_strange else ""
    return meant if len(name) >= _SHORTEST else ""


def _with_the_right_word(service: Service, name: str) -> str:
    """Return the name with one word mended, if only one word of it can be."""
    found = set()
    for word in _WORD.finditer(name):
        start, end = word.span()
        if end - start >= _SHORTEST:
            near = (one for one in _words(service.code) if _is_slip(word[0], one))
            fitting = {one for one in near if knows(service, name[:start] + one + name[end:])}
            if meant := nearest(word[0], fitting):
                found.add(name[:start] + meant + name[end:])
    return found.pop() if len(found) == 1 else ""


def _is_slip(word: str, other: str) -> bool:
    """True if the other word is near, and far more usual: API operations have slips, too."""
    uses = _uses()
    is_rare = uses[word.lower()] * _TIMES <= uses[other.lower()]
    return is_rare and bool(nearest(word, [other]))


@functools.cache
def _names(code: str) -> dict[str, str]:
    """Return the names of a service's actions and operations by the names in lower case."""
    service = actions.service(code)
    listed = service.operations if service else frozenset()
    known = [action.name for action in service.actions.values()] if service else []
    return {name.lower(): name for name in (*sorted(listed), *known)}


@functools.cache
def _words(code: str) -> frozenset[str]:
    """Return the words in the names of a service's actions and operations."""
    return frozenset(word for name in _names(code).values() for word in _WORD.findall(name))


@functools.cache
def _uses() -> Mapping[str, int]:
    """Return the number of names, of all services, in which each word is, in lower case."""
    names = (name for code in actions.codes() for name in _names(code).values())
    return collections.Counter(word.lower() for name in names for word in set(_WORD.findall(name)))
