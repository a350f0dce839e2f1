"""Prove rules with the prover; OPA decides every request that breaks one."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from ramgate.accounts.near_names import near_name
from ramgate.analysis.engine import NOT_CONFIRMED, decide_all
from ramgate.analysis.lint.patterns import matches
from ramgate.analysis.population import Population, Principal
from ramgate.analysis.prove.checked import Asked, Checked
from ramgate.analysis.prove.elsewhere import role_elsewhere
from ramgate.analysis.prove.result import Proof, Violation
from ramgate.analysis.prove.rules import read
from ramgate.analysis.prover import access as ways
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.prover.world import World
from ramgate.analysis.sides.elsewhere import may_let_in
from ramgate.analysis.sides.outsiders import with_outsiders
from ramgate.analysis.sides.side import load
from ramgate.analysis.spaces import Spaces
from ramgate.analysis.unread import as_if_read
from ramgate.analysis.who_can.holdings import Trusted
from ramgate.documents.source import argument_path
from ramgate.hints.hints import misspelt
from ramgate.language.translation import translate
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.analysis.prove.result import Result
    from ramgate.analysis.prove.rules import Part, Rule
    from ramgate.analysis.prover.point import Point
    from ramgate.model.decision import Decision

__all__ = ["prove"]

_SECONDS: Final = 60.0
_logger = logging.getLogger(__name__)
_NO_REQUEST: Final = "no request of this principal fits the rule: correct its action or resource"


def prove(
    rules: Path | str,
    accounts: Path | str,
    *,
    timeout: float = _SECONDS,
    show: Callable[[str], None] = lambda _: None,
) -> list[Proof]:
    """Return the answer to each rule of a file, in its order.

    `accounts` is an accounts file, a folder, a bundle or `git:REF:PATH`. After `timeout` seconds
    the rest is `not_decided`. `show` is called with the state of the work. Raises `InvalidFiles`
    for a faulty rule file or faulty accounts, and `ValueError` if a rule of the kind `always` names
    a principal that the accounts do not contain. An action that is probably misspelt is logged.

    >>> from pathlib import Path
    >>> from ramgate import resources
    >>> _ = Path("rules.yaml").write_text('''
    ... rules:
    ...   bob-from-the-office:
    ...     only_when: {IpAddress: {acs:SourceIp: ["10.0.0.0/8", "192.168.0.0/16"]}}
    ...     action: "alikafka:*"
    ...     except: ["acs:ram::1234567890123456:user/alice", "acs:ram::*:role/*"]
    ...   nothing-is-deleted:
    ...     never: "alikafka:Delete*"
    ... ''')
    >>> for one in prove("rules.yaml", resources.path("examples/accounts.yaml")):
    ...     print(one.rule, one.result, [violation.principals for violation in one.violations])
    bob-from-the-office proved []
    nothing-is-deleted broken [('acs:ram::1234567890123456:user/alice',)]
    """
    found = read(argument_path(str(rules)))
    store = load(str(accounts)).store
    [store], doubts = with_outsiders(store, documents=_telling_apart(found))
    budget = Budget(time.monotonic() + timeout)
    checker, if_read = _Checker(store, budget, doubts), as_if_read(store)
    opened = None if if_read is None else _Checker(if_read, budget, doubts)
    for rule in found:
        checker.require_known(rule)
        _warn(rule)
    checked = []
    for number, rule in enumerate(found, 1):
        one = checker.check(rule)
        if opened is not None and rule.kind != "always":
            one = one.or_if_read(opened.check(rule))
        checked.append(one)
        show(f"{number} of {len(found)} rules checked")
    return checker.confirmed(checked)


def _warn(rule: Rule) -> None:
    """Log each action that is probably misspelt: a rule about it proves less than it seems to."""
    named = dict.fromkeys(question.action for part in rule.parts for question in part)
    for text in filter(None, map(misspelt, named)):
        _logger.warning("rule `%s`: %s", rule.name, text)


def _telling_apart(rules: Iterable[Rule]) -> Iterator[Mapping[str, Any]]:
    """Yield documents whose conditions tell apart the principals that the rules tell apart."""
    for rule in rules:
        if rule.condition:
            yield rule.condition
        if rule.exceptions:
            condition = {"StringLike": {"acs:PrincipalARN": list(rule.exceptions)}}
            statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
            yield translate({"Version": "1", "Statement": [statement]})


class _Checker:
    def __init__(self, store: Store, budget: Budget, doubts: Sequence[str]) -> None:
        self._store = store
        self._world = World(store)
        self._budget = budget
        self._doubts = doubts
        self._population = Population(store)
        self._by_name: dict[str, Principal | str] = {
            one.compared: one for one in self._population.principals
        }

    def require_known(self, rule: Rule) -> None:
        """Raise `ValueError` for a user, role or owner of the rule that is not there."""
        for name in rule.principals:
            is_outside = name.endswith(".aliyuncs.com") or "-provider/" in name
            if not is_outside and _compared(name) not in self._by_name:
                hint = near_name(name, self._store) or "correct its name"
                raise ValueError(f"rule `{rule.name}`: the accounts do not have `{name}`: {hint}")

    def check(self, rule: Rule) -> Checked:
        """Look for requests that break the rule."""
        found, samples, reasons = list[Asked](), list[Asked](), dict[str, object]()
        roles = self._roles(rule)
        if roles and rule.kind != "always":
            reasons.update(dict.fromkeys(self._doubts))
        for members, asked_by in self._askers(rule, roles):
            try:
                if rule.kind == "always":
                    requests = self._denied(rule, members, asked_by, samples)
                else:
                    requests = self._allowed(rule, members[0], asked_by)
                    if not requests and (role := self._elsewhere(rule, asked_by)):
                        reasons[f"{members[0]}: {may_let_in(role)}"] = None
            except Undecided as doubt:
                reasons[f"{members[0]}: {doubt}"] = None
                continue
            if requests:
                found.append((members, requests))
        return Checked(rule, found, samples, tuple(reasons))

    def _roles(self, rule: Rule) -> list[tuple[str, str]]:
        """Return the roles that the rule is about, as account and name."""
        return sorted(
            {
                role
                for part in rule.parts
                for question in part
                for role in question.roles(self._store)
            }
        )

    def _askers(
        self, rule: Rule, roles: Iterable[tuple[str, str]]
    ) -> Iterator[tuple[tuple[str, ...], Principal | str]]:
        """Yield the principals that the rule is about, in classes, each with one of them.

        An owner is left out, unless `always` names it: no policy limits it.
        """
        if rule.kind == "always":
            for name in rule.principals:
                asked_by = self._by_name.get(_compared(name), name)
                yield (name if isinstance(asked_by, str) else asked_by.arn,), asked_by
            return
        trusted = Trusted(self._store, roles)
        for members in self._population.classes(
            group=None,
            trusted=trusted.named,
            in_any_group=True,
            documents=[rule.condition] if rule.condition else [],
        ):
            left = [
                one
                for one in members
                if one.kind != "owner" and not _is_among(one.compared, rule.exceptions)
            ]
            if left:
                yield tuple(one.arn for one in left), left[0]
        for name in trusted.outside:
            if not _is_among(name, rule.exceptions):
                yield (name,), name

    def _allowed(self, rule: Rule, name: str, asked_by: Principal | str) -> tuple[Request, ...]:
        """Return an allowed request of each part of the rule, none if one part has none."""
        found = []
        for part in rule.parts:
            request = self._allowed_of(rule, part, name, asked_by)
            if request is None:
                return ()
            found.append(request)
        return tuple(found)

    def _elsewhere(self, rule: Rule, asked_by: Principal | str) -> str | None:
        if isinstance(asked_by, str):
            return None
        return role_elsewhere(rule, self._store, self._world, asked_by, self._budget)

    def _allowed_of(
        self, rule: Rule, part: Part, name: str, asked_by: Principal | str
    ) -> Request | None:
        # as a Deny of all that satisfies the conditions, but in doubt a request does not
        exempt = tuple(statements_of("", rule.condition)) if rule.condition else ()
        for question in part:
            spaces = Spaces(self._store, self._world, question)
            for space, access in spaces.of(asked_by):
                limited = tuple(
                    dataclasses.replace(way, denies=(*way.denies, *exempt)) for way in access
                )
                point = ways.allowed(limited, space, self._budget)
                if point is not None:
                    return spaces.request(name, point)
        return None

    def _denied(
        self,
        rule: Rule,
        members: tuple[str, ...],
        asked_by: Principal | str,
        samples: list[Asked],
    ) -> tuple[Request, ...]:
        """Return a denied request of an `always`, none if it is proved.

        One request of each question is added to `samples`. So OPA also tells of requests that are
        all malformed, for example by a context above the limits.
        """
        [name] = members
        for question in itertools.chain(*rule.parts):
            spaces = Spaces(self._store, self._world, question)
            sample: Point | None = None
            for space, access in spaces.of(asked_by):
                sample = sample or ways.denied((), space, self._budget)
                point = ways.denied(access, space, self._budget)
                if point is not None:
                    return (spaces.request(name, point),)
            if sample is not None:
                samples.append((members, (spaces.request(name, sample),)))
            elif question.has_wildcard:
                # such as a resource of another account
                raise Undecided(_NO_REQUEST)
            else:
                return (Request(name, question.action, question.resource, question.context),)
        return ()

    def confirmed(self, checked: Sequence[Checked]) -> list[Proof]:
        """Have OPA decide all requests; leave out those without the claimed decision."""
        requests = [
            request
            for one in checked
            for _, found in (*one.found, *one.samples)
            for request in found
        ]
        decided = iter(decide_all(self._store, requests))
        return [self._proof(one, decided) for one in checked]

    @staticmethod
    def _proof(checked: Checked, decided: Iterator[Decision]) -> Proof:
        rule, reasons, violations = checked.rule, list(checked.reasons), []
        for members, requests in checked.found:
            decisions = tuple(next(decided) for _ in requests)
            if all(decision.allow != (rule.kind == "always") for decision in decisions):
                violations.append(Violation(members, requests, decisions))
            else:
                reasons.append(f"{members[0]}: {NOT_CONFIRMED}")
        for members, requests in checked.samples:
            [decision] = (next(decided) for _ in requests)
            if not decision.allow:
                violations.append(Violation(members, requests, (decision,)))
        result: Result = "broken" if violations else "not_decided" if reasons else "proved"
        return Proof(rule.name, rule.kind, result, rule.because, tuple(violations), tuple(reasons))


def _compared(name: str) -> str:
    return name.lower() if ":role/" in name else name


def _is_among(name: str, patterns: Sequence[str]) -> bool:
    return any(matches(_compared(pattern), name) for pattern in patterns)
