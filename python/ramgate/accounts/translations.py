"""Translate policy documents, and equal documents once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from ramgate.faults import Findings, Place

__all__ = ["Translations"]

_MOST: Final = 1024


class Translations:
    """Translates policy documents, and keeps some of the translations without a finding.

    Many accounts have the same policies, and many roles the same trust policy. Equal documents get
    the identical object, which nothing may change.

    >>> from ramgate.faults import Findings, Place
    >>> translations, place = Translations(), Place(Findings(), "$")
    >>> statement = {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
    >>> first, second = (
    ...     translations.translate({"Version": "1", "Statement": [statement]}, place)
    ...     for _ in range(2)
    ... )
    >>> first is second
    True
    """

    def __init__(self) -> None:
        self._known: dict[bytes, dict[str, object]] = {}

    def translate(self, document: object, place: Place) -> dict[str, object]:
        """Translate the document at a place, as `translate_at` does."""
        # A scalar without quotes is encoded as the object `{"text": …}`. Both are findings wherever
        # they stand in a policy document, so neither is among the known ones.
        try:
            key = msgspec.json.encode(document)
        except UnicodeEncodeError:  # a lone surrogate
            return translate_at(document, place)
        known = self._known.get(key)
        if known is not None:
            return known
        before = _count(place.findings)
        found = translate_at(document, place)
        if _count(place.findings) == before:
            if len(self._known) == _MOST:
                self._known.clear()
            self._known[key] = found
        return found


def _count(findings: Findings) -> int:
    return len(findings.faults) + len(findings.errors) + len(findings.advice)
