"""Find all that a principal may do, and prove that a document says the same."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Final

from ramgate.accounts.near_names import near_name
from ramgate.analysis.engine import NOT_CONFIRMED, decide_all
from ramgate.analysis.lint.patterns import matches
from ramgate.analysis.population import principals as principals_of
from ramgate.analysis.prover import access as ways
from ramgate.analysis.prover.access import Way
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.point import find_point
from ramgate.analysis.prover.space import TRUST_ACTIONS
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.prover.world import World
from ramgate.analysis.question import GROUP_KEY, Question
from ramgate.analysis.sides.side import load
from ramgate.analysis.spaces import Spaces
from ramgate.analysis.what_can.document import draft
from ramgate.analysis.what_can.result import WhatCan
from ramgate.catalog import actions as catalog
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.analysis.prover.access import Access
    from ramgate.analysis.prover.point import Point
    from ramgate.analysis.prover.space import Space
    from ramgate.analysis.prover.statement import Statement
    from ramgate.model.decision import Request

__all__ = ["what_can"]

_SECONDS: Final = 60.0
_OTHER_GROUP: Final = "a-group-without-policies"


def what_can(  # noqa: PLR0913 - the last ones by name
    accounts: Path | str,
    principal: str,
    *,
    action: str = "*",
    resource: str = "*",
    timeout: float = _SECONDS,
    show: Callable[[str], None] = lambda _: None,
) -> WhatCan:
    """Return all that a principal may do in any context, as one document.

    `accounts` is an accounts file, a folder, a bundle or `git:REF:PATH`. `action` and `resource`
    are patterns that limit the answer. After `timeout` seconds the rest is left out, and the
    document is not `proved`. `show` is called with the state of the work. Raises `InvalidFiles` for
    faulty accounts, `ValueError` for an unknown principal, `InvalidRequest` for faulty patterns.

    >>> from ramgate import resources
    >>> found = what_can(
    ...     resources.path("examples/accounts.yaml"),
    ...     "acs:ram::1234567890123456:user/bob",
    ...     action="alikafka:*",
    ... )
    >>> [statement["Effect"] for statement in found.document["Statement"]], found.exact
    (['Allow', 'Deny'], 'proved')
    """
    store = load(str(accounts)).store
    return _Search(store, principal, Budget(time.monotonic() + timeout), show).answer(
        Question(action, resource, unknown=None)
    )


class _Search:
    def __init__(
        self, store: Store, principal: str, budget: Budget, show: Callable[[str], None]
    ) -> None:
        self._store = store
        self._world = World(store)
        self._budget = budget
        self._show = show
        self._asked_by = _find(store, principal)
        self._name = principal if isinstance(self._asked_by, str) else self._asked_by.arn
        self._reasons: list[str] = []

    def answer(self, question: Question) -> WhatCan:
        """Return the answer within the action and the resource of the question."""
        document, actions, roles = None, tuple[str, ...](), tuple[str, ...]()
        try:
            for space, access in Spaces(self._store, self._world, question).of(self._asked_by):
                if space.role is None:
                    document = self._document(access, space)
            roles = self._confirmed(self._roles(question))
            actions = self._confirmed(self._actions(question))
        except Undecided as doubt:
            self._reasons.append(f"{doubt}: the rest was left out")
        return WhatCan(
            self._name,
            question.action,
            question.resource,
            document,
            "not_decided" if self._reasons else "proved",
            tuple(self._reasons),
            actions,
            roles,
        )

    def _document(self, access: Access, space: Space) -> dict[str, object] | None:
        """Return the document, and prove that it allows the same requests."""
        if ways.allowed(access, space, self._budget) is None:
            return None
        first, *others = access
        more = [way for way in others if self._allows_more((first,), way, space)]
        written = draft((first, *more))
        self._reasons += written.doubts
        statements = [*written.allows, *written.denies]
        said = statements_of("", translate({"Version": "1", "Statement": statements}))
        allows, denies = (
            self._needed([one for one in said if one.effect == effect], space)
            for effect in ("Allow", "Deny")
        )
        same: Access = (Way((allows,), denies),)
        for word, before, after in (("more", access, same), ("less", same, access)):
            for one in _by_group(space, access):
                found = next(ways.newly_allowed(before, after, one, self._budget), None)
                if found is not None:
                    request = found.point.request
                    example = f"{request.action} on {request.resource}"
                    self._reasons.append(f"the document allows {word}, such as {example}")
                    break
        kept = [statements[one.index] for one in (*allows, *denies)]
        return {"Version": "1", "Statement": kept}

    def _allows_more(self, access: Access, way: Way, space: Space) -> bool:
        """True if a way to be allowed adds requests to the others."""
        added = ways.newly_allowed(access, (*access, way), space, self._budget)
        return next(added, None) is not None

    def _needed(self, statements: Sequence[Statement], space: Space) -> tuple[Statement, ...]:
        """Return the statements that say more than the others together, within the question."""
        left = list(statements)
        for one in statements:
            others = [other for other in left if other is not one]
            if find_point([one], others, space, self._budget) is None:
                left = others
        return tuple(left)

    def _roles(self, question: Question) -> Iterator[tuple[str, Request]]:
        """Yield the roles that the principal may assume, each with a request that is allowed."""
        for action in TRUST_ACTIONS:
            if not _covers(question.action, action):
                continue
            assuming = Question(action, question.resource, unknown=None)
            spaces = Spaces(self._store, self._world, assuming)
            for space, access in spaces.of(self._asked_by):
                point = ways.allowed(access, space, self._budget) if space.role else None
                if point is not None:
                    account, _, name = str(space.role).removeprefix("acs:ram::").partition(":role/")
                    stored = self._store["accounts"][account]["roles"][name]
                    yield (
                        f"acs:ram::{account}:role/{stored['name']}",
                        spaces.request(self._name, point),
                    )

    def _actions(self, question: Question) -> Iterator[tuple[str, Request]]:
        """Yield the catalog's actions that may be allowed, each with a request that is."""
        for code in _services():
            known = catalog.service(code)
            names = sorted(known.actions.values(), key=str) if known else []
            asked = [str(one) for one in names if _covers(question.action, str(one).lower())]
            asked = [one for one in asked if one.lower() not in TRUST_ACTIONS]
            if not asked or self._is_denied(f"{code}:*", question):
                continue
            self._show(f"actions of {code}")
            for action in asked:
                point, spaces = self._allowed(action, question)
                if point is not None:
                    yield action, spaces.request(self._name, point)

    def _is_denied(self, action: str, question: Question) -> bool:
        return self._allowed(action, question)[0] is None

    def _allowed(self, action: str, question: Question) -> tuple[Point | None, Spaces]:
        asked = Question(action, question.resource, unknown=None)
        spaces = Spaces(self._store, self._world, asked)
        # the first space has all requests but those to assume a role
        space, access = next(spaces.of(self._asked_by), (None, ()))
        if space is None or space.role is not None:
            return None, spaces
        return ways.allowed(access, space, self._budget), spaces

    def _confirmed(self, found: Iterator[tuple[str, Request]]) -> tuple[str, ...]:
        """Return the names whose requests OPA allows, without repeats."""
        named = list(found)
        decisions = decide_all(self._store, [request for _, request in named])
        allowed = [name for (name, _), one in zip(named, decisions, strict=True) if one]
        if len(allowed) < len(named):
            self._reasons.append(NOT_CONFIRMED)
        return tuple(dict.fromkeys(allowed))


def _services() -> list[str]:
    return sorted(catalog.codes())


def _by_group(space: Space, access: Access) -> list[Space]:
    """Divide the requests by their resource group, if policies are attached to one.

    A condition of the document cannot tell one resource group from a list of several, which names
    none (5.6): requests with a list are left out.
    """
    groups = {way.group for way in access if way.group is not None}
    named = [(), *sorted(groups), _OTHER_GROUP] if groups else []
    return [
        dataclasses.replace(space, given={**space.given, GROUP_KEY: group}) for group in named
    ] or [space]


def _find(store: Store, name: str) -> Principal | str:
    """Return the principal with an ARN, or the name of a service or a provider."""
    if name.endswith(".aliyuncs.com") or "-provider/" in name:
        return name
    compared = name.lower() if ":role/" in name else name
    for one in principals_of(store):
        if one.compared == compared:
            return one
    hint = near_name(name, store) or "write the ARN of a user, a role or an owner, or a service"
    raise ValueError(f"the accounts do not have the principal `{name}`: {hint}")


def _covers(pattern: str, action: str) -> bool:
    return matches(pattern.lower(), action)
