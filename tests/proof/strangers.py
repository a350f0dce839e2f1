"""Hold comparisons against principals and accounts that no document needs to name.

A question is two folders of policy documents, or two trust policies of a role that another account
may assume, from one seed. `diff` compares them, and `prove` tries a rule about the role. Then the
reference evaluator decides requests of many principals of several accounts, each of whom holds one
of the documents, alone or beside a policy that allows everything. None may contradict the answer.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import itertools
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from generator import seed_pick
from ramgate.analysis.diff import diff
from ramgate.analysis.prove import prove
from reference_evaluator import Evaluator

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from generator import Object, Pick
    from referees import Referees

NOW: Final = datetime.datetime(2026, 3, 11, tzinfo=datetime.UTC)
_HOME: Final = "1234567890123456"
_OTHER: Final = "9999888877776666"
_NUMBERS: Final = (_HOME, _OTHER, "9899888877776666", "9912345678901234", "5555555555555559")
_PRINCIPALS: Final = ("user/alice", "user/ann", "user/any", "role/dev-1", "role/x")
_ROLES: Final = ("app-1", "zz")
_ACTIONS: Final = ("oss:GetObject", "oss:*", "ecs:*", "sts:AssumeRole", "*")
_RESOURCES: Final = (
    "*",
    "acs:oss:*:*:b/*",
    "acs:oss:*:9?99888877776666:b/*",
    "acs:oss:*:99*:*",
    "acs:oss:*c*n*:9999888877776666:*",
    "acs:oss:*:*5*:b/*",
    "acs:oss:*66:b/*",
    "acs:ram::99*:role/app-*",
    "acs:ram::*:role/*",
)
_NAMES: Final = (
    f"acs:ram::{_HOME}:user/alice",
    "*:user/a*",
    "acs:ram::99*:user/*",
    "acs:ram::*:role/dev-*",
    f"acs:ram::{_OTHER}:role/DEV-1",
    "*/*n*",
    "acs:ram::*:user/any",
)
_OPERATORS: Final = ("StringEquals", "StringLike", "StringLike", "StringNotLike")
_ASKED: Final = ("oss:GetObject", "oss:Put", "ecs:Start")
_WIDER: Final = frozenset({"wider", "incomparable", "not_decided"})
_NARROWER: Final = frozenset({"narrower", "incomparable", "not_decided"})
_EVERYTHING: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclasses.dataclass(frozen=True, slots=True)
class Sides:
    """Policies or trust policies of two sides, by their names."""

    old: Mapping[str, Object]
    new: Mapping[str, Object]


class Questions:
    """The documents of a seed."""

    def __init__(self, seed: int) -> None:
        self._pick: Pick = seed_pick(seed)

    def policies(self) -> Sides:
        """Return one or two policies, and the same with some changes."""
        return self._sides(self._statement, 1 + self._pick.below(2))

    def trust(self) -> Sides:
        """Return a trust policy, and the same with some changes."""
        return self._sides(self._trusting, 1)

    def _sides(self, statement: Callable[[], Object], count: int) -> Sides:
        old = {
            f"p{number}": _document(*(statement() for _ in range(1 + self._pick.below(3))))
            for number in range(count)
        }
        new = copy.deepcopy(old)
        for document in new.values():
            statements = document["Statement"]
            place = self._pick.below(len(statements))
            way = self._pick.below(4)
            if way == 0:
                statements.append(statement())
            elif way == 1 and len(statements) > 1:
                statements.pop(place)
            elif way == 2:
                statements[place] = statement()
        return Sides(old, new)

    def _statement(self) -> Object:
        pick = self._pick
        resources = pick.some(_RESOURCES, 2)
        found = {"Effect": self._effect(), "Action": pick.of(_ACTIONS), "Resource": resources}
        return found | self._condition(1, 2)

    def _trusting(self) -> Object:
        named = self._pick.of(("root", "root", "user/any", "user/alice", "role/dev-1"))
        principal = {"RAM": f"acs:ram::{_OTHER}:{named}"}
        found = {"Effect": self._effect(), "Action": "sts:AssumeRole", "Principal": principal}
        return found | self._condition(3, 4)

    def _effect(self) -> str:
        return self._pick.of(("Allow", "Allow", "Deny"))

    def _condition(self, times: int, of: int) -> Object:
        if not self._pick.chance(times, of):
            return {}
        names = self._pick.some(_NAMES, 2)
        return {"Condition": {self._pick.of(_OPERATORS): {"acs:PrincipalARN": names}}}


def _document(*statements: Object) -> Object:
    return {"Version": "1", "Statement": list(statements)}


def failures(seeds: Iterable[int], referees: Referees, counts: Counter[str]) -> Iterator[str]:
    """Yield each answer that a request contradicts, as a text; `counts` counts the answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in seeds:
            questions = Questions(seed)
            sides = questions.policies()
            asked = _asked_by_holders(sides)
            for text in _compared(_folders(folder, sides), asked, referees, counts):
                yield f"documents {seed}: {text}: {json.dumps(dataclasses.asdict(sides))}"
            sides = questions.trust()
            files = [
                _written(folder / f"{name}.json", _accounts(side)) for name, side in _named(sides)
            ]
            for text in _compared(files, [_asked_by_strangers(sides)], referees, counts):
                yield f"trust {seed}: {text}: {json.dumps(dataclasses.asdict(sides))}"
            for text in _proved(folder, files[1], sides, referees, counts):
                yield f"rule {seed}: {text}: {json.dumps(sides.new)}"


