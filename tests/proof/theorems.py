"""What holds of RAM's rules whatever the policies say: a batch, the same batch changed, and how
OPA's answers to both must be related. No other opinion is asked.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reference_evaluator import (
    ACCOUNT_LEVEL,
    CONTROL,
    RESOURCE_GROUP_LEVEL,
    SESSION,
    TRUST,
    is_trust,
    lower,
    principal_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agreement import Opa
    from generator import Batch, Pick, Question, World
    from reference_evaluator import Catalog

Object: TypeAlias = dict[str, Any]
Change: TypeAlias = "Callable[[Pick, Batch, Catalog], Batch]"
Related: TypeAlias = "Callable[[Case, Case], bool]"

_IDENTITY: Final = (ACCOUNT_LEVEL, RESOURCE_GROUP_LEVEL)
_DENY: Final[Object] = {"Effect": "Deny", "Action": "*", "Resource": "*"}
_DENY_ALL: Final[Object] = {"Version": "1", "Statement": [_DENY]}


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A question, OPA's answer, and what both rest on."""

    question: Question
    answer: Object
    document: Object
    catalog: Catalog

    @property
    def allows(self) -> bool:
        return bool(self.answer["allow"])

    @property
    def is_malformed(self) -> bool:
        return bool(self.answer["reason"] == "malformed_request")

    @property
    def has_own_policies(self) -> bool:
        """The principal holds what the world attaches: a user, or a role of no service."""
        principal = principal_of(self.question.request["principal"])
        linked = map(lower, self.catalog.service_linked_roles)
        return (
            self.question.simulated
            or principal.kind == "user"
            or (principal.is_role and lower(principal.name) not in linked)
        )

    def settling(self) -> list[str]:
        """The statements that settled it, each as one text whatever the order within."""
        return sorted(
            {
                json.dumps(_sorted(self._policy(found["policy"])["Statement"][found["index"]]))
                for found in self.answer["statements"]
            }
        )

    def _policy(self, name: str) -> Object:
        request, layer = self.question.request, self.answer["policy_type"]
        if layer == SESSION:
            found = request["session_policies"][int(name.removeprefix("session:"))]
        elif layer == TRUST:
            account = self.document["accounts"][request["resource"].split(":")[3]]
            role = account["roles"].get(name.removeprefix("trust:"))
            found = role["trust"] if role else _DENY_ALL
        elif layer == CONTROL:
            found = self._named(self.document["directory"], name)
        elif self.question.simulated:
            found = request["policies"][name]
        else:
            account = principal_of(request["principal"]).account
            found = self._named(self.document["accounts"][account], name)
        policy: Object = found
        return policy

    def _named(self, owner: Object, name: str) -> Object:
        known: dict[str, Object | None] = {
            role.policy: role.document for role in self.catalog.service_linked_roles.values()
        } | {**self.catalog.system_policies, **owner["policies"]}
        policy = known[name]
        assert policy is not None
        return policy


