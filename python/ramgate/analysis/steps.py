"""Phrase a diagnosis: one `Step` for each question, from the answers that OPA gave.

Nothing here starts OPA: a `Feature` and the store go in, steps come out.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.accounts.store import Store
    from ramgate.analysis.fixes import AlsoAllows
    from ramgate.model.decision import Decision
    from ramgate.model.service_linked_role import Feature

__all__ = ["Step", "absence", "before_proof", "proof"]

_Name: TypeAlias = Literal["principal", "role", "creation", "obstacle", "remedy", "proof"]

_QUESTIONS: Final[Mapping[_Name, str]] = {
    "principal": "is the principal known?",
    "role": "does the role exist?",
    "creation": "may the principal have the role created?",
    "obstacle": "why not?",
    "remedy": "which change would allow it?",
    "proof": "is it allowed after that change?",
}
_MOST_NAMES: Final = 10


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a diagnosis.

    `passed` is the answer as yes or no, `answer` the answer in words, `evidence` the facts that
    it rests on.

    >>> step = Step(
    ...     step="role",
    ...     question="does the role exist?",
    ...     passed=False,
    ...     answer="no: `AliyunServiceRoleForAlikafka` does not exist in account …",
    ...     evidence={"role": "AliyunServiceRoleForAlikafka", "service_linked_roles": []},
    ... )
    >>> step.evidence["role"]
    'AliyunServiceRoleForAlikafka'
    """

    step: _Name
    question: str
    passed: bool
    answer: str
    evidence: Mapping[str, object]


def _step(name: _Name, answer: str, *, passed: bool, **evidence: object) -> Step:
    question = _QUESTIONS[name]
    return Step(step=name, question=question, passed=passed, answer=answer, evidence=evidence)


def before_proof(feature: Feature, principal: str, store: Store) -> Iterator[Step]:
    """Yield all steps but the proof, up to the first one that ends the diagnosis."""
    decision = feature.authorization
    if decision is not None and (decision.reason == "unknown_principal" or feature.account is None):
        answer = f"no: {absence(principal, store)}"
        yield _step("principal", answer, passed=False, decision=decision)
        return
    yield _principal(principal, str(feature.account), store)
    yield _role(feature, store)
    if feature.outcome == "ready":
        return
    yield _creation(decision)
    if not feature.allow:
        yield from _obstacle_and_remedy(feature)


def absence(principal: str, store: Store) -> str:
    """Explain why a principal is unknown, and name the accounts or principals that exist.

    >>> from ramgate import resources
    >>> from ramgate.accounts import reader
    >>> from ramgate.catalog import catalog
    >>> store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> absence("acs:ram::9999999999999999:user/alice", store)
    'account `9999999999999999` does not exist; the accounts are `1234567890123456`'
    """
    number = principal.removeprefix("acs:ram::").partition(":")[0]
    if number == principal:
        return "it belongs to no account, and a service-linked role is created in an account"
    if number not in store["accounts"]:
        return f"account `{number}` does not exist; the accounts are {_some(store['accounts'])}"
    account = store["accounts"][number]
    names = [f"user/{name}" for name in account["users"]]
    names += [f"role/{role['name']}" for role in account["roles"].values()]
    return f"account `{number}` does not have it; it has {_some(names)}"


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    rest = len(listed) - _MOST_NAMES
    more = [f"{rest} more"] if rest > 0 else []
    return ", ".join([*(f"`{name}`" for name in listed[:_MOST_NAMES]), *more]) or "none"


def _principal(principal: str, number: str, store: Store) -> Step:
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    if kind == "root":
        answer = f"yes: the owner of account `{number}`, who needs no policy"
        return _step("principal", answer, passed=True, account=number, policies=[])
    account, name = store["accounts"][number], rest.partition("/")[0]
    if kind != "user":  # `role/<name>`, or a session of a role: `assumed-role/<name>/<session>`
        kind, name = "role", name.lower()
    scopes = account["users"][name] if kind == "user" else account["roles"][name]
    groups = scopes.get("resource_groups", {})
    attached = {*scopes["policies"], *itertools.chain(*groups.values())}
    policies = sorted(policy.rpartition("/")[2] for policy in attached)
    listed = ", ".join(f"`{policy}`" for policy in policies) or "no policy"
    answer = f"yes: {kind} `{name}` of account `{number}`, with {listed} attached"
    return _step("principal", answer, passed=True, account=number, policies=policies)


def _role(feature: Feature, store: Store) -> Step:
    exists = feature.outcome == "ready"
    answer = (
        f"yes: `{feature.role}` exists, and every user of the account works through it"
        if exists
        else f"no: `{feature.role}` does not exist in account `{feature.account}`"
    )
    existing = sorted(
        role["name"]
        for name, role in store["accounts"][str(feature.account)]["roles"].items()
        if name in store["service_linked_roles"]
    )
    return _step("role", answer, passed=exists, role=feature.role, service_linked_roles=existing)


def _creation(decision: Decision | None) -> Step:
    if decision is None or decision.allow:
        answer = "yes: the service creates it when the feature is first used"
        return _step("creation", answer, passed=True, decision=decision)
    answer = f"no: {decision.effect}, {decision.reason}"
    return _step("creation", answer, passed=False, decision=decision)


def _obstacle_and_remedy(feature: Feature) -> Iterator[Step]:
    remedy = feature.remedy
    decision = feature.authorization
    if remedy is None and decision is not None and decision.reason == "policy_unreadable":
        answer = "a policy of the principal is `unreadable` in the accounts"
        yield _step("obstacle", answer, passed=False)
        answer = "none: first replace that policy by a document that ramgate can read"
        yield _step("remedy", answer, passed=False)
        return
    if remedy is None:
        answer = "no change to the principal's policies would allow it"
        yield _step("obstacle", answer, passed=False)
        answer = "none: let another principal have the role created"
        yield _step("remedy", answer, passed=False)
        return
    obstacles = [f"the statement `{statement}` denies it" for statement in remedy.remove]
    obstacles += [f"{_control_policies(depth)} do not allow it" for depth in remedy.levels]
    if remedy.policy is not None:
        obstacles.append("no policy of the principal allows it")
    yield _step(
        "obstacle",
        "; ".join(obstacles),
        passed=True,
        statements=remedy.remove,
        levels=remedy.levels,
        needs_policy=remedy.policy is not None,
    )
    yield _step("remedy", str(remedy), passed=True, remedy=remedy)


def _control_policies(depth: int) -> str:
    return f"the control policies of level {depth}" + ("" if depth else " (the root folder)")


def proof(answers: Mapping[str, tuple[Feature, AlsoAllows]]) -> Step:
    """Return the last step, from the feature's answer for each alternative of the remedy.

    With each answer comes everything else that the alternative allows.
    """
    passed = all(answer for answer, _ in answers.values())
    results = "; ".join(_result(name, *found) for name, found in answers.items())
    evidence = {
        name: {
            "outcome": answer.outcome,
            "authorization": answer.authorization,
            "also_allows": rest,
        }
        for name, (answer, rest) in answers.items()
    }
    answer = f"{'yes' if passed else 'no'}: {results}"
    return _step("proof", answer, passed=passed, answers=evidence)


def _result(name: str, answer: Feature, rest: AlsoAllows) -> str:
    decision = answer.authorization
    statements = decision.statements if decision is not None else ()
    by = f" by {', '.join(f'`{one}`' for one in statements)}" if statements else ""
    return f"with {name}, the outcome is `{answer.outcome}`{by}; it {rest}"
