"""The elements of a translated statement as texts, close to those of its document."""

from __future__ import annotations

import datetime
import itertools
import re
from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.prover.reading import listed_number
from ramgate.language.condition import OPERATORS
from ramgate.language.resource_pattern import ANY_CHARACTER, FIELDS, REGION, apart, denying

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["elements", "listed", "operator", "resources", "unescaped"]

_CHOICES: Final = re.compile(r"\{(.*?),,?\[\*\]\}")
_EPOCH: Final = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - the text has its own `Z`
_SECOND: Final = 1_000_000_000
_STARS: Final = re.compile(r"\*\*+")
_QUANTIFIERS: Final = {"some": "ForAnyValue", "every": "ForAllValues"}
# the last of the operators with one meaning would be `IpAddressIncludeBorder`
_OPERATORS: Final = {
    (one.comparison, one.negated): name for name, one in reversed(list(OPERATORS.items()))
}
_ESCAPED: Final = re.compile(r"\\(.)")


def elements(document: Mapping[str, Any], index: int) -> dict[str, tuple[str, ...]]:
    """Return the elements of a statement, each as sorted texts; absent ones are left out.

    >>> from ramgate import translate
    >>> statement = {"Effect": "Allow", "Action": ["oss:Get*"], "Resource": "acs:oss:*:*:b/*"}
    >>> document = translate({"Version": "1", "Statement": [statement]})
    >>> elements(document, 0)
    {'Effect': ('Allow',), 'Action': ('oss:get*',), 'Resource': ('acs:oss:*:*:b/*',)}
    """
    statement = document["statements"][index]
    found = {
        "Effect": [statement["effect"]],
        "Principal": statement.get("principals", []),
        "Action": list(_actions(document, index)),
        "NotAction": statement.get("except", []),
        "Resource": list(resources(statement)),
        "Condition": [_condition(one) for one in statement.get("conditions", ())],
    }
    return {name: tuple(sorted(set(texts))) for name, texts in found.items() if texts}


def _actions(document: Mapping[str, Any], index: int) -> Iterator[str]:
    patterns = (*document["wildcards"].values(), document["service_wildcards"])
    for of_patterns in (document["actions"], *patterns):
        for pattern, indexes in of_patterns.items():
            if index in indexes:
                yield pattern


def unescaped(glob: str) -> str:
    r"""Return the pattern of an action or of a value, as a document writes it.

    >>> print(unescaped(r"a:\[b*"))
    a:[b*
    """
    return _ESCAPED.sub(r"\1", glob)


def resources(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield the resources of a translated statement, as a document writes them.

    >>> list(resources({"resource_prefixes": ["acs:oss:"], "any_resource": True}))
    ['*', 'acs:oss:*']
    """
    if statement.get("any_resource"):
        yield "*"
    yield from statement.get("resources", ())
    for prefix in statement.get("resource_prefixes", ()):
        yield f"{prefix}*"
    patterns = (
        *statement.get("resource_patterns", ()),
        *map(":".join, statement.get("resource_fields", ())),
    )
    if statement.get("effect") == "Deny":
        yield from _denied(statement, patterns)
    else:
        yield from map(_written, patterns)


def _denied(statement: Mapping[str, Any], patterns: Iterable[str]) -> Iterator[str]:
    """Yield the resources of a Deny: each has a pattern for its text, and mostly one by fields."""
    known = {
        *statement.get("resource_patterns", ()),
        *map(tuple, statement.get("resource_fields", ())),
    }
    for text in dict.fromkeys(map(_written, patterns)):
        for region, account in itertools.product((False, True), repeat=2):
            resource = _without(text, region=region, account=account)
            made = {
                one if (by_fields := apart(one)) is None else tuple(by_fields)
                for one in denying(resource)
            }
            if made <= known:
                yield resource


def _without(text: str, *, region: bool, account: bool) -> str:
    """Return a resource without its region or its account, if that is a `*`."""
    fields = text.split(":", FIELDS - 1)
    for place, is_left_out in ((REGION, region), (REGION + 1, account)):
        if is_left_out and fields[place : place + 1] == ["*"]:
            fields[place] = ""
    return ":".join(fields)


def _written(pattern: str) -> str:
    text = _CHOICES.sub(lambda found: found[1] or "*", pattern.replace(ANY_CHARACTER, "?"))
    return unescaped(_STARS.sub("*", text))


def operator(condition: Mapping[str, Any]) -> str:
    """Return the operator of a translated condition in RAM's words, with its set prefix.

    >>> operator({"operator": "IpAddress", "negated": True, "quantifier": "every"})
    'NotIpAddress'
    """
    name = _OPERATORS[condition["operator"], condition["negated"]]
    usual = "every" if condition["negated"] else "some"
    if condition["quantifier"] == usual:
        return name
    return f"{_QUANTIFIERS[condition['quantifier']]}:{name}"


def listed(condition: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the listed values of a translated condition as texts of RAM.

    >>> listed({"operator": "NumericLessThan", "values": [[1, 2, "125"]]})
    ('12.5',)
    """
    return tuple(map(_value, condition["values"], itertools.repeat(condition["operator"])))


def _value(value: object, comparison: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            seconds, nanoseconds = divmod(value, _SECOND)
            fraction = f".{nanoseconds:09}".rstrip("0").rstrip(".")
            return f"{_EPOCH + datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}{fraction}Z"
        case list():
            return format(listed_number(value), "f")
        case _:
            return unescaped(str(value)) if comparison == "StringLike" else str(value)


def _condition(condition: Mapping[str, Any]) -> str:
    return f"{operator(condition)} {condition['key']} {', '.join(listed(condition))}"
