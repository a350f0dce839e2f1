"""Compare two stores: find the requests that the new one allows newly, for each principal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

from ramgate.analysis.prover.access import newly_allowed
from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.space import Asker, Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.analysis.prover.access import Difference
    from ramgate.analysis.prover.budget import Budget
    from ramgate.analysis.prover.world import World

__all__ = [
    "Change",
    "Open",
    "changes",
    "principals",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A request that is allowed newly, to the first of some principals with equal policies."""

    askers: tuple[Asker, ...]
    difference: Difference


@dataclasses.dataclass(frozen=True, slots=True)
class Open:
    """A question about some principals that was not decided, and the reason."""

    askers: tuple[Asker, ...]
    reason: str
    is_final: bool


_Role: TypeAlias = "tuple[str, str] | None"


def changes(
    old: World, new: World, budget: Budget, askers: Iterable[Asker] | None = None
) -> Iterator[Change | Open]:
    """Yield the requests that `new` allows and `old` does not, one for each cause and policies.

    Principals for whom the same policies decide, before and after, are compared once. `askers`
    limits the comparison to these. If nothing is yielded, it is proved that nothing is allowed
    newly. After an `Open` that is final, the rest was not compared.
    """
    asked = list(principals(new) if askers is None else askers)
    for group in _groups(old, new, asked):
        for role in (None, *_roles(old, new, group[0])):
            for found in _compare(old, new, group, role, budget):
                yield found
                if isinstance(found, Open) and found.is_final:
                    return


def principals(world: World) -> Iterator[Asker]:
    """Yield the users and roles, and the services and providers that trust policies name."""
    yield from world.askers()
    outside = {name for account, role in world.roles() for name in world.trusted(account, role)}
    for name in sorted(outside):
        if name.endswith(".aliyuncs.com"):
            yield Asker("service", "", name)
        elif "-provider/" in name:
            yield Asker("federated", "", name)


def _groups(old: World, new: World, askers: Sequence[Asker]) -> list[tuple[Asker, ...]]:
    """Divide the principals by all that decides about them; leave out those without a change.

    A change of a role's trust policy is one for all whom the role may admit.
    """
    found: dict[object, list[Asker]] = {}
    for asker in askers:
        found.setdefault(_key(old, new, asker), []).append(asker)
    return [tuple(group) for group in found.values()]


def _key(old: World, new: World, asker: Asker) -> object:
    if not asker.has_identity:
        return asker
    digests = (old.digest(asker), new.digest(asker))
    is_named = any(world.tests_principal(asker) for world in (old, new))
    admitted = tuple(_roles(old, new, asker))
    return asker.kind, asker.account, digests, asker.name if is_named else None, admitted


def _roles(old: World, new: World, asker: Asker) -> list[tuple[str, str]]:
    """Return the roles that the new trust policies let the principal assume, if that may change."""
    same = asker.has_identity and old.digest(asker) == new.digest(asker)
    return [
        (account, role)
        for account, role in new.admitting(asker)
        if not same
        or old.trust_digest(account, role) != new.trust_digest(account, role)
        or old.levels_digest(account) != new.levels_digest(account)
    ]


def _compare(
    old: World, new: World, group: tuple[Asker, ...], role: _Role, budget: Budget
) -> Iterator[Change | Open]:
    asker = group[0]
    if role is None:
        if not asker.has_identity or old.digest(asker) == new.digest(asker):
            return
        space = Space(asker)
        before, after = old.access(asker), new.access(asker)
    else:
        account, name = role
        space = Space(asker, role=f"acs:ram::{account}:role/{name}")
        before, after = (world.assuming(asker, account, name) for world in (old, new))
    try:
        for difference in newly_allowed(before, after, space, budget):
            yield Change(group, difference)
    except Undecided as doubt:
        yield Open(group, str(doubt), doubt.is_final)
