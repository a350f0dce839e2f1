"""Find parts of a document that can go without a change of any decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import (
    covers,
    has_wildcard,
    is_anything,
    matches,
    resource_covers,
)
from ramgate.documents.messages import join_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ramgate.analysis.lint.document import Document, Text

__all__ = ["CHECKS"]

_PRECIOUS: Final = ("oss:GetObject", "kms:GetSecretValue")


@check("DUPLICATE_ACTION", Level.SUGGESTION, "An action that is listed twice")
def _duplicate_action(document: Document) -> Iterator[Remark]:
    for texts in _lists_of_actions(document):
        for at, first in _repeated([text.value.lower() for text in texts]):
            one, other = texts[at], texts[first]
            case = "" if one.value == other.value else ": actions are compared without case"
            yield Remark(one.place, f"`{other}` is in the list already{case}", "leave it out")


@check("REDUNDANT_ACTION", Level.SUGGESTION, "An action that another one of the list covers")
def _redundant_action(document: Document) -> Iterator[Remark]:
    for texts in _lists_of_actions(document):
        for at, wider in _covered([text.value.lower() for text in texts], covers):
            yield _covered_by(texts[at], texts[wider])


@check("REDUNDANT_RESOURCE", Level.SUGGESTION, "A resource that another one of the list covers")
def _redundant_resource(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        texts = statement.resources
        values = [text.value for text in texts]
        for at, first in _repeated(values):
            yield Remark(
                texts[at].place, f"`{texts[first]}` is in the list already", "leave it out"
            )
        for at, wider in _covered(values, resource_covers):
            yield _covered_by(texts[at], texts[wider])


def _covered_by(text: Text, wider: Text) -> Remark:
    return Remark(text.place, f"`{wider}` in the same list covers `{text}`", "leave it out")


@check("WILDCARD_IN_SERVICE", Level.SUGGESTION, "A wildcard in the service of an action")
def _wildcard_in_service(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        wide = [
            text
            for text in (statement.actions if statement.allows else ())
            if has_wildcard(text.value.partition(":")[0])
            and not is_anything(text.value.replace(":", "*", 1))
        ]
        if not wide:
            continue
        named = join_names(text.value for text in wide)
        precious = [
            f"`{action}`"
            for action in _PRECIOUS
            if any(matches(text.value.lower(), action.lower()) for text in wide)
        ]
        reading = f", and {' and '.join(precious)} among them, which read data" if precious else ""
        yield Remark(
            wide[0].place,
            f"{named}: allows such actions in every service that matches, also in services to come"
            f"{reading}",
            "name the services",
        )


def _lists_of_actions(document: Document) -> Iterator[tuple[Text, ...]]:
    for statement in document.statements:
        yield statement.actions
        yield statement.not_actions


def _repeated(values: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the index of each value that is in the list before, with the first index of it."""
    seen: dict[str, int] = {}
    for at, value in enumerate(values):
        first = seen.setdefault(value, at)
        if first != at:
            yield at, first


def _covered(
    values: Sequence[str], is_covered: Callable[[str, str], bool]
) -> Iterator[tuple[int, int]]:
    """Yield the index of each value that another one covers, with the index of that.

    Of two values that cover each other, such as `*` and `**`, the first one stays.
    """
    patterns = [at for at, value in enumerate(values) if has_wildcard(value)]
    for at, value in enumerate(values):
        for wider in patterns:
            other = values[wider]
            if other == value or not is_covered(other, value):
                continue
            if wider < at or not is_covered(value, other):
                yield at, wider
                break


CHECKS: Final = (_duplicate_action, _redundant_action, _redundant_resource, _wildcard_in_service)
