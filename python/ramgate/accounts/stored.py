"""Translate the policy documents of an accounts file, wherever they stand.

A document stands in the accounts file or in a file of its own, or ramgate cannot read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.accounts.named_files import is_reference
from ramgate.accounts.translations import Translations
from ramgate.documents import shape
from ramgate.errors import UnreadableFiles
from ramgate.faults import Findings, Place

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.named_files import NamedFiles

__all__ = ["Named", "Stored", "StoredDocuments"]

_UNREADABLE: Final = ("unreadable", "document")


class Stored(NamedTuple):
    """A translated document, and the place of its root: in the accounts file, or in its own."""

    document: dict[str, object]
    place: Place


class Named(NamedTuple):
    """The digest of a file that an accounts file names, and the findings of its document."""

    digest: bytes
    found: Findings


class StoredDocuments:
    """Translates the policy documents of one accounts file.

    `named` has the files that it names and that could be read, by their paths; `is_unreadable` is
    True if another one could not be read.

    >>> from pathlib import Path
    >>> from ramgate.accounts.named_files import NamedFiles
    >>> documents = StoredDocuments(NamedFiles(Path("accounts.yaml")))
    >>> odd = {"unreadable": "unknown operator `Null`", "document": '{"Version": "1", …}'}
    >>> documents.translate(odd, Place(Findings())).document
    {'unreadable': 'unknown operator `Null`'}
    """

    def __init__(self, files: NamedFiles, translations: Translations | None = None) -> None:
        self._files = files
        self._translations = translations or Translations()
        self.named: dict[Path, Named] = {}
        self.is_unreadable = False

    def translate(self, value: object, place: Place) -> Stored:
        """Translate the document at a place, unless it says that it is `unreadable`.

        The store keeps only the cause of such a document: its text is never evaluated, and without
        a `format` every rule that does not know `unreadable` denies (5.9).
        """
        if isinstance(value, Mapping) and "unreadable" in value and not is_reference(value):
            return Stored(_unreadable(value, place), place)
        return self.translate_readable(value, place)

    def translate_readable(self, value: object, place: Place, *, is_advised: bool = True) -> Stored:
        """Translate the document that stands at a place or in the file that is named there.

        Unless `is_advised`, its errors and advice are left out: the owner of the accounts is not
        its author.
        """
        if is_reference(value):
            return self._translate_named(value, place, is_advised=is_advised)
        own = place.findings
        findings = own if is_advised else Findings(own.file, own.line_of, own.faults)
        here = Place(findings, place.root, place.steps)
        return Stored(self._translations.translate(value, here), place)

    def _translate_named(self, value: object, place: Place, *, is_advised: bool) -> Stored:
        file = self._files.find(value, place)
        if file is None or file.error is not None:
            self.is_unreadable |= file is not None and isinstance(file.error, UnreadableFiles)
            return Stored({}, place)
        document, found, own = file.translation, file.source.place.findings, place.findings
        if is_advised:
            # without `line_of`, which keeps the whole parse tree alive
            kept = Findings(faults=found.faults, errors=found.errors, advice=found.advice)
            self.named[file.path] = Named(file.digest, kept)
        else:
            self.named.setdefault(file.path, Named(file.digest, Findings(faults=found.faults)))
        # Whatever the accounts file finds in the document belongs to it, with the document's lines.
        there = Findings(found.file, found.line_of, own.faults, own.errors, own.advice)
        return Stored(document, Place(there, file.source.place.root))


def _unreadable(value: Mapping[str, object], place: Place) -> dict[str, object]:
    texts = shape.texts(shape.fields(value, place, _UNREADABLE, _UNREADABLE), place)
    if texts.get("unreadable") == "":
        (place / "unreadable").fault("must not be empty: write why ramgate cannot read it")
    return {"unreadable": texts.get("unreadable")}
