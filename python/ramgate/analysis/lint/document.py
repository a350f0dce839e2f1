"""A policy document in a form that checks read: statements, texts and conditions with places."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.analysis.prover import statement as prover
from ramgate.faults import Findings, Place
from ramgate.language.condition import OPERATORS
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Condition", "Document", "Statement", "Text", "read_document"]

_LONG_AGO: Final = datetime.datetime.min.replace(tzinfo=datetime.UTC)


class Text(NamedTuple):
    """A string of a document, and its place."""

    value: str
    place: Place

    def __str__(self) -> str:
        return self.value


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One condition key under one operator, with its values.

    `operator` is the operator without `ForAllValues:` or `ForAnyValue:`, which is the `quantifier`.
    """

    place: Place
    quantifier: str
    operator: str
    key: str
    values: tuple[Text, ...]

    @property
    def is_negated(self) -> bool:
        """True if the condition holds for the values that are not listed."""
        return OPERATORS[self.operator].negated

    @property
    def needs_no_key(self) -> bool:
        """True if the condition is satisfied in a Deny if its key is absent (rules 4.5 and 4.7).

        No source says how such a condition is decided in an Allow.
        """
        return self.is_negated or self.quantifier == "ForAllValues"

    @property
    def family(self) -> str:
        """The type of values that the operator compares, as `condition-keys.yaml` names it."""
        name = OPERATORS[self.operator].comparison
        families = ("String", "Numeric", "Date", "Bool", "IpAddress")
        return next(family for family in families if name.startswith(family))


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """One statement. A part that cannot be read is empty: the translator reports it."""

    place: Place
    effect: str
    actions: tuple[Text, ...]
    not_actions: tuple[Text, ...]
    resources: tuple[Text, ...]
    conditions: tuple[Condition, ...]
    principals: tuple[tuple[str, Text], ...]
    has_empty_condition: bool = False

    @property
    def allows(self) -> bool:
        """True if its effect is `Allow`."""
        return self.effect == "Allow"

    @property
    def denies(self) -> bool:
        """True if its effect is `Deny`."""
        return self.effect == "Deny"

    @property
    def verb(self) -> str:
        """The statement's effect as the verb of a message."""
        return "allows" if self.allows else "denies"


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A policy document. `account` is the number of its account, empty if the source does not say.

    `now` is the time of the check, for conditions on `acs:CurrentTime`. `proved` are the same
    statements in the form of the prover; there are none if the document is refused. `named_at` is
    the place where an accounts file names the file of the document, None without such a file.
    """

    place: Place
    statements: tuple[Statement, ...]
    is_trust: bool = False
    policy: str = ""
    account: str = ""
    now: datetime.datetime = _LONG_AGO
    proved: tuple[prover.Statement, ...] = ()
    named_at: Place | None = None

    @property
    def conditions(self) -> Iterator[tuple[Statement, Condition]]:
        """The conditions of all statements, each with its statement."""
        for statement in self.statements:
            for condition in statement.conditions:
                yield statement, condition


def read_document(
    value: object,
    place: Place,
    policy: str = "",
    account: str = "",
    now: datetime.datetime = _LONG_AGO,
) -> Document:
    """Return the parts of a document that can be read; report nothing.

    >>> from ramgate.faults import Findings, Place
    >>> statement = {"Effect": "Allow", "Action": "ecs:*", "Resource": ["*", 1]}
    >>> document = read_document({"Statement": [statement]}, Place(Findings(), "$"))
    >>> [(str(text), str(text.place)) for text in document.statements[0].resources]
    [('*', '$.Statement[0].Resource[0]')]
    """
    listed = value.get("Statement") if isinstance(value, Mapping) else None
    found = []
    is_trust = False
    for position, item in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(item, Mapping):
            is_trust |= "Principal" in item
            found.append(_statement(item, place / "Statement" / position))
    return Document(place, tuple(found), is_trust, policy, account, now, _proved(value, policy))


def _proved(value: object, policy: str) -> tuple[prover.Statement, ...]:
    findings = Findings()
    translated = translate_at(value, Place(findings))
    return () if findings.faults else tuple(prover.statements_of(policy, translated))


def _statement(value: Mapping[str, object], place: Place) -> Statement:
    texts = {
        key: tuple(_texts(value[key], place / key)) if key in value else ()
        for key in ("Action", "NotAction", "Resource")
    }
    return Statement(
        place,
        str(value.get("Effect")),
        texts["Action"],
        texts["NotAction"],
        texts["Resource"],
        tuple(_conditions(value.get("Condition"), place / "Condition")),
        tuple(_principals(value.get("Principal"), place / "Principal")),
        value.get("Condition") == {},
    )


def _texts(value: object, place: Place) -> Iterator[Text]:
    if isinstance(value, list | tuple):
        for position, item in enumerate(value):
            if isinstance(item, str):
                yield Text(item, place / position)
    elif isinstance(value, str):
        yield Text(value, place)


def _conditions(value: object, place: Place) -> Iterator[Condition]:
    for name, keys in value.items() if isinstance(value, Mapping) else ():
        quantifier, _, operator = str(name).rpartition(":")
        if operator in OPERATORS and isinstance(keys, Mapping):
            for key, values in keys.items():
                here = place / str(name) / str(key)
                yield Condition(here, quantifier, operator, str(key), tuple(_texts(values, here)))


def _principals(value: object, place: Place) -> Iterator[tuple[str, Text]]:
    for kind, listed in value.items() if isinstance(value, Mapping) else ():
        for text in _texts(listed, place / str(kind)):
            yield str(kind), text
