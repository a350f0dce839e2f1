"""Find statements of a document that have no effect, and documents that allow everything.

Each finding is proved for all requests of all principals. If the prover does not decide, there is
no finding.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import is_anything
from ramgate.analysis.lint.proving import is_never, needed_of, shown, shown_for_any
from ramgate.analysis.lint.spaces import identity_spaces, trust_spaces
from ramgate.documents.messages import join_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ramgate.analysis.lint.document import Document
    from ramgate.analysis.lint.finding import Finding
    from ramgate.analysis.prover.space import Space
    from ramgate.analysis.prover.statement import Statement
    from ramgate.model.decision import Request

__all__ = [
    "CHECKS",
    "is_denied",
    "redundant",
    "said_to_cover",
    "spaces_of",
    "split",
    "verb",
    "without_consequences",
]


@check("ALLOWS_EVERYTHING", Level.SECURITY, "An Allow of every action on every resource")
def _everything(document: Document) -> Iterator[Remark]:
    allows, denies = split(() if document.is_trust else document.proved)
    spaces = identity_spaces(allows, is_named=True)
    if not allows or not is_never([], allows, spaces):
        return
    needed = needed_of([], allows, spaces)
    statement = document.statements[needed[0].index]
    subject = f"{_named(needed)} together allow" if needed[1:] else "allows"
    resources = "every resource"
    if not is_never([], needed, identity_spaces(needed)):
        resources += " but `*`"
    if denies:
        resources += " that no Deny here names"
    yield Remark(
        next(
            (
                text.place
                for text in statement.actions
                if is_anything(text.value.replace(":", "*", 1))
            ),
            statement.place,
        ),
        f"{subject} every action on {resources}, like AdministratorAccess",
        "name the services, or attach AdministratorAccess, which says so by its name",
    )


@check("MATCHES_NOTHING", Level.WARNING, "A statement that no request matches")
def _matches_nothing(document: Document) -> Iterator[Remark]:
    spaces = spaces_of(document)
    for statement in document.proved:
        if not is_never([statement], [], spaces):
            continue
        place = document.statements[statement.index].place
        effect = f"this statement never {verb(statement)} anything"
        if is_never([_under(statement, [])], [], spaces):
            yield Remark(
                place,
                f"no request has an action and a resource of it: {effect}",
                "name the resources of the actions; those of `sts:AssumeRole` are roles",
            )
        else:
            yield Remark(
                place / "Condition",
                f"{_contradiction(statement, spaces)}: {effect}",
                "write conditions that a request can satisfy, or leave the statement out",
            )


def _contradiction(statement: Statement, spaces: Sequence[Space]) -> str:
    """Say which conditions cannot be satisfied together."""
    needed = list(statement.conditions)
    for one in statement.conditions:
        fewer = [other for other in needed if other is not one]
        if is_never([_under(statement, fewer)], [], spaces):
            needed = fewer
    keys = join_names(dict.fromkeys(one["key"] for one in needed))
    if needed[1:]:
        return f"no request satisfies all conditions on {keys}"
    return f"no request satisfies the condition on {keys}"


def _under(statement: Statement, conditions: Sequence[object]) -> Statement:
    """Return the statement with these conditions instead of its own."""
    parts = {**statement.parts, "conditions": list(conditions)}
    return dataclasses.replace(statement, parts=parts, meaning=f"{statement.meaning} {conditions}")


@check("ALLOW_WHOLLY_DENIED", Level.WARNING, "An Allow whose requests are all denied")
def _wholly_denied(document: Document) -> Iterator[Remark]:
    spaces = spaces_of(document)
    allows, denies = split(document.proved)
    for statement in allows:
        if is_denied(statement, denies, spaces):
            needed = needed_of([statement], denies, spaces)
            yield Remark(
                document.statements[statement.index].place,
                f"{said_to_cover(statement, needed, _named)}: it grants nothing",
                "leave it out, or narrow the Deny",
                _shown(document, (statement, needed[0])),
            )


@check("DENIES_NOTHING", Level.SECURITY, "A Deny of nothing that is allowed")
def _denies_nothing(document: Document) -> Iterator[Remark]:
    # only the trust policy of a role stands alone: other policies may allow beside a document
    allows, denies = split(document.proved if document.is_trust else ())
    spaces = spaces_of(document)
    for statement in denies:
        if all(is_never([statement, allow], [], spaces) for allow in allows) and not is_never(
            [statement], [], spaces
        ):
            yield Remark(
                document.statements[statement.index].place,
                "no Allow of this trust policy matches a request that this Deny matches: it denies"
                " nothing",
                "leave it out, or write the principals and conditions that you mean",
            )


@check("REDUNDANT_STATEMENT", Level.SUGGESTION, "A statement that other statements cover")
def _redundant_statement(document: Document) -> Iterator[Remark]:
    for statement, needed in redundant(document):
        yield Remark(
            document.statements[statement.index].place,
            said_to_cover(statement, needed, _named),
            "leave it out",
            _shown(document, (statement, needed[0])),
        )


def without_consequences(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Leave out the `MATCHES_NOTHING` of a statement whose actions or resources are reported."""
    for finding in findings:
        parts = tuple(f"{finding.path}.{part}" for part in ("Action", "NotAction", "Resource"))
        if finding.code != "MATCHES_NOTHING" or not any(
            other.path.startswith(parts) and other.file == finding.file for other in findings
        ):
            yield finding


