"""Compare two stores: find the requests that the new one allows newly, for each principal."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ramgate.analysis.prover.access import Way, newly_allowed
from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.space import Asker, Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


_NOTHING_KNOWN: Final[Mapping[Asker, Way]] = MappingProxyType({})


def changes(
    old: World,
    new: World,
    budget: Budget,
    askers: Iterable[Asker] | None = None,
    known: Mapping[Asker, Way] = _NOTHING_KNOWN,
) -> Iterator[Change | Open]:
    """Yield the requests that `new` allows and `old` does not, one for each cause and policies.

    Principals for whom the same policies decide, before and after, are compared once. `askers`
    limits the comparison to these. Requests that `known` allows a principal are left out. If
    nothing is yielded, it is proved that nothing else is allowed newly. After an `Open` that is
    final, the rest was not compared.
    """
    comparison = _Comparison(old, new, budget, known)
    asked = list(principals(new) if askers is None else askers)
    for group in comparison.groups(asked):
        for role in (None, *comparison.roles(group[0])):
            for found in comparison.compare(group, role):
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


@dataclasses.dataclass(frozen=True, slots=True)
class _Comparison:
    old: World
    new: World
    budget: Budget
    known: Mapping[Asker, Way]

    def groups(self, askers: Iterable[Asker]) -> list[tuple[Asker, ...]]:
        """Divide the principals by all that decides about them."""
        found: dict[object, list[Asker]] = {}
        for asker in askers:
            found.setdefault(self._key(asker), []).append(asker)
        return [tuple(group) for group in found.values()]

    def roles(self, asker: Asker) -> list[tuple[str, str]]:
        """Return the roles that the principal may be allowed to assume newly."""
        is_same = asker.has_identity and self._has_same_policies(asker)
        return [
            role
            for role in self.new.admitting(asker)
            if not (is_same and self._has_same_trust(*role))
        ]

    def compare(
        self, group: tuple[Asker, ...], role: tuple[str, str] | None
    ) -> Iterator[Change | Open]:
        """Yield the requests that are allowed newly: to assume the role, or all others."""
        asker = group[0]
        if role is None:
            if not asker.has_identity or self._has_same_policies(asker):
                return
            space = Space(asker)
            before, after = self.old.access(asker), self.new.access(asker)
        else:
            space = Space(asker, role=f"acs:ram::{role[0]}:role/{role[1]}")
            before, after = (one.assuming(asker, *role) for one in (self.old, self.new))
        if asker in self.known:
            before = (*before, self.known[asker])
        try:
            for difference in newly_allowed(before, after, space, self.budget):
                yield Change(group, difference)
        except Undecided as doubt:
            yield Open(group, str(doubt), doubt.is_final)

    def _key(self, asker: Asker) -> object:
        if not asker.has_identity or asker in self.known:
            return asker
        worlds = (self.old, self.new)
        roles = tuple(self.roles(asker))
        is_named = any(one.tests_principal(asker, roles) for one in worlds)
        return (
            asker.kind,
            asker.account,
            tuple(one.digest(asker) for one in worlds),
            asker.name if is_named else None,
            roles,
        )

    def _has_same_policies(self, asker: Asker) -> bool:
        return self.old.digest(asker) == self.new.digest(asker)

    def _has_same_trust(self, account: str, role: str) -> bool:
        worlds = (self.old, self.new)
        trusts = {one.trust_digest(account, role) for one in worlds}
        levels = {one.levels_digest(account) for one in worlds}
        return len(trusts) == len(levels) == 1
