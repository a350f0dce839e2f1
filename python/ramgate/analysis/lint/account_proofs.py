"""Find statements that have no effect for any principal that holds their policy.

Each finding is proved for all requests of these principals. If the prover does not decide, or if a
principal holds a document that ramgate cannot read, there is no finding.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import names_another_account
from ramgate.analysis.lint.proofs import is_denied, redundant, said_to_cover, spaces_of, split, verb
from ramgate.analysis.lint.proving import is_never, needed_of, shown
from ramgate.documents.messages import join_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.analysis.lint.account import Accounts
    from ramgate.analysis.lint.document import Document
    from ramgate.analysis.lint.held import Holding
    from ramgate.analysis.prover.statement import Statement
    from ramgate.faults import Place
    from ramgate.model.decision import Request

__all__ = ["CHECKS"]

_PRINCIPAL: Final = "acs:PrincipalARN"
_FOR_EACH: Final = "for each principal that holds this policy"


class _Held(NamedTuple):
    """A statement of a custom policy, as the policy's holders have it, and the same alone."""

    document: Document
    alone: Statement
    policy: str
    holdings: Sequence[Holding]

    @property
    def place(self) -> Place:
        return self.document.statements[self.alone.index].place

    @property
    def name(self) -> tuple[str, int]:
        return self.policy, self.alone.index

    @property
    def is_dead(self) -> bool:
        """True if it is proved that no request of a principal matches, for any resource.

        A document says by itself that no request of any principal does.
        """
        if not any(one["key"] == _PRINCIPAL for one in self.alone.conditions):
            return False
        spaces = [space for one in self.holdings for space in one.everywhere]
        return is_never([self.alone], [], spaces) and not is_never(
            [self.alone], [], spaces_of(self.document)
        )

    @property
    def is_judged(self) -> bool:
        """True if the statement is about the own account, and some principal's request matches.

        The decision about a resource of another account depends on policies there.
        """
        statement = self.document.statements[self.alone.index]
        if names_another_account(statement.resources, self.document.account):
            return False
        return any(map(self.matches_for, self.holdings))

    def matches_for(self, holding: Holding) -> bool:
        """True unless it is proved that no request for the principal's own account matches."""
        return not is_never([self.alone], [], [one.space for one in holding.questions])


@check("MATCHES_NOTHING", Level.WARNING, "A statement that no request matches")
def _matches_nothing(accounts: Accounts) -> Iterator[Remark]:
    for held in _held(accounts):
        if held.is_dead:
            yield Remark(
                held.place,
                f"{_FOR_EACH}, no request matches this statement: it never"
                f" {verb(held.alone)} anything",
                "attach the policy to the principals that the statement names, or leave it out",
            )


@check("ALLOW_WHOLLY_DENIED", Level.WARNING, "An Allow whose requests are all denied")
def _wholly_denied(accounts: Accounts) -> Iterator[Remark]:
    for held in _held(accounts):
        if held.alone.effect == "Allow" and _grants_nothing(held) and held.is_judged:
            reason, request = _reason(held)
            yield Remark(
                held.place,
                f"{_FOR_EACH}, {reason}: it grants nothing",
                "leave it out, or change the policies that deny",
                request,
            )


def _reason(held: _Held) -> tuple[str, Request | None]:
    """Say which Denies cover the Allow, for the first principal for which some do."""
    for one in itertools.chain.from_iterable(each.questions for each in held.holdings):
        inside = [held.alone, *one.allows]
        if not is_never(inside, [], [one.space]):
            needed = needed_of(inside, one.denies, [one.space])
            request = shown([*inside, needed[0]], [one.space])
            return said_to_cover(held.alone, needed, _named), request
    return "the control policies allow none of the requests that this statement allows", None


