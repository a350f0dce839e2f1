"""Translate the `Resource` element: exact resources, prefixes and patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import describe
from ramgate.language import grammar
from ramgate.language.elements import strings
from ramgate.language.resource_pattern import FIELDS, allowing, apart, denying

if TYPE_CHECKING:
    from ramgate.faults import Place

__all__ = ["is_whole", "translate_resources"]

_SYNTAX: Final = "`acs:<ram-code>:<region>:<account>:<relative-id>`"
_FIELD: Final = "[^:*?\ud800-\udfff]"
_WHOLE: Final = re.compile(f"acs:{_FIELD}+:{_FIELD}*:{_FIELD}*:[^*?\ud800-\udfff]*")
_NAMES: Final = ("prefix", "service", "region", "account")
_NUMBERS: Final = ("", "one", "two", "three", "four")


def is_whole(text: str) -> bool:
    """True if a resource is a whole ARN of a service without a wildcard: nothing is to report.

    >>> is_whole("acs:oss:cn-hangzhou:1:bucket/a:b"), is_whole("acs:oss:*:*:bucket")
    (True, False)
    """
    return _WHOLE.fullmatch(text) is not None


def translate_resources(value: object, place: Place, *, is_deny: bool) -> dict[str, object]:
    """Return the `Resource` as `any_resource`, or as the lists that are not empty.

    `resources` are compared as a whole; `resource_prefixes` have `*` at their end only; all others
    make `resource_patterns`, for OPA's `glob.match` with the delimiter `:`, or `resource_fields`,
    for a `glob.match` of each field.
    """
    anything, exact, prefixes, patterns = False, set(), set(), set()
    for text, here in strings(value, place, may_be_empty=False):
        has_wildcard = grammar.WILDCARD.search(text)
        # 1.8
        if not has_wildcard and not grammar.RESOURCE.fullmatch(text):
            here.fault(f"{describe(text)} is not a valid resource: write `*` or {_SYNTAX}")
            continue
        if not text.strip("*"):
            anything = True
            continue
        _report_errors(text, here, is_deny=is_deny)
        start = text.rstrip("*")
        is_prefix = has_wildcard and not grammar.WILDCARD.search(start)
        if is_deny:
            patterns.update(denying(text))
        elif is_prefix:
            prefixes.add(start)
        elif has_wildcard:
            patterns.add(allowing(text))
        else:
            exact.add(text)
    if anything:
        return {"any_resource": True}
    by_pattern = {one: apart(one) for one in sorted(patterns)}
    parts = {
        "resources": sorted(exact),
        "resource_prefixes": sorted(prefixes),
        "resource_patterns": [one for one, fields in by_pattern.items() if not fields],
        "resource_fields": [fields for fields in by_pattern.values() if fields],
    }
    return {name: texts for name, texts in parts.items() if texts}


def _report_errors(text: str, place: Place, *, is_deny: bool) -> None:
    """Report what RAM's own check calls wrong, and the consequence for requests (1.8)."""
    fields = text.split(":", FIELDS - 1)
    if not text.startswith("acs:"):
        if text[0] not in "*?":
            place.error(
                f"{describe(text)} matches nothing: a resource begins with `acs:` or is `*`",
                "INVALID_ARN_PREFIX",
            )
        elif len(fields) < FIELDS:
            place.error(
                f"{describe(text)} does not begin with `acs:`: write `*` or {_SYNTAX}",
                "INVALID_ARN_PREFIX",
            )
    elif len(fields) < FIELDS:
        last = fields[-1]
        if last.endswith("*"):
            name = _NAMES[len(fields) - 1]
            meaning = f"{describe(last)} is compared with the {name}, and any relative id matches"
        elif is_deny:
            meaning = "it is only compared with the resource as a whole"
        else:
            meaning = "it matches no resource"
        place.error(
            f"{describe(text)} has {_NUMBERS[len(fields)]} of the five fields of a resource, "
            f"{_SYNTAX}: {meaning}",
            "MISSING_ARN_FIELD",
        )
    elif not fields[1]:
        place.error(
            f"{describe(text)} has an empty service, so it matches no resource of a service: "
            f"write {_SYNTAX}",
            "EMPTY_SERVICE",
        )
