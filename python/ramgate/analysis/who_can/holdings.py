"""How principals come by the policies that decide, and the principals that roles trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ramgate.analysis.question import GROUP_KEY
from ramgate.analysis.who_can.result import Holding, NotDecided
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.model.decision import Context, Decision

__all__ = ["Trusted", "holdings"]


def holdings(
    store: Store, principal: Principal | None, decision: Decision, context: Context
) -> Iterator[Holding]:
    """Yield how a principal comes by the policies that decided, in the order of the statements.

    A service or a provider, which is None, has only trust policies.
    """
    policies = dict.fromkeys(one.policy for one in decision.statements)
    if principal is None or decision.policy_type == "AssumeRolePolicy":
        for policy in policies:
            yield Holding(policy, "trust", policy.removeprefix("trust:"))
        return
    resource_group = None
    if decision.policy_type == "ResourceGroupLevelIdentityBasedPolicy":
        resource_group = str(context[GROUP_KEY])
    for to, name, scopes in _attached(store, principal):
        ids = scopes["policies"]
        if resource_group is not None:
            ids = scopes.get("resource_groups", {}).get(resource_group, [])
        held = {policy.partition("/")[2] or policy for policy in ids}
        for policy in policies:
            if policy in held:
                yield Holding(policy, to, name, resource_group)


def _attached(
    store: Store, principal: Principal
) -> Iterator[tuple[Literal["user", "group", "role"], str, Mapping[str, Any]]]:
    """Yield a principal and its groups, each with the policies that are attached to it."""
    account = store["accounts"][principal.account]
    if principal.kind == "role":
        role = account["roles"][principal.name]
        yield "role", role["name"], role
    elif principal.kind == "user":
        user: Mapping[str, Any] = account["users"][principal.name]
        yield "user", principal.name, user.get("own", user)
        for group in user.get("groups", ()):
            yield "group", group, account["groups"][group]


class Trusted:
    """The principals that the trust policies of some roles name.

    `named` are all of them, `outside` the services and providers.
    """

    def __init__(self, store: Store, roles: Iterable[tuple[str, str]]) -> None:
        self._accounts = store["accounts"]
        self.named: set[str] = set()
        for account, name in roles:
            document: Any = store["policies"][self._accounts[account]["roles"][name]["trust"]]
            for statement in document.get("statements", ()):
                self.named.update(statement["principals"])
        self.outside = sorted(one for one in self.named if not grammar.RAM_PRINCIPAL.fullmatch(one))

    def unknown(self) -> Iterator[NotDecided]:
        """Yield the trusted principals of accounts that the store does not contain."""
        for one in sorted(self.named.difference(self.outside)):
            if one.split(":")[3] not in self._accounts:
                yield NotDecided(one, "a role trusts it, and the accounts do not contain it")
