"""Hold the prover against a second one: cvc5, which decides formulas over texts.

The rules of the reference are written as a formula about one request of a user: its action, its
resource, and the values of its keys. The formula is made from RAM's JSON, and shares no code with
the prover. It has strings and booleans; numbers, dates and addresses are left out.
"""

from __future__ import annotations

import collections
import functools
from typing import TYPE_CHECKING, Any, Final

import cvc5
from cvc5 import Kind

import alphabets
import reference_evaluator as reference
from generator import seed_pick
from ramgate import translate
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.point import find_point
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import statements_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from generator import Object
    from ramgate.analysis.prover.statement import Statement
    from referees import Referees

OWN: Final = "1000000000000000"
_TIME_LIMIT: Final = 5_000
"""Milliseconds that cvc5 may take for one question."""

_FIELDS: Final = 5
_TRUST_ACTIONS: Final = ("sts:assumerole", "sts:setsourceidentity", "sts:tagsession")
_ACTION: Final = ("az", "09", "__", "..", "--")
_NAME: Final = ("az", "09", "..", "__", "@@", "--")
"""Ranges of characters, by the first and the last."""

_LONGEST_ROLE: Final = len("role/") + 64
_ALIKE: Final = {"k": "kK\u212a", "i": "iI\u0130"}
"""The letters that OPA's `lower` makes one, beside the two cases of a letter."""

_STEPS: Final = 20_000
_RESOURCES: Final = tuple(
    one for one in alphabets.RESOURCE_PATTERNS if one.isascii() and one.count("*") <= 3
)
_TAGS: Final = ("a", "b", "ab", "Key", "\u212aey", "ix", "")
_LIKE: Final = ("*", "a*", "?", "*b", "??", "?ey", "a", "**")
_EQUAL: Final = ("StringEquals", "StringNotEquals")
_FOLDED: Final = ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
_CONDITIONS: Final = (
    (_EQUAL, "t:1", _TAGS),
    (_FOLDED, "t:1", _TAGS),
    (("StringLike", "StringNotLike"), "t:1", _LIKE),
    (_EQUAL, "t:2", _TAGS),
    (("StringLike", "StringNotLike"), "t:2", _LIKE),
    (("Bool",), "acs:MFAPresent", ("true", "false")),
)


