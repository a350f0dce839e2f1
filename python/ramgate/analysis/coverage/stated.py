"""The statements of accounts files, with the lines where they stand."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ramgate.accounts import reader
from ramgate.accounts.named_files import NamedFiles
from ramgate.analysis.lint.account import read_accounts
from ramgate.analysis.lint.patterns import names_another_account
from ramgate.documents import source
from ramgate.language.condition import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ramgate.analysis.lint import document

__all__ = ["Key", "Line", "Stated", "read"]

_QUANTIFIERS: Final = {"ForAllValues": "every", "ForAnyValue": "some"}
_NO_TIME: Final = datetime.datetime.min.replace(tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """The place of a statement: its account, the policy's name in decisions, the position.

    The `account` of a control policy is empty.
    """

    account: str
    policy: str
    index: int


class Line(NamedTuple):
    """A condition, as `operator` and `key` of the file, and its line."""

    operator: str
    key: str
    line: int


@dataclasses.dataclass(frozen=True, slots=True)
class Stated:
    """A statement of an accounts file, or of a file that it names.

    `conditions` are in the order of explanations. `is_elsewhere` is true if it names a resource of
    another account: then a decision depends on policies there.
    """

    key: Key
    effect: str
    file: str
    line: int
    conditions: tuple[Line, ...]
    is_elsewhere: bool = False

    @property
    def id(self) -> str:
        """The id of the policy in the store."""
        return f"{self.key.account or 'directory'}/{self.key.policy}"


def read(path: Path) -> list[Stated]:
    """Return the statements of custom, control and trust policies, in the order of the files.

    The files must have been read without a fault.

    >>> from ramgate import resources
    >>> for one in read(resources.path("examples/accounts.yaml"))[:1]:
    ...     print(one.key.policy, one.key.index, one.effect)
    orders-topic-only 0 Allow
    """
    files = NamedFiles(path)
    return [one for file in reader.files(path) for one in _read(file, files)]


def _read(file: Path, files: NamedFiles) -> Iterator[Stated]:
    root = source.read(file, root="")
    for scope in read_accounts(root.value, root.place, _NO_TIME, files=files).scopes:
        for name, policy in scope.policies.items():
            yield from _statements(policy, scope.number, name)
        for holder in scope.holders:
            if holder.trust is not None:
                yield from _statements(holder.trust, scope.number, f"trust:{holder.name}")


def _statements(policy: document.Document, account: str, name: str) -> Iterator[Stated]:
    line_of = policy.place.findings.line_of
    # an unreadable document has none
    for proved in policy.proved:
        statement = policy.statements[proved.index]
        yield Stated(
            Key(account, name, proved.index),
            statement.effect,
            policy.place.findings.file,
            line_of(statement.place.steps),
            tuple(
                Line(
                    f"{one.quantifier}:{one.operator}" if one.quantifier else one.operator,
                    one.key,
                    line_of(one.place.steps),
                )
                for one in _in_order(statement.conditions, proved.conditions)
            ),
            bool(account) and names_another_account(statement.resources, account),
        )


def _in_order(
    written: Sequence[document.Condition], translated: Sequence[Any]
) -> Iterator[document.Condition]:
    """Yield the written conditions in the order of the translated ones."""
    left = list(written)
    for one in translated:
        meant = (one["key"], one["operator"], one["negated"], one["quantifier"])
        found = next(condition for condition in left if _named(condition) == meant)
        left.remove(found)
        yield found


def _named(condition: document.Condition) -> tuple[str, str, bool, str]:
    operator = OPERATORS[condition.operator]
    default = "every" if operator.negated else "some"
    quantifier = _QUANTIFIERS.get(condition.quantifier, default)
    return condition.key, operator.comparison, operator.negated, quantifier
