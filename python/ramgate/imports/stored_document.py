"""The policy documents of an import: those that ramgate reads, and those that it refuses."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from ramgate.documents import source
from ramgate.errors import InvalidPolicy
from ramgate.faults import printable
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.imports.world import Document

__all__ = ["Kind", "Readable", "Unreadable", "classify", "without_surrogates"]

Kind: TypeAlias = Literal["identity", "trust"]

_OTHER_KIND: Final[Mapping[Kind, str]] = {
    "identity": "is a trust policy, not a policy to attach: its statements have a `Principal`",
    "trust": "is not a trust policy: its statements have no `Principal`",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Readable:
    """A document that ramgate reads: its text, indented, its value, and the principals it trusts.

    The text has the tokens of RAM's text, so strings are escaped as they were.
    """

    text: str
    value: object
    principals: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that ramgate refuses, or that was not read: the reason on one line, the text."""

    reason: str
    text: str

    @property
    def value(self) -> dict[str, object]:
        """The object that stands in an accounts file in the place of the document."""
        return {"unreadable": self.reason, "document": self.text}


def classify(document: Document, kind: Kind) -> Readable | Unreadable:
    """Return the document as `Readable` if ramgate accepts it as a document of that kind.

    >>> from ramgate.imports.world import Document
    >>> classify(Document("{}"), "identity").reason
    '`Version` is missing: write `"Version": "1"` @ $'
    >>> classify(Document(missing="GetPolicy was refused: NoPermission"), "identity").reason
    'GetPolicy was refused: NoPermission'
    """
    if document.missing:
        return _unreadable(document.missing, "")
    try:
        translated: dict[str, Any] = translate(document.text)
        if translated["kind"] != kind:
            return _unreadable(_OTHER_KIND[kind], document.text)
        value = source.parse(document.text, is_json=True).value
        text = msgspec.json.format(document.text, indent=2) + "\n"
    except InvalidPolicy as error:
        return _unreadable(str(error.faults[0]), document.text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        return _unreadable(str(error), document.text)
    principals = (one.get("principals", ()) for one in translated["statements"])
    return Readable(text, value, frozenset(itertools.chain(*principals)))


def _unreadable(reason: str, text: str) -> Unreadable:
    return Unreadable(printable(reason), without_surrogates(text))


def without_surrogates(text: str) -> str:
    r"""Return a text that is never evaluated in a form that YAML can contain.

    >>> without_surrogates("a\ud800b")
    'a?b'
    """
    return text.encode("utf-8", "replace").decode()