class _Terms:
    """Terms of cvc5: texts, regular expressions and formulas."""

    def __init__(self, manager: cvc5.TermManager) -> None:
        self._manager = manager

    def like(self, pattern: str) -> cvc5.Term:
        """Return the regular expression of a pattern with wildcards."""
        parts = [
            self.star(self._manager.mkRegexpAllchar())
            if one == "*"
            else self._manager.mkRegexpAllchar()
            if one == "?"
            else self.literal(one)
            for one in pattern
        ]
        return self.concat(*parts)

    def folded(self, text: str) -> cvc5.Term:
        """Return the regular expression of a text in any case."""
        small = [reference.lower(one) for one in text]
        return self.concat(
            *(self.one_of(_ALIKE.get(one, {one: 0, one.upper(): 0})) for one in small)
        )

    def hits(self, operator: str, value: cvc5.Term, listed: str) -> cvc5.Term:
        """Return the formula that a value matches a listed one."""
        if operator == "Bool":
            return value if listed.lower() == "true" else self.negated(value)
        if "Like" in operator:
            return self.within(value, self.like(listed))
        if "IgnoreCase" in operator:
            return self.within(value, self.folded(listed))
        return self.equals(value, listed)

    def constant(self, *, value: bool) -> cvc5.Term:
        return self._manager.mkBoolean(value)

    def integer(self, number: int) -> cvc5.Term:
        return self._manager.mkInteger(number)

    def string(self, text: str) -> cvc5.Term:
        return self._manager.mkString(text)

    def text(self, name: str) -> cvc5.Term:
        return self._manager.mkConst(self._manager.getStringSort(), name)

    def flag(self, name: str) -> cvc5.Term:
        return self._manager.mkConst(self._manager.getBooleanSort(), name)

    def term(self, kind: Kind, *children: cvc5.Term) -> cvc5.Term:
        return self._manager.mkTerm(kind, *children)

    def all(self, *terms: cvc5.Term) -> cvc5.Term:
        return functools.reduce(lambda one, two: self.term(Kind.AND, one, two), terms)

    def any(self, *terms: cvc5.Term) -> cvc5.Term:
        return functools.reduce(lambda one, two: self.term(Kind.OR, one, two), terms)

    def negated(self, term: cvc5.Term) -> cvc5.Term:
        return self.term(Kind.NOT, term)

    def choose(self, condition: cvc5.Term, yes: cvc5.Term, no: cvc5.Term) -> cvc5.Term:
        return self.term(Kind.ITE, condition, yes, no)

    def within(self, text: cvc5.Term, language: cvc5.Term) -> cvc5.Term:
        return self.term(Kind.STRING_IN_REGEXP, text, language)

    def equals(self, text: cvc5.Term, literal: str) -> cvc5.Term:
        return self.term(Kind.EQUAL, text, self.string(literal))

    def literal(self, text: str) -> cvc5.Term:
        return self.term(Kind.STRING_TO_REGEXP, self.string(text))

    def one_of(self, characters: Iterable[str]) -> cvc5.Term:
        found = [self.literal(one) for one in characters]
        return found[0] if len(found) == 1 else self.term(Kind.REGEXP_UNION, *found)

    def ranges(self, ranges: Iterable[str]) -> cvc5.Term:
        found = [
            self.term(Kind.REGEXP_RANGE, self.string(one[0]), self.string(one[1])) for one in ranges
        ]
        return self.term(Kind.REGEXP_UNION, *found)

    def apart(self, character: str) -> cvc5.Term:
        return self.term(Kind.REGEXP_DIFF, self._manager.mkRegexpAllchar(), self.literal(character))

    def star(self, language: cvc5.Term) -> cvc5.Term:
        return self.term(Kind.REGEXP_STAR, language)

    def plus(self, language: cvc5.Term) -> cvc5.Term:
        return self.term(Kind.REGEXP_PLUS, language)

    def concat(self, *languages: cvc5.Term) -> cvc5.Term:
        if not languages:
            return self.literal("")
        return languages[0] if len(languages) == 1 else self.term(Kind.REGEXP_CONCAT, *languages)


class _Key:
    """The value of a key: a list of elements that are there or not, or one that is unreadable."""

    def __init__(self, terms: _Terms, name: str, count: int, *, is_boolean: bool) -> None:
        self._terms = terms
        make = terms.flag if is_boolean else terms.text
        self._elements = [
            (terms.flag(f"{name} has {place}"), make(f"{name} {place}")) for place in range(count)
        ]
        self._is_unreadable = terms.flag(f"{name} is unreadable")

    def satisfies(self, operator: str, listed: Sequence[str], *, is_deny: bool) -> cvc5.Term:
        """Return the formula that the value satisfies a condition (4.1 to 4.7)."""
        terms = self._terms
        quantifier, _, name = operator.rpartition(":")
        is_negated = "Not" in name
        asks_every = quantifier == "ForAllValues" or (not quantifier and is_negated)
        each = []
        for has, element in self._elements:
            hit = terms.any(*(terms.hits(name, element, one) for one in listed))
            fits = terms.negated(hit) if is_negated else hit
            each.append(terms.any(terms.negated(has), fits) if asks_every else terms.all(has, fits))
        is_absent = terms.negated(terms.any(*(has for has, _ in self._elements)))
        counts = is_deny and (is_negated or quantifier == "ForAllValues")
        return terms.choose(
            self._is_unreadable,
            terms.constant(value=is_deny),
            terms.choose(
                is_absent,
                terms.constant(value=counts),
                terms.all(*each) if asks_every else terms.any(*each),
            ),
        )


