"""Statements, principals and stores for tests of the prover."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Final

from policy_documents import policy
from policy_documents import statement as parts
from ramgate import translate
from ramgate.accounts.reader import load
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.point import find_point
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import Statement, statements_of
from ramgate.analysis.prover.world import World
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ramgate.analysis.prover.reading import Condition
    from ramgate.analysis.prover.space import Request

ACCOUNT: Final = "1234567890123456"
OTHER: Final = "6543210987654321"
ALICE: Final = Asker("user", ACCOUNT, "alice")
APP: Final = Asker("role", ACCOUNT, "App")
ANY_USER: Final = Asker("user", ACCOUNT, None)
ANY_ROLE: Final = Asker("role", ACCOUNT, None)


def statement(**changes: object) -> Statement:
    """Return an Allow of `ecs:StartInstance` on `*`, with changes."""
    return statements_of("p", translate(policy(parts(**changes))))[0]


def allow(
    action: str = "*", resource: object = "*", **condition: Mapping[str, object]
) -> Statement:
    return _statement("Allow", action, resource, condition)


def deny(action: str = "*", resource: object = "*", **condition: Mapping[str, object]) -> Statement:
    return _statement("Deny", action, resource, condition)


def _statement(effect: str, action: str, resource: object, condition: Any) -> Statement:  # noqa: ANN401 - any JSON value
    return statement(Effect=effect, Action=action, Resource=resource, Condition=condition or None)


def condition(operator: str, key: str = "k", *values: str) -> Condition:
    """Return the translated condition."""
    (found,) = statement(Condition={operator: {key: list(values)}}).conditions
    return found


def between(
    inside: Sequence[Statement], outside: Sequence[Statement] = (), space: Space | None = None
) -> Request | None:
    """Return a request that all of `inside` match and none of `outside`."""
    point = find_point(inside, outside, space or Space(ALICE), Budget())
    return None if point is None else point.request


def world(folder: Path, document: Mapping[str, object]) -> World:
    """Return the world of an accounts document."""
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return World(load(path, _catalog()))


@functools.cache
def _catalog() -> catalog.Catalog:
    return catalog.load()
