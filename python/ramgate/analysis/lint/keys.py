"""Find condition keys that are not filled in: of another cloud, misspelt, or not for the action."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.near import nearest
from ramgate.analysis.lint.patterns import covers, has_wildcard
from ramgate.catalog import actions
from ramgate.documents.messages import join_names
from ramgate.language import keys

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
# documented keys of many services beside those of `condition-keys.yaml`
_ALSO_KNOWN: Final = (
    "acs:AccessId",
    "acs:PrincipalTag",
    "acs:RequestTag",
    "acs:ResourceTag",
    "acs:TLSVersion",
    "acs:UserAgent",
)
# observed on the live service: calls of these actions carry no `acs:ResourceTag`
_WITHOUT_TAGS: Final = ("ecs:describe*", "ecs:list*", "ecs:*keypair*", "oss:*", "rds:*")


@check("FOREIGN_KEY", Level.WARNING, "A condition key of another cloud, or a misspelt one")
def _foreign_key(document: Document) -> Iterator[Remark]:
    for statement, condition in document.conditions:
        prefix = condition.key.partition(":")[0].lower()
        meant = _FOREIGN.get(condition.key.lower()) or _near_key(condition.key)
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


def _near_key(key: str) -> str:
    """Return the known key that another key is probably meant to be, or nothing."""
    base, slash, rest = key.partition("/")
    prefix = base.partition(":")[0]
    service = actions.service(prefix)
    known = {
        one.partition("/")[0]
        for one in (
            *_ALSO_KNOWN,
            *keys.spellings().values(),
            *(service.condition_keys if service else ()),
        )
        if one.startswith(f"{prefix}:")
    }
    if base in known or keys.fold(base) in keys.spellings():
        return ""  # the translator reports a known key in another case
    near = next((one for one in known if one.lower() == base.lower()), "")
    if not near and prefix == "acs":
        near = nearest(base, known, most=1)
    return f"{near}{slash}{rest}" if near else ""


@check("KEY_NOT_FILLED", Level.SECURITY, "`acs:ResourceTag` with actions whose calls carry no tags")
def _key_not_filled(document: Document) -> Iterator[Remark]:
    for statement, condition in filter(_is_certain, document.conditions):
        found = [
            text.value
            for text in statement.actions
            if any(covers(pattern, text.value.lower()) for pattern in _WITHOUT_TAGS)
        ]
        if found and condition.key.startswith("acs:ResourceTag/"):
            yield Remark(
                condition.place,
                f"calls of {join_names(found)} carry no `acs:ResourceTag`: this statement"
                f" {_effect(statement, condition)} them",
                _APART,
            )


@check("KEY_NOT_FOR_ACTION", Level.WARNING, "A condition key that calls of the action do not carry")
def _key_not_for_action(document: Document) -> Iterator[Remark]:
    for statement, condition in filter(_is_certain, document.conditions):
        found = [text.value for text in statement.actions if _lacks(text.value, condition.key)]
        if found:
            carriers = join_names(_carriers(found[0], condition.key))
            yield Remark(
                condition.place,
                f"only calls of {carriers} carry `{condition.key}`: this statement"
                f" {_effect(statement, condition)} {join_names(found)}",
                _APART,
            )


def _lacks(action: str, key: str) -> bool:
    """True if a documented action is none of those that carry a key of its service."""
    code, _, name = action.lower().partition(":")
    service = actions.service(code)
    known = service.find(name) if service and not has_wildcard(action) else None
    carriers = [one.partition(":")[2].lower() for one in _carriers(action, key)]
    # a page may leave out another version of an operation, such as `ListObjectVersions`
    verbs = tuple(one[:4] for one in carriers)
    return bool(known and known.resources and carriers and not name.startswith(verbs))


def _carriers(action: str, key: str) -> list[str]:
    code = action.partition(":")[0].lower()
    service = actions.service(code)
    known = service.condition_keys.get(key) if service else None
    # the pages name only examples of the actions that carry tags
    if known is None or known.note or key.lower().endswith("tag"):
        return []
    return [f"{code}:{name}" for name in known.actions]


def _is_certain(condition_in_statement: tuple[Statement, Condition]) -> bool:
    """True if a source says how the condition is decided if its key is absent.

    No source says it for a negated operator in an Allow, or for `ForAllValues` in an Allow.
    """
    statement, condition = condition_in_statement
    doubtful = condition.is_negated or condition.quantifier == "ForAllValues"
    return statement.denies or not doubtful


def _effect(statement: Statement, condition: Condition) -> str:
    """Return the effect of a statement if the key of a condition is absent (rules 4.4 and 4.5)."""
    if statement.allows:
        return "never allows"
    return "always denies" if condition.is_negated else "never denies"


CHECKS: Final = (_foreign_key, _key_not_filled, _key_not_for_action)
