"""Principals that may newly assume roles of accounts that no side contains."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.sides.elsewhere import may_let_in, newly_elsewhere
from ramgate.analysis.sides.side import load

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store

NUMBER = "1234567890123456"
ALICE = f"acs:ram::{NUMBER}:user/alice"
ROLE = "acs:ram::2222222222222222:role/prod"


def stored(folder: Path, resource: str) -> Store:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    account = {
        "policies": {"hop": {"Version": "1", "Statement": [statement]}},
        "users": {"alice": {"policies": ["hop"]}},
    }
    path = folder / "accounts.json"
    path.write_text(json.dumps({"accounts": {NUMBER: account}}))
    return load(str(path)).store


def test_a_role_elsewhere_is_named_or_the_end_of_the_time_is(tmp_path: Path) -> None:
    old, new = (stored(tmp_path, one) for one in (f"acs:ram::{NUMBER}:role/app", ROLE))
    found = list(newly_elsewhere(old, new, Budget(time.monotonic() + 60)))
    assert found == [(ALICE, may_let_in(ROLE))]
    late = list(newly_elsewhere(old, new, Budget(0)))
    assert {arn for arn, _ in late} == {ALICE}
    assert all("time" in reason for _, reason in late)
    assert list(newly_elsewhere(new, old, Budget(time.monotonic() + 60))) == []