def _sorted(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {
            key: _sorted(inner if isinstance(inner, dict | list) else [inner])
            for key, inner in sorted(value.items())
        }
    return sorted(set(value))


# Changes


def _rewritten(
    batch: Batch, identity: Callable[[Object], Object], other: Callable[[Object], Object]
) -> Batch:
    """A copy with every identity document, and every other one, replaced."""
    found = copy.deepcopy(batch)
    found.root_policies = {name: other(policy) for name, policy in found.root_policies.items()}
    for world in found.worlds:
        world.control = {name: other(policy) for name, policy in world.control.items()}
        for account in world.accounts.values():
            account["policies"] = {
                name: identity(policy) for name, policy in account["policies"].items()
            }
            for role in account["roles"].values():
                role["trust"] = other(role["trust"])
        for request in _requests(world):
            for name, change in (("policies", identity), ("session_policies", other)):
                held: Any = request.get(name)
                items: Iterable[Any] = ()
                if isinstance(held, dict):
                    items = [*held.items()]
                elif isinstance(held, list):
                    items = [*enumerate(held)]
                for key, policy in items:
                    if isinstance(policy, dict):
                        held[key] = change(policy)
    return found


def _requests(world: World) -> Iterator[Object]:
    return (asked.request for asked in world.questions if isinstance(asked.request, dict))


def _same(policy: Object) -> Object:
    return policy


def _holders(batch: Batch) -> Iterator[Object]:
    """Whatever policies are attached to."""
    for world in batch.worlds:
        for account in world.accounts.values():
            yield from (*account["users"].values(), *account["groups"].values())
            yield from account["roles"].values()


def _deny_everything(_: Pick, batch: Batch, __: Catalog) -> Batch:
    found = copy.deepcopy(batch)
    for world in found.worlds:
        for account in world.accounts.values():
            account["policies"]["deny-all"] = _DENY_ALL
        for request in _requests(world):
            if isinstance(request.get("policies"), dict):
                request["policies"]["deny-all"] = _DENY_ALL
    for holder in _holders(found):
        holder["policies"] = [*holder.get("policies", []), "deny-all"]
    return found


def _match_nothing(_: Pick, batch: Batch, catalog: Catalog) -> Batch:
    def nothing(policy: Object) -> Object:
        statements = [
            {key: value for key, value in statement.items() if key != "NotAction"}
            | {"Action": "nothing:Nothing"}
            for statement in policy["Statement"]
        ]
        return policy | {"Statement": statements}

    found = _rewritten(batch, nothing, _same)
    for holder in _holders(found):
        holder["policies"] = [
            attached
            for attached in holder.get("policies", [])
            if (attached if isinstance(attached, str) else attached["policy"])
            not in catalog.system_policies
        ]
    return found


def _some_statement(pick: Pick, effect: str, *, trust: bool) -> Object:
    statement: Object = {
        "Effect": effect,
        "Action": pick.of(("*", "sts:*"))
        if trust
        else pick.of(("*", "oss:*", "*:Get*", "sts:AssumeRole")),
    }
    if pick.chance(1, 2):
        condition = pick.of(
            (
                {"Bool": {"acs:MFAPresent": "true"}},
                {"StringNotLike": {"acs:ResourceTag/team": "a*"}},
                {"ForAllValues:NumericLessThan": {"n:1": "1"}},
                {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
            )
        )
        statement["Condition"] = condition
    if trust:
        return statement | {
            "Principal": {"Service": "ecs.aliyuncs.com", "RAM": f"acs:ram::{10**15}:root"}
        }
    return statement | {"Resource": pick.of(("*", "acs:oss:*", "acs:*:role/*"))}


def _adding(pick: Pick, effect: str) -> Callable[[Object], Object]:
    def change(policy: Object) -> Object:
        if pick.chance(1, 3):
            return policy
        added = _some_statement(pick, effect, trust=is_trust(policy))
        statements = list(policy["Statement"])
        statements.insert(pick.below(len(statements) + 1), added)
        return policy | {"Statement": statements}

    return change


def _add_denies(pick: Pick, batch: Batch, _: Catalog) -> Batch:
    change = _adding(pick, "Deny")
    return _rewritten(batch, change, change)


def _add_allows(pick: Pick, batch: Batch, _: Catalog) -> Batch:
    return _rewritten(batch, _adding(pick, "Allow"), _same)


def _in_another_order(pick: Pick, batch: Batch, _: Catalog) -> Batch:
    def mixed(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            return {key: mixed(value[key]) for key in shuffled(value)}
        return [mixed(item) for item in shuffled(value)] if isinstance(value, list) else value

    def shuffled(items: Iterable[Any]) -> list[Any]:
        found = list(items)
        for place in range(len(found) - 1, 0, -1):
            other = pick.below(place + 1)
            found[place], found[other] = found[other], found[place]
        return found

    return _everywhere(batch, mixed)


def _repeated(_: Pick, batch: Batch, __: Catalog) -> Batch:
    def twice(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            return {
                key: inner if key == "service_linked_roles" else twice(inner)
                for key, inner in value.items()
            }
        return [twice(item) for item in (*value, *value)] if isinstance(value, list) else value

    return _everywhere(batch, twice)


def _everywhere(batch: Batch, change: Callable[[Any], Any]) -> Batch:
    found = copy.deepcopy(batch)
    found.root = change(found.root)
    found.root_policies = change(found.root_policies)
    for world in found.worlds:
        for name in ("accounts", "control", "root_members", "folders"):
            setattr(world, name, change(getattr(world, name)))
        for asked in world.questions:
            asked.request = change(asked.request)
    return found


def _one_statement_a_policy(_: Pick, batch: Batch, __: Catalog) -> Batch:
    """Every statement as a policy of its own, so that no index leads past another."""
    found = copy.deepcopy(batch)

    def split(policies: Object) -> Object:
        return {
            f"{name}-{index}": policy | {"Statement": [statement]}
            for name, policy in policies.items()
            for index, statement in enumerate(policy["Statement"])
        }

    def names(policies: Object, name: str) -> list[str]:
        if name not in policies:
            return [name]
        return [f"{name}-{index}" for index in range(len(policies[name]["Statement"]))]

    for world in found.worlds:
        for account in world.accounts.values():
            for holder in (
                *account["users"].values(),
                *account["groups"].values(),
                *account["roles"].values(),
            ):
                holder["policies"] = [
                    part if isinstance(attached, str) else attached | {"policy": part}
                    for attached in holder.get("policies", [])
                    for part in names(
                        account["policies"],
                        attached if isinstance(attached, str) else attached["policy"],
                    )
                ]
            account["policies"] = split(account["policies"])
        for level in _levels({"folders": world.folders, "accounts": world.root_members}):
            level["control_policies"] = [
                part for name in level["control_policies"] for part in names(world.control, name)
            ]
        world.control = split(world.control)
        for request in _requests(world):
            policies = request.get("policies")
            if isinstance(policies, dict) and all(
                isinstance(policy, dict) for policy in policies.values()
            ):
                request["policies"] = split(policies)
    found.root = [part for name in found.root for part in names(found.root_policies, name)]
    found.root_policies = split(found.root_policies)
    return found


def _levels(folder: Object) -> Iterator[Object]:
    yield from folder.get("accounts", {}).values()
    for inner in folder.get("folders", {}).values():
        yield inner
        yield from _levels(inner)


# Relations


def _is_denied(before: Case, after: Case) -> bool:
    """What an identity policy had a word in is denied now, by that very statement."""
    if before.is_malformed or not before.has_own_policies:
        return before.answer == after.answer
    if before.answer["policy_type"] not in (*_IDENTITY, TRUST):
        return before.answer == after.answer
    return (
        after.answer["effect"] == "ExplicitDeny"
        and after.answer["policy_type"] == ACCOUNT_LEVEL
        and {"policy": "deny-all", "index": 0} in after.answer["statements"]
    )


def _is_not_allowed(before: Case, after: Case) -> bool:
    if before.is_malformed or not before.has_own_policies:
        return before.answer == after.answer
    return not after.allows and (
        after.answer["policy_type"] not in _IDENTITY or after.answer["effect"] == "ImplicitDeny"
    )


def _allows_no_more(before: Case, after: Case) -> bool:
    return before.allows or not after.allows


def _denies_no_more(before: Case, after: Case) -> bool:
    return after.allows or not before.allows


def _is_the_same(before: Case, after: Case) -> bool:
    names = ("allow", "effect", "reason", "policy_type")
    return all(before.answer[name] == after.answer[name] for name in names) and (
        before.settling() == after.settling()
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Theorem:
    """After the change, every pair of answers is related so."""

    change: Change
    related: Related

    def exceptions(self, opa: Opa, catalog: Catalog, pick: Pick, batch: Batch) -> list[str]:
        """The questions of which it does not hold, each with both answers."""
        changed = self.change(pick, batch, catalog)
        pairs = zip(_asked(opa, batch, catalog), _asked(opa, changed, catalog), strict=True)
        return [
            f"{before.question}: {before.answer}\n{after.question}: {after.answer}"
            for before, after in pairs
            if not self.related(before, after)
        ]


def _asked(opa: Opa, batch: Batch, catalog: Catalog) -> list[Case]:
    document = batch.document()
    opa.publish(opa.build(document))
    questions = [asked for world in batch.worlds for asked in world.questions]
    answers = opa.ask(questions)()
    return [
        Case(question, answer, document, catalog)
        for question, answer in zip(questions, answers, strict=True)
    ]


THEOREMS: Final = {
    "a Deny always beats an Allow": Theorem(_deny_everything, _is_denied),
    "nothing matches, nothing is allowed": Theorem(_match_nothing, _is_not_allowed),
    "the order of anything does not matter": Theorem(_in_another_order, _is_the_same),
    "saying it twice does not matter": Theorem(_repeated, _is_the_same),
    "adding a Deny never allows more": Theorem(_add_denies, _allows_no_more),
    "adding an Allow never denies more": Theorem(_add_allows, _denies_no_more),
    "lookup equals full scan": Theorem(_one_statement_a_policy, _is_the_same),
}
