"""Measure the prover: questions about many statements, and a change among many principals.

The statements are those of the catalog's policies.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from bench.report import Figure, Section, Table
from ramgate import resources, translate
from ramgate.accounts.reader import load
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.changes import Change, changes
from ramgate.analysis.prover.point import find_point
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.prover.world import World
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.run import Run
    from ramgate.analysis.prover.statement import Statement

__all__ = ["measure", "questions_of"]

_SIZES: Final = (200, 500)
_DRAWS: Final = 6
"""The sets of statements of each size."""

_SECONDS: Final = 60.0
_ACCOUNT: Final = "1234567890123456"
_ALICE: Final = Space(Asker("user", _ACCOUNT, "alice"))
_PRINCIPALS: Final = 10_000
_SETS: Final = 400
_OFFICE: Final = {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}


def measure(run: Run) -> Section:
    """Measure the questions at both sizes, and the change."""
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Figure] = {}
    for size in _SIZES:
        run.log(f"prove: {size} statements")
        taken = [
            (seconds, is_decided, name)
            for seed in range(_DRAWS)
            for name, inside, outside in questions_of(size, seed)
            for seconds, is_decided in (_ask(inside, outside),)
        ]
        median, worst = statistics.median(one[0] for one in taken), max(taken)
        undecided = sum(not is_decided for _, is_decided, _ in taken)
        figures |= {
            f"prove_{size}": Figure(median),
            f"prove_{size}_worst": Figure(worst[0]),
        }
        rows.append(
            (
                f"{size}",
                f"{len(taken)}",
                f"{median:.2f} s",
                f"{worst[0]:.2f} s",
                worst[2],
                f"{undecided}",
            )
        )
    run.log(f"prove: {_PRINCIPALS:,} principals")
    seconds, found = _change_seconds(run.folder)
    figures["prove_change"] = Figure(seconds)
    tables = (
        Table(
            "The prover by the number of statements",
            ("statements", "questions", "median", "slowest", "it asks", "not decided"),
            tuple(rows),
            f"Statements of the catalog's policies, {_DRAWS} draws of each size. Larger sets also "
            "have them for one resource each. In the questions about conditions, each Allow got a "
            "condition on the address of the caller.",
        ),
        Table(
            "A change of one policy",
            ("principals", "sets of policies", "time", "requests found"),
            ((f"{_PRINCIPALS:,}", f"{_SETS}", f"{seconds:.2f} s", f"{found}"),),
            "The time to compare two stores that were read, for all principals.",
        ),
    )
    return Section("prove", tables, figures)


def questions_of(
    size: int, seed: int
) -> Iterator[tuple[str, Sequence[Statement], Sequence[Statement]]]:
    """Yield questions about so many statements: a name, the wanted and the unwanted statements."""
    draw = random.Random(seed)  # noqa: S311 - equal seeds give equal questions
    documents = list(_documents())
    draw.shuffle(documents)
    drawn = itertools.chain.from_iterable(documents)
    narrower = (_of_a_bucket(one, draw) for one in itertools.chain.from_iterable(documents))
    written = list(itertools.islice(itertools.chain(drawn, narrower), size))
    whole = _statements(written)
    bound = _statements([_with_condition(one) for one in written])
    allows = [place for place, one in enumerate(whole) if one.effect == "Allow"]
    denies = [one for one in whole if one.effect == "Deny"]
    place = draw.choice(allows)
    others = [one for one in whole if one is not whole[place]]
    yield "is a statement redundant", [whole[place]], others
    yield "does a dropped Allow matter", [whole[place]], [*_allows(others), *denies]
    yield "do the conditions matter", [whole[place]], [*_allows(bound), *denies]
    yield "are the conditions narrower", [bound[place]], whole
    kept = others[: len(others) // 2]
    yield "what does the other half allow", [whole[place]], [*_allows(kept), *denies]


def _documents() -> Iterator[list[dict[str, Any]]]:
    """Yield the statements of each policy of the catalog that does not allow everything."""
    for path in sorted(resources.path("catalog").glob("policies/*.json")):
        statements = json.loads(path.read_text())["Statement"]
        if all(one.get("Action") not in ("*", ["*"]) for one in statements):
            yield statements


def _of_a_bucket(statement: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Return the statement for one resource, as companies write them."""
    return statement | {"Resource": f"acs:*:*:*:project-{draw.randrange(100)}/*"}


def _with_condition(statement: dict[str, Any]) -> dict[str, Any]:
    if statement["Effect"] == "Deny":
        return statement
    return statement | {"Condition": statement.get("Condition", {}) | _OFFICE}


def _statements(written: Sequence[dict[str, Any]]) -> list[Statement]:
    return statements_of("p", translate({"Version": "1", "Statement": list(written)}))


def _allows(statements: Sequence[Statement]) -> list[Statement]:
    return [one for one in statements if one.effect == "Allow"]


def _ask(inside: Sequence[Statement], outside: Sequence[Statement]) -> tuple[float, bool]:
    """Return the seconds of an answer, and whether it was one."""
    began = time.monotonic()
    try:
        find_point(inside, outside, _ALICE, Budget(began + _SECONDS))
    except Undecided:
        return time.monotonic() - began, False
    return time.monotonic() - began, True


def _change_seconds(folder: Path) -> tuple[float, int]:
    """Return the seconds to compare two stores of which one policy differs, and the answers."""
    before = _accounts()
    after = copy.deepcopy(before)
    policy = after["accounts"][_ACCOUNT]["policies"]["policy-0"]
    policy["Statement"].append({"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*"})
    worlds = []
    for document in (before, after):
        path = folder / "accounts.json"
        path.write_text(json.dumps(document))
        worlds.append(load(path, catalog.load()))
    began = time.monotonic()
    old, new = map(World, worlds)
    found = list(changes(old, new, Budget(began + 10 * _SECONDS)))
    seconds = time.monotonic() - began
    if not found or not all(isinstance(one, Change) for one in found):
        raise ValueError(f"the comparison did not find the change: {found[:2]}")
    return seconds, len(found)


def _accounts() -> dict[str, Any]:
    """Return accounts of which each user has one of 400 sets of the catalog's policies."""
    draw = random.Random(1)  # noqa: S311 - equal seeds give equal accounts
    policies = {
        f"policy-{place}": {"Version": "1", "Statement": statements}
        for place, statements in enumerate(_documents())
    }
    names = sorted(policies)
    sets = [draw.sample(names, 2 + place % 6) for place in range(_SETS)]
    for held in sets[: _SETS // 10]:
        held.append("policy-0")
    users = {f"user-{place}": {"policies": sets[place % _SETS]} for place in range(_PRINCIPALS)}
    return {"accounts": {_ACCOUNT: {"policies": policies, "users": users}}}
