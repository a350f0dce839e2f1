"""Translate the `Resource` element: exact resources, prefixes and patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.documents.messages import describe
from ramgate.language import grammar
from ramgate.language.condition import glob
from ramgate.language.elements import strings

if TYPE_CHECKING:
    from ramgate.faults import Place

__all__ = ["translate_resources"]


def translate_resources(value: object, place: Place) -> dict[str, object]:
    """Return the `Resource` as `any_resource`, or as the lists that are not empty.

    `resources` are compared as a whole; `resource_prefixes` have `*` at their end only; all other
    wildcards make `resource_patterns`, for OPA's `glob.match`.
    """
    anything, exact, prefixes, patterns = False, set(), set(), set()
    for text, here in strings(value, place, may_be_empty=False):
        if not grammar.WILDCARD.search(text):
            # 1.8
            if grammar.RESOURCE.fullmatch(text):
                exact.add(text)
            else:
                here.fault(
                    f"{describe(text)} is not a valid resource: write `*` or "
                    "`acs:<ram-code>:<region>:<account>:<relative-id>`"
                )
            continue
        if not (text.startswith("acs:") or text[0] in "*?"):
            here.advise(
                f"{describe(text)} matches nothing: a resource begins with `acs:` or a wildcard"
            )
        if not text.strip("*"):
            anything = True
        elif not grammar.WILDCARD.search(text.rstrip("*")):
            prefixes.add(text.rstrip("*"))
        else:
            patterns.add(glob(text))
    parts = {
        "resources": sorted(exact),
        "resource_prefixes": sorted(prefixes),
        "resource_patterns": sorted(patterns),
    }
    if anything:
        return {"any_resource": True}
    return {name: texts for name, texts in parts.items() if texts}