def redundant(document: Document) -> Iterator[tuple[Statement, list[Statement]]]:
    """Yield each statement that others of the document cover, with those; the last ones first.

    A statement that covers another one and is itself covered is not one of them. An Allow may be
    covered by Allows and Denies together.
    """
    spaces = spaces_of(document)
    kept = list(document.proved)
    for statement in reversed(document.proved):
        others = [
            one for one in kept if one is not statement and one.effect in ("Deny", statement.effect)
        ]
        if not others or not is_never([statement], others, spaces):
            continue
        denies = split(others)[1] if statement.effect == "Allow" else []
        if is_denied(statement, denies, spaces) or is_never([statement], [], spaces):
            continue  # ALLOW_WHOLLY_DENIED and MATCHES_NOTHING report it
        kept.remove(statement)
        yield statement, needed_of([statement], others, spaces)


def is_denied(statement: Statement, denies: Sequence[Statement], spaces: Sequence[Space]) -> bool:
    """True if the Denies match all requests that the statement matches, and there are some."""
    return (
        bool(denies)
        and is_never([statement], denies, spaces)
        and not is_never([statement], [], spaces)
    )


def said_to_cover(
    statement: Statement, needed: Sequence[Statement], named: Callable[[Iterable[Statement]], str]
) -> str:
    """Say that the `needed` statements cover all requests of the statement."""
    allows, denies = split(needed)
    those = f"every request that this statement {verb(statement)}"
    if allows and denies:
        return f"{those} is allowed by {named(allows)} or denied by {named(denies)}"
    if needed[1:]:
        return f"{named(needed)} together {'allow' if allows else 'deny'} {those}"
    return f"{named(needed)} {verb(needed[0])} {those}"


def spaces_of(document: Document) -> tuple[Space, ...]:
    """Return the spaces of all requests that the document may decide about."""
    if document.is_trust:
        return trust_spaces(document.proved)
    return identity_spaces(document.proved)


def split(statements: Iterable[Statement]) -> tuple[list[Statement], list[Statement]]:
    """Return the Allows and the Denies."""
    listed = list(statements)
    return (
        [one for one in listed if one.effect == "Allow"],
        [one for one in listed if one.effect == "Deny"],
    )


def _shown(document: Document, statements: Sequence[Statement]) -> Request | None:
    if document.is_trust:
        return shown(statements, spaces_of(document))
    return shown_for_any(statements, document.account)


def verb(statement: Statement) -> str:
    """Return the statement's effect as the verb of a message."""
    return "allows" if statement.effect == "Allow" else "denies"


def _named(statements: Iterable[Statement]) -> str:
    return join_names(f"Statement[{one.index}]" for one in statements)


CHECKS: Final = (
    _everything,
    _matches_nothing,
    _wholly_denied,
    _denies_nothing,
    _redundant_statement,
)
