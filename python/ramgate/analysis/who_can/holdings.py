"""How principals come by the policies that decide, and the principals that roles trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ramgate.analysis.who_can.question import GROUP_KEY
from ramgate.analysis.who_can.result import Holding, NotDecided
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.model.decision import Context, Decision

__all__ = ["Trusted", "holdings"]


def holdings(
    principal: Principal | None, decision: Decision, context: Context
) -> Iterator[Holding]:
    """Yield how a principal comes by the policies that decided, in the order of the statements.

    A service or a provider, which is None, has only trust policies.
    """
    policies = dict.fromkeys(one.policy for one in decision.statements)
    if principal is None or decision.policy_type == "AssumeRolePolicy":
        for policy in policies:
            yield Holding(policy, "trust", policy.removeprefix("trust:"))
        return
    group = None
    ids: Iterable[str] = principal.policies
    if decision.policy_type == "ResourceGroupLevelIdentityBasedPolicy":
        group = str(context[GROUP_KEY])
        ids = principal.groups.get(group, ())
    held = {policy.partition("/")[2] or policy for policy in ids}
    kind: Literal["user", "role"] = "role" if principal.kind == "role" else "user"
    name = principal.arn.rpartition("/")[2]
    for policy in policies:
        if policy in held:
            yield Holding(policy, kind, name, group)


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
