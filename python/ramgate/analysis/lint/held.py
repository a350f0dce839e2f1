"""The principals that hold a policy, each with all else that decides about its requests."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.analysis.lint.spaces import assuming, elsewhere
from ramgate.analysis.prover.space import Space
from ramgate.analysis.prover.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ramgate.accounts.store import Scopes, Store
    from ramgate.analysis.prover.space import Asker
    from ramgate.analysis.prover.statement import Statement

__all__ = ["Holding", "Holdings", "Question"]

_FOLDERS: Final = {"user": "users", "role": "roles"}
_MOST_CHOICES: Final = 64


class Question(NamedTuple):
    """Requests of the holder, with the Allows of control policies, one a level, and all Denies."""

    space: Space
    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]


@dataclasses.dataclass(frozen=True)
class Holding:
    """A principal that holds a policy, with the other policies of the same layer.

    `own` are the statements of account scope, and of the resource group if the policy is attached
    there. `allowing` are all Allows that the policy's Denies may stand against.
    """

    asker: Asker
    own: tuple[Statement, ...]
    allowing: tuple[Statement, ...]
    levels: tuple[tuple[Statement, ...], ...]
    level_denies: tuple[Statement, ...]

    @functools.cached_property
    def questions(self) -> Sequence[Question]:
        """All requests of the holder, in parts.

        Whether the control policies allow to assume a role depends on the role's account, so they
        are left out: what is proved without their Denies is true with them.
        """
        denies = tuple(one for one in self.own if one.effect == "Deny")
        space = Space(self.asker)
        return [
            *(
                Question(space, chosen, (*denies, *self.level_denies))
                for chosen in itertools.product(*self.levels)
            ),
            Question(assuming(self.asker), (), denies),
        ]

    @property
    def is_restricted(self) -> bool:
        """True if a Deny or a control policy may keep an Allow from granting something."""
        return bool(self.levels) or any(one.effect == "Deny" for one in self.own)

    @functools.cached_property
    def everywhere(self) -> Sequence[Space]:
        """All requests of the holder, for resources of any account."""
        return (elsewhere(self.asker), assuming(self.asker))


class Holdings:
    """The principals that hold each policy of the accounts in a store.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> found = Holdings(store).of("AliyunKafkaFullAccess")
    >>> [holding.asker.name for holding in found]
    ['alice']
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._world = World(store)
        self._found: dict[str, Sequence[Holding] | None] = {}

    def of(self, policy: str) -> Sequence[Holding] | None:
        """Return a holding for each way in which a principal holds the policy with this id.

        Principals for whom the same policies decide have one. None if that of some principal is
        not known: it holds a document that ramgate cannot read, or too many policies to compare.
        """
        if policy not in self._found:
            self._found[policy] = self._holdings(policy)
        return self._found[policy]

    def _holdings(self, policy: str) -> Sequence[Holding] | None:
        found: dict[object, Holding] = {}
        for asker, group in self._held.get(policy, ()):
            scopes = self._scopes(asker)
            key = (
                asker.account,
                asker.kind,
                asker.name if self._world.tests_principal(asker) else "",
                group,
                repr((scopes["policies"], scopes.get("resource_groups"))),
                self._world.digest(asker),
            )
            if key not in found:
                holding = self._holding(asker, group)
                if holding is None:
                    return None
                found[key] = holding
        return list(found.values())

    @functools.cached_property
    def _held(self) -> Mapping[str, list[tuple[Asker, str]]]:
        found: dict[str, list[tuple[Asker, str]]] = {}
        for asker in self._world.askers():
            scopes = self._scopes(asker)
            for policy in scopes["policies"]:
                found.setdefault(policy, []).append((asker, ""))
            for group, policies in scopes.get("resource_groups", {}).items():
                for policy in policies:
                    found.setdefault(policy, []).append((asker, group))
        return found

    def _scopes(self, asker: Asker) -> Scopes:
        account = self._store["accounts"][asker.account]
        members: Mapping[str, Scopes] = account["users" if asker.kind == "user" else "roles"]
        return members[asker.name or ""]

    def _holding(self, asker: Asker, group: str) -> Holding | None:
        scopes = self._scopes(asker)
        ids = {"": scopes["policies"], **scopes.get("resource_groups", {})}
        found = {name: self._statements(policies) for name, policies in ids.items()}
        ways = self._world.access(asker)
        if not ways or None in found.values():
            return None
        *levels, _ = ways[0].layers
        if math.prod(map(len, levels)) > _MOST_CHOICES:
            return None
        statements = {name: each or () for name, each in found.items()}
        meanings = {one.meaning for one in statements[""]}
        # 5.6: a Deny of account scope stands against the Allows of resource groups, too
        beside = statements[group] if group else itertools.chain(*statements.values())
        return Holding(
            asker,
            own=(*statements[""], *(statements[group] if group else ())),
            allowing=tuple(one for one in beside if one.effect == "Allow"),
            levels=tuple(levels),
            level_denies=tuple(one for one in ways[0].denies if one.meaning not in meanings),
        )

    def _statements(self, policies: Iterable[str]) -> tuple[Statement, ...] | None:
        found: list[Statement] = []
        for policy in policies:
            statements = self._world.statements(policy)
            if statements is None:
                return None
            found += statements
        return tuple(found)