def _named(sides: Sides) -> tuple[tuple[str, Mapping[str, Object]], ...]:
    return (("old", sides.old), ("new", sides.new))


def _compared(
    files: Sequence[Path],
    asked: Iterable[tuple[Object, Object, Sequence[Object]]],
    referees: Referees,
    counts: Counter[str],
) -> Iterator[str]:
    """Yield the requests that contradict the comparison of two files or folders."""
    result = diff(*files).result
    counts[result] += 1
    for before, after, requests in asked:
        evaluators = [Evaluator(one, referees.catalog) for one in (before, after)]
        for request in requests:
            old, new = (bool(one.decide(request, NOW)["allow"]) for one in evaluators)
            if old != new and result not in (_WIDER if new else _NARROWER):
                yield f"{result}, but {old} before and {new} after: {request}"
                return


def _proved(
    folder: Path, file: Path, sides: Sides, referees: Referees, counts: Counter[str]
) -> Iterator[str]:
    """Yield a request that contradicts the answer to a rule that no principal assumes the role."""
    rule = {"never": "sts:AssumeRole", "resource": f"acs:ram::{_HOME}:role/p0"}
    rules = _written(folder / "rules.json", {"rules": {"r": rule}})
    [found] = prove(rules, file)
    counts[found.result] += 1
    _, after, requests = _asked_by_strangers(sides)
    evaluator = Evaluator(after, referees.catalog)
    allowed = [one for one in requests if evaluator.decide(one, NOW)["allow"]]
    if allowed and found.result == "proved":
        yield f"proved, but allowed: {allowed[0]}"


def _asked_by_holders(sides: Sides) -> Iterator[tuple[Object, Object, list[Object]]]:
    """Yield accounts in which all principals hold a document, and their requests."""
    roles = [
        f"acs:ram::{number}:role/{name}" for number, name in itertools.product(_NUMBERS, _ROLES)
    ]
    for name, more in itertools.product(sides.old, ((), ("AdministratorAccess",))):
        before, after = (
            {"accounts": {number: _holding(side[name], more) for number in _NUMBERS}}
            for side in (sides.old, sides.new)
        )
        requests: list[Object] = []
        for number, principal in itertools.product(_NUMBERS, _PRINCIPALS):
            arn = f"acs:ram::{number}:{principal}"
            resources = ("*", *(f"acs:oss:{one}:{number}:b/o" for one in ("", "cn", "acn-b")))
            pairs = [*itertools.product(_ASKED, resources)]
            pairs += [("sts:AssumeRole", role) for role in roles]
            requests += [_request(arn, *pair) for pair in pairs]
        yield before, after, requests


def _holding(document: Object, more: Sequence[str]) -> Object:
    held = {"policies": ["own", *more]}
    roots = {"RAM": [f"acs:ram::{number}:root" for number in _NUMBERS]}
    trust = _document({"Effect": "Allow", "Action": "sts:*", "Principal": roots})
    account: Object = {"policies": {"own": document}, "users": {}, "roles": {}}
    for role in _ROLES:
        account["roles"][role] = {"trust": trust}
    for kind, _, name in (one.partition("/") for one in _PRINCIPALS):
        account[f"{kind}s"][name] = held if kind == "user" else {"trust": trust, **held}
    return account


def _accounts(trust: Mapping[str, Object]) -> Object:
    """Return accounts with a role of each trust policy."""
    return {"accounts": {_HOME: {"roles": {name: {"trust": one} for name, one in trust.items()}}}}


def _asked_by_strangers(sides: Sides) -> tuple[Object, Object, list[Object]]:
    """Return the same accounts with principals of the trusted account, and their requests."""
    stranger = _holding(_document(_EVERYTHING), ())
    before, after = (_accounts(side) for side in (sides.old, sides.new))
    for one in (before, after):
        one["accounts"][_OTHER] = stranger
    arns = [f"acs:ram::{_OTHER}:{name}" for name in _PRINCIPALS]
    role = f"acs:ram::{_HOME}:role/p0"
    return before, after, [_request(arn, "sts:AssumeRole", role) for arn in arns]


def _request(principal: str, action: str, resource: str) -> Object:
    return {"principal": principal, "action": action, "resource": resource, "context": {}}


def _folders(folder: Path, sides: Sides) -> list[Path]:
    found = []
    for name, side in _named(sides):
        place = folder / name
        place.mkdir(exist_ok=True)
        for old in place.iterdir():
            old.unlink()
        for policy, document in side.items():
            _written(place / f"{policy}.json", document)
        found.append(place)
    return found


def _written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path
