"""Find services and actions that are misspelt, or named after an API and not after the action.

No list of the catalog is complete, so a name that it does not have proves nothing. Only a name with
a near miss is reported: a slip of the pen, or a documented other name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import covers, has_wildcard
from ramgate.analysis.lint.spelling import knows, mended
from ramgate.catalog import actions
from ramgate.documents.messages import join_names
from ramgate.documents.near import nearest
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Document, Statement, Text

__all__ = ["CHECKS"]

_SHORTEST: Final = 5
# names of API products that documents of Alibaba Cloud also use as codes
_ALSO_CODES: Final = ("cbn", "ims", "r-kvstore", "sas")
# names from other clouds, and from other services, of which no page says how RAM checks them
_OTHER_NAMES: Final = {
    "oss:createbucket": "oss:PutBucket",
    "oss:deleteobjects": "oss:DeleteObject",
    "oss:listallmybuckets": "oss:ListBuckets",
    "oss:listbucket": "oss:ListObjects",
    "oss:listobjectsv2": "oss:ListObjects",
    "ram:assumerole": "sts:AssumeRole",
    "ram:getcalleridentity": "sts:GetCallerIdentity",
    "sts:passrole": "ram:PassRole",
}


@check("UNKNOWN_SERVICE", Level.WARNING, "A misspelt service, or the name of a product", ages=True)
def _unknown_service(document: Document) -> Iterator[Remark]:
    for statement, text in _named(document):
        code, _, name = text.value.partition(":")
        if meant := _meant_service(code.lower(), name):
            yield Remark(
                text.place,
                f"`{code}` is not the code of a service in RAM: {_effect(statement)}",
                f"write `{meant}:{name}`",
            )


def _meant_service(code: str, name: str) -> str:
    """Return the code of the service that an unknown code is probably meant to be, or nothing."""
    if has_wildcard(code) or code in _ALSO_CODES:
        return ""
    known = actions.service(code)
    if alias := actions.product_codes().get(code, ""):
        service = actions.service(alias)
        # a few documents of Alibaba Cloud use a product's name, so its actions are in both lists
        if known is None or (
            service is not None
            and not has_wildcard(name)
            and not knows(known, name)
            and knows(service, name)
        ):
            return alias
    elif known is None and len(code) >= _SHORTEST:
        near = actions.service(nearest(code, actions.codes()))
        if near and knows(near, name):
            return near.code
    return ""


@check(
    "UNKNOWN_ACTION", Level.WARNING, "A misspelt action, or the name of an API operation", ages=True
)
def _unknown_action(document: Document) -> Iterator[Remark]:
    for statement, text in _named(document):
        code, _, name = text.value.partition(":")
        service = actions.service(code)
        if service is None or service.find(name):
            continue
        if needed := _needed(text.value):
            # beside the right action, the wrong one does no harm
            if not all(_is_listed(one, statement) for one in needed):
                yield Remark(
                    text.place,
                    f"RAM checks `{name}` as {join_names(needed)}: {_effect(statement)}",
                    f"write {join_names(needed)}",
                )
        elif meant := mended(service, name):
            yield Remark(
                text.place,
                f"the catalog does not have the action `{text}`: if RAM has none of this name, "
                f"this {_verb(statement)} nothing",
                f"did you mean `{code}:{meant}`?",
            )


def _needed(action: str) -> list[str]:
    """Return the actions of an API operation, if they have other names than the operation."""
    code, _, name = action.lower().partition(":")
    if action.lower() in _OTHER_NAMES:
        return [_OTHER_NAMES[action.lower()]]
    service = actions.service(code)
    return [
        f"{code}:{one}"
        for operation, names in (service.renames.items() if service else ())
        if operation.lower() == name
        for one in names
    ]


def _is_listed(action: str, statement: Statement) -> bool:
    return any(covers(other.value.lower(), action.lower()) for other in statement.actions)


def _named(document: Document) -> Iterator[tuple[Statement, Text]]:
    """Yield the well-formed actions that have a service and a name."""
    for statement in document.statements:
        for text in (*statement.actions, *statement.not_actions):
            if ":" in text.value and grammar.ACTION_PATTERN.fullmatch(text.value):
                yield statement, text


def _effect(statement: Statement) -> str:
    return f"no request names it, so this {_verb(statement)} nothing"


def _verb(statement: Statement) -> str:
    return "excepts" if statement.not_actions else statement.verb


CHECKS: Final = (_unknown_service, _unknown_action)
