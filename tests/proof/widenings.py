"""Plant widenings in accounts of real size, and changes that allow nothing: `changes` tells them.

A widening is planted only if some request shows it to the reference evaluator. The comparison must
find it, with requests that the old accounts deny and the new ones allow, and name the statements
that were changed. It must report nothing for a change of order, case or spelling, or for an added
statement that is redundant.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import companies
from companies import ACCOUNT, OTHER, Company
from edits import store_of
from generator import seed_pick
from pairs import filled, input_of
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.changes import Open, changes
from ramgate.analysis.prover.world import World
from reference_evaluator import Evaluator

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from generator import Object, Pick
    from referees import Referees

NOW: Final = datetime.datetime(2026, 3, 11, tzinfo=datetime.UTC)
_ATTEMPTS: Final = 60
_PROBES: Final = 12


@dataclasses.dataclass(frozen=True, slots=True)
class Planted:
    """A change, with the policies that it changes, and requests that it may allow newly."""

    kind: str
    document: Object
    policies: frozenset[str]
    probes: Sequence[Object]


class Planter:
    """Plants changes in a copy of a company's accounts."""

    def __init__(self, pick: Pick, old: Company) -> None:
        self._pick = pick
        self._old = old
        self._new = Company(copy.deepcopy(old.document))

    def widening(self) -> Planted | None:
        """Return a change that may allow something newly; None if there is no place for it."""
        ways = (
            self._wider_action,
            self._wider_resource,
            self._dropped_condition,
            self._relaxed_condition,
            self._except_action,
            self._dropped_deny,
            self._narrower_deny,
            self._attachment,
            self._attachment_of_role,
            self._membership,
            self._new_statement,
            self._out_of_resource_group,
            self._trusted_user,
            self._trusted_service,
            self._dropped_external_id,
            self._dropped_control_deny,
        )
        return self._pick.of(ways)()

    def neutral(self) -> Planted:
        """Return a change after which the same requests are allowed."""
        pick, policies = self._pick, self._new.policies
        for document in pick.some(list(policies.values()), 5, 2):
            pick.of(
                (self._reorder, self._respell, self._repeat, self._add_redundant, self._divide)
            )(document["Statement"])
        for user in self._new.account["users"].values():
            user["policies"].reverse()
        self._new.account["users"] = dict(reversed(self._new.account["users"].items()))
        return Planted("neutral", self._new.document, frozenset(), ())

    # Widenings

    def _statement(self, effect: str, key: str = "Effect") -> tuple[str, int, Object] | None:
        """Return the policy, the place and the statement of one with that effect and key."""
        found = [
            (name, place, statement)
            for name, document in self._new.policies.items()
            for place, statement in enumerate(document["Statement"])
            if statement["Effect"] == effect and key in statement and self._new.holders(name)
        ]
        return self._pick.of(found) if found else None

    def _wider_action(self) -> Planted | None:
        if (found := self._statement("Allow")) is None:
            return None
        name, _, statement = found
        code = statement["Action"][0].partition(":")[0]
        statement["Action"][0] = self._pick.of((f"{code}:*", f"{code}:{self._pick.of('GLDCU')}*"))
        return self._planted("wider action", name, statement)

    def _wider_resource(self) -> Planted | None:
        if (found := self._statement("Allow")) is None:
            return None
        name, _, statement = found
        code = statement["Action"][0].partition(":")[0]
        statement["Resource"] = self._pick.of(
            ("*", f"acs:{code}:*:*:*", f"acs:{code}:*", f"acs:{code}:*:{ACCOUNT}:instance/*")
        )
        return self._planted("wider resource", name, statement)

    def _dropped_condition(self) -> Planted | None:
        if (found := self._statement("Allow", "Condition")) is None:
            return None
        name, _, statement = found
        del statement["Condition"]
        return self._planted("dropped condition", name, statement)

    def _relaxed_condition(self) -> Planted | None:
        if (found := self._statement("Allow", "Condition")) is None:
            return None
        name, _, statement = found
        ((operator, keys),) = statement["Condition"].items()
        ((key, value),) = keys.items()
        other = next(
            more
            for one, named, _, more, _ in companies.CONDITIONS
            if (one, named) == (operator, key)
        )
        statement["Condition"] = {operator: {key: [value, other]}}
        return self._planted("relaxed condition", name, statement)

    def _except_action(self) -> Planted | None:
        if (found := self._statement("Allow")) is None:
            return None
        name, _, statement = found
        statement["NotAction"] = statement.pop("Action")
        return self._planted("NotAction", name, statement)

    def _dropped_deny(self) -> Planted | None:
        if (found := self._statement("Deny")) is None:
            return None
        name, place, statement = found
        self._allow_behind(name, statement)
        del self._new.policies[name]["Statement"][place]
        return self._planted("dropped Deny", name, statement)

    def _narrower_deny(self) -> Planted | None:
        if (found := self._statement("Deny")) is None:
            return None
        name, _, statement = found
        self._allow_behind(name, statement)
        denied = copy.deepcopy(statement)
        if self._pick.chance(1, 2):
            statement["Condition"] = {"Bool": {"acs:MFAPresent": "false"}}
        else:
            statement["Resource"] = "acs:none:*:*:x"
        return self._planted("narrower Deny", name, denied)

    def _allow_behind(self, name: str, statement: Object) -> None:
        """Let the policy allow what the Deny denies, on both sides: else nothing changes."""
        allow = {"Effect": "Allow", "Action": statement["Action"], "Resource": "*"}
        for side in (self._old, self._new):
            side.policies[name]["Statement"].append(copy.deepcopy(allow))

    def _attachment(self) -> Planted:
        user = self._pick.of(list(self._new.account["users"]))
        name = self._pick.of(list(self._new.policies))
        self._new.account["users"][user]["policies"].append(name)
        return self._attached("attachment", [name], f"acs:ram::{ACCOUNT}:user/{user}")

    def _attachment_of_role(self) -> Planted:
        role = self._pick.of(list(self._new.account["roles"]))
        name = self._pick.of(list(self._new.policies))
        self._new.account["roles"][role]["policies"].append(name)
        return self._attached("attachment of a role", [name], f"acs:ram::{ACCOUNT}:role/{role}")

    def _membership(self) -> Planted:
        user = self._pick.of(list(self._new.account["users"]))
        group = self._pick.of(list(self._new.account["groups"]))
        self._new.account["users"][user]["groups"].append(group)
        names = self._new.account["groups"][group]["policies"]
        return self._attached("membership", names, f"acs:ram::{ACCOUNT}:user/{user}")

    def _out_of_resource_group(self) -> Planted:
        attached = self._new.account["users"]["user-0"]["policies"]
        name = attached.pop()["policy"]
        attached.append(name)
        kind = "attachment out of a resource group"
        planted = self._attached(kind, [name], f"acs:ram::{ACCOUNT}:user/user-0")
        # both sides have the statements
        return dataclasses.replace(planted, policies=frozenset())

    def _attached(self, kind: str, names: Sequence[str], principal: str) -> Planted:
        probes = [
            probe
            for name in names
            for statement in self._new.policies[name]["Statement"]
            if statement["Effect"] == "Allow"
            for probe in self._probes(statement, [principal])
        ]
        return Planted(kind, self._new.document, frozenset(_id(one) for one in names), probes)

    def _new_statement(self) -> Planted | None:
        if (found := self._statement("Allow")) is None:
            return None
        name, _, _ = found
        code = self._pick.of(("fc", "nas", "mns", "ots"))
        statement = {"Effect": "Allow", "Action": f"{code}:*", "Resource": f"acs:{code}:*:*:*"}
        self._new.policies[name]["Statement"].insert(0, statement)
        return self._planted("new statement", name, statement)

    def _trusted(self, kind: str, principal: Object, asker: str) -> Planted:
        name = self._pick.of(list(self._new.account["roles"]))
        role = self._new.account["roles"][name]
        role["trust"]["Statement"].append(
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        )
        return self._assumed(kind, name, asker)

    def _assumed(self, kind: str, role: str, asker: str) -> Planted:
        probe = {
            "principal": asker,
            "action": "sts:AssumeRole",
            "resource": f"acs:ram::{ACCOUNT}:role/{role}",
            "context": {},
        }
        trust = frozenset({f"{ACCOUNT}/trust:{role}", f"{ACCOUNT}/trust:{role.lower()}"})
        return Planted(kind, self._new.document, trust, [probe])

    def _trusted_user(self) -> Planted:
        user = self._pick.of(list(self._new.account["users"]))
        assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        for side in (self._old, self._new):
            side.policies["assume"] = {"Version": "1", "Statement": [dict(assume)]}
            side.account["users"][user]["policies"].append("assume")
        arn = f"acs:ram::{ACCOUNT}:user/{user}"
        trusted = self._pick.of((arn, f"acs:ram::{ACCOUNT}:root"))
        return self._trusted("trusted user", {"RAM": [trusted, f"acs:ram::{OTHER}:root"]}, arn)

    def _trusted_service(self) -> Planted:
        service = self._pick.of(("fc.aliyuncs.com", "cs.aliyuncs.com"))
        return self._trusted("trusted service", {"Service": service}, service)

    def _dropped_external_id(self) -> Planted | None:
        found = [
            (name, role["trust"]["Statement"][0])
            for name, role in self._new.account["roles"].items()
            if "Condition" in role["trust"]["Statement"][0]
        ]
        if not found:
            return None
        name, statement = self._pick.of(found)
        del statement["Condition"]
        asker = statement["Principal"].get("Service", "ecs.aliyuncs.com")
        return self._assumed("dropped sts:ExternalId", name, asker)

    def _dropped_control_deny(self) -> Planted:
        guard = self._new.document["directory"]["policies"]["guard"]["Statement"]
        denied = guard.pop(self._pick.below(len(guard) - 1))
        name = self._pick.of(list(self._new.policies))
        self._allow_behind(name, denied)
        probes = list(self._probes(denied, self._new.holders(name)))
        ids = frozenset({"guard", "control/guard", "directory/guard"})
        return Planted("dropped control Deny", self._new.document, ids, probes)

    def _planted(self, kind: str, name: str, statement: Object) -> Planted:
        probes = list(self._probes(statement, self._new.holders(name)))
        return Planted(kind, self._new.document, frozenset({_id(name)}), probes)

    def _probes(self, statement: Object, principals: Sequence[str]) -> Iterator[Object]:
        """Yield requests that the statement matches, most of them."""
        pick = self._pick
        actions = statement.get("Action", ["oss:PutObject", "fc:InvokeFunction", "ecs:RunCommand"])
        actions = actions if isinstance(actions, list) else [actions]
        resources = statement["Resource"]
        resources = resources if isinstance(resources, list) else [resources]
        for _ in range(_PROBES if principals else 0):
            action = filled(pick, pick.of(actions), "abc", "")
            code = action.partition(":")[0]
            pattern = pick.of(resources)
            if pattern in {"*", f"acs:{code}:*"}:
                pattern = f"acs:{code}:*:*:*"
            text = ":".join(
                part if part != "*" else ("cn-a", ACCOUNT)[place == 3] if place in {2, 3} else "x1"
                for place, part in enumerate(pattern.split(":", 4))
            )
            yield {
                "principal": pick.of(principals),
                "action": action,
                "resource": filled(pick, text, "ab", ""),
                "context": dict(self._context(statement)),
            }

    def _context(self, statement: Object) -> Iterator[tuple[str, object]]:
        for operator, key, value, other, given in companies.CONDITIONS:
            listed = statement.get("Condition", {}).get(operator, {}).get(key)
            if listed is not None:
                fits = given if listed == value else _fitting(operator, other)
                yield key, fits

    # Neutral changes

    def _reorder(self, statements: list[Object]) -> None:
        statements.reverse()
        for statement in statements:
            for part in ("Action", "Resource"):
                if isinstance(statement.get(part), list):
                    statement[part].reverse()

    def _respell(self, statements: list[Object]) -> None:
        for statement in statements:
            statement["Action"] = [one.swapcase().replace("*", "**") for one in statement["Action"]]
            resources = statement["Resource"]
            if isinstance(resources, list):
                statement["Resource"] = [one.replace("/*", "/**") for one in resources]

    def _repeat(self, statements: list[Object]) -> None:
        statements.append(copy.deepcopy(self._pick.of(statements)))
        statements[0]["Action"] = statements[0]["Action"] * 2

    def _add_redundant(self, statements: list[Object]) -> None:
        narrower = copy.deepcopy(self._pick.of(statements))
        narrower["Action"] = [self._pick.of(narrower["Action"]).replace("*", "X")]
        if "Condition" not in narrower and self._pick.chance(1, 2):
            narrower["Condition"] = companies.condition(self._pick)
        statements.insert(self._pick.below(len(statements)), narrower)

    def _divide(self, statements: list[Object]) -> None:
        """Divide a statement by its actions."""
        place = self._pick.below(len(statements))
        whole = statements[place]
        statements[place : place + 1] = [
            copy.deepcopy(whole) | {"Action": [action]} for action in whole["Action"]
        ]


