"""Find trust policies that admit more than their author knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import is_anything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Condition, Document, Statement

__all__ = ["CHECKS"]


@check(
    "TRUST_WITHOUT_EXTERNAL_ID",
    Level.SECURITY,
    "A trust in another account without `sts:ExternalId`",
)
def _without_external_id(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        if not document.account or not statement.allows:
            continue
        if _restricts(statement, "acs:PrincipalARN") or _is_tied(
            document, statement, "sts:ExternalId"
        ):
            continue
        for kind, text in statement.principals:
            account = text.value.removeprefix("acs:ram::").removesuffix(":root")
            if kind == "RAM" and text.value.endswith(":root") and account != document.account:
                yield Remark(
                    text.place,
                    f"every user and role of the account {account} that may `sts:AssumeRole` there"
                    " may assume this role",
                    'add `"StringEquals": {"sts:ExternalId": "…"}`, or name the role that needs it',
                )


@check("TRUST_OIDC_OPEN", Level.SECURITY, "A trust in every token of an OIDC provider")
def _oidc_open(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        if not statement.allows or _is_tied(document, statement, "oidc:sub"):
            continue
        for kind, text in statement.principals:
            if kind == "Federated" and ":oidc-provider/" in text.value:
                aud = "" if _is_tied(document, statement, "oidc:aud") else " for any audience"
                yield Remark(
                    text.place,
                    f"every token of this issuer{aud} may assume the role, with any subject",
                    "add a condition on `oidc:sub`, and on `oidc:aud`, such as "
                    '`"StringEquals": {"oidc:aud": "sts.aliyuncs.com", "oidc:sub":'
                    ' "system:serviceaccount:default:app"}`',
                )


def _is_tied(document: Document, statement: Statement, key: str) -> bool:
    """True if only some values of the key pass, by the statement or by a Deny of all others."""
    return _restricts(statement, key) or any(
        one.denies
        and len(one.conditions) == 1
        and one.conditions[0].is_negated
        and not one.conditions[0].quantifier
        and _tells(one.conditions[0], key)
        and _named(statement) <= _named(one)
        for one in document.statements
    )


def _named(statement: Statement) -> set[str]:
    """Return the principals and the actions that a statement names."""
    texts = [*statement.actions, *(text for _, text in statement.principals)]
    return {text.value.lower() for text in texts}


def _restricts(statement: Statement, key: str) -> bool:
    """True if a condition lets only some values of the key pass."""
    return any(
        _tells(condition, key) and not condition.is_negated for condition in statement.conditions
    )


def _tells(condition: Condition, key: str) -> bool:
    """True if the condition does not treat all values of the key alike."""
    return condition.key == key and not any(is_anything(one.value) for one in condition.values)


CHECKS: Final = (_without_external_id, _oidc_open)