def _grants_nothing(held: _Held) -> bool:
    """True if each holder is denied all that the statement allows, by policies beside its own."""
    spaces = spaces_of(held.document)
    return all(
        holding.is_restricted and is_never([held.alone, *one.allows], one.denies, [one.space])
        for holding in held.holdings
        for one in holding.questions
    ) and not is_denied(held.alone, split(held.document.proved)[1], spaces)


@check("DENIES_NOTHING", Level.SECURITY, "A Deny of nothing that is allowed")
def _denies_nothing(accounts: Accounts) -> Iterator[Remark]:
    for held in _held(accounts):
        if held.alone.effect == "Deny" and _denies_none(held) and held.is_judged:
            yield Remark(
                held.place,
                f"{_FOR_EACH}, no policy allows a request that this Deny matches: it denies"
                " nothing",
                "leave it out, or write the actions, resources and conditions that you mean",
                shown(
                    [held.alone],
                    [one.space for each in held.holdings for one in each.questions],
                ),
            )


def _denies_none(held: _Held) -> bool:
    """True if no Allow of a holder matches a request that the Deny matches."""
    return all(
        is_never([held.alone, allow, *one.allows], [], [one.space])
        for holding in held.holdings
        for allow in holding.allowing
        for one in holding.questions
    )


@check("REDUNDANT_STATEMENT", Level.SUGGESTION, "A statement that other statements cover")
def _redundant_statement(accounts: Accounts) -> Iterator[Remark]:
    listed = list(_held(accounts))
    documents = {one.policy: one.document for one in listed}
    # a statement is not covered by one that is reported itself
    gone = {
        (policy, statement.index)
        for policy, document in documents.items()
        for statement, _ in redundant(document)
    }
    for held in listed:
        left_out = gone | _twins(held, documents)
        if held.name in gone or not _is_covered(held, left_out) or not held.is_judged:
            continue
        if held.alone.effect == "Allow" and _grants_nothing(held):
            continue
        gone.add(held.name)
        first = next(one for one in held.holdings if held.matches_for(one))
        spaces = [one.space for one in first.questions]
        needed = needed_of([held.alone], _others(held, first, left_out), spaces)
        yield Remark(
            held.place,
            f"{_FOR_EACH}, {said_to_cover(held.alone, needed, _named)}",
            "leave it out",
            shown([held.alone, needed[0]], spaces),
        )


def _twins(held: _Held, documents: Mapping[str, Document]) -> set[tuple[str, int]]:
    """Return the same statement in other policies that have their document in the same file."""
    file = held.document.place.findings.file
    return {
        (policy, held.alone.index)
        for policy, document in documents.items()
        if document.named_at and document.place.findings.file == file
    }


def _is_covered(held: _Held, gone: set[tuple[str, int]]) -> bool:
    """True if other statements of each holder match all that the statement matches."""
    return all(
        bool(others := _others(held, holding, gone)) and is_never([held.alone], others, [one.space])
        for holding in held.holdings
        for one in holding.questions
    )


def _others(held: _Held, holding: Holding, gone: set[tuple[str, int]]) -> list[Statement]:
    """Return the holder's other statements that may cover this one."""
    return [
        one
        for one in holding.own
        if one.effect in ("Deny", held.alone.effect)
        and (one.policy, one.index) not in gone
        and (one.policy, one.index) != held.name
    ]


def _held(accounts: Accounts) -> Iterator[_Held]:
    """Yield the statements of the custom policies that some principal holds."""
    for scope in accounts.scopes:
        for name, document in scope.policies.items() if scope.number else ():
            policy = f"{scope.number}/{name}"
            holdings = (accounts.holdings.of(policy) if accounts.holdings else None) or ()
            for statement in document.proved if holdings else ():
                yield _Held(document, statement, policy, holdings)


def _named(statements: Iterable[Statement]) -> str:
    return join_names(f"{one.policy.rpartition('/')[2]}[{one.index}]" for one in statements)


CHECKS: Final = (_matches_nothing, _wholly_denied, _denies_nothing, _redundant_statement)
