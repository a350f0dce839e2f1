"""Find condition keys that are not filled in: of another cloud, misspelt, or not for the action."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.catalog.condition_keys import carriers, is_filled_in, lacks, near_key
from ramgate.documents.messages import join_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Condition, Document, Statement

__all__ = ["CHECKS"]

_FOREIGN: Final = {
    "aws:currenttime": "acs:CurrentTime",
    "aws:multifactorauthpresent": "acs:MFAPresent",
    "aws:principalarn": "acs:PrincipalARN",
    "aws:securetransport": "acs:SecureTransport",
    "aws:sourceip": "acs:SourceIp",
    "aws:sourcevpc": "acs:SourceVpc",
    "aws:useragent": "acs:UserAgent",
    "iam:passedtoservice": "acs:Service",
    "s3:delimiter": "oss:Delimiter",
    "s3:prefix": "oss:Prefix",
}
_APART: Final = "put these actions into a statement of their own, and name their resources"
_BLANK: Final = re.compile(r"\s")
_FOREIGN_PREFIXES: Final = ("aws", "ec2", "iam", "s3")


@check("FOREIGN_KEY", Level.WARNING, "A condition key of another cloud, or a misspelt one")
def _foreign_key(document: Document) -> Iterator[Remark]:
    for statement, condition in document.conditions:
        prefix = condition.key.partition(":")[0].lower()
        meant = _FOREIGN.get(condition.key.lower()) or near_key(condition.key)
        if not (meant or prefix in _FOREIGN_PREFIXES) or _BLANK.search(condition.key):
            continue
        effect = "the condition compares nothing"
        if _is_certain((statement, condition)):
            effect = f"this statement {_effect(statement, condition)} anything"
        yield Remark(
            condition.place,
            f"RAM fills in no `{condition.key}`: {effect}",
            f"write `{meant}`" if meant else "write one of RAM's own keys",
        )


@check("KEY_NOT_FILLED", Level.SECURITY, "`acs:ResourceTag` with actions whose calls carry no tags")
def _key_not_filled(document: Document) -> Iterator[Remark]:
    for statement, condition in filter(_is_certain, document.conditions):
        found = [
            text.value for text in statement.actions if not is_filled_in(condition.key, text.value)
        ]
        if found:
            yield Remark(
                condition.place,
                f"calls of {join_names(found)} carry no `acs:ResourceTag`: this statement"
                f" {_effect(statement, condition)} them",
                _APART,
            )


@check("KEY_NOT_FOR_ACTION", Level.WARNING, "A condition key that calls of the action do not carry")
def _key_not_for_action(document: Document) -> Iterator[Remark]:
    for statement, condition in filter(_is_certain, document.conditions):
        found = [text.value for text in statement.actions if lacks(text.value, condition.key)]
        if found:
            names = join_names(carriers(found[0], condition.key))
            yield Remark(
                condition.place,
                f"only calls of {names} carry `{condition.key}`: this statement"
                f" {_effect(statement, condition)} {join_names(found)}",
                _APART,
            )


def _is_certain(condition_in_statement: tuple[Statement, Condition]) -> bool:
    """True if a source says how the condition is decided if its key is absent."""
    statement, condition = condition_in_statement
    return statement.denies or not condition.needs_no_key


def _effect(statement: Statement, condition: Condition) -> str:
    """Return the effect of a statement if the key of a condition is absent (rules 4.4 to 4.7)."""
    if statement.allows:
        return "never allows"
    return "always denies" if condition.needs_no_key else "never denies"


CHECKS: Final = (_foreign_key, _key_not_filled, _key_not_for_action)
