from __future__ import annotations

import json
from typing import TYPE_CHECKING

from accounts_files import CATALOG, HERE, write
from policy_documents import TRUST, policy
from ramgate.accounts import reader
from ramgate.analysis.prover.world import World
from ramgate.analysis.question import Question
from ramgate.analysis.spaces import Spaces

if TYPE_CHECKING:
    from pathlib import Path

ROLE = f"acs:ram::{HERE}:role/app"


def roles(folder: Path, action: str, resource: str, name: str) -> list[tuple[str | None, bool]]:
    """Return the role of each space of a service, and whether anything may be allowed in it."""
    accounts = {HERE: {"roles": {"App": {"trust": policy(TRUST)}}}}
    path = write(folder, json.dumps({"accounts": accounts}), "accounts.json")
    store = reader.load(path, CATALOG)
    spaces = Spaces(store, World(store), Question(action, resource))
    return [(space.role, bool(access)) for space, access in spaces.of(name)]


def test_a_service_is_asked_about_all_other_requests_too(tmp_path: Path) -> None:
    found = roles(tmp_path, "sts:*", f"acs:ram::{HERE}:role/*", "ecs.aliyuncs.com")
    assert found == [(None, False), (ROLE, True)]


def test_a_named_role_that_does_not_exist_is_asked_about(tmp_path: Path) -> None:
    gone = f"acs:ram::{HERE}:role/Gone"
    assert roles(tmp_path, "sts:*", gone, "ecs.aliyuncs.com") == [(gone.lower(), False)]
    assert roles(tmp_path, "sts:*", f"{gone}*", "ecs.aliyuncs.com") == []