class Formula:
    """The formula that a request matches some statements and not some others."""

    def __init__(self, inside: Sequence[Object], outside: Sequence[Object]) -> None:
        manager = cvc5.TermManager()
        self._terms = _Terms(manager)
        self._solver = cvc5.Solver(manager)
        self._solver.setLogic("ALL")
        self._solver.setOption("strings-exp", "true")
        self._solver.setOption("tlimit-per", str(_TIME_LIMIT))
        self._action = self._terms.text("action")
        self._service, self._region = self._terms.text("service"), self._terms.text("region")
        self._account, self._rest = self._terms.text("account"), self._terms.text("rest")
        self._is_any = self._terms.flag("is_any")
        self._is_unstated = self._terms.flag("is_unstated")
        self._is_role = self._terms.flag("is_role")
        self._keys = self._draw_keys([*inside, *outside])
        self._state_universe()
        for one in inside:
            self._solver.assertFormula(self._matches(one))
        for one in outside:
            self._solver.assertFormula(self._terms.negated(self._matches(one)))

    def has_request(self) -> bool | None:
        """Return whether there is such a request; None if cvc5 does not know."""
        found = self._solver.checkSat()
        return None if found.isUnknown() else bool(found.isSat())

    # Requests

    def _state_universe(self) -> None:
        """State which requests there are (2.3, 3.2, 3.4, 3.5, 5.4, 5.7)."""
        word = self._terms.plus(self._terms.ranges(_ACTION))
        action = self._terms.concat(word, self._terms.literal(":"), word)
        field = self._terms.star(self._terms.apart(":"))
        role = self._terms.concat(
            self._terms.literal("role/"), self._terms.plus(self._terms.ranges(_NAME))
        )
        any_case = self._terms.concat(
            self._terms.literal("role/"),
            self._terms.plus(self._terms.ranges((*_NAME, "AZ"))),
        )
        is_own = self._terms.equals(self._account, OWN)
        short = self._terms.term(
            Kind.LEQ,
            self._terms.term(Kind.STRING_LENGTH, self._rest),
            self._terms.integer(_LONGEST_ROLE),
        )
        looks_like_role = self._terms.all(
            self._terms.equals(self._service, "ram"),
            self._terms.equals(self._region, ""),
            is_own,
            self._terms.within(self._rest, any_case),
            short,
        )
        stated = [
            self._terms.within(self._action, action),
            *(self._terms.negated(self._terms.equals(self._action, one)) for one in _TRUST_ACTIONS),
            self._terms.within(self._service, field),
            self._terms.within(self._region, field),
            self._terms.negated(self._terms.equals(self._region, "*")),
            self._terms.any(is_own, self._terms.equals(self._account, "system")),
            self._terms.any(self._terms.negated(self._is_unstated), is_own),
            self._terms.term(Kind.EQUAL, self._is_role, looks_like_role),
            self._terms.any(
                self._terms.negated(self._is_role), self._terms.within(self._rest, role)
            ),
        ]
        for one in stated:
            self._solver.assertFormula(one)

    def _draw_keys(self, statements: Sequence[Object]) -> dict[str, _Key]:
        """Make a value for each key, with as many elements as conditions may ask for."""
        times: Counter[str] = collections.Counter(
            key for one in statements for _, key, _ in _conditions(one)
        )
        kinds = {
            key: operator.rpartition(":")[2] == "Bool"
            for one in statements
            for operator, key, _ in _conditions(one)
        }
        return {
            key: _Key(self._terms, key, count, is_boolean=kinds[key])
            for key, count in times.items()
        }

    # Statements

    def _matches(self, statement: Object) -> cvc5.Term:
        named = "NotAction" not in statement
        patterns = _list(statement["Action"] if named else statement["NotAction"])
        action = self._terms.any(
            *(self._terms.within(self._action, self._terms.like(one.lower())) for one in patterns)
        )
        resources = _list(statement["Resource"])
        is_deny = statement["Effect"] == "Deny"
        return self._terms.all(
            action if named else self._terms.negated(action),
            self._terms.any(*(self._covers(one, is_deny=is_deny) for one in resources)),
            *(
                self._keys[key].satisfies(operator, _list(listed), is_deny=is_deny)
                for operator, key, listed in _conditions(statement)
            ),
        )

    def _covers(self, pattern: str, *, is_deny: bool) -> cvc5.Term:
        star = self._terms.within(self._terms.string("*"), self._terms.like(pattern))
        return self._terms.choose(
            self._is_any,
            star,
            self._terms.choose(
                self._is_role,
                self._covers_arn(pattern.lower(), is_deny=is_deny),
                self._covers_arn(pattern, is_deny=is_deny),
            ),
        )

    def _covers_arn(self, pattern: str, *, is_deny: bool) -> cvc5.Term:
        by_fields = self._covers_fields(pattern, is_deny=is_deny)
        if not is_deny:
            return by_fields
        colon = self._terms.string(":")
        whole = self._terms.term(
            Kind.STRING_CONCAT,
            self._terms.string("acs:"),
            self._service,
            colon,
            self._region,
            colon,
            self._account,
            colon,
            self._rest,
        )
        return self._terms.any(by_fields, self._terms.within(whole, self._terms.like(pattern)))

    def _covers_fields(self, pattern: str, *, is_deny: bool) -> cvc5.Term:
        wanted = pattern.split(":", _FIELDS - 1)
        if len(wanted) < _FIELDS:
            if not pattern.endswith("*"):
                return self._terms.constant(value=False)
            wanted += ["*"] * (_FIELDS - len(wanted))
        start, service, region, account, rest = wanted
        in_region = self._terms.within(self._region, self._terms.like(region))
        in_account = self._terms.within(self._account, self._terms.like(account))
        if is_deny:
            in_region = self._terms.any(in_region, self._terms.equals(self._region, ""))
            if region == "":
                in_region = self._terms.constant(value=True)
            if account == "":
                in_account = self._terms.constant(value=True)
        elif account == "":
            in_account = self._terms.any(in_account, self._is_unstated)
        return self._terms.all(
            self._terms.within(self._terms.string("acs"), self._terms.like(start)),
            self._terms.within(self._service, self._terms.like(service)),
            in_region,
            in_account,
            self._terms.within(self._rest, self._terms.like(rest)),
        )


