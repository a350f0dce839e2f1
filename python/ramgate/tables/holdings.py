"""List the policies that decide about each principal of an account, layer by layer.

The numbers in comments are those of the rules in `docs/reference/policy-language.md`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from ramgate.accounts.store import Account, Scopes

__all__ = ["CONTROL", "IN_GROUP", "OWN", "Holding", "Policies", "digest", "holdings"]

CONTROL: Final = "ControlPolicy"
OWN: Final = "AccountLevelIdentityBasedPolicy"
IN_GROUP: Final = "ResourceGroupLevelIdentityBasedPolicy"


class Policies(NamedTuple):
    """A set of policies, by their ids: the control policies by level, the account's, a group's."""

    levels: tuple[tuple[str, ...], ...]
    own: tuple[str, ...]
    group: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """The set's name: the id of its only policy, or else `set:` and a digest."""
        if not self.levels and len(self.own) == 1 and self.group is None:
            return self.own[0]
        return f"set:{digest(tuple(self))}"

    @property
    def ids(self) -> set[str]:
        """The ids of all policies of the set."""
        return {policy for _, layer in self.layers for policy in layer}

    @property
    def layers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The layers in the order in which they decide: the policy type, and the ids."""
        for level in self.levels:
            yield CONTROL, level
        yield OWN, self.own
        if self.group is not None:
            yield IN_GROUP, self.group


class Holding(NamedTuple):
    """The policies that decide about a principal, in a resource group or (`""`) outside of any."""

    arn: str
    group: str
    policies: Policies


def holdings(
    number: str,
    account: Account,
    levels: Iterable[Iterable[str]],
    service_linked_roles: Container[str],
) -> Iterator[Holding]:
    """Yield the holdings of an account's roles, in both spellings, and of its users."""
    control = tuple(tuple(level) for level in levels)
    for folded, role in account["roles"].items():
        service_linked = folded in service_linked_roles
        # 5.6: without a document, the policy of a service-linked role is unknown
        if role["policies"] or not service_linked:
            # 5.4: control policies do not bind a service-linked role
            bound = () if service_linked else control
            # 3.4: RAM's own ARNs have the name in lower case
            for spelling in dict.fromkeys((role["name"], folded)):
                yield from _by_group(f"acs:ram::{number}:role/{spelling}", role, bound)
    for name, user in account["users"].items():
        yield from _by_group(f"acs:ram::{number}:user/{name}", user, control)


def digest(value: object) -> str:
    """Return a name for a value of JSON's types: equal values have equal names.

    A tuple is the same as a list, and objects differ if the order of their keys does.
    """
    return hashlib.blake2b(msgspec.json.encode(value), digest_size=16).hexdigest()


def _by_group(arn: str, scopes: Scopes, control: tuple[tuple[str, ...], ...]) -> Iterator[Holding]:
    own = tuple(scopes["policies"])
    yield Holding(arn, "", Policies(control, own))
    for group, attached in scopes.get("resource_groups", {}).items():
        yield Holding(arn, group, Policies(control, own, tuple(attached)))