def _id(policy: str) -> str:
    return f"{ACCOUNT}/{policy}"


def _fitting(operator: str, listed: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a request's value that satisfies the operator with the listed value."""
    return {
        "IpAddress": "10.1.200.1",
        "DateLessThan": "2035-01-01T00:00:00Z",
        "NumericLessThan": 500,
    }.get(operator, listed.replace("*", "x") if operator == "StringLike" else listed)


def plant(seed: int, referees: Referees) -> tuple[Company, Planted, Sequence[Object]]:
    """Return a company, a widening, and the requests that show it to the reference evaluator."""
    pick = seed_pick(seed)
    for _ in range(_ATTEMPTS):
        old = companies.company(pick)
        planted = Planter(pick, old).widening()
        if planted is not None:
            judges = _judges(old, planted, referees)
            shown = [one for one in planted.probes if _answers(judges, one) == (False, True)]
            if shown:
                return old, planted, shown
    raise AssertionError(f"seed {seed}: no widening in {_ATTEMPTS} attempts")


def _judges(old: Company, planted: Planted, referees: Referees) -> tuple[Evaluator, Evaluator]:
    return (
        Evaluator(old.document, referees.catalog),
        Evaluator(planted.document, referees.catalog),
    )


def _answers(judges: tuple[Evaluator, Evaluator], value: Object) -> tuple[bool, bool]:
    before, after = (bool(judge.decide(value, NOW)["allow"]) for judge in judges)
    return before, after


def failures(seeds: Iterable[int], referees: Referees, counts: Counter[str]) -> Iterator[str]:
    """Yield each failure of the comparison as a text; `counts` counts the kinds of changes."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            old, planted, shown = plant(seed, referees)
            counts[planted.kind] += 1
            for text in _missed(old, planted, shown, referees, Path(folder)):
                yield f"widening {seed}, {planted.kind}: {text}"
            pick = seed_pick(seed)
            old = companies.company(pick)
            neutral = Planter(pick, old).neutral()
            worlds = [
                World(store_of(one, Path(folder), referees.shipped))
                for one in (old.document, neutral.document)
            ]
            for one, other in (worlds, worlds[::-1]):
                for found in changes(one, other, Budget()):
                    yield f"neutral {seed}: {found}"


def _missed(
    old: Company, planted: Planted, shown: Sequence[Object], referees: Referees, folder: Path
) -> Iterator[str]:
    judges = _judges(old, planted, referees)
    before, after = (
        World(store_of(one, folder, referees.shipped)) for one in (old.document, planted.document)
    )
    gained: set[str] = set()
    for found in changes(before, after, Budget()):
        if isinstance(found, Open):
            yield f"not decided: {found.reason}"
            continue
        request = input_of(found.difference.point.request)
        for asker in found.askers:
            gained.add(asker.arn.lower())
            if _answers(judges, request | {"principal": asker.arn}) != (False, True):
                yield f"not allowed newly: {request}"
        causes = [*found.difference.gained, *found.difference.lost]
        if not causes and planted.policies:
            yield f"no cause: {request}"
        for cause in causes:
            if cause.policy not in planted.policies:
                yield f"{cause.policy} is not the cause, but {sorted(planted.policies)}"
    missed = {one["principal"] for one in shown if one["principal"].lower() not in gained}
    for principal in sorted(missed):
        yield f"not found for {principal}"
