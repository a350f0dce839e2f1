"""Theorems about RAM's rules that hold for all policies.

A theorem is a change to a batch, and a relation between OPA's answers before and after the change.
It needs no reference evaluator.
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
    """A question and OPA's answer, with the accounts and the catalog that OPA decided by."""

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
        """True for a simulation, a user, or a role that is not service-linked."""
        principal = principal_of(self.question.request["principal"])
        linked = map(lower, self.catalog.service_linked_roles)
        return (
            self.question.simulated
            or principal.kind == "user"
            or (principal.is_role and lower(principal.name) not in linked)
        )

    def deciding_statements(self) -> list[str]:
        """Return the deciding statements, each as a text that is independent of its order."""
        return sorted({self._text(**found) for found in self.answer["statements"]})

    def _text(self, policy: str, index: int) -> str:
        # two policies may have such a name, and the answer does not say which one decided
        if policy in self.document["system_policies"] or policy in self.catalog.system_policies:
            return policy
        return json.dumps(_canonical(self._policy(policy)["Statement"][index]))

    def _policy(self, name: str) -> Object:
        request, layer = self.question.request, self.answer["policy_type"]
        if layer == SESSION:
            found = request["session_policies"][int(name.removeprefix("session:"))]
        elif layer == TRUST:
            stated = request["resource"].split(":")[3]
            own = principal_of(request["principal"]).account
            account = self.document["accounts"][own if stated in {"", "*"} else stated]
            role = account["roles"].get(name.removeprefix("trust:"))
            found = role["trust"] if role else _DENY_ALL
        elif layer == CONTROL:
            found = self._find_policy(self.document["directory"], name)
        elif self.question.simulated:
            found = request["policies"][name]
        else:
            account = principal_of(request["principal"]).account
            found = self._find_policy(self.document["accounts"][account], name)
        policy: Object = found
        return policy

    def _find_policy(self, owner: Object, name: str) -> Object:
        known: dict[str, Object | None] = {
            role.policy: role.document for role in self.catalog.service_linked_roles.values()
        } | {**self.catalog.system_policies, **owner["policies"]}
        policy = known[name]
        assert policy is not None
        return policy


def _canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {
            key: _canonical(inner if isinstance(inner, dict | list) else [inner])
            for key, inner in sorted(value.items())
        }
    return sorted(set(value))


# Changes


def _rewrite(
    batch: Batch, identity: Callable[[Object], Object], other: Callable[[Object], Object]
) -> Batch:
    """Return a copy in which `identity` changes identity policies, and `other` all others."""
    found = copy.deepcopy(batch)
    found.root_policies = {name: other(policy) for name, policy in found.root_policies.items()}

    for world in found.worlds:
        world.control = _changed(world.control, other)
        for account in world.accounts.values():
            account["policies"] = _changed(account["policies"], identity)
            for role in account["roles"].values():
                role.update(_changed({"trust": role["trust"]}, other))
        for request in _requests(world):
            for name, change in (("policies", identity), ("session_policies", other)):
                policies: Any = request.get(name)
                items: Iterable[Any] = ()
                if isinstance(policies, dict):
                    items = [*policies.items()]
                elif isinstance(policies, list):
                    items = [*enumerate(policies)]
                for key, policy in items:
                    if isinstance(policy, dict):
                        policies[key] = change(policy)
    return found


def _changed(policies: Object, change: Callable[[Object], Object]) -> Object:
    return {
        name: policy if "unreadable" in policy else change(policy)
        for name, policy in policies.items()
    }


def _requests(world: World) -> Iterator[Object]:
    return (asked.request for asked in world.questions if isinstance(asked.request, dict))


def _keep(policy: Object) -> Object:
    return policy


def _owners_of_policies(batch: Batch) -> Iterator[Object]:
    """Yield the users, groups and roles, to which policies are attached."""
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
    for owner_of_policies in _owners_of_policies(found):
        owner_of_policies["policies"] = [*owner_of_policies.get("policies", []), "deny-all"]
    return found


