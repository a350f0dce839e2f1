"""The requests of a question, for one principal, with the ways in which they may be allowed."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING, Final

from ramgate.analysis.asking import asked
from ramgate.analysis.prover.access import Way
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.question import TIME_KEY
from ramgate.language.condition import glob
from ramgate.language.translation import translate
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.analysis.prover.access import Access
    from ramgate.analysis.prover.point import Point
    from ramgate.analysis.prover.world import World
    from ramgate.analysis.question import Question

__all__ = ["Spaces", "outsider"]

_EVERYTHING: Final = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
# an owner has no policies: it may do everything, but never assume a role (5.3)
_OWNER: Final[Access] = (Way((tuple(statements_of("", translate(_EVERYTHING))),), ()),)


def outsider(name: str) -> Asker:
    """Return the asker for the name of a service, or for a provider's ARN.

    >>> outsider("ecs.aliyuncs.com").kind
    'service'
    """
    return Asker("service" if name.endswith(".aliyuncs.com") else "federated", "", name)


class Spaces:
    """The requests of a question in the accounts of a store.

    `roles` has the account and the name in lower case of each role that may be assumed. Other roles
    do not exist, and requests to assume them are left out, unless the question names one of them.
    The time is now, unless the question says otherwise.
    """

    def __init__(self, store: Store, world: World, question: Question) -> None:
        self._world = world
        self._question = question
        self.roles = question.roles(store)
        self._missing = None if self.roles else question.named_role
        self._given = dict(question.context)
        free = question.unknown
        self._is_now = free is not None and TIME_KEY not in (*self._given, *free)
        if self._is_now:
            now = datetime.datetime.now(tz=datetime.UTC)
            self._given[TIME_KEY] = f"{now:%Y-%m-%dT%H:%M:%S}Z"

    def of(self, asked_by: Principal | str) -> Iterator[tuple[Space, Access]]:
        """Yield the requests of a principal, or of a service or a provider.

        Requests to assume a role come last, those of each role by themselves.
        """
        is_owner = not isinstance(asked_by, str) and asked_by.kind == "owner"
        if isinstance(asked_by, str):
            asker = outsider(asked_by)
            for account, _ in self.roles[:1]:
                # of all other requests, which are denied, those in one account suffice
                yield self._space(dataclasses.replace(asker, account=account), is_stated=True), ()
        else:
            kind = "user" if is_owner else asked_by.kind
            asker = Asker(kind, asked_by.account, asked_by.name)
            yield self._space(asker), _OWNER if is_owner else self._world.access(asker)
        for account, name in self.roles:
            role = f"acs:ram::{account}:role/{name}"
            access = () if is_owner else self._world.assuming(asker, account, name)
            yield self._space(asker, role), access
        if self._missing is not None:
            yield self._space(asker, self._missing), ()

    def _space(self, asker: Asker, role: str | None = None, *, is_stated: bool = False) -> Space:
        question = self._question
        return Space(
            asker,
            [glob(question.action)],
            question.resource if role is None else None,
            role,
            self._given,
            question.unknown,
            is_stated=is_stated or not (question.as_pattern or question.has_wildcard),
        )

    def request(self, principal: str, point: Point) -> Request:
        """Return the request that was found, as one of a principal; the time of now is left out."""
        request = asked(principal, point.request)
        if not self._is_now:
            return request
        context = {key: value for key, value in request.context.items() if key != TIME_KEY}
        return Request(principal, request.action, request.resource, context)
