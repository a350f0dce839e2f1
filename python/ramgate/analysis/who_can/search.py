"""Decide one request for all principals of accounts, once for each class of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from ramgate.analysis.engine import decide_all
from ramgate.analysis.population import Population, Principal
from ramgate.analysis.sides.side import load
from ramgate.analysis.who_can.result import Asked, Holding, NotDecided, Permission, WhoCan
from ramgate.errors import InvalidRequest
from ramgate.language import grammar
from ramgate.model.decision import NO_CONTEXT, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Context, Decision

__all__ = ["search", "who_can"]

_ROLE: Final = re.compile(rf"acs:ram:\*?:([0-9]{{16}}|\*|):role/({grammar.NAME.pattern})")
_TRUST_ACTIONS: Final = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")
_OWN_KEY: Final = "acs:PrincipalARN"
_GROUP_KEY: Final = "acs:ResourceGroupId"


def who_can(
    accounts: Path | str, action: str, resource: str, context: Context = NO_CONTEXT
) -> WhoCan:
    """Return the principals that may do an action on a resource.

    `accounts` is an accounts file, a folder, a bundle or `git:REF:PATH`. If the action assumes a
    role, the services and providers that the role trusts are decided, too. Raises `InvalidFiles`
    for faulty accounts, and `InvalidRequest` if the request is malformed.

    >>> from ramgate import resources
    >>> role = "acs:ram::1234567890123456:role/AliyunServiceRoleForAlikafkaETL"
    >>> found = who_can(resources.path("examples/accounts.yaml"), "sts:AssumeRole", role)
    >>> [one.principal for one in found.services]
    ['etl.alikafka.aliyuncs.com']
    """
    return search(load(str(accounts)).store, action, resource, context)


def search(store: Store, action: str, resource: str, context: Context = NO_CONTEXT) -> WhoCan:
    """Return the principals of a store that may do an action, as `who_can` does.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> found = search(store, "ram:ListRoles", "*")
    >>> [one.principal for one in found.allowed]
    ['acs:ram::1234567890123456:root']
    """
    if _OWN_KEY in context:
        message = f"{_OWN_KEY}: is filled in from each principal: leave it out"
        raise InvalidRequest([f"context.{message}"])
    trust = _Trust(store, action, resource)
    group = context.get(_GROUP_KEY)
    population = Population(store)
    classes = population.classes(
        group=group if isinstance(group, str) else None, trusted=trust.named
    )
    askers = [members[0].arn for members in classes] + trust.services
    requests = [Request(asker, action, resource, context) for asker in askers]
    decisions = decide_all(store, requests)
    for decision in decisions:
        if decision.errors:
            raise InvalidRequest(decision.errors)
    found: dict[str, Permission] = {}
    for members, decision in zip(classes, decisions, strict=False):
        for one in members:
            request = Request(one.arn, action, resource, context)
            found[one.arn] = _permission(request, decision, tuple(_through(one, decision, context)))
    services = zip(requests[len(classes) :], decisions[len(classes) :], strict=True)
    return WhoCan(
        Asked(action, resource, context),
        tuple(found[one.arn] for one in population.principals),
        tuple(
            _permission(request, decision, tuple(_by_trust(decision)))
            for request, decision in services
        ),
        tuple(trust.unknown()),
        len(requests),
    )


def _permission(request: Request, decision: Decision, through: tuple[Holding, ...]) -> Permission:
    return Permission(
        request.principal,
        "every" if decision else "none",
        request if decision else None,
        None if decision else request,
        decision.statements,
        through,
    )


def _through(principal: Principal, decision: Decision, context: Context) -> Iterator[Holding]:
    """Yield how a principal comes by the policies that decided, in the order of the statements."""
    if decision.policy_type == "AssumeRolePolicy":
        yield from _by_trust(decision)
        return
    group = None
    ids: Iterable[str] = principal.policies
    if decision.policy_type == "ResourceGroupLevelIdentityBasedPolicy":
        group = str(context[_GROUP_KEY])
        ids = principal.groups.get(group, ())
    held = {policy.partition("/")[2] or policy for policy in ids}
    kind: Literal["user", "role"] = "role" if principal.kind == "role" else "user"
    name = principal.arn.rpartition("/")[2]
    for policy in dict.fromkeys(one.policy for one in decision.statements):
        if policy in held:
            yield Holding(policy, kind, name, group)


def _by_trust(decision: Decision) -> Iterator[Holding]:
    for policy in dict.fromkeys(one.policy for one in decision.statements):
        yield Holding(policy, "trust", policy.removeprefix("trust:"))


class _Trust:
    """The principals that trust policies name, if the request is about assuming a role."""

    def __init__(self, store: Store, action: str, resource: str) -> None:
        self._accounts = store["accounts"]
        self.named: set[str] = set()
        self.services: list[str] = []
        role = _ROLE.fullmatch(resource)
        if role is None or action.lower() not in _TRUST_ACTIONS:
            return
        number, name = role[1], role[2].lower()
        for account, stored in store["accounts"].items():
            if number in ("", "*", account) and name in stored["roles"]:
                document: Any = store["policies"][stored["roles"][name]["trust"]]
                for statement in document.get("statements", ()):
                    self.named.update(statement["principals"])
        if number.isdigit():
            # only a stated account leads a service or a provider to the role
            self.services = sorted(
                one for one in self.named if not grammar.RAM_PRINCIPAL.fullmatch(one)
            )

    def unknown(self) -> Iterator[NotDecided]:
        """Yield the trusted principals of accounts that the store does not contain."""
        for one in sorted(self.named.difference(self.services)):
            if grammar.RAM_PRINCIPAL.fullmatch(one) and one.split(":")[3] not in self._accounts:
                yield NotDecided(one, "the role trusts it, and the accounts do not contain it")
