"""Find the accounts, principals and roles that policy documents name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ramgate.language import grammar
from ramgate.language.resource_pattern import ANY_CHARACTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["ACCOUNT", "MEMBER", "ROLE", "Names"]

ACCOUNT: Final = "1234567890123456"
"""The account of the holders, unless the documents name it; then it is another one."""

MEMBER: Final = re.compile(rf"acs:ram::([0-9]{{16}}):(user|role)/({grammar.NAME.pattern})")
"""The ARN of a user or a role, with the account, the kind and the name as groups."""

ROLE: Final = "role"
"""The name of a role that each account has."""

_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")
_WILDCARD: Final = re.compile(r"\*+|\?")
_RESOURCES: Final = ("resources", "resource_prefixes", "resource_patterns")


class Names:
    """The accounts and roles that translated policies name, and the principals of each policy.

    Of a pattern, one role or principal that it matches is taken.

    >>> from ramgate import translate
    >>> resource = "acs:ram::*:role/App-*"
    >>> statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    >>> found = Names([("p", translate({"Version": "1", "Statement": [statement]}))])
    >>> sorted(found.roles), found.accounts, found.principals
    (['App-x', 'role'], set(), {'p': set()})
    """

    def __init__(self, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        self.accounts: set[str] = set()
        self.roles: set[str] = {ROLE}
        self.principals: dict[str, set[str]] = {}
        for name, document in documents:
            for statement in document["statements"]:
                for text in _texts(statement):
                    self.accounts.update(_NUMBER.findall(text))
                    _, is_role, role = text.partition(":role/")
                    if is_role and grammar.NAME.fullmatch(_instance(role)):
                        self.roles.add(_instance(role))
                arns = filter(MEMBER.fullmatch, map(_instance, _principals(statement)))
                self.principals.setdefault(name, set()).update(arns)


def _texts(statement: Mapping[str, Any]) -> Iterator[str]:
    for name in _RESOURCES:
        yield from statement.get(name, ())
    yield from map(":".join, statement.get("resource_fields", ()))
    yield from _principals(statement)


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for condition in statement.get("conditions", ()):
        if condition["key"] == "acs:PrincipalARN":
            yield from filter(lambda value: isinstance(value, str), condition["values"])


def _instance(pattern: str) -> str:
    """Return a name or a principal's ARN that a glob matches."""
    text = pattern.replace("::*:", f"::{ACCOUNT}:").replace(ANY_CHARACTER, "x")
    return _WILDCARD.sub("x", text)
