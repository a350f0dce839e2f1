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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ramgate.analysis.lint.document import Document, Text

__all__ = ["CHECKS"]

_PRECIOUS: Final = ("oss:GetObject", "kms:GetSecretValue")


@check("DUPLICATE_ACTION", Level.SUGGESTION, "An action that is listed twice")
def _duplicate_action(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        for texts in (statement.actions, statement.not_actions):
            for text, first in _covered(texts, lambda one, two: one == two, fold=True):
                case = "" if text.value == first.value else ": actions are compared without case"
                yield Remark(text.place, f"`{first}` is in the list already{case}", "leave it out")


@check("REDUNDANT_ACTION", Level.SUGGESTION, "An action that another one of the list covers")
def _redundant_action(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        for texts in (statement.actions, statement.not_actions):
            for text, wider in _covered(texts, _is_wider, fold=True):
                yield Remark(
                    text.place, f"`{wider}` in the same list covers `{text}`", "leave it out"
                )


@check("REDUNDANT_RESOURCE", Level.SUGGESTION, "A resource that another one of the list covers")
def _redundant_resource(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        for text, wider in _covered(statement.resources, resource_covers, fold=False):
            yield Remark(text.place, f"`{wider}` in the same list covers `{text}`", "leave it out")


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
        named = ", ".join(f"`{text}`" for text in wide)
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


def _is_wider(wider: str, text: str) -> bool:
    return wider != text and covers(wider, text)


def _covered(
    texts: tuple[Text, ...], is_covered: Callable[[str, str], bool], *, fold: bool
) -> Iterator[tuple[Text, Text]]:
    """Yield each text that another one of the list covers, with that one."""
    values = [text.value.lower() if fold else text.value for text in texts]
    for at, value in enumerate(values):
        for other_at, other in enumerate(values):
            if at == other_at or not is_covered(other, value):
                continue
            if other_at < at or not is_covered(value, other):
                yield texts[at], texts[other_at]
                break


CHECKS: Final = (_duplicate_action, _redundant_action, _redundant_resource, _wildcard_in_service)