def _match_nothing(_: Pick, batch: Batch, catalog: Catalog) -> Batch:
    def match_nothing(policy: Object) -> Object:
        if is_trust(policy):  # it makes a request malformed
            return policy
        statements = [
            {key: value for key, value in statement.items() if key != "NotAction"}
            | {"Action": "nothing:Nothing"}
            for statement in policy["Statement"]
        ]
        return policy | {"Statement": statements}

    found = _rewrite(batch, match_nothing, _keep)
    for owner_of_policies in _owners_of_policies(found):
        owner_of_policies["policies"] = [
            attached
            for attached in owner_of_policies.get("policies", [])
            if (attached if isinstance(attached, str) else attached["policy"])
            not in {*catalog.system_policies, *batch.system_policies}
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


def _adder(pick: Pick, effect: str) -> Callable[[Object], Object]:
    def change(policy: Object) -> Object:
        if pick.chance(1, 3):
            return policy
        added = _some_statement(pick, effect, trust=is_trust(policy))
        statements = list(policy["Statement"])
        statements.insert(pick.below(len(statements) + 1), added)
        return policy | {"Statement": statements}

    return change


def _add_denies(pick: Pick, batch: Batch, _: Catalog) -> Batch:
    change = _adder(pick, "Deny")
    return _rewrite(batch, change, change)


def _add_allows(pick: Pick, batch: Batch, _: Catalog) -> Batch:
    return _rewrite(batch, _adder(pick, "Allow"), _keep)


def _shuffle(pick: Pick, batch: Batch, _: Catalog) -> Batch:
    def shuffle_all(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            return {key: shuffle_all(value[key]) for key in shuffle(value)}
        return [shuffle_all(item) for item in shuffle(value)] if isinstance(value, list) else value

    def shuffle(items: Iterable[Any]) -> list[Any]:
        found = list(items)
        for place in range(len(found) - 1, 0, -1):
            other = pick.below(place + 1)
            found[place], found[other] = found[other], found[place]
        return found

    return _change_everything(batch, shuffle_all)


def _repeat(_: Pick, batch: Batch, __: Catalog) -> Batch:
    def twice(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            return {
                key: inner if key == "service_linked_roles" else twice(inner)
                for key, inner in value.items()
            }
        return [twice(item) for item in (*value, *value)] if isinstance(value, list) else value

    return _change_everything(batch, twice)


def _change_everything(batch: Batch, change: Callable[[Any], Any]) -> Batch:
    found = copy.deepcopy(batch)
    found.root = change(found.root)
    found.system_policies = change(found.system_policies)
    found.root_policies = change(found.root_policies)
    for world in found.worlds:
        for name in ("accounts", "control", "root_members", "folders"):
            setattr(world, name, change(getattr(world, name)))
        for asked in world.questions:
            asked.request = change(asked.request)
    return found


def _split_policies(_: Pick, batch: Batch, catalog: Catalog) -> Batch:
    """Make each statement a policy of its own, so that an index by action cannot skip another."""
    found = copy.deepcopy(batch)
    parts = _Parts({*catalog.system_policies, *batch.system_policies})
    for world in found.worlds:
        for account in world.accounts.values():
            for owner_of_policies in (
                *account["users"].values(),
                *account["groups"].values(),
                *account["roles"].values(),
            ):
                owner_of_policies["policies"] = [
                    part
                    for attached in owner_of_policies.get("policies", [])
                    for part in parts.of_attachment(attached, account["policies"])
                ]
            account["policies"] = parts.of_policies(account["policies"])
        for level in _levels({"folders": world.folders, "accounts": world.root_members}):
            level["control_policies"] = [
                part
                for attached in level["control_policies"]
                for part in parts.of_attachment(attached, world.control)
            ]
        world.control = parts.of_policies(world.control)
        for request in _requests(world):
            policies = request.get("policies")
            if isinstance(policies, dict) and all(
                isinstance(policy, dict) for policy in policies.values()
            ):
                request["policies"] = parts.of_policies(policies)
    found.root = [
        part for name in found.root for part in parts.of_attachment(name, found.root_policies)
    ]
    found.root_policies = parts.of_policies(found.root_policies)
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Parts:
    """The policies that a policy is split into; one that has the name of another stays whole."""

    whole: set[str]

    def of_policies(self, policies: Object) -> Object:
        found: Object = {}
        for name, policy in policies.items():
            found[name] = policy
            if (parts := self._names(name, policies)) != [name]:
                del found[name]
                for part, statement in zip(parts, policy["Statement"], strict=True):
                    found[part] = policy | {"Statement": [statement]}
        return found

    def of_attachment(self, attached: str | Object, policies: Object) -> list[Any]:
        if isinstance(attached, str):
            return self._names(attached, policies)
        return [attached | {"policy": part} for part in self._names(attached["policy"], policies)]

    def _names(self, name: str, policies: Object) -> list[str]:
        policy = policies.get(name, {})
        if name in self.whole or "Statement" not in policy:
            return [name]
        return [f"{name}-{index}" for index in range(len(policy["Statement"]))]


def _levels(folder: Object) -> Iterator[Object]:
    yield from folder.get("accounts", {}).values()
    for inner in folder.get("folders", {}).values():
        yield inner
        yield from _levels(inner)


# Relations


def _is_denied(before: Case, after: Case) -> bool:
    """True if a decision in which identity policies took part is now denied by the new Deny."""
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


def _is_equal(before: Case, after: Case) -> bool:
    names = ("allow", "effect", "reason", "policy_type")
    return all(before.answer[name] == after.answer[name] for name in names) and (
        before.deciding_statements() == after.deciding_statements()
    )


def _is_equal_within_limits(before: Case, after: Case) -> bool:
    """Return whether the answers are equal, or the longer request is over a limit."""
    errors = after.answer.get("errors", [])
    return any("at most" in error for error in errors) or _is_equal(before, after)


@dataclasses.dataclass(frozen=True, slots=True)
class Theorem:
    """A change to a batch, and the relation between the answers before and after it."""

    change: Change
    related: Related

    def counterexamples(self, opa: Opa, catalog: Catalog, pick: Pick, batch: Batch) -> list[str]:
        """Return the questions for which the theorem is false, each with both answers."""
        changed = self.change(pick, batch, catalog)
        pairs = zip(_cases(opa, batch, catalog), _cases(opa, changed, catalog), strict=True)
        return [
            f"{before.question}: {before.answer}\n{after.question}: {after.answer}"
            for before, after in pairs
            if not self.related(before, after)
        ]


def _cases(opa: Opa, batch: Batch, catalog: Catalog) -> list[Case]:
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
    "policies that match nothing allow nothing": Theorem(_match_nothing, _is_not_allowed),
    "the order of lists and keys does not matter": Theorem(_shuffle, _is_equal),
    "repeated elements of lists do not matter": Theorem(_repeat, _is_equal_within_limits),
    "adding a Deny never allows more": Theorem(_add_denies, _allows_no_more),
    "adding an Allow never denies more": Theorem(_add_allows, _denies_no_more),
    "a lookup by action equals a scan of all statements": Theorem(_split_policies, _is_equal),
}
