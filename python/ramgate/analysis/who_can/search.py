"""Find the principals that may do an action, once for each class of principals."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from ramgate.analysis.question import Question
from ramgate.analysis.sides.side import load
from ramgate.analysis.who_can.patterns import answer_all
from ramgate.analysis.who_can.request import answer_one
from ramgate.hints.hints import misspelt
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.analysis.who_can.result import WhoCan
    from ramgate.model.decision import Context

__all__ = ["search", "who_can"]

_SECONDS: Final = 60.0
_logger = logging.getLogger(__name__)


def who_can(  # noqa: PLR0913 - the last ones by name
    accounts: Path | str,
    action: str,
    resource: str,
    context: Context = NO_CONTEXT,
    *,
    unknown: Collection[str] | None = (),
    timeout: float = _SECONDS,
    show: Callable[[str], None] = lambda _: None,
) -> WhoCan:
    """Return the principals that may do an action on a resource.

    `accounts` is an accounts file, a folder, a bundle or `git:REF:PATH`. `action` and `resource`
    may be patterns: a `*` in the place of the account stands for the principal's own. `unknown`
    are keys that may have any value or be absent, None stands for all. A pattern is answered for
    all its requests: the answers `every` and `none` are proved.

    If the action assumes a role, the services and providers that the role trusts are decided, too.
    Of patterns, only those that begin with `sts:` do. After `timeout` seconds the rest is
    `not_decided`. `show` is called with the state of long work. Raises `InvalidFiles` for faulty
    accounts, and `InvalidRequest` if the request is malformed. An action that is probably misspelt
    is logged.

    >>> from ramgate import resources
    >>> example = resources.path("examples/accounts.yaml")
    >>> role = "acs:ram::1234567890123456:role/AliyunServiceRoleForAlikafkaETL"
    >>> [one.principal for one in who_can(example, "sts:AssumeRole", role).services]
    ['etl.alikafka.aliyuncs.com']
    >>> found = who_can(example, "alikafka:Delete*", "*")
    >>> [(one.principal, one.answer) for one in found.allowed]
    [('acs:ram::1234567890123456:user/alice', 'every'), ('acs:ram::1234567890123456:root', 'every')]
    """
    if doubt := misspelt(action):
        _logger.warning("%s", doubt)
    store = load(str(accounts)).store
    return search(store, action, resource, context, unknown=unknown, timeout=timeout, show=show)


def search(  # noqa: PLR0913 - the last ones by name
    store: Store,
    action: str,
    resource: str,
    context: Context = NO_CONTEXT,
    *,
    unknown: Collection[str] | None = (),
    timeout: float = _SECONDS,
    show: Callable[[str], None] = lambda _: None,
) -> WhoCan:
    """Return the principals of a store that may do an action, as `who_can` does.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> [one.principal for one in search(store, "ram:ListRoles", "*").allowed]
    ['acs:ram::1234567890123456:root']
    """
    keys = None if unknown is None else frozenset(unknown)
    question = Question(action, resource, context, keys)
    if question.is_open:
        return answer_all(store, question, time.monotonic() + timeout, show)
    return answer_one(store, question)
