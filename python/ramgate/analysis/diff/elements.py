"""The elements of a translated statement as texts, close to those of its document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ramgate.language.condition import OPERATORS
from ramgate.language.resource_pattern import ANY_CHARACTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["elements"]

_NO_REGION: Final = "{,[*]}"
_REGION: Final = re.compile(r"\{(.*?),,\[\*\]\}")
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
        "Resource": list(_resources(statement)),
        "Condition": [_condition(one) for one in statement.get("conditions", ())],
    }
    return {name: tuple(sorted(set(texts))) for name, texts in found.items() if texts}


def _actions(document: Mapping[str, Any], index: int) -> Iterator[str]:
    patterns = (*document["wildcards"].values(), document["service_wildcards"])
    for of_patterns in (document["actions"], *patterns):
        for pattern, indexes in of_patterns.items():
            if index in indexes:
                yield pattern


def _resources(statement: Mapping[str, Any]) -> Iterator[str]:
    if statement.get("any_resource"):
        yield "*"
    yield from statement.get("resources", ())
    for prefix in statement.get("resource_prefixes", ()):
        yield f"{prefix}*"
    for pattern in statement.get("resource_patterns", ()):
        # another pattern of the statement compares the whole text, as the document has it
        if _NO_REGION not in pattern:
            text = _REGION.sub(r"\1", pattern.replace(ANY_CHARACTER, "?"))
            yield _ESCAPED.sub(r"\1", _STARS.sub("*", text))


def _condition(condition: Mapping[str, Any]) -> str:
    operator = _OPERATORS[condition["operator"], condition["negated"]]
    usual = "every" if condition["negated"] else "some"
    if condition["quantifier"] != usual:
        operator = f"{_QUANTIFIERS[condition['quantifier']]}:{operator}"
    # numbers and dates are stored as the comparison needs them, which no reader wants to see
    values = [_ESCAPED.sub(r"\1", one) for one in condition["values"] if isinstance(one, str)]
    return " ".join(filter(None, (operator, condition["key"], ", ".join(values))))
