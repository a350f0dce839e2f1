"""Find resources that name nothing: texts of a template, and roles in upper case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import fields
from ramgate.documents.messages import describe
from ramgate.language import grammar
from ramgate.language.resource_pattern import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Document, Statement, Text

__all__ = ["CHECKS"]

_TEMPLATE: Final = re.compile(r"<[^<>]*>|\$\{[^}]*\}|\{\{.*?\}\}|\{#?[A-Za-z][\w.-]*\}|%s")
_ACCOUNT: Final = re.compile(r"[0-9*?]*|system|acs")
_DIGITS: Final = re.compile(r"[0-9]+")
_MASKED: Final = re.compile(r"[0-9]{3,}\*{2,}")


@check("PLACEHOLDER", Level.WARNING, "Text of a template, or no account number")
def _placeholder(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        verb = "matches" if statement.allows else "denies"
        for text in _texts(statement):
            if found := _TEMPLATE.search(text.value):
                yield Remark(
                    text.place,
                    f"`{found[0]}` is text of a template: RAM has no variables and reads it as it"
                    f" stands, so this {verb} nothing that exists",
                    "fill in the value",
                )
        for resource in statement.resources:
            parts = resource.value.split(":", FIELDS - 1)
            if len(parts) < FIELDS or _TEMPLATE.search(parts[3]):
                continue
            if wrong := _describe_account(parts[3]):
                yield Remark(
                    resource.place,
                    f"the account {describe(parts[3])} {wrong}",
                    "write its 16 digits, or `*` for the account of the caller",
                )


def _texts(statement: Statement) -> Iterator[Text]:
    yield from statement.actions
    yield from statement.not_actions
    yield from statement.resources
    for condition in statement.conditions:
        yield from condition.values


def _describe_account(account: str) -> str:
    """Return the fault of the account in a resource pattern; empty if it has none."""
    if not _ACCOUNT.fullmatch(account):
        return "is not the number of an account: this matches no resource"
    if _DIGITS.fullmatch(account) and not grammar.ACCOUNT.fullmatch(account):
        return f"has {len(account)} digits, not 16: this matches no resource"
    if _MASKED.fullmatch(account):
        return "is masked: its stars are wildcards, and other accounts match them too"
    return ""


@check("ROLE_NAME_CASE", Level.WARNING, "A role's ARN in upper case")
def _role_name_case(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        for resource in statement.resources:
            parts = fields(resource.value)
            if parts is None or parts[1] != "ram" or not parts[4].startswith("role/"):
                continue
            name = parts[4].removeprefix("role/")
            if name != name.lower() and not _TEMPLATE.search(name):
                yield Remark(
                    resource.place,
                    f"RAM writes the role `{name}` in lower case in its ARN; ramgate compares roles"
                    " without case, but other programs may not match this",
                    f"write `role/{name.lower()}`",
                )


CHECKS: Final = (_placeholder, _role_name_case)
