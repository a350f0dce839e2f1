"""Find the principals and roles, among all that accounts may have, that tell two sides apart."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import TYPE_CHECKING, Final

from ramgate.analysis.prover.access import newly_allowed
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.space import TRUST_ACTIONS, Asker, Space
from ramgate.analysis.prover.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.access import Access

__all__ = ["Found", "Search"]

_SECONDS: Final = 30.0
_KINDS: Final = ("user", "role")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A principal that tells the sides apart, and the ARN of the role that it assumes, if any."""

    principal: str
    role: str | None


class Search:
    """Compares the documents of two stores for any user and role, not only for those in them.

    Afterwards `doubts` has the reasons of the comparisons that were not decided.
    """

    def __init__(self, old: Store, new: Store) -> None:
        self._worlds = (World(old), World(new))
        self._budget = Budget(time.monotonic() + _SECONDS)
        self.doubts: list[str] = []

    def of_policy(self, holder: str, numbers: Sequence[str]) -> Iterator[Found]:
        """Yield principals for whom the policies of a user tell the sides apart.

        Each account of `numbers` has a user of that name, and any role may be assumed.
        """
        for number in numbers:
            named = Asker("user", number, holder)
            askers = [named]
            if self._tests_principal(named):
                askers += [Asker(kind, number, None, like=holder) for kind in _KINDS]
            for asker in askers:
                sides = [world.access(asker) for world in self._worlds]
                if asker.name is None:
                    yield from self._between(sides, Space(asker))
                if any(map(_may_assume, sides)):
                    for other in numbers:
                        role = f"acs:ram::{other}:role/*"
                        yield from self._between(sides, Space(asker, role=role))

    def of_trust(self, role: tuple[str, str], trusted: Iterable[str], like: str) -> Iterator[Found]:
        """Yield principals of trusted accounts for whom a role's trust policy tells them apart.

        They hold the policies of the user `like`. A principal that the policy names is left out.
        """
        arns = sorted(trusted)
        for root in (arn for arn in arns if arn.endswith(":root")):
            number = root.split(":")[3]
            for kind in _KINDS:
                path = f"acs:ram::{number}:{kind}/"
                named = frozenset(arn.removeprefix(path) for arn in arns if arn.startswith(path))
                asker = Asker(kind, number, None, unnamed=named, like=like)
                sides = [world.assuming(asker, *role) for world in self._worlds]
                space = Space(asker, role=f"acs:ram::{role[0]}:role/{role[1]}")
                yield from self._between(sides, space)

    def _tests_principal(self, asker: Asker) -> bool:
        return any(world.tests_principal(asker) for world in self._worlds)

    def _between(self, sides: Sequence[Access], space: Space) -> Iterator[Found]:
        for before, after in itertools.permutations(sides):
            try:
                for difference in newly_allowed(before, after, space, self._budget):
                    request = difference.point.request
                    yield Found(request.principal, request.resource if space.role else None)
            except Undecided as doubt:
                self.doubts.append(str(doubt))


def _may_assume(access: Access) -> bool:
    return any(
        statement.covers(action)
        for way in access
        for statement in itertools.chain(*way.layers)
        for action in TRUST_ACTIONS
    )
