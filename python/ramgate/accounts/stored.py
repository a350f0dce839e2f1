"""Translate the documents of an accounts file, among them those that ramgate cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.documents import shape
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from ramgate.faults import Place

__all__ = ["translate_stored"]

_UNREADABLE: Final = ("unreadable", "document")


def translate_stored(value: object, place: Place) -> dict[str, object]:
    """Translate the policy document at a place, unless it says that it is `unreadable`.

    The store keeps only the cause of such a document: the text of the document is never evaluated,
    and without a `format` every rule that does not know `unreadable` denies (5.9).

    >>> from ramgate.faults import Findings, Place
    >>> odd = {"unreadable": "unknown operator `Null`", "document": '{"Version": "1", …}'}
    >>> translate_stored(odd, Place(Findings()))
    {'unreadable': 'unknown operator `Null`'}
    """
    if not (isinstance(value, Mapping) and "unreadable" in value):
        return translate_at(value, place)
    texts = shape.texts(shape.fields(value, place, _UNREADABLE, _UNREADABLE), place)
    if texts.get("unreadable") == "":
        (place / "unreadable").fault("must not be empty: write why ramgate cannot read it")
    return {"unreadable": texts.get("unreadable")}
