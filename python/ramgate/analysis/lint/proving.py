"""Ask the prover about statements: a check reports only what is proved about all requests."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, cast

from ramgate.analysis.lint.spaces import EXAMPLE_ACCOUNT
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.point import find_point, is_empty
from ramgate.analysis.prover.space import Asker, Space
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.analysis.prover.statement import Statement
    from ramgate.model.decision import Context

__all__ = ["is_never", "needed_of", "shown", "shown_for_any"]

_STEPS: Final = 20_000
"""The most steps of one search, about 0.2 seconds. All of 943 public documents need fewer."""

_ACCOUNTS: Final = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")


def is_never(
    inside: Sequence[Statement], outside: Sequence[Statement], spaces: Iterable[Space]
) -> bool:
    """True if it is proved that no request matches all of `inside` and none of `outside`."""
    try:
        return all(is_empty(inside, outside, space, Budget(steps=_STEPS)) for space in spaces)
    except Undecided:
        return False


def needed_of(
    inside: Sequence[Statement], outside: Sequence[Statement], spaces: Sequence[Space]
) -> list[Statement]:
    """Return those of `outside` without which `is_never` would be false, the first ones if any do.

    >>> from ramgate import translate
    >>> from ramgate.analysis.lint.spaces import identity_spaces
    >>> from ramgate.analysis.prover.statement import statements_of
    >>> def allow(action):
    ...     return {"Effect": "Allow", "Action": action, "Resource": "*"}
    >>> document = {"Version": "1", "Statement": [allow("oss:*"), allow("*"), allow("oss:Get*")]}
    >>> *others, last = statements_of("policy", translate(document))
    >>> [one.index for one in needed_of([last], others, identity_spaces(others))]
    [0]
    """
    needed = list(outside)
    for one in reversed(outside):
        fewer = [other for other in needed if other is not one]
        if is_never(inside, fewer, spaces):
            needed = fewer
    return needed


def shown(inside: Sequence[Statement], spaces: Iterable[Space]) -> Request | None:
    """Return a request of these spaces that all of the statements match; None if none is found."""
    for space in spaces:
        try:
            point = find_point(inside, [], space, Budget(steps=_STEPS))
        except Undecided:
            continue
        if point is not None:
            found = point.request
            context = cast("Context", found.context)
            return Request(found.principal, found.action, found.resource, context)
    return None


def shown_for_any(inside: Sequence[Statement], account: str) -> Request | None:
    """Return such a request of any principal, of the account if it is known."""
    named = (number for one in inside for number in _ACCOUNTS.findall(one.meaning))
    return shown(inside, _examples([account] if account else [EXAMPLE_ACCOUNT, *named]))


def _examples(accounts: Iterable[str]) -> Iterator[Space]:
    for account, kind in itertools.product(dict.fromkeys(accounts), ("user", "role")):
        asker = Asker(kind, account, None)
        yield Space(asker)
        yield Space(asker, role=f"acs:ram::{account}:role/example")
