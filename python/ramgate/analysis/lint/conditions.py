"""Find conditions that do not select the requests that their author means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.language import keys
from ramgate.language.condition import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Condition, Document, Statement

__all__ = ["CHECKS"]

_NANOSECONDS: Final = 1_000_000_000
_OPERATORS_OF: Final = {
    "Bool": "`Bool`",
    "Date": "a Date operator, such as `DateLessThan`",
    "IpAddress": "`IpAddress` or `NotIpAddress`",
    "Numeric": "a Numeric operator, such as `NumericLessThan`",
    "String": "a String operator, such as `StringEquals`",
}


@check("OPERATOR_TYPE", Level.WARNING, "An operator of another type than the condition key")
def _operator_type(document: Document) -> Iterator[Remark]:
    types = {known.key: known.type for known in keys.load()}
    for statement, condition in document.conditions:
        wanted = types.get(condition.key, "")
        if wanted and not _fits(condition, wanted):
            yield Remark(
                condition.place,
                f"the values of `{condition.key}` are of the type {wanted}, but"
                f" `{condition.operator}` {_effect_of_a_misfit(statement, condition)}",
                f"use {_OPERATORS_OF[wanted]}",
            )


def _fits(condition: Condition, wanted: str) -> bool:
    if condition.family != "String":
        return condition.family == wanted
    texts = [text.value for text in condition.values]
    match wanted:
        case "Bool":
            return set(texts) <= {"true", "false"}
        case "IpAddress":
            is_like = OPERATORS[condition.operator].comparison == "StringLike"
            return not any("/" in text or (is_like and "*" in text) for text in texts)
        case _:
            return wanted != "Date"


def _effect_of_a_misfit(statement: Statement, condition: Condition) -> str:
    if condition.family == "String":
        return "compares their texts"
    if statement.allows:
        return "reads none of them: this statement never allows anything"
    return "reads none of them: this statement denies whatever the value is"


@check("TEMPORARY_OVER", Level.WARNING, "A date that is past")
def _temporary_over(document: Document) -> Iterator[Remark]:
    now = int(document.now.timestamp()) * _NANOSECONDS
    for statement, condition in document.conditions:
        if condition.key != "acs:CurrentTime" or not condition.operator.startswith("DateLess"):
            continue
        instants = [OPERATORS[condition.operator].read(text.value) for text in condition.values]
        if instants and all(isinstance(one, int) and one < now for one in instants):
            last = max(text.value for text in condition.values)
            yield Remark(
                condition.place,
                f"this statement {statement.verb} nothing any more: its time was over on {last}",
                "leave the statement out, or write a later date",
            )


@check("EMPTY_CONDITION", Level.SUGGESTION, "An empty `Condition`")
def _empty_condition(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        if statement.has_empty_condition:
            yield Remark(
                statement.place / "Condition",
                "an empty `Condition` restricts nothing",
                "leave it out, or write the condition that is missing",
            )


CHECKS: Final = (_operator_type, _temporary_over, _empty_condition)
