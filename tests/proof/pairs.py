"""Hold the prover against the reference evaluator and OPA, on random statements.

A pair is some statements that a request must match and some that it must not, within some space of
requests. A request that the prover finds is judged by the reference evaluator and by OPA. A proof
is tried with requests that are made from the patterns and values of the statements.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import itertools
from typing import TYPE_CHECKING, Any, Final

import alphabets
import reference_evaluator as reference
from generator import Question, WorldBuilder, seed_pick
from ramgate import translate
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.point import find_point
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import statements_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from agreement import Opa
    from generator import Object, Pick
    from ramgate.analysis.prover.space import Request
    from ramgate.analysis.prover.statement import Statement
    from referees import Referees
    from reference_evaluator import Catalog

NOW: Final = datetime.datetime(2026, 3, 11, tzinfo=datetime.UTC)
AIMED: Final = 400
"""The requests with which each proof is tried."""

_STEPS: Final = 20_000
_WAITING: Final = 100
"""The requests that are sent to OPA together."""
_MOST_INSIDE: Final = 3
_MOST_OUTSIDE: Final = 5
_FIELDS: Final = 5
_PRINCIPAL: Final = "acs:PrincipalARN"
_TIME: Final = "acs:CurrentTime"
_GROUP: Final = "acs:ResourceGroupId"
_TAG: Final = "acs:RequestTag/k"
_TAGS: Final = ("key", "\u212aey", "KEY", "\u0130x", "ix", "\u017f", "s", "10", "true")
_FURTHER: Final = (
    (("StringEquals", "StringNotEquals"), _GROUP, ("rg-a", "rg-b", "rg-c")),
    (("StringLike", "StringNotLike"), _GROUP, ("rg-*", "*", "rg-?")),
    (("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"), _TAG, _TAGS),
    (("StringEquals", "StringNotEquals"), _TAG, _TAGS),
    (("StringLike", "StringNotLike"), _TAG, ("?ey", "\u212a*", "*", "1?", "")),
    (("NumericEquals", "NumericNotEquals", "NumericLessThan"), _TAG, ("10", "9.5")),
    (("Bool",), _TAG, ("true", "FALSE")),
    (("DateEquals", "DateNotEquals", "DateLessThan"), _TIME, ("2026-03-11T00:00:00Z",)),
    (("DateGreaterThan", "DateLessThanEquals"), _TIME, ("2026-03-11T08:00:00+08:00",)),
    (("DateGreaterThanEquals", "DateLessThan"), _TIME, ("2030-01-01T00:00:00Z",)),
    (("IpAddress", "NotIpAddress"), "acs:SourceIp", ("10.0.0.0/8", "10.0.0.0/9", "::/0")),
)
"""Operators, a key and listed values, beside those that the worlds draw."""

_KNOWN: Final = ("oss:*", "oss:Abort*", "oss:Delete*", "oss:Get?b*", "ecs:Delete*", "*:D*")
"""Patterns of actions in the catalog, which a request prefers that is written for people."""

_NEIGHBOURS: Final = {
    "LessThan": "LessThanEquals",
    "LessThanEquals": "LessThan",
    "GreaterThan": "GreaterThanEquals",
    "GreaterThanEquals": "GreaterThan",
    "Equals": "NotEquals",
    "NotEquals": "Equals",
    "NotIpAddress": "IpAddress",
    "IpAddress": "NotIpAddress",
}


class Pair:
    """Statements that a request must match, and others that it must not, from one seed."""

    def __init__(self, seed: int, catalog: Catalog) -> None:
        self.pick = seed_pick(seed)
        self._builder = WorldBuilder(self.pick, catalog, 0, str(10**15))
        self._asker = self._draw_asker()
        self.inside = self._statements(1 + self.pick.below(_MOST_INSIDE - 1))
        self.outside = self._statements(self.pick.below(_MOST_OUTSIDE + 1))
        if self.pick.chance(1, 2):
            self.outside.append(self._variant(self.pick.of(self.inside)))
        self._values = self._listed_values()
        self.space = self._draw_space() if self.pick.chance(1, 2) else Space(self._asker)

    def find(self) -> Request | None:
        """Return the request that the prover finds; None is its proof that there is none."""
        found = find_point(
            list(map(_translated, self.inside)),
            list(map(_translated, self.outside)),
            self.space,
            Budget(steps=_STEPS),
        )
        return None if found is None else found.request

    def fits(self, value: Object) -> bool:
        """True if the request is one of the space, matches all of `inside`, none of `outside`."""
        try:
            request = reference.request_of(value, NOW)
        except reference.Malformed:
            return False
        return (
            self._is_in_space(request, value["context"])
            and all(reference.matches(one, request) for one in self.inside)
            and not any(reference.matches(one, request) for one in self.outside)
        )

    def simulations(self, value: Object) -> list[Question]:
        """Return two simulations: their deciding statements are all those that match.

        One has all Denies, one all Allows, each in a policy of its own.
        """
        named = list(enumerate([*self.inside, *self.outside]))
        return [
            Question(
                value
                | {
                    "policies": {
                        str(place): _document(one)
                        for place, one in named
                        if one["Effect"] == effect
                    }
                },
                simulated=True,
            )
            for effect in ("Deny", "Allow")
        ]

    def is_confirmed(self, answers: Sequence[Object]) -> bool:
        """True if OPA's answers to the simulations name exactly the statements of `inside`.

        A request to assume a role is not simulated: it needs a trust policy (5.8).
        """
        if self.space.role is not None:
            return True
        matching = {int(one["policy"]) for answer in answers for one in answer["statements"]}
        return matching == set(range(len(self.inside)))

    def aimed(self) -> Iterator[Object]:
        """Yield requests made from the patterns and values of the statements."""
        pick, statements = self.pick, [*self.inside, *self.outside]
        actions = [
            one
            for statement in statements
            for one in _list(statement.get("Action", statement.get("NotAction")))
        ]
        resources = [one for statement in statements for one in _list(statement["Resource"])]
        while True:
            action = filled(pick, pick.of([*actions, *self._builder.actions]), "ab.", "")
            resource = self._resource(pick.of([*resources, *self._builder.resources]))
            if self.space.role is not None:
                action = pick.of((action, *alphabets.ASSUMING))
                resource = pick.of((resource, *self._builder.role_arns))
            yield {
                "principal": self._spelling(),
                "action": action,
                "resource": resource,
                "context": self._context(),
            }

    # The parts of a pair

    def _draw_asker(self) -> Asker:
        pick, own = self.pick, self._builder.own
        kind, name = pick.of((("user", "u1"), ("role", "AppRole"), ("user", None), ("role", None)))
        unnamed = frozenset(("u1", "u2") if kind == "user" else ("approle", "app"))
        return Asker(
            kind, own, name, unnamed if name is None and pick.chance(1, 2) else frozenset()
        )

    def _draw_space(self) -> Space:
        pick = self.pick
        keys = sorted({*self._values, _GROUP} - {_PRINCIPAL})
        given = {
            key: _value(pick, key, self._values.get(key, ["rg-a"]))
            for key in keys
            if pick.chance(1, 4)
        }
        if given.get(_TIME) == []:
            # an empty list stands for the current time
            del given[_TIME]
        role = f"acs:ram::{self._asker.account}:role/"
        if pick.chance(1, 6):
            # 5.8: the request is about assuming a role
            return Space(
                self._asker,
                role=role + pick.of(("app", "approle", "*")),
                given=given,
                is_stated=pick.chance(1, 4),
            )
        return Space(
            self._asker,
            actions=pick.some(alphabets.ACTION_PATTERNS, 2) if pick.chance(1, 3) else None,
            resource=pick.of(alphabets.RESOURCE_PATTERNS).replace("OWN", self._asker.account)
            if pick.chance(1, 4)
            else None,
            given=given,
            free=frozenset(pick.some(keys, 2)) if pick.chance(1, 3) else None,
            is_stated=pick.chance(1, 4),
            groups=frozenset(("rg-a",))
            if _GROUP not in given and pick.chance(1, 4)
            else frozenset(),
        )

    def _statements(self, count: int) -> list[Object]:
        found: list[Object] = []
        while len(found) < count:
            statement = self._builder.statement()
            if self.pick.chance(1, 3):
                self._add_condition(statement)
            if "Action" in statement and self.pick.chance(1, 4):
                statement["Action"] = self.pick.one_or_list(_KNOWN, 2)
            if reference.is_accepted(_document(statement)):
                found.append(statement)
        return found

    def _add_condition(self, statement: Object) -> None:
        pick = self.pick
        operators, key, listed = pick.of(_FURTHER)
        operator = pick.of(("", "", "ForAnyValue:", "ForAllValues:")) + pick.of(operators)
        condition = statement.setdefault("Condition", {})
        condition.setdefault(operator, {})[key] = pick.one_or_list(listed, 2)

    def _variant(self, statement: Object) -> Object:
        """Return a statement that differs from the other in one part."""
        pick, changed = self.pick, copy.deepcopy(statement)
        for operator in changed.get("Condition", {}) if pick.chance(2, 3) else ():
            quantifier, _, name = operator.rpartition(":")
            start = next((one for one in ("String", "Numeric", "Date") if name.startswith(one)), "")
            if found := _NEIGHBOURS.get(name.removeprefix(start)):
                keys = changed["Condition"].pop(operator)
                changed["Condition"][f"{quantifier}:{start}{found}".removeprefix(":")] = keys
                return changed
        way = pick.below(4)
        if way == 0:
            changed["Effect"] = "Allow" if statement["Effect"] == "Deny" else "Deny"
        elif way == 1 and "Condition" in changed:
            del changed["Condition"]
        elif way == 2 and "NotAction" not in changed:
            changed["NotAction"] = changed.pop("Action")
        else:
            self._add_condition(changed)
        return changed

    def _listed_values(self) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = {}
        for statement in (*self.inside, *self.outside):
            for keys in statement.get("Condition", {}).values():
                for key, listed in keys.items():
                    values.setdefault(key, []).extend(_list(listed))
        return values

    # Requests

    def _is_in_space(self, request: reference.Request, context: Object) -> bool:
        space, principal = self.space, request.principal
        if request.assumes != (space.role is not None) or request.account != principal.account:
            return False
        given = {key: value for key, value in context.items() if value != []}
        wanted = {key: value for key, value in space.given.items() if value != []}
        # the current time is always given, by the engine if by none else
        others = given.keys() - space.given.keys() - {_PRINCIPAL, _TIME}
        return (
            self._asks(principal)
            and (space.actions is None or _any_like(space.actions, request.action.lower()))
            and (space.resource is None or self._asks_for(request))
            and (space.role is None or self._asks_for_role(request))
            and (not space.is_stated or request.resource == "*" or request.states_account)
            and all(given.get(key) == value for key, value in wanted.items())
            and (space.free is None or others <= space.free)
            and given.get(_GROUP) not in list(space.groups)
        )

    def _asks(self, principal: reference.Principal) -> bool:
        asker = self._asker
        kind = "role" if principal.is_role else principal.kind
        name = reference.lower(principal.name) if principal.is_role else principal.name
        if (kind, principal.account) != (asker.kind, asker.account):
            return False
        return principal.arn == asker.arn if asker.name is not None else name not in asker.unnamed

    def _asks_for(self, request: reference.Request) -> bool:
        """True if the pattern of the space matches the completed resource (3.1)."""
        asked = {"Effect": "Allow", "Action": "*", "Resource": self.space.resource}
        if request.resource != "*":
            request = dataclasses.replace(request, resource=":".join(request.fields))
        return reference.matches(asked, request)

    def _asks_for_role(self, request: reference.Request) -> bool:
        """True if the role is the one of the space, or if that is any role of the account."""
        if self.space.role is None or request.role is None:
            return False
        account, name = request.role
        return self.space.role in {f"acs:ram::{account}:role/{one}" for one in (name, "*")}

    def _spelling(self) -> str:
        pick, asker = self.pick, self._asker
        names = ("AppRole", "APPROLE", "u1", "Kfoo", "app") if asker.name is None else (asker.name,)
        name = pick.of(names)
        if asker.kind == "role":
            return pick.of(
                (
                    f"acs:ram::{asker.account}:role/{name}",
                    f"acs:ram::{asker.account}:role/{name.upper()}",
                    f"acs:ram::{asker.account}:assumed-role/{name}/s1",
                )
            )
        return f"acs:ram::{asker.account}:user/{name}"

    def _resource(self, pattern: str) -> str:
        pick, own = self.pick, self._builder.own
        if pattern == "*" or pick.chance(1, 6):
            return pick.of(("*", *self._builder.resources, *self._builder.role_arns))
        fields = pattern.split(":", _FIELDS - 1)
        if len(fields) == _FIELDS and pick.chance(1, 2):
            fields[3] = pick.of((own, "", "*", "system", fields[3]))
            fields[2] = pick.of((fields[2], "", "*"))
            pattern = ":".join(fields)
        return filled(pick, pattern, "ab:/" + own[0], own)

    def _context(self) -> Object:
        context: Object = {}
        for key, listed in self._values.items():
            if key != _PRINCIPAL and self.pick.chance(2, 3):
                context[key] = _value(self.pick, key, listed)
        if self.space.free is not None:
            context = {key: value for key, value in context.items() if key in self.space.free}
        return context | dict(self.space.given)


def _any_like(patterns: Iterable[str], text: str) -> bool:
    return any(reference.like(one.lower(), text) for one in patterns)


def _value(pick: Pick, key: str, listed: Sequence[Any]) -> Any:  # noqa: ANN401 - any JSON value
    family = alphabets.FAMILY_OF.get(key)
    given = [*listed, *(family.given if family else ()), *(family.unreadable if family else ())]
    one = pick.of(given)
    if isinstance(one, str):
        one = filled(pick, one, "ab", "")
    return pick.of((one, one, [one], [one, pick.of(given)], []))


def filled(pick: Pick, pattern: str, letters: str, account: str) -> str:
    """Return a text that the pattern matches."""
    text = ""
    for character in pattern:
        if character == "?":
            text += pick.of(letters)
        elif character == "*":
            text += pick.of(("", pick.of(letters), pick.of(letters) * 2, account, "x:y"))
        else:
            text += character
    return text


def _document(statement: Object) -> Object:
    return {"Version": "1", "Statement": [statement]}


def _translated(statement: Object) -> Statement:
    return statements_of("p", translate(_document(statement)))[0]


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, list) else [value]


def input_of(request: Request) -> Object:
    """Return the request as it is sent to OPA."""
    return dataclasses.asdict(request) | {"context": dict(request.context)}


def failures(
    seeds: Iterable[int], referees: Referees, counts: Counter[str], aimed: int = AIMED
) -> Iterator[str]:
    """Yield each failure of the prover as a text; `counts` counts the outcomes."""
    waiting: list[tuple[int, Pair, Object]] = []
    for seed in seeds:
        pair = Pair(seed, referees.catalog)
        try:
            request = pair.find()
        except Undecided as doubt:
            counts["undecided"] += 1
            if doubt.is_final:
                yield f"pair {seed}: {doubt}"
            continue
        counts["proved" if request is None else "found"] += 1
        if request is not None:
            waiting.append((seed, pair, input_of(request)))
        else:
            requests = itertools.islice(pair.aimed(), aimed)
            for value in itertools.islice(filter(pair.fits, requests), 1):
                yield _text("a proof is wrong", seed, pair, value)
        if len(waiting) == _WAITING:
            yield from _wrong_witnesses(waiting, referees.opa)
            waiting = []
    yield from _wrong_witnesses(waiting, referees.opa)


def _wrong_witnesses(found: Sequence[tuple[int, Pair, Object]], opa: Opa) -> Iterator[str]:
    """Yield the requests that the reference evaluator or OPA do not judge as the prover does."""
    answers = opa.ask([asked for _, pair, value in found for asked in pair.simulations(value)])()
    for place, (seed, pair, value) in enumerate(found):
        if not pair.fits(value):
            yield _text("the reference evaluator refuses a request", seed, pair, value)
        if not pair.is_confirmed(answers[2 * place : 2 * place + 2]):
            yield _text("OPA refuses a request", seed, pair, value)


def _text(failure: str, seed: int, pair: Pair, value: Object) -> str:
    return (
        f"pair {seed}: {failure}\n  request: {value}\n  inside: {pair.inside}\n"
        f"  outside: {pair.outside}\n  space: {pair.space}"
    )