class Small:
    """A small pair of statements inside and outside, from one seed."""

    def __init__(self, seed: int) -> None:
        self._pick = seed_pick(seed)
        self.inside = [self._statement() for _ in range(1 + self._pick.below(2))]
        self.outside = [self._statement() for _ in range(self._pick.below(4))]

    def is_found(self) -> bool:
        """True if the prover finds a request; raise `Undecided` if it has no answer."""
        inside, outside = (
            [_translated(one) for one in statements] for statements in (self.inside, self.outside)
        )
        space = Space(Asker("user", OWN, "u1"))
        return find_point(inside, outside, space, Budget(steps=_STEPS)) is not None

    def _statement(self) -> Object:
        pick = self._pick
        part = "NotAction" if pick.chance(1, 6) else "Action"
        statement: Object = {
            "Effect": pick.of(("Allow", "Deny")),
            part: pick.some(alphabets.ACTION_PATTERNS, 2),
            "Resource": [one.replace("OWN", OWN) for one in pick.some((*_RESOURCES, "*", "*"), 2)],
        }
        condition: Object = {}
        for _ in range(pick.below(3)):
            operator, key, listed = pick.of(_CONDITIONS)
            name = pick.of(("", "ForAnyValue:", "ForAllValues:")) + pick.of(operator)
            condition.setdefault(name, {})[key] = pick.some(listed, 2)
        if condition:
            statement["Condition"] = condition
        return statement


def _conditions(statement: Object) -> Iterator[tuple[str, str, Any]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, listed in keys.items():
            yield operator, key, listed


def _list(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, list) else [value]


def _translated(statement: Object) -> Statement:
    document = {"Version": "1", "Statement": [statement]}
    return statements_of("p", translate(document))[0]


def failures(seeds: Iterable[int], _: Referees, counts: Counter[str]) -> Iterator[str]:
    """Yield the pairs about which the provers disagree; `counts` counts the answers."""
    for seed in seeds:
        small = Small(seed)
        try:
            found = small.is_found()
        except Undecided:
            counts["undecided"] += 1
            continue
        second = Formula(small.inside, small.outside).has_request()
        counts["unknown" if second is None else "found" if second else "proved"] += 1
        if second is not None and second != found:
            names = {True: "found", False: "proved"}
            yield (
                f"small {seed}: {names[found]}, but cvc5 {names[second]}\n"
                f"  inside: {small.inside}\n  outside: {small.outside}"
            )
