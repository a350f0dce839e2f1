"""A statement that a proof reports can go: without it, the prover finds no changed decision."""

from __future__ import annotations

import collections
import copy
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from generator import seed_pick
from policy_documents import policy
from ramgate.accounts.reader import Reader
from ramgate.analysis.lint import lint
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.changes import changes
from ramgate.analysis.prover.world import World
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator import Pick
    from ramgate.analysis.lint import Finding

NUMBER = "1234567890123456"
MANAGEMENT = "1000000000000001"
CODES: Final = ("MATCHES_NOTHING", "ALLOW_WHOLLY_DENIED", "DENIES_NOTHING", "REDUNDANT_STATEMENT")
STATEMENT = re.compile(r"(.*)\.Statement\[(\d+)\]")
POLICIES = ("p0", "p1", "p2")
ACTIONS = ("oss:Get*", "oss:*", "oss:GetObject", "ecs:*", "*", "sts:AssumeRole", "sts:*", "*:Get*")
RESOURCES = (
    "*",
    "acs:oss:*:*:b/*",
    "acs:oss:*:*:*",
    "acs:oss:*::b",
    "acs:ram:*:*:role/app",
    "acs:ram:*:*:role/*",
)
NETWORK = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
CONDITIONS = (
    None,
    None,
    NETWORK,
    {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    {**NETWORK, "NotIpAddress": {"acs:SourceIp": "10.0.0.0/7"}},
    {"StringEquals": {"acs:ResourceGroupId": "rg-1"}},
    {"StringLike": {"acs:PrincipalARN": "*:user/a*"}},
)
PRINCIPALS = (
    {"Service": "ecs.aliyuncs.com"},
    {"RAM": f"acs:ram::{NUMBER}:root"},
    {"RAM": f"acs:ram::{NUMBER}:user/alice"},
)
NOTHING = {
    "Effect": "Allow",
    "Action": "none:None",
    "Resource": "*",
    "Condition": {**NETWORK, "NotIpAddress": {"acs:SourceIp": "10.0.0.0/7"}},
}
"""A statement that matches nothing, for a document that has no other one."""


def drawn(pick: Pick) -> dict[str, Any]:
    """Return accounts with few policies that overlap, in a directory or in none."""
    member = {
        "policies": {name: document(pick) for name in POLICIES},
        "groups": {"team": {"policies": attached(pick)}},
        "users": {
            "alice": {"policies": attached(pick)},
            "bob": {"policies": attached(pick), "groups": ["team"]},
        },
        "roles": {"App": {"trust": trust(pick), "policies": attached(pick)}},
    }
    found: dict[str, Any] = {"accounts": {NUMBER: member, MANAGEMENT: {}}}
    if pick.chance(1, 2):
        found["directory"] = {
            "management": MANAGEMENT,
            "policies": {"level": document(pick)},
            "root": {
                "control_policies": ["FullAliyunAccess"],
                "accounts": {NUMBER: {"control_policies": ["level"]}},
            },
        }
    return found


def document(pick: Pick) -> dict[str, Any]:
    return policy(*(statement(pick) for _ in range(1 + pick.below(3))))


def statement(pick: Pick) -> dict[str, object]:
    actions = "NotAction" if pick.chance(1, 8) else "Action"
    condition = pick.of(CONDITIONS)
    return {
        "Effect": "Deny" if pick.chance(1, 3) else "Allow",
        actions: pick.some(ACTIONS, 2),
        "Resource": pick.some(RESOURCES, 2),
        **({} if condition is None else {"Condition": condition}),
    }


def attached(pick: Pick) -> list[object]:
    held = [name for name in POLICIES if pick.chance(1, 2)]
    return [
        {"policy": name, "resource_group": "rg-1"} if pick.chance(1, 4) else name for name in held
    ]


def trust(pick: Pick) -> dict[str, Any]:
    return policy(
        *(
            {
                "Effect": "Deny" if pick.chance(1, 3) else "Allow",
                "Action": "sts:AssumeRole",
                "Principal": pick.of(PRINCIPALS),
            }
            for _ in range(1 + pick.below(3))
        )
    )


def without(accounts: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """Return the accounts without the statement of a finding."""
    place = STATEMENT.match(finding.path)
    assert place
    changed = found = copy.deepcopy(accounts)
    for step in place[1].split("."):
        found = found[step]
    statements = found["Statement"]
    statements.append(
        {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"Service": "no.aliyuncs.com"}}
        if "Principal" in statements[0]
        else NOTHING
    )
    del statements[int(place[2])]
    return changed


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(catalog.load())


def world(reader: Reader, accounts: dict[str, Any]) -> World:
    file = Path("accounts.json")
    return World(reader.load(file, {file: json.dumps(accounts).encode()}))


def reported(accounts: dict[str, Any], folder: Path) -> Iterator[Finding]:
    file = folder / "accounts.json"
    file.write_text(json.dumps(accounts))
    return (finding for finding in lint(file).findings if finding.code in CODES)


def test_without_a_reported_statement_every_request_is_decided_the_same(
    reader: Reader, tmp_path: Path
) -> None:
    counts: collections.Counter[tuple[str, bool]] = collections.Counter()
    for seed in range(16):
        accounts = drawn(seed_pick(seed))
        old = world(reader, accounts)
        for finding in reported(accounts, tmp_path):
            counts[finding.code, finding.message.startswith("for each principal")] += 1
            new = world(reader, without(accounts, finding))
            budget = Budget(time.monotonic() + 60)
            assert not list(changes(old, new, budget)), (seed, str(finding))
            assert not list(changes(new, old, budget)), (seed, str(finding))
    assert len(counts) == 2 * len(CODES)
    assert counts.total() > 40


def test_without_another_statement_some_request_is_decided_differently(
    reader: Reader, tmp_path: Path
) -> None:
    changed = 0
    for seed in range(16):
        accounts = drawn(seed_pick(seed))
        place = f"accounts.{NUMBER}.policies.p0.Statement[0]"
        if any(finding.path.startswith(place) for finding in reported(accounts, tmp_path)):
            continue
        old = world(reader, accounts)
        accounts["accounts"][NUMBER]["policies"]["p0"]["Statement"][0] = NOTHING
        new = world(reader, accounts)
        budget = Budget(time.monotonic() + 60)
        changed += bool([*changes(old, new, budget), *changes(new, old, budget)])
    assert changed > 3
